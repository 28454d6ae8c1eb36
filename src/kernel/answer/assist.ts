import type { CellConverter } from "../convert/cell-converter";
import type { TS } from "../convert/tslab";
import type { Json } from "../wire/wire";
import { importsOf, specifiers } from "./auto-import";

const MAX_MATCHES = 1000;
/** Letters after which a name that nothing provides is looked for in packages. */
const SHORTEST_IMPORTED = 3;
/**
 * Text before a word that is no use of a variable: a member, text, or the name of a declaration.
 */
const NO_VALUE =
  /(?:[.\w]|["'`]|\b(?:const|let|var|function|class|interface|type|enum|import|as|namespace)\s+)$/;

/** Index in UTF-16 units of a position that Jupyter counts in Unicode characters, and back. */
const toIndex = (code: string, position: number): number =>
  [...code].slice(0, Math.max(0, position)).join("").length;
const toPosition = (code: string, index: number): number => [...code.slice(0, index)].length;

interface Completion {
  matches: string[];
  /** In UTF-16 units. */
  start: number;
  end: number;
  kinds?: ReadonlyMap<string, string>;
}

/** Completions with an import before the cell, for a name that nothing in it provides. */
function withImports(
  converter: CellConverter,
  code: string,
  index: number,
): Completion | undefined {
  const word = /[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.exec(code.slice(0, index))?.[0] ?? "";
  const start = index - word.length;
  if (word.length < SHORTEST_IMPORTED || NO_VALUE.test(code.slice(0, start))) return undefined;
  const { folder, root } = converter;
  const imports = [
    ...converter.exported(word).map(({ name, specifier }) => ({
      name,
      line: `import { ${name} } from ${JSON.stringify(specifier)};`,
    })),
    ...importsOf(word, folder, root),
  ];
  const before = code.slice(0, start);
  const matches = imports.map(({ name, line }) => `${line}\n${before}${name}`);
  return { matches, start: 0, end: index };
}

function completion(converter: CellConverter, code: string, index: number): Completion {
  const module = specifiers(code.slice(0, index), converter.folder, converter.root);
  if (module) return { ...module, end: index };
  const { candidates = [], start, end, original } = converter.complete(code, index) ?? {};
  if (candidates.length === 0) {
    const imports = withImports(converter, code, index);
    if (imports && imports.matches.length > 0) return imports;
  }
  const kinds = new Map(original?.entries.map(({ name, kind }) => [name, kind as string]));
  return { matches: candidates, start: start ?? index, end: end ?? index, kinds };
}

/** complete_reply */
export function complete(converter: CellConverter, code: string, position: number): Json {
  const found = completion(converter, code, toIndex(code, position));
  const matches = found.matches.slice(0, MAX_MATCHES);
  const [start, end] = [toPosition(code, found.start), toPosition(code, found.end)];
  const types = matches.map((text) => ({ text, type: found.kinds?.get(text) ?? "", start, end }));
  return {
    status: "ok",
    matches,
    cursor_start: start,
    cursor_end: end,
    metadata: { _jupyter_types_experimental: types },
  };
}

const joined = (parts: readonly TS.SymbolDisplayPart[] | undefined): string =>
  (parts ?? []).map(({ text }) => text).join("");

/** The start of the name that is called around the position, as in `f(1, |`. */
function calleeBefore(code: string, index: number): number | undefined {
  let depth = 0;
  for (let at = index - 1; at >= 0; at--) {
    if (code[at] === ")") depth++;
    else if (code[at] === "(" && depth-- === 0) return code.slice(0, at).trimEnd().length - 1;
  }
  return undefined;
}

/**
 * inspect_reply: signature and JSDoc of the name at the position, of the one before it, or of the
 * function being called.
 */
export function inspect(converter: CellConverter, code: string, position: number): Json {
  const index = toIndex(code, position);
  let info: TS.QuickInfo | undefined;
  for (const at of [index, index - 1, calleeBefore(code, index)]) {
    if (at === undefined || at < 0 || at > code.length) continue;
    info = converter.inspect(code, at);
    if (info?.displayParts?.length) break;
  }
  if (!info?.displayParts?.length) return { status: "ok", found: false, data: {}, metadata: {} };
  const signature = joined(info.displayParts);
  const documentation = joined(info.documentation);
  const { tags = [] } = info;
  const paragraphs = (first: string, tagged: (name: string) => string): string => {
    const lines = tags.map(({ name, text }) => `${tagged(name)} ${joined(text)}`.trimEnd());
    return [first, documentation, lines.join("\n")].filter(Boolean).join("\n\n");
  };
  const data = {
    "text/plain": paragraphs(signature, (name) => `@${name}`),
    "text/markdown": paragraphs(
      `\`\`\`typescript\n${signature}\n\`\`\``,
      (name) => `- **@${name}**`,
    ),
  };
  return { status: "ok", found: true, data, metadata: {} };
}

/** is_complete_reply: incomplete when the parser misses something at the very end. */
export function isComplete(ts: typeof TS, code: string): Json {
  const file = ts.createSourceFile("cell.ts", code, ts.ScriptTarget.Latest) as TS.SourceFile & {
    parseDiagnostics: readonly TS.DiagnosticWithLocation[];
  };
  const [first] = file.parseDiagnostics;
  if (!first) return { status: "complete" };
  const text = ts.flattenDiagnosticMessageText(first.messageText, "\n");
  const openTemplate = text.startsWith("Unterminated template");
  const atEnd = first.start >= code.trimEnd().length || openTemplate;
  if (!atEnd || !(openTemplate || /expected/.test(text)) || /\n\s*\n\s*$/.test(code))
    return { status: "invalid" };
  const line = code.slice(code.lastIndexOf("\n") + 1);
  const indent = /^\s*/.exec(line)![0] + (/[{([]\s*$/.test(line) ? "  " : "");
  return { status: "incomplete", indent };
}
