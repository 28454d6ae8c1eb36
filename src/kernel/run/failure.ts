import { inspect } from "node:util";
import type { CellSource } from "../convert/cell-converter";
import type { Position } from "../convert/source-position";
import type { Diagnostic } from "../convert/tslab";
import { wellFormed } from "../wire/well-formed";
import { readableMessage } from "./readable-message";

/** Property of an error; true if the cells queued after its cell still run. */
export const ENDS_ITS_CELL_ALONE: unique symbol = Symbol.for("jupyter.endsItsCellAlone");

/** The content of Jupyter's error message. */
export interface Failure {
  ename: string;
  evalue: string;
  traceback: string[];
  [ENDS_ITS_CELL_ALONE]?: true;
}

const MAX_CAUSES = 8;
const MAX_FRAMES = 30;
const MAX_LIBRARY_FRAMES = 3;
const MAX_CHARACTERS = 20_000;
const MAX_DIAGNOSTICS = 50;
const EXCERPT_COLUMNS = 80;
const red = (text: string): string => `\x1b[31m${text}\x1b[0m`;
const dim = (text: string): string => `\x1b[2m${text}\x1b[0m`;

/** The text, its end counted instead of shown when it is very long; never cuts a surrogate pair. */
export function shortened(text: string, most = MAX_CHARACTERS): string {
  if (text.length <= most) return text;
  const head = text.slice(0, most).replace(/[\uD800-\uDBFF]$/, "");
  return `${head}… ${text.length - head.length} more characters`;
}

/** The line with its place underlined; of a long line the part around the place. */
export function excerpt(lines: readonly string[], at: Position, length: number): string[] {
  const text = lines[at.line - 1]?.replace(/\r$/, "");
  if (text === undefined || at.column > text.length + 1) return [];
  const start =
    text.length <= EXCERPT_COLUMNS ? 0 : Math.max(0, at.column - 1 - EXCERPT_COLUMNS / 2);
  const before = start > 0 ? `…${text.slice(start, at.column - 1)}` : text.slice(0, at.column - 1);
  const rest = text.slice(at.column - 1, start + EXCERPT_COLUMNS);
  const shown = before + rest + (start + EXCERPT_COLUMNS < text.length ? "…" : "");
  const width = Math.max(1, Math.min(length, rest.length));
  return [
    `${String(at.line).padStart(4)} | ${wellFormed(shown)}`,
    `     | ${wellFormed(before).replace(/[^\t]/g, " ")}${red("~".repeat(width))}`,
  ];
}

const HOW_TO_RELAX =
  'To run it all the same: "// @ts-nocheck" in the cell\'s first line, or "typecheck": "loose" or "off" in the metadata of the cell or the notebook.';

/** Every diagnostic with its line, column, code and the source line, the place underlined. */
export function typeFailure(diagnostics: readonly Diagnostic[], code: string): Failure {
  const lines = code.split("\n");
  const traceback: string[] = [];
  const [first] = diagnostics;
  const shown = diagnostics.slice(0, MAX_DIAGNOSTICS);
  for (const { start, end, fileName, code: number, messageText } of shown) {
    const at = { line: start.line + 1, column: start.character + 1 };
    traceback.push(
      `${red(`${fileName ?? "line"} ${at.line}:${at.column}`)} TS${number}: ${shortened(messageText)}`,
    );
    const length =
      end.line === start.line ? end.character - start.character : Number.MAX_SAFE_INTEGER;
    if (!fileName) traceback.push(...excerpt(lines, at, length));
  }
  if (diagnostics.length > MAX_DIAGNOSTICS)
    traceback.push(`… ${diagnostics.length - MAX_DIAGNOSTICS} more`);
  if (diagnostics.some((each) => each.code >= 2000)) traceback.push(dim(HOW_TO_RELAX));
  const evalue = first
    ? `${first.start.line + 1}:${first.start.character + 1} TS${first.code}: ${shortened(first.messageText)}`
    : "no diagnostics";
  return { ename: "TypeScriptError", evalue, traceback };
}

/** The value read, or the other one if reading throws. */
function safely<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

/** Sources by the name that a stack gives them. */
export interface Sources {
  /**
   * Positions are those of the stack; those of the compiled code, if other, hold for syntax errors.
   */
  get(name: string): (CellSource & { compiled?: CellSource["positions"] }) | undefined;
}

const INTERNAL = /node:|[\\/]tslab[\\/]dist[\\/]|[\\/]dist[\\/]kernel[\\/]|\bevalmachine\b/;
const PLACE = /(?:eval at .*?, )?((?:cell|silent)\[\d+\]|(?:\/|[A-Za-z]:\\)[^:]*):(\d+):(\d+)/;
/** Installed packages, and linked ones by the code that was built for them. */
const IN_PACKAGE = /[\\/](?:node_modules|dist)[\\/]|\bnext \(<anonymous>\)/;

/** Leaves the first frames of each run of frames in packages, and counts the others. */
function withoutInsides(frames: readonly string[]): string[] {
  const shown: string[] = [];
  let run = 0;
  const close = (): void => {
    if (run > MAX_LIBRARY_FRAMES) shown.push(`    … ${run - MAX_LIBRARY_FRAMES} more in packages`);
    run = 0;
  };
  for (const frame of frames)
    if (IN_PACKAGE.test(frame)) {
      if (++run <= MAX_LIBRARY_FRAMES) shown.push(frame);
    } else {
      close();
      shown.push(frame);
    }
  close();
  return shown;
}

/** Leaves the first of equal frames in a row, which a recursion makes. */
const withoutRepeats = (frames: readonly string[]): string[] =>
  frames.flatMap((frame, i) => {
    const isRepeat = frame === frames[i - 1];
    if (!isRepeat) return [frame];
    return frame === frames[i + 1] ? [] : ["    … the same again"];
  });

/**
 * Frames of a stack with the user's own lines, and the first of these in full: of a cell, of a
 * file.
 */
function frames(stack: string, sources: Sources): { shown: string[]; excerpts: string[] } {
  const lines = stack.split("\n");
  const excerpts = new Map<boolean, string[]>();
  const shown = lines.flatMap((raw) => {
    if (!/^\s+at /.test(raw)) return [];
    const [text, name = "", line, column] = PLACE.exec(raw) ?? [];
    const source = sources.get(name);
    const isCell = /^(cell|silent)\[/.test(name);
    if (text === undefined || (!source && !isCell)) return INTERNAL.test(raw) ? [] : [raw];
    const at = source?.positions.locate({ line: Number(line), column: Number(column) });
    if (!source || !at || at.column > (source.lines[at.line - 1]?.length ?? 0)) return [];
    if (!excerpts.has(isCell) && !excerpts.has(true))
      excerpts.set(isCell, [...(isCell ? [] : [dim(name)]), ...excerpt(source.lines, at, 1)]);
    const place = `${name}:${at.line}:${at.column}`;
    return [raw.replace(text, place).replace(/ at eval \((.*)\)$/, " at $1")];
  });
  if (excerpts.size === 0) excerpts.set(true, syntaxExcerpt(lines, sources));
  return {
    shown: withoutRepeats(withoutInsides(shown)).slice(0, MAX_FRAMES),
    excerpts: [...excerpts.values()].flat(),
  };
}

/** The line of a syntax error, whose place V8 puts before the error. */
function syntaxExcerpt(stack: readonly string[], sources: Sources): string[] {
  const [, name = "", line] = /^((?:cell|silent)\[\d+\]|[\\/].*):(\d+)$/.exec(stack[0] ?? "") ?? [];
  const source = sources.get(name);
  if (!source) return [];
  const column = (stack[2]?.search(/\S/) ?? 0) + 1;
  const at = (source.compiled ?? source.positions).locate({ line: Number(line), column });
  return at ? excerpt(source.lines, at, 1) : [];
}

const textOf = (value: unknown): string =>
  shortened(safely(() => inspect(value), "a value that cannot be shown"));

/** Reads an error's stack as V8 writes it. */
export type StackReader = (error: Error) => unknown;

/** Name, message and stack of an error; undefined for a thrown value without a stack. */
function wordsOf(
  error: unknown,
  stackOf: StackReader,
): { name: string; message: string; stack: string } | undefined {
  const stack = safely(() => (error ? stackOf(error as Error) : undefined), undefined);
  if (typeof stack !== "string") return undefined;
  const name = safely(() => String((error as Error).name || "Error"), "Error");
  const message = safely(() => String((error as Error).message), "");
  return { name: shortened(name, 200), message: shortened(readableMessage(message)), stack };
}

/** The error, its own lines of the cell, its stack, and its causes. */
export function runtimeFailure(
  error: unknown,
  sources: Sources,
  stackOf: StackReader = ({ stack }) => stack,
): Failure {
  const outermost = wordsOf(error, stackOf);
  if (!outermost) {
    const text = textOf(error);
    return { ename: "Thrown", evalue: text, traceback: [`${red("Thrown")}: ${text}`] };
  }
  const traceback: string[] = [];
  const describe = (each: unknown, prefix: string, depth: number): void => {
    const words = wordsOf(each, stackOf);
    if (!words) {
      traceback.push(`${prefix}${textOf(each)}`);
      return;
    }
    const { shown, excerpts } = frames(words.stack, sources);
    traceback.push(`${prefix}${red(words.name)}: ${words.message}`, ...excerpts, ...shown.map(dim));
    if (depth >= MAX_CAUSES) return;
    const nested = safely<unknown>(() => (each as { errors?: unknown }).errors, undefined);
    if (Array.isArray(nested))
      for (const one of nested.slice(0, MAX_CAUSES)) describe(one, "  One of: ", depth + 1);
    const cause = safely(() => (each as Error).cause, undefined);
    if (cause !== undefined) describe(cause, "Caused by: ", depth + 1);
  };
  describe(error, "", 0);
  const alone = safely(() => (error as Partial<Failure>)[ENDS_ITS_CELL_ALONE] === true, false);
  const failure = { ename: outermost.name, evalue: outermost.message, traceback };
  return alone ? { ...failure, [ENDS_ITS_CELL_ALONE]: true } : failure;
}

/** An interrupted cell, and how many seconds it took to stop where that was long. */
export function interruptFailure(seconds: number): Failure {
  const evalue = "the cell was interrupted";
  const late =
    seconds >= 1 ? [`A native operation had to end first: ${seconds.toFixed(1)} s.`] : [];
  const traceback = [`${red("KeyboardInterrupt")}: ${evalue}`, ...late];
  return { ename: "KeyboardInterrupt", evalue, traceback };
}
