import { growth } from "../train/growth.mjs";

/** Milliseconds of a replayed step against batch, width, depth and rows. */
export const training = async () =>
  Object.entries(await growth()).map(([by, list]) => ({
    of: "a step",
    by,
    unit: "ms",
    points: list.map(({ at, step }) => [at, step]),
  }));
