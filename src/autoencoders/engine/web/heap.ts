// The one place that reaches behind tfjs's public face in a browser: the heap of its wasm backend,
// and our kernels in it.
import * as tf from "@tensorflow/tfjs-node";
import code from "kernels.wasm";

type Pointer = number;

/**
 * The exports of `kernels.as.ts`, `algebra.as.ts` and `random.as.ts`; true and false are 1 and 0.
 */
interface Kernels {
  product(
    a: Pointer,
    b: Pointer,
    c: Pointer,
    scratch: Pointer,
    m: number,
    k: number,
    n: number,
    aT: number,
    bT: number,
  ): void;
  productScratch(k: number, n: number): number;
  sumRows(x: Pointer, out: Pointer, rows: number, columns: number, divisor: number): void;
  sumColumns(x: Pointer, out: Pointer, rows: number, columns: number, divisor: number): void;
  halfSquares(x: Pointer, n: number): number;
  adam(
    w: Pointer,
    m: Pointer,
    v: Pointer,
    g: Pointer,
    n: number,
    rate: number,
    beta1: number,
    beta2: number,
    epsilon: number,
  ): void;
  momentum(
    w: Pointer,
    v: Pointer,
    g: Pointer,
    n: number,
    rate: number,
    mu: number,
    nesterov: number,
  ): void;
  descend(w: Pointer, g: Pointer, n: number, rate: number): void;
  extreme(a: Pointer, b: Pointer, out: Pointer, n: number, period: number, largest: number): void;
  clip(x: Pointer, out: Pointer, n: number, low: number, high: number): void;
  sign(x: Pointer, out: Pointer, n: number): void;
  isNonzero(x: Pointer, out: Pointer, n: number): void;
  gatherRows(
    x: Pointer,
    indices: Pointer,
    out: Pointer,
    count: number,
    rows: number,
    width: number,
  ): number;
  pairBytes(
    x: Pointer,
    panels: Pointer,
    sums: Pointer,
    rows: number,
    d: number,
    padded: number,
  ): number;
  addBytes(panels: Pointer, products: Pointer, depth: number, padded: number): void;
  centerRows(
    x: Pointer,
    c: Pointer,
    panels: Pointer,
    sums: Pointer,
    rows: number,
    d: number,
    padded: number,
  ): void;
  addProducts(panels: Pointer, products: Pointer, depth: number, padded: number): void;
  eigen(
    a: Pointer,
    z: Pointer,
    values: Pointer,
    scratch: Pointer,
    d: number,
    stride: number,
  ): number;
  eigenScratch(d: number): number;
  invert(a: Pointer, pivots: Pointer, d: number): number;
  draw(out: Pointer, n: number, seed0: number, seed1: number, normal: number): void;
}

// TypeScript knows WebAssembly as a part of the browser's document interface alone.
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { exports: unknown };
  validate(bytes: Uint8Array): boolean;
};

/** True if this browser can run the code: it may be damaged, or use SIMD where there is none. */
export const isWasm = (bytes: Uint8Array): boolean => WebAssembly.validate(bytes);

/** The backend's record of a tensor's numbers. */
interface Data {
  id: number;
  memoryOffset: Pointer;
  refCount: number;
  shape: number[];
  dtype: tf.DataType;
}

/** tfjs's wasm backend. */
export interface WebBackend {
  wasm: {
    asm: { memory: { buffer: ArrayBuffer } };
    _malloc(bytes: number): Pointer;
    _free(pointer: Pointer): void;
    tfjs: {
      registerTensor(id: number, size: number, pointer: Pointer): void;
      disposeData(id: number): void;
    };
  };
  dataIdMap: { get(dataId: object): Data };
  makeOutput(shape: number[], dtype: tf.DataType): tf.TensorInfo;
  incRef(dataId: object): void;
  disposeData(dataId: object): boolean;
  write(values: ArrayBufferView | null, shape: number[], dtype: tf.DataType): object;
  readSync(dataId: object, start?: number, end?: number): ArrayBufferView;
}

/** The wasm backend; throws when another backend is active. */
export function backend(): WebBackend {
  const active = tf.backend() as unknown as WebBackend;
  if (!active.wasm)
    throw new Error(
      `the backend must be "wasm", got "${tf.getBackend()}"; call tf.setBackend("wasm")`,
    );
  return active;
}

let instance: Kernels | undefined;

/** Our kernels, which see the backend's heap as their own memory. */
export function kernels(): Kernels {
  if (instance) return instance;
  const abort = () => {
    throw new Error("the web engine's kernels must not fail");
  };
  const { memory } = backend().wasm.asm;
  const made = new WebAssembly.Instance(new WebAssembly.Module(code), { env: { memory, abort } });
  instance = made.exports as Kernels;
  return instance;
}

export const pointerOf = ({ dataId }: tf.TensorInfo): Pointer =>
  backend().dataIdMap.get(dataId).memoryOffset;

/**
 * Numbers in the heap from a pointer on; memory that grows makes the view stale, so it is read at
 * once.
 */
export const float32At = (pointer: Pointer, length: number): Float32Array =>
  new Float32Array(backend().wasm.asm.memory.buffer, pointer, length);
export const int32At = (pointer: Pointer, length: number): Int32Array =>
  new Int32Array(backend().wasm.asm.memory.buffer, pointer, length);
export const float64At = (pointer: Pointer, length: number): Float64Array =>
  new Float64Array(backend().wasm.asm.memory.buffer, pointer, length);

export const numbersOf = (x: tf.TensorInfo): Float32Array =>
  float32At(pointerOf(x), tf.util.sizeFromShape(x.shape));

/**
 * Makes the backend forget what it keeps of a tensor whose numbers changed in their place: its
 * convolutions and fused products hold packed copies of weights, by the tensor's id.
 */
export function dropPackedCopies({ dataId, size }: tf.Tensor): void {
  const { wasm, dataIdMap } = backend();
  const { id, memoryOffset } = dataIdMap.get(dataId);
  wasm.tfjs.disposeData(id);
  wasm.tfjs.registerTensor(id, size, memoryOffset);
}

/** Bytes of the largest block; the heap itself has 4 GB at most. */
const LARGEST_BLOCK = 2 ** 31;

/** Bytes kept for what the backend itself allocates; it aborts where there is nothing. */
const RESERVE = 2 ** 24;

/** Makes an allocation that the heap cannot hold an error; tfjs itself would write at address 0. */
export function guardHeap(): void {
  const { wasm } = backend();
  let reserve = wasm._malloc(RESERVE); // the first call replaces _malloc
  const malloc = wasm._malloc.bind(wasm);
  wasm._malloc = (size) => {
    const pointer = size > LARGEST_BLOCK ? 0 : malloc(size) >>> 0;
    if (pointer !== 0) reserve ||= malloc(RESERVE);
    else if (reserve) {
      wasm._free(reserve);
      reserve = 0;
    }
    if (pointer === 0 && size > 0)
      throw new RangeError(
        `the heap must have ${size} bytes free, got fewer; dispose of tensors, wrap what makes large ones in tf.tidy, or take fewer examples`,
      );
    return pointer;
  };
}

/** Runs `work` with blocks of the heap of these sizes in bytes, full of zeros, and frees them. */
export function withScratch<R>(sizes: number[], work: (...pointers: Pointer[]) => R): R {
  const { wasm } = backend();
  const pointers: Pointer[] = [];
  try {
    for (const size of sizes) {
      const pointer = wasm._malloc(size);
      pointers.push(pointer);
      new Uint8Array(wasm.asm.memory.buffer, pointer, size).fill(0);
    }
    return work(...pointers);
  } finally {
    for (const pointer of pointers) wasm._free(pointer);
  }
}

let held = { pointer: 0, size: 0 };

/** A block of the heap of at least so many bytes, of any content, good until the next call. */
export function scratchOf(size: number): Pointer {
  if (size > held.size) {
    backend().wasm._free(held.pointer);
    held = { pointer: backend().wasm._malloc(size), size };
  }
  return held.pointer;
}

/** A tensor over an output of a kernel. */
export const tensorOf = (info: tf.TensorInfo): tf.Tensor =>
  tf.engine().makeTensorFromTensorInfo(info);
