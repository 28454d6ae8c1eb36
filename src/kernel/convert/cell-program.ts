import { statSync } from "node:fs";
import { isBuiltin } from "node:module";
import path from "node:path";
import type { TS } from "./tslab";

/** The parts of the compiler that its type declarations leave out. */
interface CompilerInternals {
  bindSourceFile(file: TS.SourceFile, options: TS.CompilerOptions): void;
  createCompilerHostWorker(
    options: TS.CompilerOptions,
    setParents: boolean | undefined,
    system: TS.System,
  ): TS.CompilerHost;
  createModeAwareCache(): { set(name: string, mode: undefined, resolution: unknown): void };
}

interface InternalSourceFile extends TS.SourceFile {
  fileName: string;
  path: string;
  resolvedPath: string;
  originalFileName: string;
  imports: readonly TS.StringLiteralLike[];
  moduleAugmentations: readonly unknown[];
  ambientModuleNames: readonly string[];
  resolvedModules: ReturnType<CompilerInternals["createModeAwareCache"]>;
}

/** What tslab's converter asks of a program builder. */
interface Builder {
  getSourceFile(fileName: string): TS.SourceFile | undefined;
  getProgram(): TS.Program;
  getAllDependencies(file: TS.SourceFile): string[];
  emit: TS.Program["emit"];
}

/** What tslab's converter hands to `ts.createWatchProgram`. */
interface WatchHost {
  system: TS.System;
  options: TS.CompilerOptions;
  rootFiles: string[];
  afterProgramCreate?(builder: Builder): void;
}

export interface CellProgramOptions {
  /** Where the notebook is. */
  folder: string;
  /** Where imports are looked for that the notebook's folder does not answer. */
  root: string;
  compilerOptions: TS.CompilerOptions;
  /** Transformations of a cell's JavaScript, run after tslab's own; told of the shorthand `{ x }` whether x is an earlier cell's. */
  transformCell(
    fromEarlierCell: (shorthand: TS.Node) => boolean,
  ): TS.TransformerFactory<TS.SourceFile>;
  /** Sees every file that is emitted for a cell, source maps included. */
  onEmit(fileName: string, text: string): void;
  /** Likewise for a file of the reader that a cell imports. */
  onEmitOfFile(fileName: string, text: string, file: string): void;
}

const CELLS_PER_CHECKER = 100;
const IMPORTS_FILE = "__imports__.ts";
const CELL_FILE = "__tslab__.ts";
const DECLARATIONS_FILE = "__prev__.d.ts";
const isDeclaration = (file: string): boolean => /\.d\.[cm]?ts$/.test(file);

/**
 * A stand-in for TypeScript's watch program that keeps the cost of a cell independent of the cells before it.
 *
 * A watch program makes a new type checker for each change, which then resolves every library type again. Here the
 * imported modules form a base program with one long-lived checker; a cell and the declarations of the cells before it
 * are parsed, bound and checked against that checker without being part of the program. The base program is made anew
 * when a cell imports a file it does not have, when a file beside the notebook changes, and after every 100 cells, so
 * that what the checker remembers of old cells is dropped.
 */
export class CellProgram {
  readonly #ts: typeof TS & CompilerInternals;
  readonly #options: CellProgramOptions;
  #host!: WatchHost;
  #compilerHost!: TS.CompilerHost;
  #base: TS.Program | undefined;
  #cell!: InternalSourceFile;
  #declarations!: InternalSourceFile;
  #versions = 0;
  #checked = 0;
  #scheduled: unknown;
  #extraRoots: string[] = [];
  readonly #imports = new Map<string, TS.ResolvedModuleFull>();
  readonly #resolutions = new Map<string, TS.ResolvedModuleFull>();
  readonly #parsed = new Map<string, TS.SourceFile>();
  readonly #stamps = new Map<string, string>();
  readonly #watchers = new Map<string, TS.FileWatcherCallback>();

  constructor(ts: typeof TS, options: CellProgramOptions) {
    this.#ts = ts as typeof TS & CompilerInternals;
    this.#options = options;
  }

  /** The functions of TypeScript that tslab's converter is to find replaced. */
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
        options: { ...options, ...this.#options.compilerOptions },
      })) as unknown as typeof TS.createWatchCompilerHost,
      createWatchProgram: ((host: WatchHost) =>
        this.#watch(host)) as unknown as typeof TS.createWatchProgram,
      getPreEmitDiagnosticsOfFiles: (program, files) => this.#diagnostics(program, files),
    };
  }

  /** Makes a fresh checker when the present one has seen many cells, and says so. */
  renew(): boolean {
    if (this.#checked < CELLS_PER_CHECKER) return false;
    this.#build();
    return true;
  }

  #path(name: string): string {
    return this.#ts.sys.resolvePath(path.join(this.#options.folder, name)).replace(/\\/g, "/");
  }

  #watch(host: WatchHost): object {
    this.#host = host;
    this.#compilerHost = this.#createCompilerHost();
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
    const host = this.#ts.createCompilerHostWorker(options, false, system);
    const readFile = host.getSourceFile.bind(host);
    const importsFile = this.#path(IMPORTS_FILE);
    host.getSourceFile = (fileName, languageVersion, ...rest) => {
      if (fileName === importsFile) {
        const text = [...this.#imports.keys()]
          .map((name) => `import ${JSON.stringify(name)};`)
          .join("\n");
        return this.#ts.createSourceFile(fileName, `export {};\n${text}`, languageVersion);
      }
      const known = this.#parsed.get(fileName);
      if (known) return known;
      const file = readFile(fileName, languageVersion, ...rest);
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

  /** The module, looked up from the importing file, then from the project's root. */
  #resolve(name: string, containingFile: string): TS.ResolvedModuleFull | undefined {
    if (isBuiltin(name)) return undefined;
    const key = `${path.dirname(containingFile)}\0${name}`;
    const known = this.#resolutions.get(key);
    if (known) return known;
    const { options, system } = this.#host;
    const lookUp = (from: string): TS.ResolvedModuleFull | undefined =>
      this.#ts.resolveModuleName(name, from, options, system).resolvedModule;
    const found =
      lookUp(containingFile) ??
      (/^\.{0,2}\//.test(name) ? undefined : lookUp(path.join(this.#options.root, IMPORTS_FILE)));
    if (found) this.#resolutions.set(key, found);
    return found;
  }

  #build(): void {
    this.#base = this.#ts.createProgram({
      rootNames: [this.#path(IMPORTS_FILE), ...this.#extraRoots],
      options: this.#host.options,
      host: this.#compilerHost,
      ...(this.#base && { oldProgram: this.#base }),
    });
    this.#checked = 0;
    for (const file of this.#localFiles()) {
      if (this.#stamps.has(file)) continue;
      this.#stamps.set(file, stamp(file));
      if (!this.#watchers.has(file)) this.#host.system.watchFile?.(file, () => {});
    }
  }

  #localFiles(): string[] {
    return this.#base!.getSourceFiles()
      .map((file) => file.fileName)
      .filter(
        (name) =>
          !isDeclaration(name) && !name.includes("/node_modules/") && !name.endsWith(IMPORTS_FILE),
      );
  }

  /** Forgets files beside the notebook that were changed; true when there were any. */
  #forgetChanged(): boolean {
    let changed = false;
    for (const [file, before] of this.#stamps) {
      if (stamp(file) === before) continue;
      changed = true;
      this.#stamps.delete(file);
      this.#parsed.delete(file);
      this.#watchers.get(file)?.(file, this.#ts.FileWatcherEventKind.Changed);
    }
    return changed;
  }

  #update(): void {
    const { system } = this.#host;
    const read = (name: string): string => system.readFile(this.#path(name)) ?? "";
    this.#cell = this.#parse(CELL_FILE, read(CELL_FILE));
    const declarations = read(DECLARATIONS_FILE);
    if (this.#declarations?.text !== declarations)
      this.#declarations = this.#parse(DECLARATIONS_FILE, declarations);
    const missing = [this.#cell, this.#declarations].flatMap((file) => this.#resolveImports(file));
    if (this.#forgetChanged() || missing.length > 0) {
      for (const module of missing) this.#imports.set(module.resolvedFileName, module);
      this.#build();
      // What is bound to the old checker's symbols cannot be used with a new one.
      this.#cell = this.#parse(CELL_FILE, this.#cell.text);
      this.#declarations = this.#parse(DECLARATIONS_FILE, this.#declarations.text);
      for (const file of [this.#cell, this.#declarations]) this.#resolveImports(file);
    }
    this.#host.afterProgramCreate?.(this.#builder());
  }

  #parse(name: string, text: string): InternalSourceFile {
    const fileName = this.#path(name);
    const file = this.#ts.createSourceFile(
      fileName,
      text,
      this.#host.options.target!,
    ) as InternalSourceFile;
    const unique = `${fileName}.${++this.#versions}.ts`;
    file.path = unique;
    file.resolvedPath = unique;
    file.originalFileName = fileName;
    file.moduleAugmentations = [];
    file.ambientModuleNames = [];
    file.resolvedModules = this.#ts.createModeAwareCache();
    file.imports = this.#specifiers(file);
    this.#ts.bindSourceFile(file, this.#host.options);
    return file;
  }

  #specifiers(file: TS.SourceFile): TS.StringLiteralLike[] {
    const ts = this.#ts;
    const found: TS.StringLiteralLike[] = [];
    const add = (node: TS.Node | undefined): void => {
      if (node && ts.isStringLiteralLike(node) && node.text) found.push(node);
    };
    for (const statement of file.statements)
      if (ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement))
        add(statement.moduleSpecifier);
      else if (
        ts.isImportEqualsDeclaration(statement) &&
        ts.isExternalModuleReference(statement.moduleReference)
      )
        add(statement.moduleReference.expression);
    if (!/\bimport\s*\(/.test(file.text)) return found;
    const walk = (node: TS.Node): void => {
      if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
        add(node.arguments[0]);
      else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
        add(node.argument.literal);
      ts.forEachChild(node, walk);
    };
    walk(file);
    return found;
  }

  /** Fills in what the file's imports resolve to; returns the modules that the base program lacks. */
  #resolveImports(file: InternalSourceFile): TS.ResolvedModuleFull[] {
    const missing: TS.ResolvedModuleFull[] = [];
    for (const { text: name } of file.imports) {
      const module = this.#resolve(name, file.fileName);
      file.resolvedModules.set(
        name,
        undefined,
        module ? { resolvedModule: module, ...module } : undefined,
      );
      if (module && this.#belongs(module) && !this.#base!.getSourceFile(module.resolvedFileName))
        missing.push(module);
    }
    return missing;
  }

  /** Untyped JavaScript of packages is no part of a program. */
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
      getAllDependencies: (file) => this.#dependencies(file as InternalSourceFile),
      emit: (file, write, token, declarationsOnly, transformers) => {
        const writeAndTell: TS.WriteFileCallback = (fileName, text, ...rest) => {
          if (file === cell) this.#options.onEmit(fileName, text);
          else if (file) this.#options.onEmitOfFile(fileName, text, file.fileName);
          write?.(fileName, text, ...rest);
        };
        if (file !== cell)
          return base.emit(file, writeAndTell, token, declarationsOnly, transformers);
        const checker = base.getTypeChecker();
        const fromEarlierCell = (shorthand: TS.Node): boolean =>
          !!checker
            .getShorthandAssignmentValueSymbol(shorthand)
            ?.declarations?.some(
              (declaration) => declaration.getSourceFile() === this.#declarations,
            );
        const after = [
          ...(transformers?.after ?? []),
          this.#options.transformCell(fromEarlierCell),
        ];
        return base.emit(cell, writeAndTell, token, declarationsOnly, { ...transformers, after });
      },
    };
  }

  /** The file and the source files beside the notebook that it imports, directly or not. */
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

  /** Syntax errors alone when there are any, else all others. */
  #diagnostics(program: TS.Program, files: readonly TS.SourceFile[]): readonly TS.Diagnostic[] {
    const syntactic = files.flatMap((file) => program.getSyntacticDiagnostics(file));
    if (syntactic.length > 0) return this.#ts.sortAndDeduplicateDiagnostics(syntactic);
    this.#checked++;
    const found = files.flatMap((file) =>
      file === this.#cell ? this.#checkCell(program) : check(program, file),
    );
    return this.#ts.sortAndDeduplicateDiagnostics(found);
  }

  /** The checker files its findings by file name and never forgets them, so each check has a name of its own. */
  #checkCell(program: TS.Program): TS.Diagnostic[] {
    const cell = this.#cell;
    const { fileName } = cell;
    cell.fileName = cell.path;
    try {
      return check(program, cell);
    } finally {
      cell.fileName = fileName;
    }
  }
}

function check(program: TS.Program, file: TS.SourceFile): TS.Diagnostic[] {
  return [...program.getSemanticDiagnostics(file), ...program.getDeclarationDiagnostics(file)];
}

function stamp(file: string): string {
  try {
    const { mtimeMs, size } = statSync(file);
    return `${mtimeMs} ${size}`;
  } catch {
    return "absent";
  }
}
