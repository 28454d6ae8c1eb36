import { inspect, types } from "node:util";

/** One-line description of a value. */
export interface Description {
  type: string;
  value: string;
}

const LONGEST_VALUE = 300;
const MOST_TENSOR_VALUES = 1_000_000;
const SHOWN_VALUES = 20;

/**
 * A tensor or variable of TensorFlow.js, known by what it has, since its package may be there
 * twice.
 */
export interface TensorLike {
  shape: number[];
  dtype: string;
  size: number;
  isDisposed: boolean;
  dataSync(): ArrayLike<unknown>;
}

const has = (value: object, ...names: string[]): boolean => names.every((name) => name in value);

export const isTensor = (value: unknown): value is TensorLike =>
  typeof value === "object" && value !== null && has(value, "shape", "dtype", "dataSync");

const className = (value: object): string => {
  const maker: unknown = Object.getPrototypeOf(value)?.constructor;
  return typeof maker === "function" && maker.name ? maker.name : "Object";
};

const shapeText = (shape: readonly (number | null)[]): string =>
  `[${shape.map((size) => size ?? "?").join(", ")}]`;

const clipped = (text: string): string => {
  const line = text.replace(/\s*\n\s*/g, " ");
  return line.length > LONGEST_VALUE ? `${line.slice(0, LONGEST_VALUE)}…` : line;
};

/** Numbers of a tensor, or the reason for which they are not read. */
export function tensorValues(tensor: TensorLike): ArrayLike<unknown> | string {
  if (tensor.isDisposed) return "disposed";
  if (tensor.size > MOST_TENSOR_VALUES)
    return `${tensor.size} values, shown up to ${MOST_TENSOR_VALUES}`;
  try {
    return tensor.dataSync();
  } catch (error) {
    return `not readable: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** The first values, nested as the shape says. */
function nested(values: ArrayLike<unknown>, shape: readonly number[]): string {
  let left = SHOWN_VALUES;
  let at = 0;
  const text = (depth: number): string => {
    if (depth === shape.length) {
      left--;
      const value = values[at++];
      return typeof value === "number" ? String(Number(value.toPrecision(5))) : inspect(value);
    }
    const parts: string[] = [];
    for (let i = 0; i < shape[depth]!; i++) {
      if (left <= 0) {
        parts.push("…");
        break;
      }
      parts.push(text(depth + 1));
    }
    return `[${parts.join(", ")}]`;
  };
  return text(0);
}

function describeTensor(tensor: TensorLike): Description {
  const values = tensorValues(tensor);
  return {
    type: `${className(tensor)} ${tensor.dtype} ${shapeText(tensor.shape)}`,
    value: typeof values === "string" ? values : nested(values, tensor.shape),
  };
}

interface ModelLike {
  name: string;
  layers: object[];
  countParams(): number;
  inputs?: { shape: (number | null)[] }[];
  outputs?: { shape: (number | null)[] }[];
}

interface FrameLike {
  shape: number[];
  columns: string[];
}

/** Types that say more than a class, and values in one line where `inspect` says too much. */
function describeKnown(value: object): Description | undefined {
  if (isTensor(value)) return describeTensor(value);
  if (has(value, "layers", "countParams", "predict")) {
    const model = value as ModelLike;
    const shapes = (tensors: ModelLike["inputs"] = []): string =>
      tensors.map(({ shape }) => shapeText(shape)).join(", ");
    const way = `${shapes(model.inputs)} → ${shapes(model.outputs)}`;
    return {
      type: `${className(value)} ${model.layers.length} layers`,
      value: clipped(`${model.name}: ${way}, ${model.countParams()} parameters`),
    };
  }
  if (has(value, "shape", "columns", "values", "dtypes")) {
    const { shape, columns } = value as FrameLike;
    const type = `${className(value)} ${shapeText(shape)}`;
    return { type, value: clipped(columns.map(String).join(", ")) };
  }
  return undefined;
}

function typeOf(value: object): string {
  if (typeof value === "function")
    return /^class\b/.test(Function.prototype.toString.call(value)) ? "class" : "function";
  if (Array.isArray(value) || types.isTypedArray(value))
    return `${className(value)}(${value.length})`;
  if (types.isMap(value) || types.isSet(value)) return `${className(value)}(${value.size})`;
  return className(value);
}

/** Type and value in one line; getters are not called. */
export function describe(value: unknown): Description {
  if ((typeof value !== "object" && typeof value !== "function") || value === null)
    return { type: value === null ? "null" : typeof value, value: clipped(inspect(value)) };
  try {
    const known = types.isProxy(value) ? undefined : describeKnown(value);
    if (known) return known;
    if (types.isNativeError(value)) return { type: value.name, value: clipped(value.message) };
    const options = { depth: 1, maxArrayLength: SHOWN_VALUES, maxStringLength: LONGEST_VALUE };
    return {
      type: typeOf(value),
      value: clipped(inspect(value, { ...options, breakLength: Number.POSITIVE_INFINITY })),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : "inspection failed";
    return { type: typeof value, value: `(cannot be shown: ${reason})` };
  }
}
