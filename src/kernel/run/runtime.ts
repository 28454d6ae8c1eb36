import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { RUNTIME } from "../convert/runtime-names";
import { Flag } from "../wire/flags";
import { type Cell, Interrupted } from "./cell";
import { activeCell } from "./context";
import { resumed, watched } from "./timers";

type Values = Record<string, unknown>;

const isModule = (value: unknown): value is Values =>
  typeof value === "object" && value !== null && "__esModule" in value;

/** A CommonJS module as `import * as` sees it. */
function namespace(module: unknown): unknown {
  if (isModule(module)) return module;
  const made: Values = Object.create(null);
  if ((typeof module === "object" && module !== null) || typeof module === "function")
    for (const key of Object.keys(module))
      if (key !== "default")
        Object.defineProperty(made, key, { enumerable: true, get: () => (module as Values)[key] });
  made.default = module;
  return made;
}

const interop = (module: unknown): { default: unknown } =>
  isModule(module) ? (module as { default: unknown }) : { default: module };

const NOT_COMMON_JS = new Set([
  "ERR_REQUIRE_ESM",
  "ERR_REQUIRE_ASYNC_MODULE",
  "ERR_PACKAGE_PATH_NOT_EXPORTED",
]);

/**
 * A module by `import()`: CommonJS first, as for `import` statements, else as an ECMAScript module.
 */
async function load(
  require: NodeJS.Require,
  specifier: unknown,
  loadLocal?: (file: string) => Promise<unknown>,
): Promise<unknown> {
  const name = String(specifier);
  try {
    return namespace(require(name));
  } catch (error) {
    if (!NOT_COMMON_JS.has((error as NodeJS.ErrnoException).code!)) throw error;
  }
  if (loadLocal && /^\.{0,2}\//.test(name))
    return namespace(await loadLocal(require.resolve(name)));
  return import(pathToFileURL(createRequire(`${process.cwd()}/cell.js`).resolve(name)).href);
}

/** `import.meta` of a cell, as if the cell were a file of the notebook's folder. */
function importMeta(require: NodeJS.Require): Values {
  const folder = process.cwd();
  const resolve = (name: string): string => pathToFileURL(require.resolve(name)).href;
  return { dirname: folder, url: pathToFileURL(`${folder}/cell.ts`).href, resolve };
}

/** The variables that cells share, and what compiled cells call; see `cellTransformer`. */
export class Runtime {
  readonly exports: Values = {};
  /** Names that the running cell has given a value. */
  assigned = new Set<string>();

  constructor(
    flags: Int32Array,
    onResult: (cell: Cell | undefined, value: unknown) => void,
    loadLocal?: (file: string) => Promise<unknown>,
  ) {
    const shared = (globalThis as unknown as Record<string, Values>)[RUNTIME]!;
    Object.assign(shared, {
      // Read in every turn of a loop, so plainly; it may be seen late.
      turn: () => {
        if (flags[Flag.Interrupted] !== 0 && flags[Flag.Interrupted] === flags[Flag.Running])
          throw new Interrupted();
      },
      exports: this.exports,
      define: (values: Values) => {
        for (const [name, value] of Object.entries(values))
          this.#set(name, { value, writable: true });
      },
      live: (name: string, get: () => unknown, set?: (value: unknown) => void) =>
        this.#set(name, { get, set }),
      elsewhere: (name: string, get: () => unknown) => {
        if (Object.hasOwn(this.exports, name)) this.assigned.add(name);
        else this.#set(name, { get, set: (value) => Reflect.set(globalThis, name, value) });
      },
      typeOf: (get: () => unknown) => {
        try {
          return typeof get();
        } catch {
          return "undefined";
        }
      },
      result: (value: unknown) => onResult(activeCell(), value),
      namespace,
      interop,
      load: (require: NodeJS.Require, name: unknown) => load(require, name, loadLocal),
      meta: () => importMeta(shared.require as NodeJS.Require),
      cell: activeCell,
      resumed,
      watched,
    });
  }

  #set(name: string, descriptor: PropertyDescriptor): void {
    this.assigned.add(name);
    Object.defineProperty(this.exports, name, {
      ...descriptor,
      configurable: true,
      enumerable: true,
    });
  }
}
