import * as tf from "@tensorflow/tfjs-node";

/**
 * A number, an array, a tensor or a matrix as it was; of anything else only the name of its kind.
 */
export interface Value {
  kind: string;
  shape: readonly number[];
  /** All entries, row by row. */
  entries: readonly number[];
}

const most = 16; // entries that a message shows
const nothing = { shape: [], entries: [] };

function ofArray(value: readonly unknown[]): Value {
  const parts = value.map(valueIn);
  const same = parts.every(
    ({ kind, shape }) => kind === parts[0].kind && String(shape) === String(parts[0].shape),
  );
  if (!same || parts.some(({ kind }) => kind !== "number" && kind !== "array"))
    return { ...nothing, kind: `array of ${[...new Set(parts.map(named))].join(" and ")}` };
  return {
    kind: "array",
    shape: [parts.length, ...(parts[0]?.shape ?? [])],
    entries: parts.flatMap(({ entries }) => entries),
  };
}

/** Reads a value while it is there: a tensor may be disposed of, an array may be changed. */
export function valueIn(value: unknown): Value {
  if (typeof value === "number") return { kind: "number", shape: [], entries: [value] };
  if (value instanceof tf.Tensor) {
    if (value.isDisposed) return { ...nothing, kind: "tensor that was disposed of" };
    if (value.dtype === "string" || value.dtype === "complex64")
      return { ...nothing, kind: `tensor of ${value.dtype}` };
    return { kind: "tensor", shape: value.shape, entries: Array.from(value.dataSync()) };
  }
  if (Array.isArray(value)) return ofArray(value);
  if (ArrayBuffer.isView(value)) return ofArray(Array.from(value as Float64Array));
  if (value === null || typeof value !== "object")
    return { ...nothing, kind: value === null ? "null" : typeof value };
  if ("to2DArray" in value)
    return { ...ofArray((value as { to2DArray(): number[][] }).to2DArray()), kind: "matrix" };
  return { ...nothing, kind: "then" in value ? "promise" : "object" };
}

const close = (a: number, b: number) =>
  a === b ||
  (Number.isNaN(a) && Number.isNaN(b)) ||
  (Number.isFinite(b) && Math.abs(a - b) <= 1e-5 * (1 + Math.abs(b)));

/**
 * True if two values are of one kind and shape with entries that differ by 1e-5 · (1 + size) at
 * most; NaN equals NaN.
 */
export const equal = (a: Value, b: Value): boolean =>
  a.kind === b.kind &&
  String(a.shape) === String(b.shape) &&
  a.entries.every((entry, i) => close(entry, b.entries[i]));

/** "number", "array of shape [3]", "tensor of shape [2, 3]". */
export const named = ({ kind, shape }: Value): string =>
  shape.length > 0 || kind === "tensor" ? `${kind} of shape [${shape.join(", ")}]` : kind;

const digits = (entry: number) => String(Number(entry.toPrecision(6))).replace("Infinity", "∞");

function nested({ shape, entries }: Value): string {
  if (shape.length === 0) return digits(entries[0]);
  const size = entries.length / shape[0];
  const row = (i: number) =>
    nested({ kind: "", shape: shape.slice(1), entries: entries.slice(i * size, (i + 1) * size) });
  return `[${Array.from({ length: shape[0] }, (_, i) => row(i)).join(", ")}]`;
}

/**
 * A value for a message: six digits of each entry, or the kind and shape where there are many or
 * none.
 */
export const written = (value: Value): string =>
  value.entries.length === 0 || value.entries.length > most ? named(value) : nested(value);
