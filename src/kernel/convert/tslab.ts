/** tslab's own parts, loaded so that its compiler can be handed another program builder. */
import { createRequire } from "node:module";
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

export const loadExecutor = (): typeof ExecutorModule =>
  require("tslab/dist/executor") as typeof ExecutorModule;

/** tslab's protocol module, whose `lastWriteDisplayData` carries `require("tslab").display`. */
export const loadJupyter = (): typeof JupyterModule =>
  require("tslab/dist/jupyter") as typeof JupyterModule;
