import { exercise } from "./exercise";

type Kept = (z: number[], k: number) => number[];
const relu = (z: number[]) => z.map((entry) => Math.max(0, entry));

/** The positions of the k largest, the first of equal ones before the others. */
const largest = (z: number[], k: number) =>
  new Set(
    z
      .map((_, i) => i)
      .sort((a, b) => z[b] - z[a] || a - b)
      .slice(0, k),
  );
const keep = (z: number[], kept: Set<number>) => z.map((entry, i) => (kept.has(i) ? entry : 0));

/** TopK(max(0, z)) of one row; at a tie the first is kept. */
export const topKOfRow = exercise<Kept>({
  name: "10 TopK of a row",
  given: ["z", "k"],
  cases: () => [
    [[0.2, 1.5, 0.7], 2],
    [[-3, 0.5, 1, 2], 2],
    [[9, 10, 2, 1], 2],
    [[0.3, -2, -1], 2],
    [[1, 2, 2, 2], 2],
    [[0.5, 0.1], 1],
  ],
  answer: (z, k) => keep(relu(z), largest(relu(z), k)),
  lesson: "the derivative is 1 for what is kept and 0 for the rest; nothing has to be estimated",
  mistakes: {
    "this has no ReLU: a unit below zero is off, even if fewer than k are above": (z, k) =>
      keep(z, largest(z, k)),
    "this keeps all that reach the k-th value; at a tie that is more than k": (z, k) => {
      const threshold = [...relu(z)].sort((a, b) => b - a)[k - 1];
      return relu(z).map((entry) => (entry >= threshold ? entry : 0));
    },
    "this drops what equals the k-th value, and keeps fewer than k": (z, k) => {
      const threshold = [...relu(z)].sort((a, b) => b - a)[k - 1];
      return relu(z).map((entry) => (entry > threshold ? entry : 0));
    },
    'this sorts numbers as text, "10" before "9"; give sort a comparison, (a, b) => b - a': (
      z,
      k,
    ) => {
      const threshold = [...relu(z)].sort().reverse()[k - 1];
      return relu(z).map((entry) => (entry >= threshold ? entry : 0));
    },
    "this chooses by absolute value; a large negative unit is off": (z, k) =>
      keep(relu(z), largest(z.map(Math.abs), k)),
    "this gives the k values alone; they must stay in their places, with zeros between": (z, k) =>
      [...relu(z)].sort((a, b) => b - a).slice(0, k),
    "this keeps the k smallest": (z, k) =>
      keep(
        relu(z),
        largest(
          relu(z).map((entry) => -entry),
          k,
        ),
      ),
    "this keeps the first k, whatever their size": (z, k) =>
      relu(z).map((entry, i) => (i < k ? entry : 0)),
  },
});
