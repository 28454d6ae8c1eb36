/** Stand-in for the kernel's `convert/tslab` in a browser, where there is one converter. */
import { createSystem } from "@typescript/vfs";
import type * as Original from "jupyter-typescript/dist/convert/tslab";
import { currentFolder, files } from "./node";

type TS = ReturnType<typeof Original.typescript>;
/** Left out of TypeScript's declarations. */
type Internal = TS & { setSys(system: TS["sys"]): void };

const LIBRARY = "/node_modules/@tslab/typescript-for-tslab/lib";

const ts = require("@tslab/typescript-for-tslab") as Internal;
ts.setSys({
  ...createSystem(files),
  getCurrentDirectory: currentFolder,
  getExecutingFilePath: () => `${LIBRARY}/typescript.js`,
  // createSystem finds the libraries by names that no package has, so it finds them everywhere.
  fileExists: (path) => files.has(path),
  readFile: (path) => files.get(path),
});

export const typescript = (): TS => ts;
export const typescriptVersion = (): string => ts.version;

/** tslab's converter, of whose TypeScript some functions are replaced. */
export const loadConverter: typeof Original.loadConverter = (replacements) => {
  Object.assign(require("replaceable-typescript") as object, replacements);
  return require("tslab/dist/converter") as ReturnType<typeof Original.loadConverter>;
};
