/** Node's modules that the kernel's converter imports, over files in memory. */
/** The folder of the notebook, which `process.cwd()` answers. */
export const currentFolder = (): string => "/notebooks";

/** Declarations and package.json files by their paths, the root of the repository being "/". */
export const files = new Map<string, string>();

// ---- node:fs
export const existsSync = (path: string): boolean => files.has(path);
export const statSync = (): undefined => undefined;

export function readFileSync(path: string): string {
  const text = files.get(path);
  if (text === undefined) throw new Error(`${path} must be a file of this page, found none`);
  return text;
}

/** Entries of a folder, which is there when a file lies in it. */
export function readdirSync(folder: string): { name: string; isDirectory(): boolean }[] {
  const start = folder.endsWith("/") ? folder : `${folder}/`;
  const inside = [...files.keys()].filter((path) => path.startsWith(start));
  const entries = inside.map((path) => path.slice(start.length).split("/"));
  const areFolders = new Map(entries.map(([name, ...rest]) => [name!, rest.length > 0]));
  return [...areFolders].map(([name, isFolder]) => ({ name, isDirectory: () => isFolder }));
}

// ---- node:module: a page runs none of Node's modules, so it offers none
export const builtinModules: readonly string[] = [];
export const isBuiltin = (name: string): boolean => name.startsWith("node:");

/** Unused: no code that the types' worker compiles is run. */
export class SourceMap {}
/** `node:vm`'s: the browser finds errors of a script when it is run. */
export class Script {}
