// Node's file system in a browser: the files that the page brought, by their names, and the live figures' code. Read-only.
import code from "live-code";

const files = new Map<string, Uint8Array>();
const nameOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);

/** Gives the library a file, such as `train-images-idx3-ubyte`; the bytes are not copied. */
export const addFile = (name: string, bytes: Uint8Array): void => void files.set(name, bytes);

function missing(path: string): never {
  throw Object.assign(new Error(`${path} must be a file that the page brought, got none`), {
    code: "ENOENT",
  });
}

/** The file as `fs/promises` opens it. */
export async function open(path: string) {
  const bytes = files.get(nameOf(path)) ?? missing(path);
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

export const readdir = async (_folder: string): Promise<string[]> => [...files.keys()];

export const existsSync = (path: string): boolean => files.has(nameOf(path));

export function readFileSync(path: string): string {
  const text: string | undefined = code[nameOf(path)];
  if (text !== undefined) return text;
  return new TextDecoder().decode(files.get(nameOf(path)) ?? missing(path));
}

function refuse(): never {
  throw new Error(
    "a page in a browser must be read-only, got a file to write; run the notebook in Jupyter",
  );
}
export const writeFileSync = refuse;
export const renameSync = refuse;
export const rmSync = refuse;
