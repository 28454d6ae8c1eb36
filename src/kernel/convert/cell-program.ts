import { BaseProgram, type BaseProgramOptions } from "./base-program";
import type { Check } from "./check";
import {
  type CompilerInternals,
  declareAnyway,
  type InternalSourceFile,
  valueNamed,
} from "./compiler-internals";
import { EarlierCells } from "./earlier-cells";
import type { IsEarlier } from "./expressions";
import { importAssignments } from "./module-statements";
import { isOfNode } from "./node-names";
import { parse, parseCell } from "./parse-cell";
import type { TS } from "./tslab";

/** Program builder, as tslab's converter uses it. */
interface Builder {
  getSourceFile(fileName: string): TS.SourceFile | undefined;
  getProgram(): TS.Program;
  getAllDependencies(file: TS.SourceFile): string[];
  emit: TS.Program["emit"];
}

/** Argument that tslab's converter gives to `ts.createWatchProgram`. */
interface WatchHost {
  system: TS.System;
  options: TS.CompilerOptions;
  rootFiles: string[];
  afterProgramCreate?(builder: Builder): void;
}

export interface CellProgramOptions extends BaseProgramOptions {
  compilerOptions(check: Check): TS.CompilerOptions;
  /** Parses cells as TSX where TypeScript alone would take them too. */
  preferJsx: boolean;
  /** Transformation of a cell's JavaScript. */
  transformCell(isEarlier: IsEarlier): TS.TransformerFactory<TS.SourceFile>;
  /** Sees every file that is emitted for a cell, source maps included. */
  onEmit(fileName: string, text: string): void;
  /** Told of a package without types, once each. */
  onUntyped(name: string): void;
}

// A checker keeps the syntax trees of the cells it has seen, and of their declarations.
const CELLS_PER_CHECKER = 100;
const CHARACTERS_PER_CHECKER = 3_000_000;
const CELL_FILE = "__tslab__.ts";
const DECLARATIONS_FILE = "__prev__.d.ts";
const UNTYPED_PACKAGE = 7016;
/** "Variable 'a' implicitly has type 'any[]' in some locations", said of its declaration. */
const UNKNOWN_IN_PLACES = 7034;
/** "Variable 'a' implicitly has an 'any[]' type", said of each such location. */
const UNKNOWN_AT_USE = 7005;
/** "Import (or export) assignment cannot be used when targeting ECMAScript modules": none is. */
const COMMON_JS_ONLY = [1202, 1203];

/**
 * Replaces TypeScript's watch program, which makes a type checker for each change that resolves
 * every library type again.
 *
 * A cell is parsed, bound and checked against the base program's checker without being part of the
 * program, as are the declarations of each cell before it, once. After 100 cells or 3,000,000
 * characters of declarations the base program is built again, to free its checker's memory of them.
 */
export class CellProgram {
  readonly #ts: typeof TS & CompilerInternals;
  readonly #options: CellProgramOptions;
  #host!: WatchHost;
  #base!: BaseProgram;
  #cell!: InternalSourceFile;
  /** End of the cell's own text in its file. */
  #end = 0;
  #earlier!: EarlierCells;
  /** Declarations of earlier cells as tslab's converter sees them: none, it would print them. */
  #declarations!: InternalSourceFile;
  #scheduled: unknown;
  #syntaxOnly = false;
  #loose = false;
  readonly #untyped = new Set<string>();

  constructor(ts: typeof TS, options: CellProgramOptions) {
    this.#ts = ts as typeof TS & CompilerInternals;
    this.#options = options;
  }

  /** Replacements of TypeScript's functions in tslab's converter. */
  replacements(): Partial<typeof TS> {
    return {
      createWatchCompilerHost: ((
        rootFiles: string[],
        options: TS.CompilerOptions,
        system: TS.System,
      ): WatchHost => ({
        rootFiles,
        system,
        options: { ...options, ...this.#options.compilerOptions("strict") },
      })) as unknown as typeof TS.createWatchCompilerHost,
      createWatchProgram: ((host: WatchHost) =>
        this.#watch(host)) as unknown as typeof TS.createWatchProgram,
      getPreEmitDiagnosticsOfFiles: (program) => this.#diagnostics(program),
    };
  }

  /** Parsed text of the cell converted last. */
  get cell(): TS.SourceFile {
    return this.#cell;
  }

  /** Declarations of the cells that have run. */
  get earlier(): EarlierCells {
    return this.#earlier;
  }

  /** Names that begin like this, of the modules that cells have imported. */
  exported(beginning: string): { name: string; specifier: string }[] {
    return this.#base.exported(beginning);
  }

  /** Sets the strictness of the cells to come. */
  use(check: Check): void {
    this.#syntaxOnly = check === "off";
    const loose = check === "loose";
    if (check === "off" || loose === this.#loose) return;
    this.#loose = loose;
    this.#base.options = { ...this.#base.options, ...this.#options.compilerOptions(check) };
  }

  /** Drops the checker, which an exception may have left half-way. */
  reset(): void {
    this.#base.reset();
  }

  /** Makes a fresh checker when the present one has seen many cells; returns true if it did. */
  renew(): boolean {
    const { cells, characters } = this.#base.seen;
    if (cells < CELLS_PER_CHECKER && characters < CHARACTERS_PER_CHECKER) return false;
    this.#base.build();
    return true;
  }

  #watch(host: WatchHost): object {
    this.#host = host;
    this.#base = new BaseProgram(this.#ts, this.#options, host.system, host.options);
    this.#earlier = new EarlierCells(
      this.#ts,
      (text) => this.#parseDeclarations(text),
      () => this.#base.checker,
    );
    this.#declarations = Object.assign(this.#parseDeclarations(""), {
      parent: this.#earlier.scope,
    });
    const schedule = (): void => {
      if (this.#scheduled !== undefined) host.system.clearTimeout?.(this.#scheduled);
      this.#scheduled = host.system.setTimeout?.(() => {
        this.#scheduled = undefined;
        this.#update();
      }, 0);
    };
    for (const file of host.rootFiles) host.system.watchFile?.(file, schedule);
    this.#update();
    return { close: () => {} };
  }

  /** Gives tslab's converter a builder of the new texts; one that throws when the compiler did. */
  #update(): void {
    let builder: Builder;
    try {
      this.#cell = this.#parseCell(this.#cellText());
      this.#base.update(this.#cell);
      builder = this.#builder();
    } catch (error) {
      this.reset();
      builder = new Proxy({} as Builder, {
        get() {
          throw error;
        },
      });
    }
    this.#host.afterProgramCreate?.(builder);
  }

  /**
   * Text of the cell. tslab's converter adds an export of its names as the compiler keeps them, one
   * underscore longer where they begin with two; behind an unfinished statement it would be part
   * of that.
   */
  #cellText(): string {
    const text = this.#host.system.readFile(this.#base.path(CELL_FILE)) ?? "";
    const kept = [...(this.#cell?.locals.keys() ?? [])];
    const added = `\nexport {${kept.join(", ")}}`;
    const own = text.endsWith(added) ? text.slice(0, -added.length) : text;
    this.#end = own.length;
    if (own === text || this.#cell.parseDiagnostics.length > 0) return own;
    const names = kept.map((key) => this.#ts.unescapeLeadingUnderscores(key));
    return `${own}\nexport {${names.join(", ")}}`;
  }

  #parseCell(text: string): InternalSourceFile {
    const file = this.#base.path(CELL_FILE);
    return parseCell(this.#ts, file, text, this.#base.options, this.#options.preferJsx);
  }

  #parseDeclarations(text: string): InternalSourceFile {
    this.#base.seen.characters += text.length;
    const { options } = this.#base;
    const fileName = this.#base.path(DECLARATIONS_FILE);
    const file = parse(this.#ts, fileName, `export {};\n${text}`, options);
    this.#base.resolveImports(file);
    return file;
  }

  #builder(): Builder {
    const base = this.#base.program;
    const cell = this.#cell;
    const declarations = this.#declarations;
    const getSourceFile = (fileName: string): TS.SourceFile | undefined =>
      fileName === cell.fileName
        ? cell
        : fileName === declarations.fileName
          ? declarations
          : base.getSourceFile(fileName);
    const program = { ...base, getSourceFile };
    return {
      getSourceFile,
      getProgram: () => program,
      // Local files are compiled when they are loaded, see `run/local-modules.ts`.
      getAllDependencies: (file) => [file.fileName],
      emit: (_, write, token, declarationsOnly, transformers) =>
        this.#emit(write, token, declarationsOnly, transformers),
    };
  }

  /** True for a value that the cell declares, by `declare`, to be in another cell or global. */
  #isAmbient(declaration: TS.Declaration): boolean {
    const ts = this.#ts;
    if (declaration.getSourceFile() !== this.#cell) return false;
    const flags = ts.getCombinedModifierFlags(declaration);
    const statement = ts.findAncestor(declaration, ts.isStatement);
    return (flags & ts.ModifierFlags.Ambient) !== 0 && statement?.parent === this.#cell;
  }

  /** Emits the cell's JavaScript without comments, its declarations, if any, with them. */
  #emit(
    write: TS.WriteFileCallback | undefined,
    token: TS.CancellationToken | undefined,
    declarationsOnly: boolean | undefined,
    transformers: TS.CustomTransformers | undefined,
  ): TS.EmitResult {
    const { program, checker, options } = this.#base;
    const isEarlier: IsEarlier = (node) => {
      const symbol = valueNamed(this.#ts, checker, node);
      return !!symbol?.declarations?.some(
        (each) => this.#earlier.declares(each) || this.#isAmbient(each),
      );
    };
    const writeAndTell: TS.WriteFileCallback = (fileName, text, ...rest) => {
      if (fileName.endsWith(".js")) options.removeComments = false;
      this.#options.onEmit(fileName, text);
      write?.(fileName, text, ...rest);
    };
    options.removeComments = true;
    options.declaration = this.#cell.locals.size > 0;
    try {
      return program.emit(this.#cell, writeAndTell, token, declarationsOnly, {
        before: [importAssignments(this.#ts)],
        after: [this.#options.transformCell(isEarlier)],
        afterDeclarations: [declareAnyway, ...(transformers?.afterDeclarations ?? [])],
      });
    } finally {
      options.declaration = true;
      options.removeComments = false;
    }
  }

  /** Syntax errors alone when there are any, else all others; only them where checking is off. */
  #diagnostics(program: TS.Program): readonly TS.Diagnostic[] {
    const ts = this.#ts;
    const files = this.#base.dependencies(this.#cell).map((name) => program.getSourceFile(name)!);
    const syntactic = files.flatMap((file) => program.getSyntacticDiagnostics(file));
    const found =
      syntactic.length > 0 || this.#syntaxOnly ? syntactic : this.#semantic(program, files);
    return ts.sortAndDeduplicateDiagnostics(found).map((each) => ({
      ...each,
      // tslab's converter would make a diagnostic of each reason.
      messageText: this.#text(each),
    }));
  }

  #text({ messageText }: TS.Diagnostic): string {
    return this.#ts.flattenDiagnosticMessageText(messageText, "\n");
  }

  /** Errors of syntax that TypeScript's checker alone finds, such as `break` outside of a loop. */
  grammarErrors(): readonly TS.Diagnostic[] {
    const cell = this.#parseCell(this.#cell.text); // the emit has checked the old nodes
    this.#base.resolveImports(cell);
    this.#cell = Object.assign(cell, { parent: this.#declarations });
    return this.#semantic(this.#base.program, [cell]).filter(({ code }) => code < 2000);
  }

  #semantic(program: TS.Program, files: readonly TS.SourceFile[]): TS.Diagnostic[] {
    this.#base.seen.cells++;
    const found = files.flatMap((file) =>
      file === this.#cell ? this.#checkCell(program) : [...program.getSemanticDiagnostics(file)],
    );
    return found.filter(
      (each) =>
        !COMMON_JS_ONLY.includes(each.code) &&
        !isOfNode(this.#text(each)) &&
        !this.#isUntypedPackage(each),
    );
  }

  /**
   * The checker files its findings by file name and never forgets them, so each check has a name of
   * its own.
   */
  #checkCell(program: TS.Program): TS.Diagnostic[] {
    const cell = this.#cell;
    const { fileName } = cell;
    cell.fileName = cell.path;
    try {
      return this.#written(program.getSemanticDiagnostics(cell));
    } finally {
      cell.fileName = fileName;
    }
  }

  /**
   * Findings in what is written in the cell. Its names' export is another use of them, at which the
   * type of `const a = []` may not be known yet: `a` is then an `any[]` for later cells.
   */
  #written(found: readonly TS.Diagnostic[]): TS.Diagnostic[] {
    const named = ({ start = 0, length = 0 }: TS.Diagnostic): string =>
      this.#cell.text.slice(start, start + length);
    const own = found.filter(({ start }) => start === undefined || start <= this.#end);
    const uses = new Set(own.filter(({ code }) => code === UNKNOWN_AT_USE).map(named));
    return own.filter((each) => each.code !== UNKNOWN_IN_PLACES || uses.has(named(each)));
  }

  /** Tells of a package without types; its values have the type `any`. */
  #isUntypedPackage(diagnostic: TS.Diagnostic): boolean {
    if (diagnostic.code !== UNTYPED_PACKAGE) return false;
    const name = /module '([^']*)'/.exec(this.#text(diagnostic))?.[1] ?? "a package";
    if (!this.#untyped.has(name)) this.#options.onUntyped(name);
    this.#untyped.add(name);
    return true;
  }
}
