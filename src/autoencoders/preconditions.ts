import * as tf from "@tensorflow/tfjs-node";

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object") return `a ${value.constructor?.name ?? "null-prototype object"}`;
  if (typeof value === "string") return JSON.stringify(value);
  return typeof value === "function" ? "a function" : `${typeof value} ${String(value)}`;
}

/** Writes a shape the way the errors do: `[256, 784]`. */
export const shapeText = (shape: readonly number[]): string => `[${shape.join(", ")}]`;

/** Throws unless `x` is a live tensor of type float32. */
export function requireFloat(x: tf.Tensor, name: string): void {
  if (!(x instanceof tf.Tensor))
    throw new TypeError(`${name} must be a tensor, got ${describe(x)}; make one with tf.tensor`);
  if (x.isDisposed)
    throw new Error(
      `${name} must be a live tensor, got one that was disposed of; keep it with tf.keep or compute it again`,
    );
  if (x.dtype !== "float32") {
    const cure = x.dtype === "string" ? "give numbers" : `convert it with ${name}.toFloat()`;
    throw new TypeError(`${name} must be float32, got ${x.dtype}; ${cure}`);
  }
}

/** Throws unless `x` is a live float32 tensor with `rank` axes. */
export function requireRank(x: tf.Tensor, rank: 1 | 2, name: string): void {
  requireFloat(x, name);
  if (x.rank !== rank) {
    const [kind, cure] =
      rank === 2 ? ["a matrix", "; reshape it to [examples, dimensions]"] : ["a vector", ""];
    throw new RangeError(`${name} must be ${kind}, got shape ${shapeText(x.shape)}${cure}`);
  }
}

/**
 * Throws unless `x` is a live float32 matrix [n, d] with at least one example and one dimension.
 */
export function requireExamples(x: tf.Tensor, name: string): asserts x is tf.Tensor2D {
  requireRank(x, 2, name);
  if (x.size === 0)
    throw new RangeError(
      `${name} must hold at least one row and one column, got shape ${shapeText(x.shape)}`,
    );
}

/** Throws unless `a` and `b` are live float32 matrices of the same shape, as `requireExamples`. */
export function requirePair(a: tf.Tensor, b: tf.Tensor, aName: string, bName: string): void {
  requireExamples(a, aName);
  requireExamples(b, bName);
  if (!tf.util.arraysEqual(a.shape, b.shape)) {
    throw new RangeError(
      `${aName} and ${bName} must have the same shape, got ${shapeText(a.shape)} and ${shapeText(b.shape)}`,
    );
  }
}

/** Throws unless `tensor` is there and has the given shape. */
export function requireShape(
  tensor: tf.Tensor | undefined,
  shape: number[],
  name: string,
  cure: string,
): asserts tensor is tf.Tensor {
  if (!tensor || !tf.util.arraysEqual(tensor.shape, shape)) {
    const got = tensor ? shapeText(tensor.shape) : "none";
    throw new RangeError(`${name} must have shape ${shapeText(shape)}, got ${got}; ${cure}`);
  }
}

/** Throws unless `value` is an integer of at least `least` (and at most `most`). */
export function requireInteger(
  value: number,
  name: string,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): void {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    const range =
      most === Number.MAX_SAFE_INTEGER
        ? `an integer of at least ${least}`
        : `an integer from ${least} to ${most}`;
    throw new RangeError(
      `${name} must be ${range}, got ${typeof value === "number" ? value : describe(value)}`,
    );
  }
}

/**
 * Throws unless `value` is a finite number for which `holds` is true; `range` says in words what it
 * must be.
 */
export function requireNumber(
  value: number,
  name: string,
  range: string,
  holds: (value: number) => boolean = () => true,
): void {
  if (typeof value !== "number" || !Number.isFinite(value) || !holds(value)) {
    throw new RangeError(
      `${name} must be ${range}, got ${typeof value === "number" ? value : describe(value)}`,
    );
  }
}

/** Throws unless `value` is a function; `signature` shows the one expected. */
export function requireFunction(value: unknown, name: string, signature: string): void {
  if (typeof value !== "function")
    throw new TypeError(`${name} must be a function ${signature}, got ${describe(value)}`);
}

/** Throws unless `value` is one of `choices`; `cure` ends the message. */
export function requireName(
  value: string,
  name: string,
  choices: Iterable<string>,
  cure?: string,
): void {
  const names = [...choices];
  if (!names.includes(value)) {
    throw new RangeError(
      `${name} must be one of ${names.map((n) => JSON.stringify(n)).join(", ")}, ` +
        `got ${describe(value)}${cure ? `; ${cure}` : ""}`,
    );
  }
}

/**
 * The entries of a record of variables to differentiate by. Throws unless each is live, trainable,
 * float32, not empty and there once.
 */
export function requireParameters(
  parameters: Record<string, tf.Variable>,
): [string, tf.Variable][] {
  const entries = Object.entries(parameters ?? {});
  if (entries.length === 0)
    throw new TypeError(
      "parameters must be a record of tf.Variable by name, got none; pass model.parameters",
    );
  const names = new Map<tf.Variable, string>();
  for (const [name, parameter] of entries) {
    const must = (expectation: string, got: string, cure: string) =>
      new TypeError(`parameter "${name}" must be ${expectation}, got ${got}; ${cure}`);
    if (!(parameter instanceof tf.Variable))
      throw must("a tf.Variable", describe(parameter), "make one with tf.variable");
    const { dtype, shape } = parameter;
    if (parameter.isDisposed)
      throw must("live", "one that was disposed of", "make the model again");
    if (!parameter.trainable)
      throw must("trainable", "a frozen variable", "leave it out of parameters");
    if (dtype !== "float32")
      throw must("float32", dtype, "keep it out of parameters, or make it of numbers toFloat()");
    if (parameter.size === 0)
      throw must("of at least one number", `shape ${shapeText(shape)}`, "leave it out");
    if (names.has(parameter))
      throw must("another variable", `that of "${names.get(parameter)}"`, "name each once");
    names.set(parameter, name);
  }
  return entries;
}

/** Throws unless `value` is an object whose entries are meant to be `of`. */
export function requireRecord(value: unknown, name: string, of: string): void {
  if (
    value === null ||
    typeof value !== "object" ||
    Array.isArray(value) ||
    value instanceof tf.Tensor
  ) {
    throw new TypeError(`${name} must be a record of ${of} by name, got ${describe(value)}`);
  }
}
