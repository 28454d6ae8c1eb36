/** tslab's own parts, loaded so that its compiler can be handed another program builder. */
import { createRequire, Module } from "node:module";
import * as vm from "node:vm";
import type * as TS from "@tslab/typescript-for-tslab";
import type * as ConverterModule from "tslab/dist/converter";
import type * as ExecutorModule from "tslab/dist/executor";
import type * as JupyterModule from "tslab/dist/jupyter";
import { requireCompiled } from "./compile-cache";

export type { Converter, ConvertResult, Diagnostic } from "tslab/dist/converter";
export type { Executor } from "tslab/dist/executor";
export type { TS };

const fromTslab = createRequire(require.resolve("tslab"));

/** The version of tslab's TypeScript, read without loading it. */
export const typescriptVersion = (): string =>
  (fromTslab("@tslab/typescript-for-tslab/package.json") as { version: string }).version;

/** tslab's TypeScript. */
export const typescript = (): typeof TS =>
  requireCompiled(fromTslab.resolve("@tslab/typescript-for-tslab")) as typeof TS;

/**
 * tslab's converter with some functions of its TypeScript replaced.
 *
 * TypeScript's exports cannot be assigned to, so the converter is loaded while a copy of them is in
 * the module cache.
 */
export function loadConverter(replacements: Partial<typeof TS>): typeof ConverterModule {
  const file = fromTslab.resolve("@tslab/typescript-for-tslab");
  const original = typescript();
  const entry = fromTslab.cache[file]!;
  entry.exports = { ...original, ...replacements };
  // A module keeps the TypeScript it was loaded with: every converter loads its own.
  delete require.cache[require.resolve("tslab/dist/converter")];
  try {
    return require("tslab/dist/converter") as typeof ConverterModule;
  } finally {
    entry.exports = original;
  }
}

/**
 * tslab's executor. Its scripts do not end at a terminal's Ctrl-C: Node would start a thread to
 * watch for it, and wait for the end of that thread, in each cell.
 */
export function loadExecutor(): typeof ExecutorModule {
  const file = require.resolve("tslab/dist/executor");
  delete require.cache[file];
  const loader = Module as typeof Module & { _load(name: string, ...rest: unknown[]): unknown };
  const { _load: load } = loader;
  const runInThisContext: typeof vm.runInThisContext = (code, options) =>
    vm.runInThisContext(code, { ...(options as vm.RunningScriptOptions), breakOnSigint: false });
  loader._load = (name, ...rest) =>
    name === "vm" ? { ...vm, runInThisContext } : load.call(loader, name, ...rest);
  try {
    return require(file) as typeof ExecutorModule;
  } finally {
    loader._load = load;
  }
}

/** tslab's protocol module, whose `lastWriteDisplayData` carries `require("tslab").display`. */
export const loadJupyter = (): typeof JupyterModule =>
  require("tslab/dist/jupyter") as typeof JupyterModule;
