import path from "node:path";
import type { Check } from "./check";
import type { TS } from "./tslab";

/** Options of a tsconfig.json beside the notebook that hold for its cells and own files. */
const FROM_PROJECT = [
  "strict",
  "alwaysStrict",
  "noImplicitAny",
  "noImplicitThis",
  "strictBindCallApply",
  "strictFunctionTypes",
  "strictNullChecks",
  "strictPropertyInitialization",
  "useUnknownInCatchVariables",
  "exactOptionalPropertyTypes",
  "noFallthroughCasesInSwitch",
  "noImplicitOverride",
  "noImplicitReturns",
  "noPropertyAccessFromIndexSignature",
  "noUncheckedIndexedAccess",
  "allowUnreachableCode",
  "paths",
  "pathsBasePath",
  "baseUrl",
  "jsx",
  "jsxFactory",
  "jsxFragmentFactory",
  "jsxImportSource",
  "experimentalDecorators",
  "emitDecoratorMetadata",
  "useDefineForClassFields",
  "lib",
] as const;

/** Strictness and compiler options that a folder asks for. */
export interface FolderOptions {
  check: Check;
  options: TS.CompilerOptions;
}

/** Reads the folder's tsconfig.json; without one cells are checked strictly. */
export function folderOptions(ts: typeof TS, folder: string): FolderOptions {
  const file = path.join(folder, "tsconfig.json");
  if (!ts.sys.fileExists(file))
    return { check: "strict", options: { strict: true, experimentalDecorators: true } };
  const { config } = ts.readConfigFile(file, ts.sys.readFile) as {
    config?: { compilerOptions?: { noCheck?: unknown } };
  };
  const parsed = ts.parseJsonConfigFileContent(config ?? {}, ts.sys, folder).options;
  const options: TS.CompilerOptions = { strict: false, experimentalDecorators: false };
  for (const name of FROM_PROJECT)
    if (parsed[name] !== undefined) Object.assign(options, { [name]: parsed[name] });
  const { Preserve, ReactNative, ReactJSX } = ts.JsxEmit;
  // Left to a bundler there; V8 takes no JSX.
  if (options.jsx === Preserve || options.jsx === ReactNative) options.jsx = ReactJSX;
  return { check: config?.compilerOptions?.noCheck === true ? "off" : "strict", options };
}

/** Compiler options of every cell, beyond tslab's own. */
export const baseOptions = (ts: typeof TS, root: string): TS.CompilerOptions => ({
  target: ts.ScriptTarget.ES2022,
  lib: ["lib.es2022.d.ts", "lib.es2023.array.d.ts"],
  types: ["node", path.resolve(__dirname, "../run/globals")],
  typeRoots: [
    path.join(root, "node_modules/@types"),
    path.resolve(require.resolve("@types/node/package.json"), "../.."),
  ],
  allowImportingTsExtensions: true,
  disableTopLevelAwait: false,
  sourceMap: true,
});
