import { createHash } from "node:crypto";
import { type Experiment, readExperiment } from "./experiment";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const isRecord = (value: Json): value is { [key: string]: Json } =>
  value !== null && typeof value === "object" && !Array.isArray(value);

const mostExperiments = 100_000;
const mostLevels = 50;

/** Values of a choice; undefined for a record that is none. Throws unless `each` is a list. */
function choicesOf(record: { [key: string]: Json }): Json[] | undefined {
  if (!("each" in record)) return undefined;
  const { each, ...rest } = record;
  if (!Array.isArray(each) || each.length === 0 || Object.keys(rest).length > 0)
    throw new RangeError(
      `a choice must be { "each": [value, …] } with at least one value, got ${JSON.stringify(record).slice(0, 200)}`,
    );
  return each;
}

/** Number of documents that `expand` would make of one. Throws on one nested too deeply. */
function countOf(document: Json, level = 0): number {
  if (level > mostLevels)
    throw new RangeError(`a sweep must be nested at most ${mostLevels} levels deep, got more`);
  if (document === null || typeof document !== "object") return 1;
  const choices = isRecord(document) ? choicesOf(document) : undefined;
  const counts = Object.values(choices ?? document).map((inner) => countOf(inner, level + 1));
  return counts.reduce((a, b) => (choices ? a + b : a * b), choices ? 0 : 1);
}

/**
 * Expansions of a document with choices, `{ "each": [a, b] }` in place of a value.
 *
 * Several choices are crossed, the first the slowest. Throws unless `each` is a list of at least
 * one value.
 */
export function expand(document: Json): Json[] {
  if (Array.isArray(document)) return crossed(document.map(expand));
  if (!isRecord(document)) return [document];
  const choices = choicesOf(document);
  if (choices) return choices.flatMap(expand);
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

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isRecord(value)) return value;
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, sorted(value[key])]));
}

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

/** Throws if the documents of a sweep expand to too many experiments. */
function requireCount(documents: Json[]): void {
  const count = documents.reduce((sum: number, document) => sum + countOf(document), 0);
  if (count > mostExperiments)
    throw new RangeError(
      `a sweep must have at most ${mostExperiments} experiments, got ${count}; split it, or take values out of its choices`,
    );
}

/**
 * Experiments of a sweep `{ base, experiments: [document, …] }`: each document laid over `base`,
 * its choices expanded, checked.
 *
 * Throws on anything else, on an unusable experiment (the message names it), on one listed twice,
 * and on more than 100,000.
 */
export function experimentsOf(sweep: unknown): Listed[] {
  const { base = {}, experiments, ...rest } = (sweep ?? {}) as Record<string, Json>;
  const listsSome = Array.isArray(experiments) && experiments.length > 0;
  if (!listsSome || !isRecord(base) || Object.keys(rest).length > 0)
    throw new RangeError(
      'a sweep must be { "base": {…}, "experiments": [{…}, …] } with at least one experiment and nothing else; see data/sweeps/README.md',
    );
  const documents = experiments.map((entry, i) => {
    if (!isRecord(entry))
      throw new RangeError(
        `experiments[${i}] must be a record of fields, got ${Array.isArray(entry) ? "a list" : entry}`,
      );
    return { ...base, ...entry };
  });
  requireCount(documents);
  const listed = documents.flatMap((document, i) =>
    expand(document).map((document) => {
      try {
        const experiment = readExperiment(document);
        return { id: idOf(experiment), experiment };
      } catch (error) {
        throw new RangeError(`experiments[${i}]: ${(error as Error).message}`);
      }
    }),
  );
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
