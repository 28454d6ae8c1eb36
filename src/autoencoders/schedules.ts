import { requireInteger, requireNumber } from "./preconditions";

/** A learning rate by step; steps count from 1. */
export type Schedule = (step: number) => number;

/**
 * A learning rate that falls along half a cosine:
 * ``rate(t) = to + ½ (from − to) (1 + cos(π (t − 1) / (steps − 1)))``. `from` and `to` (default 0)
 * are rates, `steps` the length of the fall; later steps keep `to`. Throws on rates below 0 or
 * fewer than 2 steps, and the schedule on a step below
 * 1. Source: Loshchilov and Hutter (2017), SGDR, equation 5.
 */
export function cosine(fall: { from: number; to?: number; steps: number }): Schedule {
  const { from, to = 0, steps } = fall ?? ({} as typeof fall);
  requireNumber(from, "from", "a rate above 0", (v) => v > 0);
  requireNumber(to, "to", "a rate of at least 0", (v) => v >= 0);
  requireInteger(steps, "steps", 2);
  return (step) => {
    requireNumber(step, "step", "a number of at least 1", (v) => v >= 1);
    return (
      to +
      0.5 * (from - to) * (1 + Math.cos((Math.PI * Math.min(step - 1, steps - 1)) / (steps - 1)))
    );
  };
}
