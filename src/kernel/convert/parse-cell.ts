import type { CompilerInternals, InternalSourceFile } from "./compiler-internals";
import { specifiers } from "./specifiers";
import type { TS } from "./tslab";

/** Statement that tslab's converter puts in front of a cell. */
const PREFIX = /^export \{\};\r?\n/;
let versions = 0;

/** Parses and binds a text as a module, or as a script; a file of no program. */
export function parse(
  ts: typeof TS & CompilerInternals,
  fileName: string,
  text: string,
  options: TS.CompilerOptions,
  kind = ts.ScriptKind.TS,
  asModule = true,
): InternalSourceFile {
  const languageVersion = options.target!;
  const file = ts.createSourceFile(
    fileName,
    text,
    asModule ? languageVersion : { languageVersion, setExternalModuleIndicator: () => {} },
    false,
    kind,
  ) as InternalSourceFile;
  file.externalModuleIndicator ??= file.statements[0];
  const unique = `${fileName}.${++versions}.ts`;
  file.path = unique;
  file.resolvedPath = unique;
  file.originalFileName = fileName;
  file.moduleAugmentations = [];
  file.ambientModuleNames = [];
  file.resolvedModules = ts.createModeAwareCache();
  file.imports = specifiers(ts, file);
  ts.bindSourceFile(file, options);
  // tslab's converter would export the names of `declare global` and `declare module "m"`.
  const { locals } = file as { locals?: Map<string, unknown> };
  for (const name of locals?.keys() ?? [])
    if (name === "__global" || name.startsWith('"')) locals!.delete(name);
  return file;
}

/** Adds the module whose functions JSX calls, where it needs no factory in scope. */
function importRuntime(
  ts: typeof TS & CompilerInternals,
  file: InternalSourceFile,
  options: TS.CompilerOptions,
): void {
  const base = ts.getJSXImplicitImportBase(options, file);
  const runtime = ts.getJSXRuntimeImport(base, options);
  if (runtime) file.imports = [...file.imports, ts.factory.createStringLiteral(runtime)];
}

/** Parses a cell as a module; else as a script, where `await` may be a name; else as TSX. */
export function parseCell(
  ts: typeof TS & CompilerInternals,
  fileName: string,
  text: string,
  options: TS.CompilerOptions,
  preferJsx: boolean,
): InternalSourceFile {
  const { TS: plain, TSX: jsx } = ts.ScriptKind;
  let first: InternalSourceFile | undefined;
  for (const kind of preferJsx ? [jsx, plain] : [plain, jsx])
    for (const asModule of [true, false]) {
      if (!asModule && !/\bawait\b/.test(text)) continue;
      const file = parse(ts, fileName, text, options, kind, asModule);
      ts.processCommentPragmas(file, text.replace(PREFIX, "")); // of JSX
      if (kind === jsx) importRuntime(ts, file, options);
      if (file.parseDiagnostics.length === 0) return file;
      first ??= file;
    }
  return first!;
}
