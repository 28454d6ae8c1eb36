import { readFileSync } from "node:fs";
import { Module } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { CellSource } from "../convert/cell-converter";
import { fileStamp } from "../convert/file-stamp";
import { PositionMap } from "../convert/source-position";
import { specifiers } from "../convert/specifiers";
import { awaitsAtTop } from "../convert/transform";
import type { TS } from "../convert/tslab";
import { describeModels } from "./describe-tensorflow";

type Load = (module: InternalModule, file: string) => unknown;

interface InternalModule extends NodeJS.Module {
  load(file: string): void;
  _compile(code: string, file: string): unknown;
}

/** Parts of Node's module loader that its types leave out. */
interface Loader {
  new (file: string): InternalModule;
  prototype: InternalModule;
  _extensions: Record<string, Load>;
  globalPaths: string[];
  _cache: Record<string, NodeJS.Module | undefined>;
  _nodeModulePaths(folder: string): string[];
  _resolveFilename(request: string, parent: NodeJS.Module | undefined, ...rest: unknown[]): string;
}

const loader = Module as unknown as Loader;
const COMPILED = [".ts", ".tsx", ".mts", ".cts", ".mjs"];
const META = "__importMeta__";
const KERNEL = path.resolve(__dirname, "..") + path.sep;
const TENSORFLOW = /[\\/]@tensorflow[\\/]tfjs(-layers)?[\\/]/;
const HAS_MODULE_SYNTAX = /^\s*(import|export)\b/m;

/** Error of a module that has a top-level await and was not asked for by `import()`. */
function asynchronousModule(file: string): Error {
  const error = new Error(
    `${file} awaits at its top, so that only import() can load it; write: const m = await import("…")`,
  );
  return Object.assign(error, { code: "ERR_REQUIRE_ASYNC_MODULE" });
}

/**
 * Loads the user's own files: TypeScript, ECMAScript modules, CommonJS and JSON outside of
 * packages.
 *
 * Compiles them one by one without type checking, which the cell that imports them gets. Watches
 * each file by its real path, linked packages included, and drops a changed one from the module
 * cache together with all modules that import it.
 */
export class LocalModules {
  readonly #stamps = new Map<string, string>();
  readonly #sources = new Map<string, CellSource>();
  readonly #loading = new Map<string, Promise<unknown>>();
  readonly #before = new Set(Object.keys(loader._cache));

  constructor(
    private readonly ts: typeof TS,
    private readonly options: TS.CompilerOptions,
  ) {}

  install(): void {
    const native = loader._extensions[".js"]!;
    loader._extensions[".js"] = (module, file) =>
      this.#isLocal(file) && HAS_MODULE_SYNTAX.test(readFileSync(file, "utf8"))
        ? this.#evaluate(module, file)
        : native(module, file);
    for (const extension of COMPILED) {
      const otherwise = loader._extensions[extension] ?? native;
      loader._extensions[extension] = (module, file) =>
        this.#isLocal(file) ? this.#evaluate(module, file) : otherwise(module, file);
    }
    const { load } = loader.prototype;
    const watch = (file: string): void => this.#watch(file);
    loader.prototype.load = function (this: InternalModule, file: string): void {
      watch(file);
      load.call(this, file);
      if (TENSORFLOW.test(file)) describeModels(this.exports);
    };
    const resolve = loader._resolveFilename;
    loader._resolveFilename = (request, parent, ...rest) => {
      try {
        return resolve.call(loader, request, parent, ...rest);
      } catch (error) {
        const from = parent?.filename;
        const found =
          this.#resolveAsTypeScript(request, from) ?? this.#resolveForImport(request, from, error);
        if (found === undefined) throw error;
        return found;
      }
    };
  }

  /** Source of a file that was compiled here. */
  source(file: string): CellSource | undefined {
    return this.#sources.get(file);
  }

  /**
   * Drops changed files, with all that import them, from the module cache; returns one line about
   * them.
   */
  refresh(): string | undefined {
    const changed = [...this.#stamps].flatMap(([file, stamp]) =>
      fileStamp(file) === stamp ? [] : [file],
    );
    if (changed.length === 0) return undefined;
    const dropped = this.#withImporters(changed);
    for (const file of dropped) {
      delete loader._cache[file];
      this.#stamps.delete(file);
    }
    const name = (file: string): string => path.relative(process.cwd(), file) || file;
    const importers = [...dropped].filter((file) => !changed.includes(file));
    const also = importers.length > 0 ? `, imported by ${listed(importers.map(name))}` : "";
    return `Changed: ${listed(changed.map(name))}${also}. The next import loads the new version.`;
  }

  /**
   * Loads a module that `require` cannot load, since it or one of its imports awaits at its top.
   */
  load(file: string): Promise<unknown> {
    const cached = loader._cache[file];
    if (cached?.loaded) return Promise.resolve(cached.exports);
    const loading = this.#loading.get(file) ?? this.#loadAsynchronously(file);
    this.#loading.set(file, loading);
    return loading.finally(() => this.#loading.delete(file));
  }

  async #loadAsynchronously(file: string): Promise<unknown> {
    const source = this.#parse(file, readFileSync(file, "utf8"));
    for (const { text: name } of specifiers(this.ts, source)) {
      const target = this.#resolveAsTypeScript(name, file);
      if (target !== undefined && this.#isLocal(target) && !this.#loading.has(target))
        await this.load(target);
    }
    const module = new loader(file);
    module.filename = file;
    module.paths = loader._nodeModulePaths(path.dirname(file));
    this.#watch(file);
    loader._cache[file] = module;
    try {
      await this.#evaluate(module, file, true);
      module.loaded = true;
    } catch (error) {
      delete loader._cache[file];
      throw error;
    }
    return module.exports;
  }

  #isLocal(file: string): boolean {
    return (
      path.isAbsolute(file) &&
      !file.includes(`${path.sep}node_modules${path.sep}`) &&
      !file.startsWith(KERNEL) &&
      !this.#before.has(file)
    );
  }

  #watch(file: string): void {
    if (this.#isLocal(file)) this.#stamps.set(file, fileStamp(file));
  }

  #resolveAsTypeScript(request: string, from: string | undefined): string | undefined {
    if (from === undefined || !this.#isLocal(from)) return undefined;
    const { ts } = this;
    const options = { ...this.options, allowJs: true, resolveJsonModule: true };
    const moduleResolution = ts.ModuleResolutionKind.Node10;
    const found = ts.resolveModuleName(request, from, { ...options, moduleResolution }, ts.sys);
    const file = found.resolvedModule?.resolvedFileName;
    return file === undefined || /\.d\.[cm]?ts$/.test(file) ? undefined : path.normalize(file);
  }

  /** File of a package whose `exports` name it for `import` and not for `require`. */
  #resolveForImport(request: string, from: string | undefined, error: unknown): string | undefined {
    if (from === undefined || !this.#isLocal(from)) return undefined;
    if ((error as NodeJS.ErrnoException).code !== "ERR_PACKAGE_PATH_NOT_EXPORTED") return undefined;
    const { ts } = this;
    const options = {
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      customConditions: ["node"],
      allowJs: true,
      noDtsResolution: true,
    };
    const places = [from, ...loader.globalPaths.map((folder) => path.join(folder, "../cell.js"))];
    return places
      .map((place) => ts.resolveModuleName(request, place, options, ts.sys).resolvedModule)
      .find((found) => found !== undefined)?.resolvedFileName;
  }

  #parse(file: string, text: string): TS.SourceFile {
    return this.ts.createSourceFile(file, text, this.ts.ScriptTarget.ES2022);
  }

  /** Compiles the file to CommonJS and runs it as the module. */
  #evaluate(module: InternalModule, file: string, asynchronous = false): unknown {
    const { ts } = this;
    const text = readFileSync(file, "utf8").replace(/^\uFEFF/, "");
    if (!asynchronous && /\bawait\b/.test(text) && awaitsAtTop(ts, this.#parse(file, text)))
      throw asynchronousModule(file);
    const { outputText, sourceMapText = "{}" } = ts.transpileModule(text, {
      fileName: file,
      transformers: { before: [replaceImportMeta(ts)] },
      compilerOptions: {
        jsx: ts.JsxEmit.React,
        ...this.options,
        module: ts.ModuleKind.CommonJS,
        target: ts.ScriptTarget.ES2022,
        esModuleInterop: true,
        sourceMap: true,
        inlineSourceMap: false,
      },
    });
    const url = pathToFileURL(file).href;
    const meta = JSON.stringify({ url, filename: file, dirname: path.dirname(file) });
    const opening = asynchronous ? "return (async () => { " : "";
    const prefix = `"use strict"; ${opening}const ${META} = ${meta}; `;
    const code = prefix + outputText.replace(/\/\/# sourceMappingURL=.*\s*$/, "");
    const positions = new PositionMap(sourceMapText, prefix.length);
    this.#sources.set(file, { lines: text.split("\n"), positions });
    // With a source map's URL a debugger looks for the source.
    const closing = `${asynchronous ? "\n})();" : ""}\n//# sourceMappingURL=${path.basename(file)}.map`;
    return module._compile(code + closing, file);
  }

  /** The files, and every loaded module that imports one of them, directly or not. */
  #withImporters(files: readonly string[]): Set<string> {
    const importers = new Map<string, string[]>();
    for (const module of Object.values(loader._cache))
      for (const child of module?.children ?? [])
        importers.set(child.filename, [...(importers.get(child.filename) ?? []), module!.filename]);
    const found = new Set(files);
    for (const file of found)
      for (const importer of importers.get(file) ?? [])
        if (!this.#before.has(importer) && !importer.startsWith(KERNEL)) found.add(importer);
    return found;
  }
}

const listed = (names: readonly string[]): string =>
  names.length > 4
    ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`
    : names.join(", ");

/** Replaces `import.meta`, which CommonJS lacks, by a variable. */
const replaceImportMeta =
  (ts: typeof TS): TS.TransformerFactory<TS.SourceFile> =>
  (context) => {
    const visit = (node: TS.Node): TS.Node =>
      ts.isMetaProperty(node) && node.keywordToken === ts.SyntaxKind.ImportKeyword
        ? context.factory.createIdentifier(META)
        : ts.visitEachChild(node, visit, context);
    return (file) => ts.visitNode(file, visit) as TS.SourceFile;
  };
