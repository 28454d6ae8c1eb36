// Kernels of tfjs's wasm backend that are wrong or slow, replaced through tfjs's registry.
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-node";
import {
  backend,
  float32At,
  guardHeap,
  isWasm,
  kernels,
  numbersOf,
  pointerOf,
  scratchOf,
} from "./heap";
import type { Inputs, Kernel, KernelCall } from "./kernel-type";
import { conv2DBackpropFilter, unsortedSegmentSum } from "./missing";
import { registerDraws } from "./noise";
import { traced } from "./tape";

const { sizeFromShape } = tf.util;
const stockOf = (name: string) => tf.getKernel(name, "wasm").kernelFunc as unknown as Kernel;

function register(kernelName: string, kernelFunc: Kernel): void {
  if (tf.getKernel(kernelName, "wasm")) tf.unregisterKernel(kernelName, "wasm");
  tf.registerKernel({ kernelName, backendName: "wasm", kernelFunc: kernelFunc as never });
}

/** The tensor's numbers in another order of its axes; the caller frees it. */
const transposed = (x: tf.TensorInfo, perm: number[]) =>
  stockOf("Transpose")({ inputs: { x }, attrs: { perm }, backend: backend() }) as tf.TensorInfo;

/**
 * Products of matrices, also of transposed ones, which the stock kernel multiplies without SIMD.
 */
const batchMatMul: Kernel = ({ inputs: { a, b }, attrs }) => {
  const [aT, bT] = [attrs.transposeA ? 1 : 0, attrs.transposeB ? 1 : 0];
  const [aMatrix, bMatrix] = [a.shape.slice(-2), b.shape.slice(-2)];
  const [m, k] = aT ? [aMatrix[1], aMatrix[0]] : aMatrix;
  const n = bT ? bMatrix[0] : bMatrix[1];
  const [aBatch, bBatch] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const batch = tf.broadcast_util.assertAndGetBroadcastShape(aBatch, bBatch);
  const out = backend().makeOutput([...batch, m, n], "float32");
  const { product, productScratch } = kernels();
  const [aCount, bCount] = [sizeFromShape(aBatch), sizeFromShape(bBatch)];
  const scratch = scratchOf(productScratch(k, n));
  const [aAt, bAt, outAt] = [a, b, out].map(pointerOf);
  for (let i = 0; i < sizeFromShape(batch); i++) {
    const aFrom = aAt + 4 * (i % aCount) * m * k;
    const bFrom = bAt + 4 * (i % bCount) * k * n;
    product(aFrom, bFrom, outAt + 4 * i * m * n, scratch, m, k, n, aT, bT);
  }
  return out;
};

/** True if `product` serves: float32, and batches that agree, are one matrix, or are none. */
function isProduct({ inputs: { a, b } }: KernelCall): boolean {
  const [aBatch, bBatch] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const isOne = (batch: number[]) => sizeFromShape(batch) === 1;
  const fits = isOne(aBatch) || isOne(bBatch) || tf.util.arraysEqual(aBatch, bBatch);
  return a.dtype === "float32" && b.dtype === "float32" && fits;
}

/**
 * The rows of a tensor that lie one after another; the stock kernel copies the whole tensor to take
 * a few of them.
 */
function slice(call: KernelCall, stock: Kernel): ReturnType<Kernel> {
  const { x } = call.inputs;
  const { attrs } = call;
  const [begin, size] = tf.slice_util.parseSliceParams(
    x as tf.Tensor,
    attrs.begin as number[],
    attrs.size as number[],
  );
  if (x.dtype !== "float32" || !tf.slice_util.isSliceContinous(x.shape, begin, size))
    return stock(call);
  const out = backend().makeOutput(size, "float32");
  const from = tf.slice_util.computeFlatOffset(begin, tf.util.computeStrides(x.shape));
  const length = sizeFromShape(size);
  numbersOf(out).set(float32At(pointerOf(x) + 4 * from, length));
  return out;
}

/** A sum or a mean in float64; the stock kernels add float32 numbers one by one. */
function reduce(call: KernelCall, stock: Kernel, isMean: boolean): ReturnType<Kernel> {
  const { x } = call.inputs;
  if (x.dtype !== "float32") return stock(call);
  const axes = tf.util.parseAxisParam(call.attrs.axis as number[], x.shape).sort((i, j) => i - j);
  const [rank, count] = [x.shape.length, axes.length];
  const rest = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const shape = call.attrs.keepDims
    ? x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
    : rest.map((axis) => x.shape[axis]);
  const out = backend().makeOutput(shape, "float32");
  const kept = sizeFromShape(shape);
  const summed = sizeFromShape(axes.map((axis) => x.shape[axis]));
  const divisor = isMean ? summed : 1;
  const { sumColumns, sumRows } = kernels();
  if (count < rank && axes.every((axis, i) => axis === i))
    sumColumns(pointerOf(x), pointerOf(out), summed, kept, divisor);
  else if (axes.every((axis, i) => axis === rank - count + i))
    sumRows(pointerOf(x), pointerOf(out), kept, summed, divisor);
  else {
    const turned = transposed(x, [...rest, ...axes]);
    sumRows(pointerOf(turned), pointerOf(out), kept, summed, divisor);
    backend().disposeData(turned.dataId);
  }
  return out;
}

/** Rows by their indices; the stock kernel copies number by number. */
function gather(call: KernelCall, stock: Kernel): ReturnType<Kernel> {
  const { x, indices } = call.inputs;
  const { axis, batchDims } = call.attrs as { axis: number; batchDims: number };
  const isRows = x.dtype === "float32" && indices.dtype === "int32" && axis === 0 && !batchDims;
  if (!isRows || x.shape.length < 2) return stock(call);
  const [rows, ...rest] = x.shape;
  const out = backend().makeOutput([...indices.shape, ...rest], "float32");
  const count = sizeFromShape(indices.shape);
  const width = 4 * sizeFromShape(rest);
  const at = [x, indices, out].map(pointerOf);
  if (kernels().gatherRows(at[0], at[1], at[2], count, rows, width)) return out;
  backend().disposeData(out.dataId);
  throw new RangeError(`indices must be from 0 to ${rows - 1}, got one that is not`);
}

/** The larger or smaller of two numbers, NaN where one is NaN, which the stock kernels drop. */
function extreme(call: KernelCall, stock: Kernel, largest: boolean): ReturnType<Kernel> {
  const [a, b] = [call.inputs.a, call.inputs.b].sort((x, y) => y.shape.length - x.shape.length);
  const { arraysEqual } = tf.util;
  const repeats = arraysEqual(a.shape.slice(a.shape.length - b.shape.length), b.shape);
  if (a.dtype !== "float32" || b.dtype !== "float32" || !repeats) return stock(call);
  const out = backend().makeOutput(a.shape, "float32");
  const [n, period] = [a, b].map(({ shape }) => sizeFromShape(shape));
  const at = [a, b, out].map(pointerOf);
  kernels().extreme(at[0], at[1], at[2], n, period, largest ? 1 : 0);
  return out;
}

/** max(x, 0) − α max(−x, 0); the stock kernel takes every α for one of the last axis. */
const prelu: Kernel = ({ inputs: { x, alpha } }) => {
  const run = (name: string, inputs: Inputs) =>
    stockOf(name)({ inputs, attrs: {}, backend: backend() }) as tf.TensorInfo;
  const minus = run("Neg", { x });
  const [above, below] = [run("Relu", { x }), run("Relu", { x: minus })];
  const leak = run("Multiply", { a: alpha, b: below });
  const out = run("Sub", { a: above, b: leak });
  for (const { dataId } of [minus, above, below, leak]) backend().disposeData(dataId);
  return out;
};

/** A kernel of one float32 tensor. */
const unary =
  (write: (x: number, out: number, n: number, attrs: Record<string, number>) => void) =>
  (call: KernelCall, stock: Kernel): ReturnType<Kernel> => {
    const { x } = call.inputs;
    if (x.dtype !== "float32") return stock(call);
    const out = backend().makeOutput(x.shape, "float32");
    const attrs = call.attrs as Record<string, number>;
    write(pointerOf(x), pointerOf(out), sizeFromShape(x.shape), attrs);
    return out;
  };

/**
 * Truth value: 1 unless the number is 0. The stock kernel keeps the lowest byte of its integer
 * part.
 */
function cast(call: KernelCall, stock: Kernel): ReturnType<Kernel> {
  const { x } = call.inputs;
  if (x.dtype !== "float32" || call.attrs.dtype !== "bool") return stock(call);
  const out = backend().makeOutput(x.shape, "bool");
  kernels().isNonzero(pointerOf(x), pointerOf(out), sizeFromShape(x.shape));
  return out;
}

/** Half the squared norm of a float32 tensor: ``½ Σ x²``. */
export const halfSquaredNorm = (x: tf.Tensor): tf.Tensor =>
  tf.engine().runKernel("HalfSquaredNorm", { x });

function install(): void {
  const replace = (name: string, made: (call: KernelCall, stock: Kernel) => ReturnType<Kernel>) => {
    const stock = stockOf(name);
    register(name, (call) => made(call, stock));
  };
  replace("BatchMatMul", (call, stock) => (isProduct(call) ? batchMatMul(call) : stock(call)));
  replace("Slice", slice);
  replace("StridedSlice", (call, stock) => {
    const out = stock(call) as tf.TensorInfo;
    const { dtype } = call.inputs.x;
    if (dtype !== "int32") return out;
    backend().dataIdMap.get(out.dataId).dtype = dtype; // the stock kernel calls integers float32
    return { ...out, dtype };
  });
  replace("Sum", (call, stock) => reduce(call, stock, false));
  replace("Mean", (call, stock) => reduce(call, stock, true));
  replace("GatherV2", gather);
  replace("Maximum", (call, stock) => extreme(call, stock, true));
  replace("Minimum", (call, stock) => extreme(call, stock, false));
  replace("Cast", cast);
  register("Prelu", prelu);
  const { clip, sign } = kernels();
  replace(
    "ClipByValue",
    unary((x, out, n, { clipValueMin, clipValueMax }) =>
      clip(x, out, n, clipValueMin, clipValueMax),
    ),
  );
  replace("Sign", unary(sign));
  register("HalfSquaredNorm", ({ inputs: { x } }) => {
    const out = backend().makeOutput([], "float32");
    const half = kernels().halfSquares(pointerOf(x), sizeFromShape(x.shape));
    numbersOf(out)[0] = half;
    return out;
  });
  register("UnsortedSegmentSum", unsortedSegmentSum);
  register("Conv2DBackpropFilter", conv2DBackpropFilter);
  registerDraws();
  for (const { kernelName } of tf.getKernelsForBackend("wasm"))
    register(kernelName, traced(kernelName, stockOf(kernelName)));
}

let installed = false;

/** Puts the kernels in place, once; `start` does it, before any number is computed. */
export function fastKernels(): void {
  if (installed) return;
  installed = true;
  install();
}

/**
 * Starts tfjs's wasm backend as it comes, from the bytes of its binary with SIMD, without a
 * network.
 */
export async function startBackend(binary: Uint8Array): Promise<void> {
  if (!isWasm(binary))
    // tfjs itself would wait for it without an end
    throw new Error(
      `the browser must run WebAssembly with SIMD, got ${binary.length} bytes that it does not take; use a browser of 2023 or later, or make the page again`,
    );
  const environment = tf.env();
  environment.set("WASM_HAS_MULTITHREAD_SUPPORT", false); // a page from a file has no shared memory
  setWasmPaths("", true); // by the fetch below
  const { platform } = environment;
  const { fetch } = platform;
  platform.fetch = async () => new Response(binary as never);
  try {
    if (await tf.setBackend("wasm")) return;
  } finally {
    platform.fetch = fetch;
  }
  throw new Error(
    "tfjs's wasm backend must start, got a failure; the console says why: make the page again",
  );
}

/** Starts the web engine from the bytes of tfjs's binary. */
export async function start(binary: Uint8Array): Promise<void> {
  await startBackend(binary);
  guardHeap();
  fastKernels();
}
