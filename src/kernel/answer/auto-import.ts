import { type Dirent, existsSync, readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import path from "node:path";

/** Entries of a folder, none where it is not there. */
function entries(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** Folders in which an import from here is looked for. */
function packageFolders(folder: string, root: string): string[] {
  const found: string[] = [];
  for (let at = folder; ; at = path.dirname(at)) {
    found.push(path.join(at, "node_modules"));
    if (at === path.dirname(at)) return [...found, path.join(root, "node_modules")];
  }
}

/** Modules of Node that are no part of another. */
const BUILTINS = builtinModules.filter((name) => !/^_|\//.test(name));
const PREFIXED = BUILTINS.map((name) => `node:${name}`);

/** Packages in the folders in which an import from here is looked for. */
function installedPackages(folder: string, root: string): string[] {
  const found = new Set<string>();
  for (const modules of packageFolders(folder, root))
    for (const { name } of entries(modules))
      if (name.startsWith("@"))
        for (const scoped of entries(path.join(modules, name))) found.add(`${name}/${scoped.name}`);
      else if (!name.startsWith(".")) found.add(name);
  return [...found].filter((name) => !name.startsWith("@types/")).sort();
}

/** Subpaths that a package exports by name. */
function subpaths(name: string, folder: string, root: string): string[] {
  for (const modules of packageFolders(folder, root)) {
    const file = path.join(modules, name, "package.json");
    if (!existsSync(file)) continue;
    const { exports = {} } = JSON.parse(readFileSync(file, "utf8")) as { exports?: object };
    return Object.keys(exports)
      .filter((key) => /^\.\/[^*]+$/.test(key) && key !== "./package.json")
      .map((key) => name + key.slice(1));
  }
  return [];
}

const SPECIFIER = /(?:\bfrom|\bimport|\brequire|\bimport\s*\(|\brequire\s*\()\s*["']([^"'\n]*)$/;

/**
 * Specifiers that complete the text before the cursor, and where they begin; undefined outside of
 * an import.
 */
export function specifiers(
  before: string,
  folder: string,
  root: string,
): { start: number; matches: string[] } | undefined {
  const typed = SPECIFIER.exec(before)?.[1];
  if (typed === undefined) return undefined;
  const start = before.length - typed.length;
  const matching = (all: readonly string[]): string[] =>
    all.filter((name) => name.startsWith(typed));
  if (/^\.\.?\//.test(typed)) {
    const inFolder = typed.slice(0, typed.lastIndexOf("/") + 1);
    const files = importable(path.resolve(folder, inFolder)).map((name) => inFolder + name);
    return { start, matches: matching(files) };
  }
  const packageName = /^(@[^/]+\/[^/]+|[^@/][^/]*)\//.exec(typed)?.[1];
  const all = [
    ...installedPackages(folder, root),
    ...(packageName ? subpaths(packageName, folder, root) : []),
    ...BUILTINS,
    ...PREFIXED,
  ];
  return { start, matches: matching(all) };
}

/** Files that an import may name, folders with a slash. */
const importable = (folder: string): string[] =>
  entries(folder).flatMap((entry) => {
    if (entry.name.startsWith(".")) return [];
    if (entry.isDirectory()) return `${entry.name}/`;
    const isModule = /(?<!\.d)\.[cm]?[jt]sx?$|\.json$/.test(entry.name);
    return isModule ? entry.name.replace(/\.tsx?$/, "") : [];
  });

const asIdentifier = (name: string): string =>
  name.replace(/^@[^/]+\//, "").replace(/[-./]+(\w)?/g, (_, letter = "") => letter.toUpperCase());

/**
 * Import lines that give a name nothing else provides: of an installed package whose name begins
 * so.
 */
export function importsOf(
  word: string,
  folder: string,
  root: string,
): { name: string; line: string }[] {
  const wanted = word.toLowerCase();
  return [...PREFIXED, ...installedPackages(folder, root)].flatMap((specifier) => {
    const name = asIdentifier(specifier.replace(/^node:/, ""));
    return name.toLowerCase().startsWith(wanted)
      ? { name, line: `import * as ${name} from ${JSON.stringify(specifier)};` }
      : [];
  });
}
