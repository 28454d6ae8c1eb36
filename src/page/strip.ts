import { transform } from "sucrase";
import { parse } from "sucrase/dist/parser";

/** An error of a cell's text, found before it runs. Lines and columns count from 1. */
export class CellSyntaxError extends SyntaxError {
  override name = "SyntaxError";
  constructor(
    message: string,
    readonly line: number,
    readonly column: number,
  ) {
    super(message);
  }
}

/** The place of an offset in a text. */
export function placeAt(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, column: before[before.length - 1]!.length + 1 };
}

const TYPES_ALONE = new Set(["interface", "type", "declare", "namespace", "module", "export"]);

/**
 * Throws if the text holds a namespace with values in it, which sucrase drops without a word.
 *
 * A namespace of types alone is nothing at run time, and so is one that is declared.
 */
function refuseNamespaces(source: string): void {
  if (!/\b(namespace|module)\b/.test(source)) return;
  const { tokens } = parse(source, false, true, false);
  const text = (i: number): string => source.slice(tokens[i]?.start, tokens[i]?.end);
  for (let i = 0; i < tokens.length; i++) {
    if (!tokens[i]!.isType || !/^(namespace|module)$/.test(text(i)) || text(i - 1) === "declare")
      continue;
    let at = i + 1;
    while (at < tokens.length && text(at) !== "{") at++;
    for (let depth = 1, first = true; depth > 0 && ++at < tokens.length; ) {
      const word = text(at);
      if (depth === 1 && first && /^[\w$]/.test(word) && !TYPES_ALONE.has(word)) {
        const { line, column } = placeAt(source, tokens[i]!.start);
        throw new CellSyntaxError(
          "a namespace with values cannot be run in a page; use an object, or a module of its own",
          line,
          column,
        );
      }
      first = (depth === 1 && word === "export") || word === ";" || word === "}";
      depth += word === "{" ? 1 : word === "}" ? -1 : 0;
    }
  }
}

/** As in src/kernel/convert/cell-text.ts. */
const BLOCK_OR_DECLARATION = /^(\{|((async\s+)?function|class)\b)/;
const AS_EXPRESSION = "1 &&";

/** Blanks the beginning of `export = a`, which is the expression `a` as in the native kernel. */
function blankExportAssignment(source: string): string {
  if (!/\bexport\s*=/.test(source)) return source;
  const { tokens } = parse(source, false, true, false);
  return tokens.reduce((text, { start, isType }, i) => {
    const [beginning] = /^export\s*=(?!=)/.exec(text.slice(start)) ?? [];
    if (!beginning || isType || tokens[i + 1]?.end !== start + beginning.length) return text;
    const rest = text.slice(start + beginning.length);
    const blanks = beginning.replace(/^export|=$/g, (part) => " ".repeat(part.length));
    const instead = BLOCK_OR_DECLARATION.test(rest.trimStart()) ? AS_EXPRESSION : "";
    return text.slice(0, start) + instead + blanks.slice(instead.length) + rest;
  }, source);
}

/** JavaScript of a cell in TypeScript, line by line. Throws a CellSyntaxError. */
export function stripTypes(source: string): string {
  try {
    refuseNamespaces(source);
    return transform(blankExportAssignment(source), {
      transforms: ["typescript"],
      disableESTransforms: true,
      keepUnusedImports: true,
    }).code;
  } catch (error) {
    if (error instanceof CellSyntaxError) throw error;
    const { message, loc } = error as Error & { loc?: { line: number; column: number } };
    const said = message.replace(/^Error transforming .*?: /, "").replace(/ \(\d+:\d+\)$/, "");
    throw new CellSyntaxError(said, loc?.line ?? 1, loc?.column ?? 1);
  }
}
