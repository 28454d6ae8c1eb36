import { createHash } from "node:crypto";
import { type Experiment, readExperiment } from "./experiment";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const isRecord = (value: Json): value is { [key: string]: Json } =>
  value !== null && typeof value === "object" && !Array.isArray(value);

/**
 * All documents that a document with choices stands for: `{ "each": [a, b] }` in place of a value is a in one and b in the next.
 *
 * Several choices are crossed, the first the slowest. Throws where `each` is not a list of at least one value.
 */
export function expand(document: Json): Json[] {
  if (Array.isArray(document)) return crossed(document.map(expand));
  if (!isRecord(document)) return [document];
  if ("each" in document) {
    const { each, ...rest } = document;
    if (!Array.isArray(each) || each.length === 0 || Object.keys(rest).length > 0)
      throw new RangeError(
        `a choice must be { "each": [value, …] } with at least one value, got ${JSON.stringify(document)}`,
      );
    return each.flatMap(expand);
  }
  const keys = Object.keys(document);
  return crossed(keys.map((key) => expand(document[key]))).map((values) =>
    Object.fromEntries(keys.map((key, i) => [key, values[i]])),
  );
}

const crossed = (lists: Json[][]): Json[][] =>
  lists.reduce<Json[][]>(
    (rows, list) => rows.flatMap((row) => list.map((value) => [...row, value])),
    [[]],
  );

const sorted = (value: Json): Json =>
  Array.isArray(value)
    ? value.map(sorted)
    : isRecord(value)
      ? Object.fromEntries(
          Object.keys(value)
            .sort()
            .map((key) => [key, sorted(value[key])]),
        )
      : value;

/** An experiment's name: 16 hexadecimal digits of the SHA-256 of its document with sorted keys. */
export const idOf = (experiment: Experiment): string =>
  createHash("sha256")
    .update(JSON.stringify(sorted(experiment as Json)))
    .digest("hex")
    .slice(0, 16);

/** An experiment and its name. */
export interface Listed {
  id: string;
  experiment: Experiment;
}

/**
 * The experiments of a sweep `{ base, experiments: [document, …] }`: each document laid over `base`, its choices expanded, checked.
 *
 * Throws on anything else, on an unusable experiment (which one is said), and on one that is listed twice.
 */
export function experimentsOf(sweep: unknown): Listed[] {
  const { base = {}, experiments, ...rest } = (sweep ?? {}) as Record<string, Json>;
  if (
    !Array.isArray(experiments) ||
    experiments.length === 0 ||
    !isRecord(base) ||
    Object.keys(rest).length > 0
  )
    throw new RangeError(
      'a sweep must be { "base": {…}, "experiments": [{…}, …] } with at least one experiment and nothing else; see data/sweeps/README.md',
    );
  const listed = experiments.flatMap((entry, i) => {
    if (!isRecord(entry))
      throw new RangeError(
        `experiments[${i}] must be a record of fields, got ${JSON.stringify(entry)}`,
      );
    return expand({ ...base, ...entry }).map((document) => {
      try {
        const experiment = readExperiment(document);
        return { id: idOf(experiment), experiment };
      } catch (error) {
        throw new RangeError(`experiments[${i}]: ${(error as Error).message}`);
      }
    });
  });
  const seen = new Map<string, Experiment>();
  for (const { id, experiment } of listed) {
    if (seen.has(id))
      throw new RangeError(
        `an experiment must be listed once, got it twice: ${JSON.stringify(experiment)}`,
      );
    seen.set(id, experiment);
  }
  return listed;
}
