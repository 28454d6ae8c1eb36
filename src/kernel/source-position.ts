import { SourceMap } from "node:module";

/** A place in a cell, both counted from 1. */
export interface Position {
  line: number;
  column: number;
}

/** Where the code that runs comes from: source maps of each step from the cell to it, last step first. */
export class PositionMap {
  readonly #maps: (SourceMap | string)[];

  constructor(
    maps: readonly string[],
    private readonly firstColumn: number,
    private readonly linesBefore: number,
  ) {
    this.#maps = [...maps];
  }

  /** The place in the cell's own text of a place in the code that runs, or undefined when nothing there was written by the user. */
  locate({ line, column }: Position): Position | undefined {
    let at = { line: line - 1, column: line === 1 ? column - 1 - this.firstColumn : column - 1 };
    for (let i = 0; i < this.#maps.length; i++) {
      let map = this.#maps[i]!;
      if (typeof map === "string") {
        map = new SourceMap(JSON.parse(map));
        this.#maps[i] = map;
      }
      const entry = map.findEntry(at.line, at.column);
      if (!("originalLine" in entry)) return undefined;
      at = { line: entry.originalLine, column: entry.originalColumn };
    }
    if (at.line < this.linesBefore) return undefined;
    return { line: at.line - this.linesBefore + 1, column: at.column + 1 };
  }
}
