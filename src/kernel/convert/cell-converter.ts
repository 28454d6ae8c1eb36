import { readFileSync } from "node:fs";
import path from "node:path";
import type { SourceText } from "../debug/source";
import { CellProgram } from "./cell-program";
import type { Check } from "./check";
import { declarationsAfterFailure } from "./declarations";
import { PositionMap } from "./source-position";
import { awaitsAtTop, cellTransformer } from "./transform";
import {
  type Converter,
  type ConvertResult,
  type Diagnostic,
  loadConverter,
  type TS,
  typescript,
} from "./tslab";

/** A cell's text and how to find places in it. */
export interface CellSource {
  lines: string[];
  positions: PositionMap;
}

const SYNC_WRAPPER = "(function(exports, require) { ";
const ASYNC_WRAPPER = "(async function(exports, require) { ";
const LINES_OF_PREFIX = 1;
/** TypeScript's code for `await` in the wrong place, which tslab's converter turns into a top-level await. */
const AWAIT_OUTSIDE_ASYNC = 1308;
const isSyntax = (diagnostic: Diagnostic): boolean => diagnostic.code < 2000;
const isEmitted = (diagnostic: Diagnostic): boolean =>
  isSyntax(diagnostic) || diagnostic.code === AWAIT_OUTSIDE_ASYNC;

/** The compiler options beyond tslab's own. */
const options = (ts: typeof TS, root: string): TS.CompilerOptions => ({
  strict: true,
  target: ts.ScriptTarget.ES2022,
  lib: ["lib.es2022.d.ts", "lib.es2023.array.d.ts"],
  types: ["node", path.resolve(__dirname, "../run/globals")],
  typeRoots: [
    `${root}/node_modules/@types`,
    path.resolve(require.resolve("@types/node/package.json"), "../.."),
  ],
  sourceMap: true,
});

/** Turns cells into JavaScript through tslab's converter, one after the other, and keeps what they declared. */
export class CellConverter {
  readonly ts = typescript();
  readonly tslab: Converter;
  readonly #program: CellProgram;
  #map = "";
  #emitted = "";
  #emittedFile: { file: string; map: string } | undefined;
  readonly #files = new Map<string, SourceText>();
  #check: Check = "strict";
  #declarations = "";
  #pending = "";

  constructor(folder: string, root: string) {
    const { ts } = this;
    this.#program = new CellProgram(ts, {
      folder,
      root,
      compilerOptions: options(ts, root),
      transformCell: (fromEarlierCell) =>
        cellTransformer(ts, fromEarlierCell, (name) => this.#declared.add(name)),
      onEmit: (fileName, text) => {
        if (fileName.endsWith(".js.map")) this.#map = text;
        if (fileName.endsWith(".js")) this.#emitted = text;
      },
      onEmitOfFile: (fileName, text, file) => {
        if (fileName.endsWith(".js.map")) this.#emittedFile = { file, map: text };
      },
    });
    const replacements = this.#program.replacements();
    const diagnose = replacements.getPreEmitDiagnosticsOfFiles!;
    this.tslab = loadConverter({
      ...replacements,
      getPreEmitDiagnosticsOfFiles: (program, files) =>
        diagnose(program, files).filter(
          (found) => this.#check === "strict" || isEmitted(found as never),
        ),
      transpileModule: (text, options) =>
        text === this.#emitted
          ? { outputText: withoutMapComment(text) }
          : this.#toCommonJs(text, options),
    }).createConverter({ isJS: false, isBrowser: false });
  }

  /** Second step of a file that a cell imports, whose two source maps are kept. */
  #toCommonJs(text: string, { compilerOptions }: TS.TranspileOptions): TS.TranspileOutput {
    const output = this.ts.transpileModule(text, {
      fileName: "custom.js",
      compilerOptions: { ...compilerOptions, sourceMap: true },
    });
    const emitted = this.#emittedFile;
    if (emitted && output.sourceMapText)
      this.#files.set(emitted.file.replace(/\.[jt]sx?$/, ".js"), {
        file: emitted.file,
        code: readFileSync(emitted.file, "utf8"),
        maps: [output.sourceMapText, emitted.map],
        firstColumn: 0,
        linesBefore: 0,
      });
    return output;
  }

  /** Source of a file that a cell imports, by the path of its JavaScript. */
  fileSource(name: string): SourceText | undefined {
    return this.#files.get(name);
  }

  /** Declares a variable that no cell declared. */
  declare(name: string): void {
    const declaration = `declare let ${name}: any;\n`;
    this.#declarations += declaration;
    this.#pending += declaration;
  }

  /** Names that the cell being run declares, known after `convert`. */
  #declared: Set<string> = new Set();
  get declared(): ReadonlySet<string> {
    return this.#declared;
  }

  convert(code: string, check: Check): ConvertResult {
    this.#check = check;
    this.#map = "";
    this.#pending = this.#declarations;
    this.#declared = new Set();
    const result = this.tslab.convert(this.#declarations, code);
    if (result.diagnostics.length > 0) return result;
    this.#pending = result.declOutput ?? "";
    const file = this.ts.createSourceFile("cell.ts", code, this.ts.ScriptTarget.ES2022);
    if (awaitsAtTop(this.ts, file)) result.hasToplevelAwait = true;
    result.lastExpressionVar = undefined;
    return result;
  }

  /** How places in the code made by the last `convert` relate to the cell's text. */
  source(code: string, result: ConvertResult): CellSource {
    const wrapper = result.hasToplevelAwait ? ASYNC_WRAPPER : SYNC_WRAPPER;
    return {
      lines: code.split("\n"),
      positions: new PositionMap(this.#map, wrapper.length, LINES_OF_PREFIX),
    };
  }

  /** Takes over the declarations of the last converted cell; `unassigned` names of a failed cell keep their old ones. */
  settle(unassigned: ReadonlySet<string> = new Set()): void {
    this.#declarations = declarationsAfterFailure(
      this.ts,
      this.#declarations,
      this.#pending,
      unassigned,
    );
    this.#pending = this.#declarations;
  }

  /** Replaces a type checker that has seen many cells, and warms the new one up; true if it did. Call it when idle. */
  recycle(): boolean {
    if (!this.#program.renew()) return false;
    this.warmUp();
    return true;
  }

  /** Converts an empty program, so that the next cell does not pay for what every cell needs. */
  warmUp(): void {
    this.convert("[1].map((x) => ({ x }));", "strict");
    this.#pending = this.#declarations;
  }

  inspect(code: string, position: number): TS.QuickInfo | undefined {
    return this.tslab.inspect(this.#declarations, code, position);
  }

  complete(code: string, position: number): ReturnType<Converter["complete"]> {
    return this.tslab.complete(this.#declarations, code, position);
  }
}

const withoutMapComment = (text: string): string =>
  text.replace(/\n?\/\/# sourceMappingURL=.*\s*$/, "");
