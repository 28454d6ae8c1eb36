import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire, Module } from "node:module";
import path from "node:path";
import { Script } from "node:vm";

const DIGEST_BYTES = 32;
const digest = (data: Uint8Array): Buffer => createHash("sha256").update(data).digest();

/** Scripts that were compiled without a cache, with the file to keep their code in. */
const unsaved = new Map<string, Script>();

/** Folder for the code of modules, below the `node_modules` that has this one. */
function cacheFolder(file: string): string {
  const [, modules = path.dirname(file)] = /^(.*[\\/]node_modules)[\\/]/.exec(file) ?? [];
  return path.join(modules, ".cache/jupyter-typescript");
}

/** Node's own cache, which Node 20 has not. */
const node = Module as typeof Module & {
  enableCompileCache?(folder: string): unknown;
  flushCompileCache?(): void;
};

/** Has Node keep the code of the modules that are loaded from now on. */
export function cacheModules(): void {
  node.enableCompileCache?.(cacheFolder(require.resolve("tslab")));
}

/** V8's code that an earlier process left, unless the file is damaged. */
function cached(file: string): Buffer | undefined {
  try {
    const content = readFileSync(file);
    const data = content.subarray(DIGEST_BYTES);
    return digest(data).equals(content.subarray(0, DIGEST_BYTES)) ? data : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A CommonJS module, loaded with the code that V8 compiled in an earlier process. V8 refuses the
 * code of another version, of other flags and of another text; then it compiles anew.
 */
export function requireCompiled(file: string): unknown {
  const { cache } = require;
  const known = cache[file];
  if (known) return known.exports;
  const name = `${path.basename(file)}-v8-${process.versions.v8}-${process.arch}.bin`;
  const kept = path.join(cacheFolder(file), name);
  const cachedData = cached(kept);
  const source = Module.wrap(readFileSync(file, "utf8"));
  const script = new Script(source, { filename: file, ...(cachedData && { cachedData }) });
  if (!cachedData || script.cachedDataRejected) unsaved.set(kept, script);
  const module = new Module(file);
  Object.assign(module, { filename: file, loaded: true });
  cache[file] = module;
  script.runInThisContext()(module.exports, createRequire(file), module, file, path.dirname(file));
  return module.exports;
}

/** Keeps V8's code for the next process; call it when idle, after functions have run. */
export function saveCompiled(): void {
  node.flushCompileCache?.();
  for (const [file, script] of unsaved) {
    unsaved.delete(file);
    try {
      const data = script.createCachedData();
      const draft = `${file}.${process.pid}`;
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(draft, Buffer.concat([digest(data), data]));
      renameSync(draft, file);
    } catch {
      // The packages belong to another user, or the disk is full: the next process compiles anew.
    }
  }
}
