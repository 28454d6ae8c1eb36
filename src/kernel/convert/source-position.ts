import { SourceMap } from "node:module";

/**
 * A source with its source maps as the main thread hands it over; `maps` lead from what runs to the
 * source.
 */
export interface SourceText {
  /** File of the reader, or undefined for a cell. */
  file?: string;
  code: string;
  maps: string[];
  /** Columns and lines that the kernel puts before a cell's own. */
  firstColumn: number;
  linesBefore: number;
}

/** A place in a source text, line and column counted from 1. */
export interface Position {
  line: number;
  column: number;
}

/** Map from positions in compiled code to those in its source. */
export class PositionMap {
  #map: SourceMap | undefined;

  /**
   * `firstColumn`: characters before the compiled code in its first line; `linesBefore`: lines
   * before the source in the text that was compiled; `lines`: those of the code.
   */
  constructor(
    private readonly sourceMap: string,
    private readonly firstColumn = 0,
    private readonly linesBefore = 0,
    private readonly lines = Number.POSITIVE_INFINITY,
  ) {}

  /** Text and source map for the debugger. */
  text(lines: readonly string[]): SourceText {
    const { sourceMap, firstColumn, linesBefore } = this;
    return { code: lines.join("\n"), maps: [sourceMap], firstColumn, linesBefore };
  }

  /**
   * Place in the source of a place in the code that runs; undefined where the user wrote nothing.
   */
  locate({ line, column }: Position): Position | undefined {
    const at = column - 1 - (line === 1 ? this.firstColumn : 0);
    if (at < 0 || line > this.lines) return undefined;
    this.#map ??= new SourceMap(JSON.parse(this.sourceMap));
    const entry = this.#map.findEntry(line - 1, at);
    if (!("originalLine" in entry) || entry.originalLine < this.linesBefore) return undefined;
    return { line: entry.originalLine - this.linesBefore + 1, column: entry.originalColumn + 1 };
  }
}
