import { SourceMap } from "node:module";
import type { SourceText } from "../debug/source";

/** A place in a cell, both counted from 1. */
export interface Position {
  line: number;
  column: number;
}

/** Where the code that runs comes from, by its source map. */
export class PositionMap {
  #map: SourceMap | undefined;

  constructor(
    private readonly sourceMap: string,
    private readonly firstColumn: number,
    private readonly linesBefore: number,
  ) {}

  /** What a debugger needs to find places in the code that runs. */
  text(lines: readonly string[]): SourceText {
    const { sourceMap, firstColumn, linesBefore } = this;
    return { code: lines.join("\n"), maps: [sourceMap], firstColumn, linesBefore };
  }

  /** The place in the cell's own text of a place in the code that runs, or undefined when the user did not write it. */
  locate({ line, column }: Position): Position | undefined {
    this.#map ??= new SourceMap(JSON.parse(this.sourceMap));
    const entry = this.#map.findEntry(line - 1, column - 1 - (line === 1 ? this.firstColumn : 0));
    if (!("originalLine" in entry) || entry.originalLine < this.linesBefore) return undefined;
    return { line: entry.originalLine - this.linesBefore + 1, column: entry.originalColumn + 1 };
  }
}
