import { Script } from "node:vm";
import { CellProgram } from "./cell-program";
import { convertibleText } from "./cell-text";
import type { Check } from "./check";
import { untypedVariable } from "./declarations";
import { baseOptions, type FolderOptions, folderOptions } from "./options";
import { CELLS } from "./runtime-names";
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

/** A source text and the map of positions in the code compiled from it. */
export interface CellSource {
  lines: string[];
  positions: PositionMap;
}

/** Text that tslab's executor puts in front of a compiled cell. */
const EXECUTORS_PREFIX = {
  sync: "(function(exports, require) { ",
  async: "(async function(exports, require) { ",
};
/** Function of its own around a cell, in which `exports` and `require` are free names. */
const WRAPPER = {
  sync: `(function (${CELLS}) {`,
  async: `return (async function (${CELLS}) {`,
  end: "\n}).call(globalThis, exports);",
};
const LINES_OF_PREFIX = 1;

/**
 * Turns cells into JavaScript through tslab's converter, one after the other, and keeps their
 * declarations.
 */
export class CellConverter {
  readonly ts = typescript();
  readonly tslab: Converter;
  /** Names of packages without types that cells imported since the list was last emptied. */
  readonly untyped: string[] = [];
  readonly #program: CellProgram;
  readonly #folder: FolderOptions;
  #map = "";
  #emitted = "";
  /** Declarations of the cell converted last. */
  #own = "";
  #declared: Set<string> = new Set();

  constructor(
    readonly folder: string,
    readonly root: string,
  ) {
    const { ts } = this;
    this.#folder = folderOptions(ts, folder);
    const { options } = this.#folder;
    this.#program = new CellProgram(ts, {
      folder,
      root,
      preferJsx: options.jsx !== undefined,
      compilerOptions: (check) => ({
        ...baseOptions(ts, root),
        ...options,
        ...(check === "loose" && { strict: false }),
      }),
      transformCell: (isEarlier) =>
        cellTransformer(ts, { isEarlier, declare: (name) => this.#declared.add(name) }),
      onEmit: (fileName, text) => {
        if (fileName.endsWith(".js.map")) this.#map = text;
        if (fileName.endsWith(".js")) this.#emitted = text;
      },
      onUntyped: (name) => this.untyped.push(name),
    });
    this.tslab = loadConverter({
      ...this.#program.replacements(),
      transpileModule: (text, options) =>
        text === this.#emitted
          ? { outputText: withoutMapComment(text) }
          : ts.transpileModule(text, options),
    }).createConverter({ isJS: false, isBrowser: false });
  }

  /** Declarations that the cells so far have left, a text for each. */
  get declarations(): readonly string[] {
    return this.#program.earlier.texts;
  }
  set declarations(texts: readonly string[]) {
    this.#program.earlier.texts = texts;
  }

  /** Names that modules imported so far export and that begin like this, with an import of each. */
  exported(beginning: string): { name: string; specifier: string }[] {
    return this.#program.exported(beginning);
  }

  /** Declares a variable that no cell declared. */
  declare(name: string): void {
    this.#program.earlier.add(untypedVariable(name));
  }

  /** Compiler options of the notebook's folder, for its own files. */
  get folderOptions(): TS.CompilerOptions {
    return this.#folder.options;
  }

  /** Names that the cell being run declares, known after `convert`. */
  get declared(): ReadonlySet<string> {
    return this.#declared;
  }

  /** Compiles a cell; without `check` as strictly as its folder says. */
  convert(code: string, check: Check = this.#folder.check): ConvertResult {
    this.#program.use(check);
    this.#map = "";
    this.#own = "";
    this.#declared = new Set();
    const text = convertibleText(this.ts, code);
    const result = this.#guarded(() => this.tslab.convert("", text));
    if (result.diagnostics.length > 0) return result;
    this.#own = (result.declOutput ?? "").replace(/^undefined/, "");
    result.hasToplevelAwait = awaitsAtTop(this.ts, this.#program.cell);
    result.lastExpressionVar = undefined;
    const { output } = result;
    if (output === undefined) return result;
    const kind = result.hasToplevelAwait ? "async" : "sync";
    result.output = WRAPPER[kind] + output + WRAPPER.end;
    if (check === "off") {
      const refused = this.#refusedByV8(EXECUTORS_PREFIX[kind] + result.output);
      if (refused.length > 0) return { diagnostics: refused };
    }
    return result;
  }

  /** Diagnostics that say why V8 does not take the code, where TypeScript knows. */
  #refusedByV8(output: string): Diagnostic[] {
    try {
      new Script(`${output}\n})`);
      return [];
    } catch {
      const { ts } = this;
      return this.#program.grammarErrors().flatMap(({ file, start, length, ...rest }) => {
        if (!file || start === undefined) return [];
        const place = (offset: number): Diagnostic["start"] => {
          const { line, character } = ts.getLineAndCharacterOfPosition(file, offset);
          return { offset, line: line - LINES_OF_PREFIX, character };
        };
        return [
          {
            start: place(start),
            end: place(start + (length ?? 0)),
            messageText: ts.flattenDiagnosticMessageText(rest.messageText, "\n"),
            category: rest.category,
            code: rest.code,
          },
        ];
      });
    }
  }

  /** Runs the compiler; what it leaves behind when it throws does not reach the next cell. */
  #guarded<T>(compile: () => T): T {
    try {
      return compile();
    } catch (error) {
      this.#program.reset();
      if (!(error instanceof RangeError)) throw error;
      throw new RangeError(
        "the cell is nested too deeply for the TypeScript compiler, which takes about 1,000 levels " +
          `(${error.message}); give parts of it names of their own, or read data from a file`,
      );
    }
  }

  /** Map from positions in the code of the last `convert` to the cell's text. */
  source(code: string, result: ConvertResult): CellSource {
    const kind = result.hasToplevelAwait ? "async" : "sync";
    return {
      lines: code.split("\n"),
      positions: new PositionMap(
        this.#map,
        EXECUTORS_PREFIX[kind].length + WRAPPER[kind].length,
        LINES_OF_PREFIX,
        withoutMapComment(this.#emitted).split("\n").length,
      ),
    };
  }

  /**
   * Takes over the declarations of the last converted cell; `unassigned` names of a failed cell
   * keep their old ones.
   */
  settle(unassigned: ReadonlySet<string> = new Set()): void {
    this.#program.earlier.add(this.#own, this.#declared, unassigned);
    this.#own = "";
    this.#declared = new Set();
  }

  /**
   * Replaces a type checker that has seen many cells, and warms the new one up; true if it did.
   * Call it when idle.
   */
  recycle(): boolean {
    if (!this.#program.renew()) return false;
    this.warmUp();
    return true;
  }

  /** Converts an empty program, so that the next cell does not pay for what every cell needs. */
  warmUp(): void {
    this.convert("[1].map((x) => ({ x }));");
    this.#own = "";
    this.#declared = new Set();
  }

  inspect(code: string, position: number): TS.QuickInfo | undefined {
    return this.#guarded(() => this.tslab.inspect("", code, position));
  }

  complete(code: string, position: number): ReturnType<Converter["complete"]> {
    return this.#guarded(() => this.tslab.complete("", code, position));
  }
}

const withoutMapComment = (text: string): string =>
  text.replace(/\n?\/\/# sourceMappingURL=.*\s*$/, "");
