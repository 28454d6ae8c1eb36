import path from "node:path";
import { builtIns } from "./built-ins";
import {
  allowPathsToPackages,
  type CompilerInternals,
  type InternalSourceFile,
} from "./compiler-internals";
import { parseDeclarationFile } from "./declaration-file";
import { fileStamp } from "./file-stamp";
import { namespacesOnDemand } from "./lazy-modules";
import { isUntyped, ModuleResolver } from "./module-resolver";
import type { TS } from "./tslab";

const IMPORTS_FILE = "__imports__.ts";
const BUILT_INS_FILE = "__built-ins__.d.ts";
const isDeclaration = (file: string): boolean => /\.d\.[cm]?ts$/.test(file);

export interface BaseProgramOptions {
  /** Folder of the notebook. */
  folder: string;
  /** Folder of the packages that the notebook's folder lacks. */
  root: string;
}

/**
 * Program of the modules that cells import, with one type checker until it is built again: when a
 * cell imports a file that it lacks or adds to a module, when a local file or the options changed.
 */
export class BaseProgram {
  readonly #modules: ModuleResolver;
  readonly #host: TS.CompilerHost;
  #options: TS.CompilerOptions;
  #program: TS.Program | undefined;
  #stale = false;
  /** Cells and characters of declarations that the present checker has seen. */
  readonly seen = { cells: 0, characters: 0 };
  /** Modules that the program lacks. */
  #missing: TS.ResolvedModuleFull[] = [];
  readonly #imports = new Map<string, TS.ResolvedModuleFull>();
  /** Texts of `declare global` and `declare module`, with the names that each declares. */
  readonly #augmentations = new Map<string, ReadonlySet<string>>();
  readonly #parsed = new Map<string, TS.SourceFile>();
  readonly #stamps = new Map<string, string>();

  constructor(
    private readonly ts: typeof TS & CompilerInternals,
    private readonly places: BaseProgramOptions,
    system: TS.System,
    options: TS.CompilerOptions,
  ) {
    this.#modules = new ModuleResolver(ts, places.root);
    this.#options = options;
    this.#host = this.#createHost(system);
    this.build();
  }

  get program(): TS.Program {
    return this.#program!;
  }

  get checker(): TS.TypeChecker {
    return this.program.getTypeChecker();
  }

  /** Compiler options; other ones take effect with the next cell. */
  get options(): TS.CompilerOptions {
    return this.#options;
  }
  set options(options: TS.CompilerOptions) {
    this.#options = options;
    this.#stale = true;
  }

  /** Path of a file in the notebook's folder, as the compiler writes it. */
  path(name: string): string {
    return this.ts.sys.resolvePath(path.join(this.places.folder, name)).replace(/\\/g, "/");
  }

  /** Drops the checker, which an exception may have left half-way. */
  reset(): void {
    this.#program = undefined;
    this.#stale = true;
  }

  /** Makes sure that the program holds what a cell imports, as it is on the disk now. */
  update(cell: InternalSourceFile): void {
    const changed = this.#forgetChanged() || this.#augment(cell);
    if (changed || this.#stale) this.build();
    this.resolveImports(cell);
    for (const module of this.#missing) this.#imports.set(module.resolvedFileName, module);
    if (this.#missing.length > 0) this.build();
    this.#missing = [];
  }

  /** Resolves the imports of a file outside of the program, which will hold them after `update`. */
  resolveImports(file: InternalSourceFile): void {
    for (const { text: name } of file.imports) {
      const module = this.#resolve(name, file.fileName);
      const resolution = module && { resolvedModule: module, ...module };
      file.resolvedModules.set(name, undefined, resolution);
      if (module && !isUntyped(module) && !this.#program?.getSourceFile(module.resolvedFileName))
        this.#missing.push(module);
    }
  }

  /** Makes a new program with a new checker. */
  build(): void {
    this.#stale = false;
    Object.assign(this.seen, { cells: 0, characters: 0 });
    const create = (): TS.Program =>
      this.ts.createProgram({
        rootNames: [this.path(IMPORTS_FILE), this.path(BUILT_INS_FILE)],
        options: this.#options,
        host: this.#host,
        ...(this.#program && { oldProgram: this.#program }),
      });
    this.#program = this.#modules.build(create, this.#options);
    allowPathsToPackages(this.ts, this.checker);
    namespacesOnDemand(this.ts, this.#program);
    for (const file of this.#localFiles())
      if (!this.#stamps.has(file)) this.#stamps.set(file, fileStamp(file));
  }

  /** Names that begin like this, of the modules that cells have imported. */
  exported(beginning: string): { name: string; specifier: string }[] {
    const { checker } = this;
    const found = new Map<string, string>();
    for (const [specifier, { resolvedFileName }] of this.#modules.entries()) {
      if (!this.#imports.has(resolvedFileName)) continue;
      const file = this.program.getSourceFile(resolvedFileName);
      const module = file && checker.getSymbolAtLocation(file);
      for (const { name } of module ? checker.getExportsOfModule(module) : [])
        if (name.startsWith(beginning) && name !== "default" && !found.has(name))
          found.set(name, specifier);
    }
    return [...found].map(([name, specifier]) => ({ name, specifier }));
  }

  /** Source files beside the notebook that the file imports, directly or not, and itself. */
  dependencies(file: InternalSourceFile): string[] {
    const found = new Set([file.fileName]);
    const visit = (from: InternalSourceFile): void => {
      for (const { text: name } of from.imports ?? []) {
        const target = this.#resolve(name, from.fileName)?.resolvedFileName;
        if (!target || isDeclaration(target) || found.has(target)) continue;
        const next = this.program.getSourceFile(target) as InternalSourceFile | undefined;
        if (!next) continue;
        found.add(target);
        visit(next);
      }
    };
    visit(file);
    return [...found];
  }

  #createHost(system: TS.System): TS.CompilerHost {
    const options = this.#options;
    const host = Object.assign(
      this.ts.createCompilerHostWorker(options, false, system),
      this.#modules.lookups(system),
    );
    const readFile = host.getSourceFile.bind(host);
    const parsed: typeof readFile = (fileName, version, ...rest) => {
      const text = isDeclaration(fileName) ? system.readFile(fileName) : undefined;
      return text === undefined
        ? readFile(fileName, version, ...rest)
        : parseDeclarationFile(this.ts, fileName, text, version, options);
    };
    const importsFile = this.path(IMPORTS_FILE);
    const builtInsFile = this.path(BUILT_INS_FILE);
    host.getSourceFile = (fileName, languageVersion, ...rest) => {
      if (fileName === importsFile) {
        const imports = [...this.#imports.keys()].map((name) => `import ${JSON.stringify(name)};`);
        const text = ["export {};", ...imports, ...this.#augmentations.keys()].join("\n");
        return this.ts.createSourceFile(fileName, text, languageVersion);
      }
      const known = this.#parsed.get(fileName);
      if (known) return known;
      const file =
        fileName === builtInsFile
          ? this.ts.createSourceFile(fileName, builtIns, languageVersion)
          : parsed(fileName, languageVersion, ...rest);
      if (file) this.#parsed.set(fileName, file);
      return file;
    };
    host.resolveModuleNames = (names, containingFile) =>
      names.map((name) =>
        containingFile === importsFile
          ? (this.#imports.get(name) ?? this.#resolve(name, containingFile))
          : this.#resolve(name, containingFile),
      );
    return host;
  }

  #resolve(name: string, containingFile: string): TS.ResolvedModuleFull | undefined {
    return this.#modules.resolve(name, containingFile, this.#options, this.#host);
  }

  /** Files of the base program outside of packages, those of linked packages included. */
  #localFiles(): string[] {
    return this.program
      .getSourceFiles()
      .map((file) => file.fileName)
      .filter(
        (name) =>
          !name.includes("/node_modules/") &&
          ![IMPORTS_FILE, BUILT_INS_FILE].includes(path.basename(name)),
      );
  }

  /** Forgets local files that changed; true when there were any. */
  #forgetChanged(): boolean {
    let changed = false;
    for (const [file, before] of this.#stamps) {
      if (fileStamp(file) === before) continue;
      changed = true;
      this.#stamps.delete(file);
      this.#parsed.delete(file);
    }
    return changed;
  }

  /**
   * Moves `declare global` and `declare module` into the base program, in the place of earlier ones
   * all of whose names they declare anew; true when there is a new one.
   */
  #augment(file: TS.SourceFile): boolean {
    let isNew = false;
    for (const [text, node] of augmentations(this.ts, file)) {
      if (this.#augmentations.has(text)) continue;
      isNew = true;
      const names = new Set(declaredNames(this.ts, file, node));
      for (const [earlier, declared] of this.#augmentations)
        if ([...declared].every((name) => names.has(name))) this.#augmentations.delete(earlier);
      this.#augmentations.set(text, names);
    }
    return isNew;
  }
}

/** Names that a declaration consists of, those of its members after its own: `Array.last`. */
function declaredNames(ts: typeof TS, file: TS.SourceFile, node: TS.Node): string[] {
  if (ts.isVariableStatement(node))
    return node.declarationList.declarations.map(({ name }) => name.getText(file));
  const own = (node as TS.NamedDeclaration).name?.getText(file) ?? "";
  const members =
    ts.isModuleDeclaration(node) && node.body && ts.isModuleBlock(node.body)
      ? node.body.statements
      : ts.isInterfaceDeclaration(node)
        ? node.members
        : [];
  const inner = members.flatMap((each) => declaredNames(ts, file, each));
  return inner.length > 0 ? inner.map((name) => `${own}.${name}`) : [own];
}

/** Each `declare module "m"`, and each declaration in a `declare global` as one of its own. */
function* augmentations(ts: typeof TS, file: TS.SourceFile): Iterable<[string, TS.Node]> {
  for (const each of file.statements) {
    if (!ts.isModuleDeclaration(each)) continue;
    if (ts.isStringLiteral(each.name)) yield [each.getText(file), each];
    else if (
      each.flags & ts.NodeFlags.GlobalAugmentation &&
      each.body &&
      ts.isModuleBlock(each.body)
    )
      for (const one of each.body.statements)
        yield [`declare global { ${one.getText(file)} }`, one];
  }
}
