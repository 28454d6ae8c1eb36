// Node's file system in a browser: the files that the page brought, and the live figures' code. Read-only.
import code from "live-code";
import { basename, join, resolve } from "./path";

const files = new Map<string, Uint8Array>();

/**
 * Gives the library a file by its path in the repository, such as `data/mnist/train-images-idx3-ubyte`; the bytes are
 * not copied.
 */
export const addFile = (path: string, bytes: Uint8Array): void => {
  files.set(resolve(path), bytes);
};

type Read = (path: string) => Promise<Uint8Array>;
const offered = new Map<string, Read>();

/**
 * Offers files by their paths in the repository: each is read whenever it is opened, and not kept, since digits are
 * large. `existsSync` knows them from now on.
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

export const readdir = async (folder: string): Promise<string[]> =>
  [...new Set([...files.keys(), ...offered.keys()])]
    .filter((path) => join(path, "..") === resolve(folder))
    .map((path) => basename(path));

export const existsSync = (path: string): boolean =>
  files.has(resolve(path)) || offered.has(resolve(path));

export function readFileSync(path: string): string {
  const text: string | undefined = code[basename(path)];
  return text ?? new TextDecoder().decode(bytesOf(path));
}

function refuse(): never {
  throw new Error(
    "a page in a browser must be read-only, got a file to write; run the notebook in Jupyter",
  );
}
export const writeFileSync = refuse;
export const renameSync = refuse;
export const rmSync = refuse;
