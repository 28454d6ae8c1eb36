import { existsSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-node";
import { unitInterval } from "./engine";
import { requireName, shapeText } from "./preconditions";

/** The numbers of an IDX file and the sizes of its axes, the last axis fastest. */
export interface Idx {
  shape: number[];
  data: Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;
}

type Numbers = Idx["data"];

const types: Record<number, { bytes: number; view: (buffer: ArrayBuffer) => Numbers }> = {
  8: { bytes: 1, view: (b) => new Uint8Array(b) },
  9: { bytes: 1, view: (b) => new Int8Array(b) },
  11: { bytes: 2, view: (b) => new Int16Array(b) },
  12: { bytes: 4, view: (b) => new Int32Array(b) },
  13: { bytes: 4, view: (b) => new Float32Array(b) },
  14: { bytes: 8, view: (b) => new Float64Array(b) },
};

/**
 * Reads an IDX file, the format of MNIST: 0, 0, a type, a rank, the sizes as big-endian 32-bit
 * integers, then the numbers, big-endian.
 *
 * The header is checked against the file's length before any room is made for the numbers, and
 * nothing is returned unless all of them are there. Rejects on a file that is missing, empty,
 * compressed, of another format, shorter or longer than its header says, or without numbers.
 * Source: LeCun, Cortes and Burges, "The MNIST database", file formats.
 */
export async function readIdx(path: string): Promise<Idx> {
  const fail = (what: string): never => {
    throw new Error(`${path} must be an IDX file, ${what}`);
  };
  const file = await open(path, "r");
  try {
    const status = await file.stat();
    if (!status.isFile()) fail("got something that is not a file");
    const { size } = status;
    const head = new Uint8Array(4 + 4 * 255);
    const { bytesRead } = await file.read(head, 0, Math.min(head.length, size), 0);
    if (bytesRead === 0) fail("got an empty file; fetch it again");
    if (head[0] === 0x1f && head[1] === 0x8b) fail("got a gzip archive; unpack it with gunzip");
    if (bytesRead < 4) fail(`got ${bytesRead} bytes, too few for a header; fetch it again`);
    const type = types[head[2]];
    if (head[0] !== 0 || head[1] !== 0 || type === undefined) {
      fail(
        `which begins with 00 00 and a type, got ${[...head.subarray(0, 4)].map((b) => b.toString(16).padStart(2, "0")).join(" ")}`,
      );
    }
    const rank = head[3];
    const start = 4 + 4 * rank;
    if (rank === 0) fail("which has at least one axis, got 0 axes");
    if (bytesRead < start)
      fail(`got ${size} bytes, cut off inside the header of ${start}; fetch it again`);
    const sizes = new DataView(head.buffer, 4);
    const shape = Array.from({ length: rank }, (_, i) => sizes.getUint32(4 * i));
    const expected =
      shape.reduce((product, axis) => product * BigInt(axis), BigInt(type.bytes)) + BigInt(start);
    if (expected !== BigInt(size)) {
      const relation = BigInt(size) < expected ? "cut off" : "too long";
      fail(
        `whose header says shape ${shapeText(shape)}, ${expected} bytes, got ${size} bytes (${relation}); fetch it again`,
      );
    }
    if (size === start) fail(`got shape ${shapeText(shape)}, no numbers`);
    const buffer = new ArrayBuffer(size - start);
    const bytes = new Uint8Array(buffer);
    for (let offset = 0; offset < bytes.length; ) {
      const read = await file.read(bytes, offset, bytes.length - offset, start + offset);
      if (read.bytesRead === 0)
        fail(`cut off after ${start + offset} bytes while it was read; fetch it again`);
      offset += read.bytesRead;
    }
    for (let i = 0; type.bytes > 1 && i < bytes.length; i += type.bytes)
      bytes.subarray(i, i + type.bytes).reverse(); // the file is big-endian
    return { shape, data: type.view(buffer) };
  } finally {
    await file.close();
  }
}

/** Pictures and what they show. */
export interface LabeledImages {
  /** Images [n, 784], each of 28 × 28 pixels row by row, in [0, 1]. */
  images: tf.Tensor2D;
  /** [n], int32: 0 … 9. */
  labels: tf.Tensor1D;
}

/** "train": 60,000 examples; "test": 10,000. */
export type Split = "train" | "test";

/** Folder of the data files, instead of the package's own `data/`. */
export interface DataOptions {
  directory?: string;
}

/** Folder of the small tables and the pictures. */
export const dataDirectory = join(__dirname, "../../../data");
const prefix: Record<Split, string> = { train: "train", test: "t10k" };

/**
 * Images given out, by file; held weakly, so that their numbers go with the last tensor of them.
 */
const given = new Map<string, { version: string; images: WeakRef<tf.Tensor2D>[] }>();

/** Changes when the file does; undefined where no time of change is known, as in a page. */
function versionOf(path: string): string | undefined {
  const status = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (status?.ctimeNs === undefined) return undefined;
  return [status.dev, status.ino, status.size, status.ctimeNs].join(" ");
}

/** Tensors of the file's images that can still be used; an engine that was reset knows none. */
function imagesInUse(path: string, version: string | undefined): tf.Tensor2D[] {
  const known = given.get(path);
  if (known === undefined || known.version !== version) return [];
  const { tensorInfo } = tf.engine().state;
  return known.images
    .map((image) => image.deref())
    .filter((t): t is tf.Tensor2D => t !== undefined && !t.isDisposed && tensorInfo.has(t.dataId));
}

async function newImages(path: string, set: string): Promise<tf.Tensor2D> {
  const { shape, data } = await readIdx(path);
  const [n, rows, columns] = shape;
  if (!(data instanceof Uint8Array) || shape.length !== 3 || rows !== 28 || columns !== 28) {
    throw new Error(
      `the ${set} must be bytes of shape [n, 28, 28], got ${data.constructor.name} of shape ${shapeText(shape)}`,
    );
  }
  return unitInterval(data, [n, rows * columns]);
}

/** Images [n, 784] of a file, by the numbers of a tensor in use if the file is the same. */
async function readImages(path: string, set: string): Promise<tf.Tensor2D> {
  const version = versionOf(path);
  const [inUse] = imagesInUse(path, version);
  const images = inUse ? inUse.clone() : await newImages(path, set);
  if (version !== undefined) {
    const all = [...imagesInUse(path, version), images];
    given.set(path, { version, images: all.map((each) => new WeakRef(each)) });
  }
  return images;
}

async function readLabels(path: string, n: number, set: string): Promise<tf.Tensor1D> {
  const { shape, data } = await readIdx(path);
  if (!(data instanceof Uint8Array) || shape.length !== 1 || shape[0] !== n) {
    throw new Error(
      `the ${set} must be ${n} bytes, one for each image, got ${data.constructor.name} of shape ${shapeText(shape)}`,
    );
  }
  const beyond = data.findIndex((label) => label > 9);
  if (beyond >= 0)
    throw new Error(`the ${set} must be from 0 to 9, got ${data[beyond]} for image ${beyond}`);
  return tf.tensor1d(Int32Array.from(data), "int32");
}

async function readSet(name: string, split: Split, directory: string): Promise<LabeledImages> {
  requireName(split, "split", Object.keys(prefix));
  const pathOf = (kind: string, rank: number) => {
    const file = `${prefix[split]}-${kind}-idx${rank}-ubyte`;
    const dotted = file.replace("-idx", ".idx"); // as Kaggle names it
    const paths = [file, dotted].map((name) => join(directory, name));
    const path = paths.find((path) => existsSync(path));
    if (path) return path;
    throw new Error(
      `${name} must be in ${directory}, got no file ${file} or ${dotted}; fetch it with: npm run setup, or give { directory }`,
    );
  };
  const [imagesPath, labelsPath] = [pathOf("images", 3), pathOf("labels", 1)];
  const images = await readImages(imagesPath, `${split} images of ${name}`);
  try {
    const labels = await readLabels(labelsPath, images.shape[0], `${split} labels of ${name}`);
    return { images, labels };
  } catch (error) {
    images.dispose();
    throw error;
  }
}

/**
 * MNIST, handwritten digits: 60,000 pictures to train on, 10,000 to test on.
 *
 * Read from the package's `data/mnist`, wherever the program runs. While earlier images of the same
 * file are in use, later ones share their numbers. Rejects if a file is missing or not what it must
 * be. Source: LeCun, Bottou, Bengio and Haffner (1998).
 */
export const mnist = (
  split: Split,
  { directory = join(dataDirectory, "mnist") }: DataOptions = {},
): Promise<LabeledImages> => readSet("MNIST", split, directory);

/**
 * Fashion-MNIST, articles of clothing in MNIST's format and size.
 *
 * Read from the package's `data/fashion-mnist`. Rejects if a file is missing or not what it must
 * be. Source: Xiao, Rasul and Vollgraf (2017).
 */
export const fashionMnist = (
  split: Split,
  { directory = join(dataDirectory, "fashion-mnist") }: DataOptions = {},
): Promise<LabeledImages> => readSet("Fashion-MNIST", split, directory);
