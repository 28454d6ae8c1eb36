import path from "node:path";
import type { CellSource } from "../convert/cell-converter";
import { readableMessage } from "./readable-message";

export type SourceOf = (name: string) => CellSource | undefined;

/** Frames that V8 keeps: an error deep in a library still shows the cell that called it. */
const FRAMES = 100;
const KERNEL = path.resolve(__dirname, "..") + path.sep;
const INTERNAL = /^node:|[\\/]tslab[\\/]dist[\\/]|^evalmachine\b/;
const IN_CELL = /((?:cell|silent)\[\d+\]):(\d+):(\d+)/g;

const isInternal = (file: string): boolean => file.startsWith(KERNEL) || INTERNAL.test(file);

/**
 * The frame with the positions of the sources that the user wrote; undefined for code that nobody
 * wrote.
 */
function frame(site: NodeJS.CallSite, sourceOf: SourceOf): string | undefined {
  const file = site.getScriptNameOrSourceURL?.() || site.getFileName() || "";
  const text = site.toString();
  if (isInternal(file)) return undefined;
  const [line, column] = [site.getLineNumber(), site.getColumnNumber()];
  const source = sourceOf(file);
  if (!source || line === null || column === null)
    return text.includes("eval at ")
      ? text.replace(IN_CELL, (...found) => located(found, sourceOf))
      : text;
  const at = source.positions.locate({ line, column });
  return at && text.replace(`${file}:${line}:${column}`, `${file}:${at.line}:${at.column}`);
}

function located([text, name, line, column]: string[], sourceOf: SourceOf): string {
  const at = sourceOf(name!)?.positions.locate({ line: Number(line), column: Number(column) });
  return at ? `${name}:${at.line}:${at.column}` : text!;
}

function heading(error: Error): string {
  try {
    return readableMessage(Error.prototype.toString.call(error));
  } catch {
    return "Error";
  }
}

/**
 * Has every error's `stack` tell places in the cells' own text, without frames of the kernel and of
 * Node.
 */
export function installStackTraces(sourceOf: SourceOf): void {
  Error.stackTraceLimit = FRAMES;
  Error.prepareStackTrace = (error, sites) => {
    const frames = sites.map((site) => frame(site, sourceOf)).filter((each) => each !== undefined);
    return [heading(error), ...frames.map((each) => `    at ${each}`)].join("\n");
  };
}
