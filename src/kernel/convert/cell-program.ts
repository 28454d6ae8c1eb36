import path from "node:path";
import type { Check } from "./check";
import {
  allowPathsToPackages,
  type CompilerInternals,
  declareAnyway,
  type InternalSourceFile,
} from "./compiler-internals";
import { parseDeclarationFile } from "./declaration-file";
import { EarlierCells } from "./earlier-cells";
import type { IsEarlier } from "./expressions";
import { fileStamp } from "./file-stamp";
import { namespacesOnDemand } from "./lazy-modules";
import { ModuleResolver } from "./module-resolver";
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

export interface CellProgramOptions {
  /** Folder of the notebook. */
  folder: string;
  /** Folder of the packages that the notebook's folder lacks. */
  root: string;
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
const IMPORTS_FILE = "__imports__.ts";
const CELL_FILE = "__tslab__.ts";
const DECLARATIONS_FILE = "__prev__.d.ts";
const UNTYPED_PACKAGE = 7016;
const isDeclaration = (file: string): boolean => /\.d\.[cm]?ts$/.test(file);

/**
 * Replaces TypeScript's watch program.
 *
 * A watch program makes a new type checker for each change, which then resolves every library type
 * again. Here the imported modules form a base program with one long-lived checker; a cell is
 * parsed, bound and checked against that checker without being part of the program, as are the
 * declarations of each cell before it, once. The base program is rebuilt when a cell imports a file
 * that it lacks, when a local file changed, when the strictness changed, and after every 100 cells
 * or 3,000,000 characters of declarations, to free the checker's memory of old cells.
 */
export class CellProgram {
  readonly #ts: typeof TS & CompilerInternals;
  readonly #options: CellProgramOptions;
  #host!: WatchHost;
  #compilerHost!: TS.CompilerHost;
  #base: TS.Program | undefined;
  #cell!: InternalSourceFile;
  /** Declarations of earlier cells as tslab's converter sees them: none, it would print them. */
  #declarations!: InternalSourceFile;
  #earlier!: EarlierCells;
  #missing: TS.ResolvedModuleFull[] = [];
  #checked = 0;
  /** Characters of declarations that the present checker has bound. */
  #characters = 0;
  #scheduled: unknown;
  #extraRoots: string[] = [];
  #syntaxOnly = false;
  #loose = false;
  #stale = false;
  readonly #untyped = new Set<string>();
  readonly #augmentations = new Set<string>();
  readonly #modules: ModuleResolver;
  readonly #imports = new Map<string, TS.ResolvedModuleFull>();
  readonly #parsed = new Map<string, TS.SourceFile>();
  readonly #stamps = new Map<string, string>();
  readonly #watchers = new Map<string, TS.FileWatcherCallback>();

  constructor(ts: typeof TS, options: CellProgramOptions) {
    this.#ts = ts as typeof TS & CompilerInternals;
    this.#options = options;
    this.#modules = new ModuleResolver(ts, options.root);
  }

  /** Replacements of TypeScript's functions in tslab's converter. */
  replacements(): Partial<typeof TS> {
    const system = Object.create(this.#ts.sys) as TS.System;
    system.watchFile = (file, callback) => {
      this.#watchers.set(file, callback);
      return { close: () => this.#watchers.delete(file) };
    };
    return {
      sys: system,
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

  /** Sets the strictness of the cells to come. */
  use(check: Check): void {
    this.#syntaxOnly = check === "off";
    const loose = check === "loose";
    if (check === "off" || loose === this.#loose) return;
    this.#loose = loose;
    this.#host.options = { ...this.#host.options, ...this.#options.compilerOptions(check) };
    this.#stale = true;
  }

  /** Drops the checker, which an exception may have left half-way. */
  reset(): void {
    this.#base = undefined;
    this.#stale = true;
  }

  /** Makes a fresh checker when the present one has seen many cells; returns true if it did. */
  renew(): boolean {
    if (this.#checked < CELLS_PER_CHECKER && this.#characters < CHARACTERS_PER_CHECKER)
      return false;
    this.#build();
    return true;
  }

  #path(name: string): string {
    return this.#ts.sys.resolvePath(path.join(this.#options.folder, name)).replace(/\\/g, "/");
  }

  #watch(host: WatchHost): object {
    this.#host = host;
    this.#compilerHost = this.#createCompilerHost();
    this.#earlier = new EarlierCells(
      this.#ts,
      (text) => this.#parseDeclarations(text),
      () => this.#base!.getTypeChecker(),
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
    this.#build();
    this.#update();
    return {
      close: () => {},
      updateRootFileNames: (files: string[]) => {
        this.#extraRoots = files.filter((file) => !host.rootFiles.includes(file));
        this.#build();
        for (const file of this.#extraRoots)
          if (!this.#watchers.has(file)) host.system.watchFile?.(file, schedule);
        schedule();
      },
    };
  }

  #createCompilerHost(): TS.CompilerHost {
    const { options, system } = this.#host;
    const host = Object.assign(
      this.#ts.createCompilerHostWorker(options, false, system),
      this.#modules.lookups(system),
    );
    const readFile = host.getSourceFile.bind(host);
    const parsed: typeof readFile = (fileName, version, ...rest) => {
      const text = isDeclaration(fileName) ? system.readFile(fileName) : undefined;
      return text === undefined
        ? readFile(fileName, version, ...rest)
        : parseDeclarationFile(this.#ts, fileName, text, version, options);
    };
    const importsFile = this.#path(IMPORTS_FILE);
    host.getSourceFile = (fileName, languageVersion, ...rest) => {
      if (fileName === importsFile) {
        const text = [...this.#imports.keys()]
          .map((name) => `import ${JSON.stringify(name)};`)
          .join("\n");
        const augmented = [...this.#augmentations].join("\n");
        return this.#ts.createSourceFile(
          fileName,
          `export {};\n${text}\n${augmented}`,
          languageVersion,
        );
      }
      const known = this.#parsed.get(fileName);
      if (known) return known;
      const file = parsed(fileName, languageVersion, ...rest);
      if (file) this.#parsed.set(fileName, file);
      return file;
    };
    host.resolveModuleNames = (names, containingFile) =>
      names.map((name) =>
        containingFile === importsFile
          ? this.#imports.get(name)
          : this.#resolve(name, containingFile),
      );
    return host;
  }

  #resolve(name: string, containingFile: string): TS.ResolvedModuleFull | undefined {
    return this.#modules.resolve(name, containingFile, this.#host.options, this.#compilerHost);
  }

  /** Names that begin like this, of the modules that cells have imported. */
  exported(beginning: string): { name: string; specifier: string }[] {
    const checker = this.#base!.getTypeChecker();
    const found = new Map<string, string>();
    for (const [specifier, { resolvedFileName }] of this.#modules.entries()) {
      if (!this.#imports.has(resolvedFileName)) continue;
      const file = this.#base!.getSourceFile(resolvedFileName);
      const module = file && checker.getSymbolAtLocation(file);
      for (const { name } of module ? checker.getExportsOfModule(module) : [])
        if (name.startsWith(beginning) && name !== "default" && !found.has(name))
          found.set(name, specifier);
    }
    return [...found].map(([name, specifier]) => ({ name, specifier }));
  }

  #build(): void {
    this.#stale = false;
    const { options } = this.#host;
    const create = (): TS.Program =>
      this.#ts.createProgram({
        rootNames: [this.#path(IMPORTS_FILE), ...this.#extraRoots],
        options,
        host: this.#compilerHost,
        ...(this.#base && { oldProgram: this.#base }),
      });
    this.#base = this.#modules.build(create, options);
    this.#checked = 0;
    this.#characters = 0;
    allowPathsToPackages(this.#ts, this.#base.getTypeChecker());
    namespacesOnDemand(this.#ts, this.#base);
    for (const file of this.#localFiles()) {
      if (this.#stamps.has(file)) continue;
      this.#stamps.set(file, fileStamp(file));
      if (!this.#watchers.has(file)) this.#host.system.watchFile?.(file, () => {});
    }
  }

  /** Files of the base program outside of packages, those of linked packages included. */
  #localFiles(): string[] {
    return this.#base!.getSourceFiles()
      .map((file) => file.fileName)
      .filter((name) => !name.includes("/node_modules/") && !name.endsWith(IMPORTS_FILE));
  }

  /** Forgets local files that changed; true when there were any. */
  #forgetChanged(): boolean {
    let changed = false;
    for (const [file, before] of this.#stamps) {
      if (fileStamp(file) === before) continue;
      changed = true;
      this.#stamps.delete(file);
      this.#parsed.delete(file);
      this.#watchers.get(file)?.(file, this.#ts.FileWatcherEventKind.Changed);
    }
    return changed;
  }

  /** Gives tslab's converter a builder of the new texts; one that throws when the compiler did. */
  #update(): void {
    let builder: Builder;
    try {
      this.#load();
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

  #load(): void {
    this.#cell = this.#parseCell(this.#cellText());
    const changed = this.#forgetChanged() || this.#augment(this.#cell);
    if (changed || this.#stale) this.#build();
    this.#resolveImports(this.#cell);
    for (const module of this.#missing) this.#imports.set(module.resolvedFileName, module);
    if (this.#missing.length > 0) this.#build();
    this.#missing = [];
  }

  /**
   * Text of the cell. tslab's converter adds an export of its names as the compiler keeps them, one
   * underscore longer where they begin with two.
   */
  #cellText(): string {
    const text = this.#host.system.readFile(this.#path(CELL_FILE)) ?? "";
    const kept = [...(this.#cell?.locals.keys() ?? [])];
    const added = `\nexport {${kept.join(", ")}}`;
    if (!text.endsWith(added)) return text;
    const names = kept.map((key) => this.#ts.unescapeLeadingUnderscores(key));
    return `${text.slice(0, -added.length)}\nexport {${names.join(", ")}}`;
  }

  /**
   * Moves `declare global` and `declare module` into the base program; true when there is a new
   * one.
   */
  #augment(file: TS.SourceFile): boolean {
    const ts = this.#ts;
    const before = this.#augmentations.size;
    for (const statement of file.statements)
      if (ts.isModuleDeclaration(statement) && isAugmentation(ts, statement))
        this.#augmentations.add(statement.getText(file));
    return this.#augmentations.size > before;
  }

  #parseCell(text: string): InternalSourceFile {
    const { preferJsx } = this.#options;
    return parseCell(this.#ts, this.#path(CELL_FILE), text, this.#host.options, preferJsx);
  }

  #parseDeclarations(text: string): InternalSourceFile {
    this.#characters += text.length;
    const { options } = this.#host;
    const file = parse(this.#ts, this.#path(DECLARATIONS_FILE), `export {};\n${text}`, options);
    this.#resolveImports(file);
    return file;
  }

  /** Resolves the file's imports, and notes the modules that the base program lacks. */
  #resolveImports(file: InternalSourceFile): void {
    for (const { text: name } of file.imports) {
      const module = this.#resolve(name, file.fileName);
      file.resolvedModules.set(
        name,
        undefined,
        module ? { resolvedModule: module, ...module } : undefined,
      );
      if (module && this.#belongs(module) && !this.#base!.getSourceFile(module.resolvedFileName))
        this.#missing.push(module);
    }
  }

  /** False for untyped JavaScript of packages, which no program holds. */
  #belongs(module: TS.ResolvedModuleFull): boolean {
    return !(module.isExternalLibraryImport && /\.[cm]?jsx?$/.test(module.resolvedFileName));
  }

  #builder(): Builder {
    const base = this.#base!;
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

  /** Emits the cell's JavaScript without comments, its declarations with them. */
  #emit(
    write: TS.WriteFileCallback | undefined,
    token: TS.CancellationToken | undefined,
    declarationsOnly: boolean | undefined,
    transformers: TS.CustomTransformers | undefined,
  ): TS.EmitResult {
    const base = this.#base!;
    const options = this.#host.options;
    const checker = base.getTypeChecker();
    const isEarlier: IsEarlier = (node) => {
      const original = this.#ts.getOriginalNode(node);
      const symbol = this.#ts.isIdentifier(original)
        ? checker.getSymbolAtLocation(original)
        : checker.getShorthandAssignmentValueSymbol(original);
      return !!symbol?.declarations?.some((each) => this.#earlier.declares(each));
    };
    const writeAndTell: TS.WriteFileCallback = (fileName, text, ...rest) => {
      if (fileName.endsWith(".js")) options.removeComments = false;
      this.#options.onEmit(fileName, text);
      write?.(fileName, text, ...rest);
    };
    options.removeComments = true;
    try {
      return base.emit(this.#cell, writeAndTell, token, declarationsOnly, {
        after: [this.#options.transformCell(isEarlier)],
        afterDeclarations: [declareAnyway, ...(transformers?.afterDeclarations ?? [])],
      });
    } finally {
      options.removeComments = false;
    }
  }

  /** Source files beside the notebook that the file imports, directly or not, and itself. */
  #dependencies(file: InternalSourceFile): string[] {
    const found = new Set([file.fileName]);
    const visit = (from: InternalSourceFile): void => {
      for (const { text: name } of from.imports ?? []) {
        const target = this.#resolve(name, from.fileName)?.resolvedFileName;
        if (!target || isDeclaration(target) || found.has(target)) continue;
        const next = this.#base!.getSourceFile(target) as InternalSourceFile | undefined;
        if (!next) continue;
        found.add(target);
        visit(next);
      }
    };
    visit(file);
    return [...found];
  }

  /** Syntax errors alone when there are any, else all others; only them where checking is off. */
  #diagnostics(program: TS.Program): readonly TS.Diagnostic[] {
    const ts = this.#ts;
    const files = this.#dependencies(this.#cell).map((name) => program.getSourceFile(name)!);
    const syntactic = files.flatMap((file) => program.getSyntacticDiagnostics(file));
    if (syntactic.length > 0 || this.#syntaxOnly)
      return ts.sortAndDeduplicateDiagnostics(syntactic);
    return ts.sortAndDeduplicateDiagnostics(this.#semantic(program, files));
  }

  /** Errors of syntax that TypeScript's checker alone finds, such as `break` outside of a loop. */
  grammarErrors(): readonly TS.Diagnostic[] {
    const cell = this.#parseCell(this.#cell.text); // the emit has checked the old nodes
    this.#resolveImports(cell);
    this.#cell = Object.assign(cell, { parent: this.#declarations });
    return this.#semantic(this.#base!, [cell]).filter(({ code }) => code < 2000);
  }

  #semantic(program: TS.Program, files: readonly TS.SourceFile[]): TS.Diagnostic[] {
    this.#checked++;
    const found = files.flatMap((file) =>
      file === this.#cell ? this.#checkCell(program) : [...program.getSemanticDiagnostics(file)],
    );
    return found.filter((each) => !this.#isUntypedPackage(each));
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
      return [...program.getSemanticDiagnostics(cell)];
    } finally {
      cell.fileName = fileName;
    }
  }

  /** Tells of a package without types; its values have the type `any`. */
  #isUntypedPackage({ code, messageText }: TS.Diagnostic): boolean {
    if (code !== UNTYPED_PACKAGE) return false;
    const text = this.#ts.flattenDiagnosticMessageText(messageText, "\n");
    const name = /module '([^']*)'/.exec(text)?.[1] ?? "a package";
    if (!this.#untyped.has(name)) this.#options.onUntyped(name);
    this.#untyped.add(name);
    return true;
  }
}

/** `declare global` or `declare module "name"` */
const isAugmentation = (ts: typeof TS, node: TS.ModuleDeclaration): boolean =>
  ts.isStringLiteral(node.name) || (node.flags & ts.NodeFlags.GlobalAugmentation) !== 0;
