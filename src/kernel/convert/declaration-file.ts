import { isBuiltin } from "node:module";
import type { CompilerInternals, InternalSourceFile } from "./compiler-internals";
import { documentOnDemand } from "./documentation";
import { ambientModulesOnDemand, moduleOnDemand } from "./lazy-modules";
import type { TS } from "./tslab";

/**
 * Parses a declaration file at a fraction of the usual cost; the checker sees no difference.
 *
 * Documentation is parsed when someone asks for it, a module when the checker looks into it: a file
 * that is one, or the body of `declare module "name"`, of which `@types/node` consists.
 */
export function parseDeclarationFile(
  ts: typeof TS & CompilerInternals,
  fileName: string,
  text: string,
  version: TS.ScriptTarget | TS.CreateSourceFileOptions,
  options: TS.CompilerOptions,
): TS.SourceFile {
  const parsed = (code: string): InternalSourceFile => {
    const file = ts.createSourceFile(fileName, code, version) as InternalSourceFile;
    file.text = text;
    documentOnDemand(ts, file);
    return file;
  };
  const imports = importsAlone(text);
  if (imports !== undefined) {
    const file = parsed(imports);
    moduleOnDemand(ts, file, () => parsed(withoutDocumentation(text)), options);
    return file;
  }
  const code = withoutDocumentation(text);
  const outline = withoutModuleBodies(code);
  const file = parsed(outline);
  if (outline === code) return file;
  if (file.externalModuleIndicator || file.parseDiagnostics.length > 0) return parsed(code);
  ambientModulesOnDemand(ts, file, () => parsed(code), options);
  return file;
}

/** Spaces for a text, after a line break where it has one: that may end a statement. */
const blank = (text: string): string =>
  /[\n\r]/.test(text) ? `\n${" ".repeat(text.length - 1)}` : " ".repeat(text.length);

/** A comment, string, template or brace. */
const TOKEN =
  /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|\/\/[^\n]*|\/\*.*?\*\/|[{}]/gs;
/** A template whose end lies elsewhere than `TOKEN` says. */
const nests = (token: string): boolean =>
  token.startsWith("`") && token.replace(/\$\{[^{}"'`]*\}/g, "").includes("${");

/**
 * The text with blanks for documentation comments. Those that deprecate something stay, since that
 * shows in completions; a text with templates stays as it is.
 */
function withoutDocumentation(text: string): string {
  let code = "";
  let end = 0;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (nests(token)) return text;
    if (!token.startsWith("/**") || token === "/**/" || token.includes("@deprecated")) continue;
    code += text.slice(end, index) + blank(token);
    end = index + token.length;
  }
  return code + text.slice(end);
}

/** The text with a space for each comment; undefined if it cannot be told where they end. */
function withoutComments(text: string): string | undefined {
  let uncertain = false;
  const code = text.replace(TOKEN, (token) => {
    uncertain ||= nests(token);
    return token.startsWith("/") ? " " : token;
  });
  return uncertain ? undefined : code;
}

const SPECIFIER = /\b(?:from|import|require)\b\s*\(?\s*(["'])(.*?)\1/g;
const COMMENTS = /^(?:\s|\/\/[^\n]*|\/\*.*?\*\/)*/s;
/** Beginning of a statement that makes its file a module. */
const OF_MODULE = /^(?:export\b(?!\s+as\b)|import\b(?!\s*\w+\s*=))/;
/** Statements of a module that reach beyond it. */
const AUGMENTS = /\bdeclare\s+(?:module|global)\b|\bexport\s+as\s+namespace\b/;

/**
 * The comments at the start of a module, which may refer to other files, and an import of every
 * module that it names; undefined for another file, and for one that adds to other modules.
 */
function importsAlone(text: string): string | undefined {
  const comments = COMMENTS.exec(text)![0];
  if (!OF_MODULE.test(text.slice(comments.length, comments.length + 100))) return undefined;
  const code = withoutComments(text);
  if (code === undefined || AUGMENTS.test(code)) return undefined;
  const names = new Set([...code.matchAll(SPECIFIER)].map(([, , name]) => name));
  const imports = [...names].map((name) => `import ${JSON.stringify(name)};`);
  const references = comments.match(/^\/\/\/.*/gm) ?? [];
  return [...references, ...imports, "export {};"].join("\n");
}

const AMBIENT_MODULE = /(?:^|[\n;}])\s*declare\s+module\s+(?:"[^"\n]*"|'[^'\n]*')\s*$/;
const GLOBAL =
  /(?<!\b(?:namespace|module|interface|class|enum|extends|implements)\s+|[.,$]\s*)\bglobal\s*$/;
const ANY_GLOBAL = /\bglobal\s*\{/g;

/**
 * The text with blanks for the bodies of its ambient modules, except for what they add to the
 * global scope; the same text where one may import a package, which a program would have to hold.
 */
export function withoutModuleBodies(code: string): string {
  if (!/^declare module ["']/m.test(code) || /^(?:import|export)\b/m.test(code)) return code;
  const uncommented = withoutComments(code);
  if (uncommented === undefined) return code;
  for (const [, , name] of uncommented.matchAll(SPECIFIER)) if (!isBuiltin(name!)) return code;
  const globals = uncommented.match(ANY_GLOBAL)?.length ?? 0;
  let found = 0;
  let outline = "";
  let copied = 0;
  const copy = (to: number): void => {
    outline += code.slice(copied, to);
    copied = to;
  };
  const leaveOut = (to: number): void => {
    outline += blank(code.slice(copied, to));
    copied = to;
  };
  const open: ("module" | "global" | "other")[] = [];
  let statement = 0;
  for (const { 0: token, index } of code.matchAll(TOKEN)) {
    if (nests(token)) return code;
    const inModule = open.length === 1 && open[0] === "module";
    if (token === "{") {
      const before = code.slice(statement, index);
      if (open.length === 0 && AMBIENT_MODULE.test(before)) {
        copy(index + 1);
        open.push("module");
      } else if (inModule && GLOBAL.test(before)) {
        leaveOut(index - before.length + before.lastIndexOf("global"));
        open.push("global");
        found++;
      } else open.push("other");
    } else if (token === "}") {
      const closed = open.pop();
      if (closed === "global" && open.length === 1) copy(index + 1);
      if (closed === "module") leaveOut(index);
    } else continue;
    statement = index + 1;
  }
  copy(code.length);
  return found === globals ? outline : code;
}
