import { createHash } from "node:crypto";
import {
  closeSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import * as tf from "@tensorflow/tfjs-node";
import { requireInteger, requireRecord, shapeText } from "./preconditions";
import { type NumberType, numberTypes } from "./safetensors-types";

/** Saved state of a training run: the weights, and the state to resume it. */
export interface Checkpoint {
  /** The weights by name. */
  parameters: Record<string, tf.Tensor>;
  /** Steps taken. */
  step?: number;
  /** The optimizer's tensors by name. */
  optimizer?: Record<string, tf.Tensor>;
  seed?: number;
}

/** A checkpoint that was read: its weights are variables of their own, ready to be trained. */
export interface LoadedCheckpoint extends Checkpoint {
  parameters: Record<string, tf.Variable>;
}

const codeOf: Record<string, string> = { float32: "F32", int32: "I32", bool: "BOOL" };
const bytesOf: Record<string, number> = { float32: 4, int32: 4, bool: 1 };

const optimizerPrefix = "optimizer/";
const metadataName = "__metadata__";
const mostHeaderBytes = 100_000_000; // safetensors' own limit

/**
 * Saves a checkpoint as a safetensors file: 8 bytes of header length, a JSON header, the numbers.
 *
 * Parameters keep their names, the optimizer's tensors get `optimizer/` before theirs, step and
 * seed go into the metadata. The write is atomic: a temporary file in the same folder is flushed to
 * the disk and renamed, so `path` holds the old file or the new one. A symbolic link is followed,
 * and a file keeps its mode. Temporary files of killed processes are removed. Throws on tensors
 * that are disposed of or of a type that safetensors or tfjs lacks (string, complex64), on reserved
 * names, and when the disk refuses. Source: the safetensors format.
 */
export function save(path: string, checkpoint: Checkpoint): void {
  const { parameters, step, optimizer = {}, seed } = checkpoint ?? ({} as Checkpoint);
  requireRecord(parameters, "parameters", "tensors");
  requireRecord(optimizer, "optimizer", "tensors");
  if (step !== undefined) requireInteger(step, "step", 0);
  if (seed !== undefined) requireInteger(seed, "seed", 0);
  for (const name of Object.keys(parameters)) {
    if (name === metadataName || name.startsWith(optimizerPrefix))
      throw new RangeError(`parameter "${name}" must have another name, that one is reserved`);
  }
  const tensors = [
    ...Object.entries(parameters),
    ...Object.entries(optimizer).map(([name, tensor]) => [optimizerPrefix + name, tensor] as const),
  ];
  if (tensors.length === 0)
    throw new RangeError("a checkpoint must hold at least one tensor, got none");
  for (const [name, tensor] of tensors) {
    if (!(tensor instanceof tf.Tensor))
      throw new TypeError(`"${name}" must be a tensor, got ${typeof tensor}`);
    if (tensor.isDisposed)
      throw new Error(`"${name}" must be a live tensor, got one that was disposed of`);
    if (!codeOf[tensor.dtype])
      throw new TypeError(`"${name}" must be float32, int32 or bool, got ${tensor.dtype}`);
  }

  let offset = 0;
  const metadata = {
    format: "tfjs",
    ...(step !== undefined && { step: String(step) }),
    ...(seed !== undefined && { seed: String(seed) }),
  };
  const header = Object.fromEntries([
    [metadataName, metadata],
    ...tensors.map(([name, { dtype, shape, size }]) => {
      const begin = offset;
      offset += size * bytesOf[dtype];
      return [name, { dtype: codeOf[dtype], shape, data_offsets: [begin, offset] }];
    }),
  ]);
  const json = new TextEncoder().encode(JSON.stringify(header));
  const padded = new Uint8Array(8 * Math.ceil(json.length / 8)).fill(" ".charCodeAt(0));
  padded.set(json);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(padded.length), true);

  writeWhole(path, function* () {
    yield length;
    yield padded;
    for (const [, tensor] of tensors) {
      const data = tensor.dataSync();
      yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    }
  });
}

/**
 * Name of the temporary files of `path`; process ids mean nothing on another host of a shared disk.
 */
function temporaryStem(path: string): string {
  const name = basename(path);
  const { length } = new TextEncoder().encode(name);
  const short = length <= 128 ? name : createHash("sha256").update(name).digest("hex");
  return join(dirname(path), `.${short}.${hostname()}.`);
}

/** Removes the temporary files of processes that were killed while they wrote this file. */
function removeLeftBehind(path: string): void {
  const stem = basename(temporaryStem(path));
  for (const name of readdirSync(dirname(path))) {
    const pid = name.startsWith(stem) && /^(\d+)\.\d+\.tmp$/.exec(name.slice(stem.length))?.[1];
    if (pid && !isAlive(Number(pid))) rmSync(join(dirname(path), name), { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

const ifThere = <T>(read: () => T): T | undefined => {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
};

/** The file that symbolic links lead to, even if it does not exist yet. */
function linkTarget(path: string): string {
  const real = ifThere(() => realpathSync(path));
  if (real !== undefined) return real;
  try {
    return linkTarget(resolve(dirname(path), readlinkSync(path)));
  } catch {
    return path; // no link
  }
}

/** Writes a file atomically: the whole of it or nothing. */
function writeWhole(link: string, parts: () => Iterable<Uint8Array>): void {
  let path = link;
  let file: number | undefined;
  let temporary: string | undefined;
  try {
    path = linkTarget(link);
    removeLeftBehind(path);
    const mode = ifThere(() => statSync(path).mode);
    temporary = `${temporaryStem(path)}${process.pid}.${Date.now()}.tmp`;
    file = openSync(temporary, "wx", mode);
    if (mode !== undefined) fchmodSync(file, mode & 0o7777);
    for (const part of parts())
      for (let done = 0; done < part.length; ) done += writeSync(file, part, done);
    fsyncSync(file);
    closeSync(file);
    file = undefined;
    renameSync(temporary, path);
  } catch (error) {
    if (file !== undefined) closeSync(file);
    if (temporary) rmSync(temporary, { force: true });
    throw new Error(
      `${link} must be written whole, got ${(error as Error).message}; what was there is kept. ${cureOf(error)}`,
      { cause: error },
    );
  }
  syncDirectory(dirname(path));
}

const cureOf = (error: unknown) =>
  (error as NodeJS.ErrnoException).code === "ENOENT"
    ? "Make its folder first"
    : "Free space, or save elsewhere";

/** Flushes the rename itself; a no-op where a directory cannot be opened (Windows). */
function syncDirectory(path: string): void {
  let directory: number;
  try {
    directory = openSync(path, "r");
  } catch {
    return;
  }
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

interface Entry {
  name: string;
  type: NumberType;
  shape: number[];
  begin: number;
  end: number;
}

/**
 * Reads a checkpoint, or any safetensors file.
 *
 * F16, BF16 and F64 become float32 (F64 rounded), all integers int32, BOOL bool. The header is
 * checked against the file's length before memory is allocated. Throws on a file that is cut off or
 * too long, a header that is too long or no JSON, tensors that overlap or leave gaps, sizes that do
 * not match their shape, other types, and numbers that float32 or int32 cannot hold.
 */
export function load(path: string): LoadedCheckpoint {
  const file = openSync(path, "r");
  const tensors: [string, tf.Tensor][] = [];
  try {
    const { entries, start, step, seed } = readHeader(path, file);
    for (const entry of entries) tensors.push([entry.name, readTensor(path, file, start, entry)]);
    const [ofOptimizer, ofModel] = [true, false].map((yes) =>
      tensors.filter(([name]) => name.startsWith(optimizerPrefix) === yes),
    );
    return {
      parameters: Object.fromEntries(ofModel.map(([name, tensor]) => [name, toVariable(tensor)])),
      ...(step !== undefined && { step }),
      ...(ofOptimizer.length > 0 && {
        optimizer: Object.fromEntries(
          ofOptimizer.map(([name, tensor]) => [name.slice(optimizerPrefix.length), tensor]),
        ),
      }),
      ...(seed !== undefined && { seed }),
    };
  } catch (error) {
    for (const [, tensor] of tensors) tensor.dispose();
    throw error;
  } finally {
    closeSync(file);
  }
}

function toVariable(tensor: tf.Tensor): tf.Variable {
  const variable = tf.variable(tensor);
  tensor.dispose();
  return variable;
}

function readBytes(path: string, file: number, target: Uint8Array, position: number): void {
  for (let done = 0; done < target.length; ) {
    const read = readSync(file, target, done, target.length - done, position + done);
    if (read === 0)
      throw new Error(
        `${path} must hold ${position + target.length} bytes, got ${position + done}; it was cut off`,
      );
    done += read;
  }
}

interface Header {
  entries: Entry[];
  /** Offset of the first number. */
  start: number;
  step?: number;
  seed?: number;
}

function readHeader(path: string, file: number): Header {
  const fail = (what: string): never => {
    throw new Error(`${path} must be a safetensors file, ${what}`);
  };
  const status = fstatSync(file);
  if (!status.isFile()) fail("got something that is not a file");
  const { size } = status;
  if (size < 8) fail(`got ${size} bytes, too few for the length of a header; it was cut off`);
  const lengthBytes = new Uint8Array(8);
  readBytes(path, file, lengthBytes, 0);
  const length = new DataView(lengthBytes.buffer).getBigUint64(0, true);
  if (length > BigInt(mostHeaderBytes))
    fail(
      `got a header of ${length} bytes where ${mostHeaderBytes} is the most; it is another format or damaged`,
    );
  if (length > BigInt(size - 8))
    fail(`got a header of ${length} bytes in a file of ${size}; it was cut off`);
  const start = 8 + Number(length);
  const json = new Uint8Array(Number(length));
  readBytes(path, file, json, 8);

  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder().decode(json));
  } catch (error) {
    fail(`got a header that is no JSON (${(error as Error).message}); it is damaged`);
  }
  if (header === null || typeof header !== "object" || Array.isArray(header))
    fail("got a header that is no JSON object; it is damaged");
  const fields = Object.entries(header as Record<string, unknown>);
  const entries = fields
    .filter(([name]) => name !== metadataName)
    .map(([name, field]) => readEntry(name, field, fail));
  const end = endOf(entries, fail);
  if (start + end !== size) {
    fail(
      `whose header says ${start + end} bytes, got ${size} (${size < start + end ? "cut off" : "too long"}); save it again`,
    );
  }
  const metadata = (fields.find(([name]) => name === metadataName)?.[1] ?? {}) as Record<
    string,
    unknown
  >;
  if (metadata === null || typeof metadata !== "object") fail("got metadata that is no record");
  const whole = (name: "step" | "seed") => {
    const text = metadata[name];
    if (text === undefined) return {};
    if (typeof text !== "string" || !/^\d+$/.test(text) || !Number.isSafeInteger(Number(text)))
      fail(`got ${name} ${JSON.stringify(text)} in its metadata, no whole number`);
    return { [name]: Number(text) };
  };
  return { entries, start, ...whole("step"), ...whole("seed") };
}

/** The byte after the last tensor's; throws unless they lie without gaps, one after another. */
function endOf(entries: Entry[], fail: (what: string) => never): number {
  let last = 0;
  const inOrder = [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end);
  for (const { name, begin, end } of inOrder) {
    if (begin < last)
      fail(`got tensor "${name}" overlapping the one before it, at byte ${begin} of the data`);
    if (begin > last) fail(`got a gap of ${begin - last} bytes before tensor "${name}"`);
    last = end;
  }
  return last;
}

function readEntry(name: string, field: unknown, fail: (what: string) => never): Entry {
  const {
    dtype,
    shape,
    data_offsets: offsets,
  } = (field ?? {}) as { dtype?: unknown; shape?: unknown; data_offsets?: unknown };
  const type = numberTypes.get(dtype as string);
  if (type === undefined) {
    return fail(
      `with tensors of type ${[...numberTypes.keys()].join(", ")}, got ${JSON.stringify(dtype)} for "${name}"; convert it before it is saved`,
    );
  }
  const natural = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
  if (!Array.isArray(shape) || !shape.every(natural))
    return fail(`got shape ${JSON.stringify(shape)} for tensor "${name}"`);
  if (
    !Array.isArray(offsets) ||
    offsets.length !== 2 ||
    !offsets.every(natural) ||
    offsets[0] > offsets[1]
  ) {
    return fail(`got data_offsets ${JSON.stringify(offsets)} for tensor "${name}"`);
  }
  const [begin, end] = offsets as [number, number];
  const bytes = shape.reduce(
    (product: bigint, axis: number) => product * BigInt(axis),
    BigInt(type.bytes),
  );
  if (bytes !== BigInt(end - begin)) {
    return fail(
      `got ${end - begin} bytes for tensor "${name}", whose shape ${shapeText(shape)} takes ${bytes}`,
    );
  }
  return { name, type, shape, begin, end };
}

function readTensor(
  path: string,
  file: number,
  start: number,
  { name, type, shape, begin, end }: Entry,
): tf.Tensor {
  const bytes = new Uint8Array(end - begin);
  readBytes(path, file, bytes, start + begin);
  const { dtype, values, lost } = type.read(bytes.buffer);
  if (lost !== undefined)
    throw new RangeError(
      `${path} must hold numbers that ${dtype} can hold, got ${lost} in tensor "${name}"; convert it before it is saved`,
    );
  return tf.tensor(values, shape, dtype);
}
