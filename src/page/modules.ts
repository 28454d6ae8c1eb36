/** The library's half of the worker: its modules by name, and how it is started. */
export interface PageLibrary {
  modules: Record<string, object>;
  /** Node's `process` as the library uses it. */
  process: { stdout: { write(text: string): boolean } };
  /** Prepares the engine; `wasm` is the code of its backend. */
  start(wasm: Uint8Array): Promise<void>;
  /** Gives a file that is there from now on. */
  addFile(path: string, bytes: Uint8Array): void;
  /** Offers files by their paths in the repository; each is read when it is first opened. */
  offerFiles(paths: readonly string[], read: (path: string) => Promise<Uint8Array>): void;
}

/** Gives exported functions and classes the names back that the bundle shortened. */
export function nameExports(modules: Record<string, object>): void {
  for (const module of Object.values(modules))
    for (const [name, value] of Object.entries(module))
      if (typeof value === "function" && name !== "default" && value.name !== name)
        Object.defineProperty(value, "name", { value: name, configurable: true });
}

export const TFJS = "@tensorflow/tfjs-node";

const ABSENT = ["data", "node", "version", "GraphModel", "loadGraphModel", "loadGraphModelSync"];

/** tfjs-node as a page has it, whose absent parts say so where a cell uses them. */
export function tfjsOf(tf: object): object {
  const refused = ABSENT.filter((name) => !(name in tf)).map((name) => {
    // biome-ignore lint/complexity/useArrowFunction: `new` must reach it
    const refuse = function (): never {
      throw new Error(
        `tf.${name} must be a part of this page, which carries tfjs's core and layers alone; the cell runs in JupyterLab`,
      );
    };
    const get = (_: unknown, key: unknown) => (typeof key === "string" ? refuse() : undefined);
    const value = new Proxy(refuse, { get, apply: refuse, construct: refuse });
    return [name, { value, enumerable: true }] as const;
  });
  const own = Object.getOwnPropertyDescriptors(tf);
  return Object.create(null, { ...own, ...Object.fromEntries(refused) });
}

const NODE_MODULES =
  /^(node:|(fs|path|os|child_process|https?|net|crypto|worker_threads|util|url|zlib|stream|process|module|readline|assert|events|buffer|timers|perf_hooks)(\/|$))/;

/** Node's modules of which a browser has all that cells use, by names without `node:`. */
const nodeModules: Record<string, () => object> = {
  buffer: () => ({ Buffer }),
  perf_hooks: () => ({ performance }),
  process: () => process,
  timers: () => ({ setTimeout, setInterval, setImmediate, clearTimeout, clearInterval }),
  "timers/promises": () => ({
    setTimeout: (ms: number, value?: unknown) => new Promise((end) => setTimeout(end, ms, value)),
    setImmediate: (value?: unknown) => new Promise((end) => setImmediate(end, value)),
  }),
};

/** Says why a page lacks a module. */
function reason(name: string): string {
  if (NODE_MODULES.test(name)) return "a browser has none of Node's own";
  if (/^\.{0,2}\//.test(name)) return "a page has no files beside its cells";
  return "a page installs nothing";
}

const filename = "/cell.ts";
const main = { id: filename, path: "/", exports: {}, filename, loaded: false, children: [] };
/** Names that a CommonJS module finds, as the native kernel gives them to cells. */
export const moduleGlobals = { module: main, __filename: filename, __dirname: main.path };
/** A `require` by which `require.main === module` holds in cells. */
export const ofMain = <F extends (name: string) => unknown>(require: F) =>
  Object.assign((name: string) => require(name), { main });

/** Packages that hold what a page has under another name. */
const SAME: Record<string, string> = {
  ...Object.fromEntries(
    ["", "-core", "-layers", "-node-gpu"].map((part) => [`@tensorflow/tfjs${part}`, TFJS]),
  ),
  danfojs: "danfojs-node",
};

/** A `require` for cells; throws with the names of the modules that there are. */
export function requireOf(modules: () => Record<string, unknown>) {
  return ofMain((name: string): unknown => {
    const there = modules();
    const held = Object.hasOwn(SAME, name) ? SAME[name]! : name;
    if (Object.hasOwn(there, held)) return there[held];
    const ofNode = name.replace(/^node:/, "");
    if (Object.hasOwn(nodeModules, ofNode)) return nodeModules[ofNode]!();
    const names = Object.keys(there).join(", ");
    const message = `"${name}" must be a module of this page, and ${reason(name)}; there are ${names}. The cell runs in JupyterLab`;
    throw Object.assign(new Error(message), { code: "MODULE_NOT_FOUND" });
  });
}
