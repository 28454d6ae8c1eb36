import { inspect } from "node:util";
import type { CellSource } from "../convert/cell-converter";
import type { Position } from "../convert/source-position";
import type { Diagnostic } from "../convert/tslab";

/** A property of an error: true where the cells queued after its cell run all the same. */
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
const red = (text: string): string => `\x1b[31m${text}\x1b[0m`;
const dim = (text: string): string => `\x1b[2m${text}\x1b[0m`;

/** `  12 | const x = 1` */
const numbered = (line: number, text: string): string => `${String(line).padStart(4)} | ${text}`;

/** The line with its place underlined. */
export function excerpt(lines: readonly string[], at: Position, length: number): string[] {
  const text = lines[at.line - 1];
  if (text === undefined) return [];
  const width = Math.max(1, Math.min(length, text.length - at.column + 1));
  const margin = text.slice(0, at.column - 1).replace(/[^\t]/g, " ");
  return [numbered(at.line, text), `     | ${margin}${red("~".repeat(width))}`];
}

/** Every diagnostic with its line, column, code and the source line, the place underlined. */
export function typeFailure(diagnostics: readonly Diagnostic[], code: string): Failure {
  const lines = code.split("\n");
  const traceback: string[] = [];
  const [first] = diagnostics;
  for (const { start, end, fileName, code: number, messageText } of diagnostics) {
    const at = { line: start.line + 1, column: start.character + 1 };
    traceback.push(
      `${red(`${fileName ?? "line"} ${at.line}:${at.column}`)} TS${number}: ${messageText}`,
    );
    const length =
      end.line === start.line ? end.character - start.character : Number.MAX_SAFE_INTEGER;
    if (!fileName) traceback.push(...excerpt(lines, at, length));
  }
  const evalue = first
    ? `${first.start.line + 1}:${first.start.character + 1} TS${first.code}: ${first.messageText}`
    : "no diagnostics";
  return { ename: "TypeScriptError", evalue, traceback };
}

/** What a value answers, which may throw when it is looked at. */
function safely<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

const INTERNAL = /node:|[\\/]tslab[\\/]dist[\\/]|[\\/]dist[\\/]kernel[\\/]|\bevalmachine\b/;
const PLACE = /(?:eval at .*?, )?((?:cell|silent)\[\d+\]):(\d+):(\d+)/;

/** What the user can read of an error's stack, with the cells' own lines; the first of these is shown in full. */
function frames(
  stack: string,
  sources: ReadonlyMap<string, CellSource>,
): { shown: string[]; excerpt: string[] } {
  const shown: string[] = [];
  let first: string[] = [];
  for (const raw of stack.split("\n")) {
    if (!/^\s+at /.test(raw)) continue;
    const place = PLACE.exec(raw);
    if (!place) {
      if (!INTERNAL.test(raw)) shown.push(raw);
      continue;
    }
    const [text, name, line, column] = place;
    const source = sources.get(name!);
    const at = source?.positions.locate({ line: Number(line), column: Number(column) });
    if (!source || !at || at.column > (source.lines[at.line - 1]?.length ?? 0)) continue;
    shown.push(
      raw.replace(text, `${name}:${at.line}:${at.column}`).replace(/ at eval \((.*)\)$/, " at $1"),
    );
    if (first.length === 0) first = excerpt(source.lines, at, 1);
  }
  return { shown: shown.slice(0, MAX_FRAMES), excerpt: first };
}

const textOf = (value: unknown): string =>
  safely(() => inspect(value), "a value that cannot be shown");

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
  return { name, message: safely(() => String((error as Error).message), ""), stack };
}

/** The error, its own line of the cell, its stack, and what caused it. */
export function runtimeFailure(
  error: unknown,
  sources: ReadonlyMap<string, CellSource>,
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
    const { shown, excerpt } = frames(words.stack, sources);
    traceback.push(`${prefix}${red(words.name)}: ${words.message}`, ...excerpt, ...shown.map(dim));
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
  return {
    ename: "KeyboardInterrupt",
    evalue,
    traceback: [`${red("KeyboardInterrupt")}: ${evalue}`, ...late],
  };
}
