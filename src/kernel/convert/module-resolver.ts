import { isBuiltin } from "node:module";
import path from "node:path";
import type { TS } from "./tslab";

/** Finds modules from an importing file, then from a root, and remembers what it found. */
export class ModuleResolver {
  readonly #found = new Map<string, TS.ResolvedModuleFull>();

  constructor(
    private readonly ts: typeof TS,
    private readonly root: string,
  ) {}

  /** Module of that name; undefined for one of Node and for one that is not there. */
  resolve(
    name: string,
    containingFile: string,
    options: TS.CompilerOptions,
    system: TS.System,
  ): TS.ResolvedModuleFull | undefined {
    if (isBuiltin(name)) return undefined;
    const key = `${path.dirname(containingFile)}\0${name}`;
    const known = this.#found.get(key);
    if (known) return known;
    const lookUp = (from: string): TS.ResolvedModuleFull | undefined =>
      this.ts.resolveModuleName(name, from, options, system).resolvedModule;
    const inRoot = path.join(this.root, "imports.ts");
    const found = lookUp(containingFile) ?? (/^\.{0,2}\//.test(name) ? undefined : lookUp(inRoot));
    if (found) this.#found.set(key, found);
    return found;
  }

  /** Modules found so far, with the names they were imported by. */
  *entries(): Iterable<[specifier: string, module: TS.ResolvedModuleFull]> {
    for (const [key, module] of this.#found) yield [key.slice(key.indexOf("\0") + 1), module];
  }
}
