import { isBuiltin } from "node:module";
import path from "node:path";
import type { TS } from "./tslab";

/** True for JavaScript of a package. */
export const isUntyped = (module: TS.ResolvedModuleFull): boolean =>
  module.isExternalLibraryImport === true && /\.[cm]?jsx?$/.test(module.resolvedFileName);

/** Finds modules from an importing file, then from a root, and remembers what it found. */
export class ModuleResolver {
  readonly #found = new Map<string, TS.ResolvedModuleFull>();
  #cache: TS.ModuleResolutionCache | undefined;
  /** Files and folders looked up during a build. */
  #exists: Map<string, boolean> | undefined;

  constructor(
    private readonly ts: typeof TS,
    private readonly root: string,
  ) {}

  /** Parts of a compiler host that look for modules. */
  lookups(system: TS.System): Partial<TS.CompilerHost> {
    const remembered =
      (look: (path: string) => boolean, kind: string) =>
      (path: string): boolean => {
        const key = kind + path;
        const found = this.#exists?.get(key) ?? look(path);
        this.#exists?.set(key, found);
        return found;
      };
    return {
      fileExists: remembered((path) => system.fileExists(path), "file "),
      directoryExists: remembered((path) => system.directoryExists(path), "folder "),
      getModuleResolutionCache: () => this.#cache,
    };
  }

  /** Builds a program; the disk is taken as unchanged meanwhile. */
  build(create: () => TS.Program, options: TS.CompilerOptions): TS.Program {
    const { ts } = this;
    const folder = ts.sys.getCurrentDirectory();
    this.#cache = ts.createModuleResolutionCache(folder, (name) => name, options);
    this.#exists = new Map();
    try {
      return create();
    } finally {
      this.#cache = undefined;
      this.#exists = undefined;
    }
  }

  /** Module of that name; undefined for one of Node and for one that is not there. */
  resolve(
    name: string,
    containingFile: string,
    options: TS.CompilerOptions,
    host: TS.ModuleResolutionHost,
  ): TS.ResolvedModuleFull | undefined {
    if (isBuiltin(name)) return undefined;
    const key = `${path.dirname(containingFile)}\0${name}`;
    const known = this.#found.get(key);
    if (known) return known;
    const lookUp = (from: string): TS.ResolvedModuleFull | undefined =>
      this.ts.resolveModuleName(name, from, options, host, this.#cache).resolvedModule;
    let found = lookUp(containingFile);
    if (!/^\.{0,2}\//.test(name)) {
      const inRoot = path.join(this.root, "imports.ts");
      found ??= lookUp(inRoot);
      if (!found || isUntyped(found))
        found = this.#byExports(name, [containingFile, inRoot], options, host, found);
    }
    if (found) this.#found.set(key, found);
    return found;
  }

  /** Module that a package.json names under `exports` or `imports` alone, typed rather than not. */
  #byExports(
    name: string,
    places: readonly string[],
    options: TS.CompilerOptions,
    host: TS.ModuleResolutionHost,
    untyped: TS.ResolvedModuleFull | undefined,
  ): TS.ResolvedModuleFull | undefined {
    const { Bundler } = this.ts.ModuleResolutionKind;
    const bundled = { ...options, moduleResolution: Bundler, customConditions: ["node"] };
    let otherwise = untyped;
    for (const from of places) {
      const { resolvedModule: found } = this.ts.resolveModuleName(name, from, bundled, host);
      if (found && name.startsWith("#")) return { ...found, isExternalLibraryImport: false };
      if (found && !isUntyped(found)) return found;
      otherwise ??= found;
    }
    return otherwise;
  }

  /** Modules found so far, with the names they were imported by. */
  *entries(): Iterable<[specifier: string, module: TS.ResolvedModuleFull]> {
    for (const [key, module] of this.#found) yield [key.slice(key.indexOf("\0") + 1), module];
  }
}
