import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import {
  GREATEST_LOWER_BOUND,
  LEAST_UPPER_BOUND,
  originalPositionFor,
  TraceMap,
} from "@jridgewell/trace-mapping";
import { cellPath } from "../wire/cell-path";
import type { Position, SourceText } from "./source-position";

export type { SourceText } from "./source-position";

type Bias = typeof LEAST_UPPER_BOUND | typeof GREATEST_LOWER_BOUND;

/**
 * A cell or a file of the reader, and the way from a place in the code that runs to a place in it.
 */
export class Source {
  readonly path: string;
  /**
   * Every path under which a client may set breakpoints: JupyterLab's file editor uses the path of
   * a cell.
   */
  readonly paths: readonly string[];
  readonly code: string;
  readonly #maps: TraceMap[];

  constructor(private readonly text: SourceText) {
    this.code = text.code;
    const ofCell = cellPath(text.code);
    this.path = text.file ?? ofCell;
    this.paths = [...new Set([this.path, ofCell])];
    this.#maps = text.maps.map((map) => new TraceMap(map));
  }

  /** The place in the source, counted from 1, of a place in the script, counted from 0. */
  original(line: number, column: number): Position | undefined {
    const { firstColumn, linesBefore } = this.text;
    let at = { line: line + 1, column: column - (line === 0 ? firstColumn : 0) };
    if (at.column < 0) return undefined;
    for (const map of this.#maps) {
      const search = (bias: Bias) => originalPositionFor(map, { ...at, bias });
      const before = search(GREATEST_LOWER_BOUND);
      const found = before.line === null ? search(LEAST_UPPER_BOUND) : before;
      if (found.line === null) return undefined;
      at = { line: found.line, column: found.column };
    }
    if (at.line <= linesBefore) return undefined;
    return { line: at.line - linesBefore, column: at.column + 1 };
  }
}

/**
 * A script of the reader whose compiler left a source map, as a package that is developed beside
 * the notebook.
 */
export function sourceBySourceMap(url: string, sourceMapUrl: string): Source | undefined {
  if (!url.startsWith("file:") || /\/node_modules\//.test(url)) return undefined;
  try {
    const map = sourceMapUrl.startsWith("data:")
      ? Buffer.from(sourceMapUrl.slice(sourceMapUrl.indexOf(",") + 1), "base64").toString("utf8")
      : readFileSync(new URL(sourceMapUrl, url), "utf8");
    const { sources, sourceRoot = "" } = JSON.parse(map) as {
      sources: string[];
      sourceRoot?: string;
    };
    if (sources.length !== 1) return undefined;
    const file = path.resolve(path.dirname(fileURLToPath(url)), sourceRoot, sources[0]!);
    const code = readFileSync(file, "utf8");
    return new Source({ file, code, maps: [map], firstColumn: 0, linesBefore: 0 });
  } catch {
    return undefined; // a map that is not there, or of a bundler: the script is shown as it runs
  }
}
