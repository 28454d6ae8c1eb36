// Node's file system in a browser: the files that the page brought, and the live figures' code.
import code from "live-code";
import { basename, join, resolve } from "./path";

const files = new Map<string, Uint8Array>();

/**
 * Gives the library a file by its path in the repository, such as
 * `data/mnist/train-images-idx3-ubyte`; the bytes are not copied.
 */
export const addFile = (path: string, bytes: Uint8Array): void => {
  files.set(resolve(path), bytes);
};

type Read = (path: string) => Promise<Uint8Array>;
const offered = new Map<string, Read>();

/**
 * Offers files by their paths in the repository: each is read whenever it is opened, and not kept,
 * since digits are large. `existsSync` knows them from now on.
 */
export function offerFiles(paths: readonly string[], read: Read): void {
  for (const path of paths) offered.set(resolve(path), () => read(path));
}

async function read(path: string): Promise<Uint8Array> {
  const offer = offered.get(resolve(path));
  return offer ? offer(path) : bytesOf(path);
}

function bytesOf(path: string): Uint8Array {
  const bytes = files.get(resolve(path));
  if (bytes) return bytes;
  throw Object.assign(new Error(`${path} must be a file that the page brought, got none`), {
    code: "ENOENT",
  });
}

/** The file as `fs/promises` opens it. */
export async function open(path: string) {
  const bytes = await read(path);
  return {
    stat: async () => ({ isFile: () => true, size: bytes.length }),
    async read(to: Uint8Array, offset: number, length: number, position: number) {
      const part = bytes.subarray(position, position + length);
      to.set(part, offset);
      return { bytesRead: part.length };
    },
    close: async () => {},
  };
}

export const readFile = read;

function namesIn(folder: string): string[] {
  return [...new Set([...files.keys(), ...offered.keys()])]
    .filter((path) => join(path, "..") === resolve(folder))
    .map((path) => basename(path));
}

export const readdir = async (folder: string): Promise<string[]> => namesIn(folder);

export const existsSync = (path: string): boolean =>
  files.has(resolve(path)) || offered.has(resolve(path));

export function readFileSync(path: string): string {
  const text: string | undefined = code[basename(path)];
  return text ?? new TextDecoder().decode(bytesOf(path));
}

function refuse(): never {
  throw new Error("a page keeps no such file, got one to write; run the notebook in Jupyter");
}
export const writeFileSync = refuse;

// Checkpoints: `save` writes into the page's memory, `load` reads from there or what `addFile`
// gave.

interface Opened {
  path: string;
  /** Parts written so far; none of a file that is read. */
  parts?: Uint8Array[];
}
const opened = new Map<number, Opened>();
let lastFile = 2;

export function openSync(path: string, flags: string): number {
  if (flags === "r") bytesOf(path);
  lastFile += 1;
  opened.set(lastFile, { path, ...(flags !== "r" && { parts: [] }) });
  return lastFile;
}

export function writeSync(file: number, part: Uint8Array, offset: number): number {
  opened.get(file)!.parts!.push(part.slice(offset));
  return part.length - offset;
}

export function closeSync(file: number): void {
  const { path, parts } = opened.get(file)!;
  opened.delete(file);
  if (!parts) return;
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  addFile(path, whole);
}

export function readSync(
  file: number,
  to: Uint8Array,
  offset: number,
  length: number,
  position: number,
): number {
  const part = bytesOf(opened.get(file)!.path).subarray(position, position + length);
  to.set(part, offset);
  return part.length;
}

const statusOf = (path: string) => ({
  isFile: () => true,
  size: bytesOf(path).length,
  mode: 0o644,
});
export const fstatSync = (file: number) => statusOf(opened.get(file)!.path);
/** The status of a file that was added; those offered have none. */
export const statSync = (path: string, { throwIfNoEntry = true } = {}) =>
  throwIfNoEntry || files.has(resolve(path)) ? statusOf(path) : undefined;

export function renameSync(from: string, to: string): void {
  addFile(to, bytesOf(from));
  files.delete(resolve(from));
}

export function rmSync(path: string): void {
  files.delete(resolve(path));
}

export function realpathSync(path: string): string {
  bytesOf(path);
  return resolve(path);
}

/** Throws: there are no links, as of a file that is none. */
export const readlinkSync = refuse;
export const readdirSync = (folder: string): string[] => namesIn(folder);
export const fsyncSync = (): void => {};
export const fchmodSync = (): void => {};
