/** The parts of Node's own modules that the shared half of the kernel imports, for a web worker. */
import { inspect } from "node-inspect-extracted";

export { inspect };

const typedArray = Object.getPrototypeOf(Uint8Array) as { new (): object };
const tagOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);
const tagged =
  (...tags: string[]) =>
  (value: unknown): boolean =>
    tags.includes(tagOf(value));

/** `node:util`'s types. A proxy cannot be told from its target in a browser. */
export const types = {
  isProxy: (): boolean => false,
  isTypedArray: (value: unknown): boolean => value instanceof typedArray,
  isGeneratorObject: tagged("Generator", "AsyncGenerator"),
  isModuleNamespaceObject: tagged("Module"),
  isNativeError: (value: unknown): boolean => value instanceof Error,
  isPromise: tagged("Promise"),
  isMap: tagged("Map"),
  isSet: tagged("Set"),
  isDate: tagged("Date"),
  isRegExp: tagged("RegExp"),
  isMapIterator: tagged("Map Iterator"),
  isSetIterator: tagged("Set Iterator"),
  isWeakMap: tagged("WeakMap"),
  isWeakSet: tagged("WeakSet"),
  isArrayBuffer: tagged("ArrayBuffer"),
  isAnyArrayBuffer: tagged("ArrayBuffer", "SharedArrayBuffer"),
  isArgumentsObject: tagged("Arguments"),
  isBoxedPrimitive: (value: unknown): boolean =>
    typeof value === "object" && tagged("Number", "String", "Boolean", "BigInt", "Symbol")(value),
};

const custom = Symbol.for("nodejs.util.promisify.custom");
export const promisify = { custom } as const;

/** The worker's own clock, kept from cells that replace it. */
const pristine = globalThis.performance;
const now = pristine.now.bind(pristine);
export const performance = { now };

const timeout = globalThis.setTimeout.bind(globalThis);
const interval = globalThis.setInterval.bind(globalThis);
const clearTimer = globalThis.clearTimeout.bind(globalThis);

type Callback = (...values: unknown[]) => unknown;

/** A timer as Node gives it: an object, where a browser gives a number. */
export class Timer {
  #id = 0;
  readonly #start: () => number;

  constructor(start: () => number) {
    this.#start = start;
    this.refresh();
  }
  refresh(): this {
    clearTimer(this.#id);
    this.#id = this.#start();
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  hasRef(): boolean {
    return true;
  }
  close(): void {
    clearTimer(this.#id);
  }
  [Symbol.toPrimitive](): number {
    return this.#id;
  }
}

// A channel's messages come sooner than timers, and no tab in the background slows them down.
const { port1, port2 } = new MessageChannel();
const waiting = new Map<number, () => void>();
let turns = 0;
port1.onmessage = ({ data }: MessageEvent<number>) => {
  const run = waiting.get(data);
  waiting.delete(data);
  run?.();
};
const postTurn = port2.postMessage.bind(port2);

export const setTimeout = (run: Callback, delay?: number, ...values: unknown[]): Timer =>
  new Timer(() => timeout(() => run(...values), delay) as unknown as number);
export const setInterval = (run: Callback, delay?: number, ...values: unknown[]): Timer =>
  new Timer(() => interval(() => run(...values), delay) as unknown as number);
export const clearTimeout = (timer: unknown): void => {
  if (timer instanceof Timer) timer.close();
  else clearTimer(timer as number);
};
export const setImmediate = (run: Callback, ...values: unknown[]): number => {
  waiting.set(++turns, () => run(...values));
  postTurn(turns);
  return turns;
};
export const clearImmediate = (turn: number): void => void waiting.delete(turn);

/** `node:timers/promises`. */
export default {
  setTimeout: (delay?: number, value?: unknown): Promise<unknown> =>
    new Promise((resolve) => timeout(() => resolve(value), delay)),
  setImmediate: (value?: unknown): Promise<unknown> =>
    new Promise((resolve) => void setImmediate(() => resolve(value))),
};

/** `node:module` and `node:url`, of which a page has no use. */
export const createRequire = (): never => {
  throw new Error("a page has no modules but its own");
};
export const pathToFileURL = createRequire;
