/** The kernel's half of the worker: cells come in, outputs go out. */
import { Buffer } from "buffer";
import { guardTimers } from "jupyter-typescript/dist/run/timers";
import * as widgets from "jupyter-typescript/widgets";
import { nodeConsole } from "./console";
import { PageEvaluator } from "./evaluator";
import type { FromWorker, Shown, StartMessage, ToWorker } from "./messages";
import { moduleGlobals, nameExports, type PageLibrary, requireOf, TFJS, tfjsOf } from "./modules";
import * as builtins from "./node/builtins";
import { tslabOf } from "./tslab";

const scope = globalThis as unknown as Record<string | symbol, unknown> & typeof globalThis;
const post = scope.postMessage.bind(scope) as (message: unknown, transfer?: Transferable[]) => void;
const importScript = (scope.importScripts as (url: string) => void).bind(scope);
const { createObjectURL, revokeObjectURL } = URL;
const BlobType = Blob;

type Unkeyed<T> = T extends { key: string } ? Omit<T, "key"> : never;
let key = "";
const send = (message: Unkeyed<FromWorker>): void => post({ key, ...message });

let library: PageLibrary | undefined;
/** Joins what is printed within a moment, since each message costs the page a layout. */
const JOIN_MS = 50;
let pending: { cell: number; output: Extract<Shown, { kind: "stream" }> } | undefined;
let flushed = 0;
function flush(): void {
  if (!pending) return;
  flushed = builtins.performance.now();
  send({ kind: "shown", ...pending });
  pending = undefined;
}
function show(cell: number, output: Shown): void {
  if (output.kind !== "stream") {
    flush();
    send({ kind: "shown", cell, output });
    return;
  }
  if (pending?.cell === cell && pending.output.name === output.name)
    pending.output.text += output.text;
  else {
    flush();
    pending = { cell, output };
    builtins.setTimeout(flush, JOIN_MS);
  }
  if (builtins.performance.now() - flushed > JOIN_MS) flush();
}

const evaluator = new PageEvaluator({
  load(script, name) {
    const text = `${script}\n//# sourceURL=${name}`;
    const url = createObjectURL(new BlobType([text], { type: "text/javascript" }));
    try {
      importScript(url);
    } finally {
      revokeObjectURL(url);
    }
    return { url };
  },
  show,
  // Without comms a control keeps its value: what it drives runs once.
  require: requireOf(() => ({
    ...library?.modules,
    "jupyter-typescript/widgets": widgets,
    tslab,
  })),
});
const tslab = tslabOf(evaluator.publish.bind(evaluator));

const refuse = (name: string, why: string) => () => {
  throw new Error(`${name} ${why}`);
};

/** Node's process as far as cells use it: output, clock and queue; there is nothing to exit. */
function nodeProcess() {
  const started = builtins.performance.now();
  const decoder = new TextDecoder();
  const stream = (name: "stdout" | "stderr") => ({
    isTTY: false,
    write: (chunk: string | Uint8Array) => {
      evaluator.write(name, typeof chunk === "string" ? chunk : decoder.decode(chunk));
      return true;
    },
  });
  const process = {
    env: {} as Record<string, string | undefined>,
    argv: ["node", moduleGlobals.__filename],
    pid: 1,
    platform: "browser",
    version: "",
    versions: {},
    stdout: stream("stdout"),
    stderr: stream("stderr"),
    cwd: () => "/",
    uptime: () => (builtins.performance.now() - started) / 1000,
    memoryUsage: () => ({ rss: 0, heapTotal: 0, heapUsed: 0, external: 0, arrayBuffers: 0 }),
    hrtime: Object.assign(
      (since: [number, number] = [0, 0]) => {
        const ms = builtins.performance.now() - (since[0] * 1e3 + since[1] / 1e6);
        return [Math.floor(ms / 1000), Math.round((ms % 1000) * 1e6)];
      },
      { bigint: () => BigInt(Math.round(builtins.performance.now() * 1e6)) },
    ),
    nextTick: (run: (...values: unknown[]) => void, ...values: unknown[]) =>
      queueMicrotask(() => run(...values)),
    on: (): unknown => process,
    exit: refuse("process.exit()", "would end the kernel; use Restart, or return from the cell"),
  };
  return process;
}

/** Gives the cells what they would find in Node. */
function installGlobals(): void {
  const process = nodeProcess();
  Object.assign(scope, {
    Buffer,
    process,
    global: scope,
    setTimeout: builtins.setTimeout,
    setInterval: builtins.setInterval,
    clearTimeout: builtins.clearTimeout,
    clearInterval: builtins.clearTimeout,
    setImmediate: builtins.setImmediate,
    clearImmediate: builtins.clearImmediate,
  });
  Object.assign(
    console,
    nodeConsole((name, text) => process[name].write(text), builtins.performance.now),
  );
  scope[Symbol.for("jupyter.kernel")] = {
    publish: evaluator.publish.bind(evaluator),
    clear: evaluator.clear.bind(evaluator),
    formatters: evaluator.formatters,
    alwaysShown: evaluator.alwaysShown,
  };
  guardTimers((cell, error) => evaluator.asynchronousError(error, cell));
}

/** Takes from the cells what would end the kernel, load scripts or wait for an answer. */
function withdrawGlobals(): void {
  Object.assign(scope, {
    fetch: async () => refuse("fetch()", "reaches no network from a page; run it in JupyterLab")(),
    prompt: refuse("prompt()", "cannot ask from a page; write the value into the cell"),
    confirm: refuse("confirm()", "cannot ask from a page; write the value into the cell"),
  });
  const withdrawn = {
    close: "would end the kernel; use Restart",
    importScripts: "loads no scripts in a page; use import",
    Worker: "cannot be started from a cell of a page",
    SharedWorker: "cannot be started from a cell of a page",
  };
  for (const [name, why] of Object.entries(withdrawn))
    for (let at: object | null = scope; at; at = Object.getPrototypeOf(at))
      if (Object.hasOwn(at, name) || at === scope)
        Object.defineProperty(at, name, { value: refuse(name, why), configurable: false });
}

const files = new Map<string, { resolve(bytes: Uint8Array): void; reject(error: Error): void }>();

/** Asks the page for a file, carried by it or beside it. */
const file = (name: string): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    files.set(name, { resolve, reject });
    send({ kind: "need", name });
  });

/** An IDX file of the training set with its first examples alone. */
function shortened(path: string, bytes: Uint8Array, most?: number): Uint8Array {
  const head = new DataView(bytes.buffer, bytes.byteOffset);
  if (most === undefined || !path.includes("/train-") || head.getUint32(4) <= most) return bytes;
  const start = 4 + 4 * bytes[3]!;
  const size = (bytes.length - start) / head.getUint32(4);
  const part = bytes.slice(0, start + most * size);
  new DataView(part.buffer).setUint32(4, most);
  return part;
}

/**
 * Checkpoints by their paths; unlike other files they are read at once, so they must be there
 * before the cell runs.
 */
let checkpoints: string[] = [];

/** Brings the checkpoints that a cell names; without them it says itself what it lacks. */
async function bringCheckpoints(source: string): Promise<void> {
  for (const path of checkpoints.filter((one) => source.includes(one)))
    try {
      library?.addFile(path, await file(path));
      checkpoints = checkpoints.filter((one) => one !== path);
    } catch {
      return;
    }
}

async function start({
  key: given,
  wasm,
  files: paths,
  mostExamples,
}: StartMessage): Promise<void> {
  key = given;
  try {
    checkpoints = paths.filter((path) => path.endsWith(".safetensors"));
    library = scope.library as PageLibrary | undefined;
    if (library) {
      library.process.stdout.write = (text) => {
        evaluator.write("stdout", text);
        return true;
      };
      library.offerFiles(paths, async (path) => shortened(path, await file(path), mostExamples));
      await library.start(wasm);
      nameExports(library.modules);
      library.modules[TFJS] = tfjsOf(library.modules[TFJS]!);
    }
    Object.assign(scope, moduleGlobals); // not before, or scripts of the library would find them
    send({ kind: "ready" });
  } catch (error) {
    send({ kind: "broken", reason: String((error as Error)?.message ?? error) });
  }
}

async function receive(message: ToWorker): Promise<void> {
  if (message.kind === "start") return start(message);
  if (message.kind === "stop") {
    const cell = evaluator.running;
    if (cell !== undefined) send({ kind: "stopping", cell });
    return evaluator.stop();
  }
  if (message.kind === "file") {
    const waiting = files.get(message.name);
    files.delete(message.name);
    if (message.bytes) waiting?.resolve(message.bytes);
    else waiting?.reject(new Error(message.error));
    return;
  }
  await bringCheckpoints(message.source);
  const outcome = await evaluator.run(message.cell, message.source);
  flush();
  send({ kind: "done", cell: message.cell, ...outcome });
}

addEventListener("message", (event: MessageEvent<ToWorker>) => {
  if (event.isTrusted) void receive(event.data);
});
addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  evaluator.asynchronousError(event.reason);
});
addEventListener("error", (event) => {
  event.preventDefault();
  evaluator.asynchronousError(event.error ?? new Error(event.message));
});
installGlobals();
withdrawGlobals();
