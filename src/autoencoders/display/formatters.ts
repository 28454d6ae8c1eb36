import type * as tf from "@tensorflow/tfjs-node";
import type { Bundle } from "./show";
import { type Frame, table } from "./table";

const MOST_ROWS = 8;
const MOST_COLUMNS = 8;

/** As tfjs itself tells a tensor, without loading tfjs. */
const isTensor = (value: unknown): value is tf.Tensor => {
  const { data, dataSync, throwIfDisposed } = (value ?? {}) as Partial<tf.Tensor> & {
    throwIfDisposed?: unknown;
  };
  return !!data && !!dataSync && !!throwIfDisposed;
};

/**
 * The first rows and columns of a tensor under its type and shape; the first matrix where it has
 * more than two axes.
 */
function ofTensor(tensor: tf.Tensor): Bundle {
  // Who has a tensor has loaded tfjs; who shows figures alone need not wait for it.
  const { tidy, Variable } = require("@tensorflow/tfjs-node") as typeof tf;
  const kind = tensor.constructor === Variable ? "Variable" : "Tensor";
  const title = `${kind} [${tensor.shape.join(", ")}] ${tensor.dtype}`;
  if (tensor.isDisposed) return { "text/plain": `${title}, disposed of` };
  if (tensor.size === 0 || tensor.dtype === "string" || tensor.dtype === "complex64")
    return { "text/plain": title };
  const columns = tensor.shape[tensor.rank - 1] ?? 1;
  const rows = tensor.rank < 2 ? 1 : tensor.shape[tensor.rank - 2];
  const [shown, across] = [Math.min(rows, MOST_ROWS), Math.min(columns, MOST_COLUMNS)];
  const values = tidy(() =>
    tensor.reshape([-1, columns]).slice([0, 0], [shown, across]).toFloat().arraySync(),
  ) as number[][];
  const names = Array.from({ length: across }, (_, j) => String(j));
  const part = shown * across < tensor.size ? `, the first ${shown} × ${across}` : "";
  return table(
    { columns: ["", ...names], values: values.map((row, i) => [i, ...row]) },
    { caption: title + part },
  ).toBundle();
}

const isFrame = (value: unknown): value is Frame => {
  const frame = value as Partial<Frame> & { $columns?: unknown };
  return (
    Array.isArray(frame?.$columns) &&
    Array.isArray(frame.columns) &&
    Array.isArray(frame.values?.[0])
  );
};

const MOST_FRAME_ROWS = 20;

/** The first rows of a danfo frame under its shape. */
function ofFrame({ columns, values }: Frame): Bundle {
  const part = values.length > MOST_FRAME_ROWS ? `, the first ${MOST_FRAME_ROWS} rows` : "";
  const caption = `${values.length} rows × ${columns.length} columns${part}`;
  return table({ columns, values: values.slice(0, MOST_FRAME_ROWS) }, { caption }).toBundle();
}

/**
 * Formatters of a cell's last expression: tensors and danfo frames as tables, anything else as the
 * kernel does by itself.
 */
export function format(value: unknown): Bundle | undefined {
  if (isTensor(value)) return ofTensor(value);
  if (isFrame(value)) return ofFrame(value);
  return undefined;
}
