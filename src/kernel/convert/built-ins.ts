/** Declarations of what the running Node has and TypeScript 5.0 or Node 20's types do not know. */

const ARRAY = (itself: string): string => `
interface ${itself}<T> {
  toReversed(): T[];
  toSorted(compare?: (a: T, b: T) => number): T[];
  toSpliced(start: number, deleteCount?: number): T[];
  toSpliced(start: number, deleteCount: number, ...items: T[]): T[];
  with(index: number, value: T): T[];
}`;

const NUMBERS = ["Int8", "Uint8", "Int16", "Uint16", "Int32", "Uint32", "Float32", "Float64"];
const TYPED_ARRAYS = [
  ...[...NUMBERS, "Uint8Clamped"].map((kind) => [kind, "number"] as const),
  ...["BigInt64", "BigUint64"].map((kind) => [kind, "bigint"] as const),
];

/** Of ES2023, ES2024 and the web, in Node 20. */
const NODE_20 = `${ARRAY("Array")}${ARRAY("ReadonlyArray")}
${TYPED_ARRAYS.map(
  ([kind, value]) => `interface ${kind}Array {
  toReversed(): ${kind}Array;
  toSorted(compare?: (a: ${value}, b: ${value}) => number): ${kind}Array;
  with(index: number, value: ${value}): ${kind}Array;
}`,
).join("\n")}
interface String { isWellFormed(): boolean; toWellFormed(): string; }
interface ArrayBuffer {
  readonly maxByteLength: number;
  readonly resizable: boolean;
  resize(byteLength?: number): void;
}
interface ArrayBufferConstructor {
  new (byteLength: number, options?: { maxByteLength?: number }): ArrayBuffer;
}
interface SharedArrayBuffer {
  readonly maxByteLength: number;
  readonly growable: boolean;
  grow(byteLength?: number): void;
}
interface SharedArrayBufferConstructor {
  new (byteLength: number, options?: { maxByteLength?: number }): SharedArrayBuffer;
}
interface RegExp { readonly unicodeSets: boolean; }
declare module "worker_threads" {
  interface MessagePort {
    onmessage: ((event: { data: any }) => void) | null;
    onmessageerror: ((event: { data: any }) => void) | null;
  }
}
declare namespace Intl {
  function getCanonicalLocales(locales?: string | readonly string[]): string[];
  function supportedValuesOf(
    key: "calendar" | "collation" | "currency" | "numberingSystem" | "timeZone" | "unit",
  ): string[];
}`;

const SET = `
  union<U>(other: ReadonlySetLike<U>): Set<T | U>;
  intersection<U>(other: ReadonlySetLike<U>): Set<T & U>;
  difference<U>(other: ReadonlySetLike<U>): Set<T>;
  symmetricDifference<U>(other: ReadonlySetLike<U>): Set<T | U>;
  isSubsetOf(other: ReadonlySetLike<unknown>): boolean;
  isSupersetOf(other: ReadonlySetLike<unknown>): boolean;
  isDisjointFrom(other: ReadonlySetLike<unknown>): boolean;`;

const OWN_ITERATORS = (key: string, value: string): string => `
  entries(): IteratorObject<[${key}, ${value}], undefined, unknown>;
  keys(): IteratorObject<${key}, undefined, unknown>;
  values(): IteratorObject<${value}, undefined, unknown>;`;

/** Of ES2024 and ES2025, in Node 22. */
const NODE_22 = `
interface ObjectConstructor {
  groupBy<K extends PropertyKey, T>(
    items: Iterable<T>,
    key: (item: T, index: number) => K,
  ): Partial<Record<K, T[]>>;
}
interface MapConstructor {
  groupBy<K, T>(items: Iterable<T>, key: (item: T, index: number) => K): Map<K, T[]>;
}
interface PromiseWithResolvers<T> {
  promise: Promise<T>;
  resolve: (value: T | PromiseLike<T>) => void;
  reject: (reason?: any) => void;
}
interface PromiseConstructor { withResolvers<T>(): PromiseWithResolvers<T>; }
interface ArrayConstructor {
  fromAsync<T>(
    values: AsyncIterable<T> | Iterable<T | PromiseLike<T>> | ArrayLike<T | PromiseLike<T>>,
  ): Promise<T[]>;
  fromAsync<T, U>(
    values: AsyncIterable<T> | Iterable<T> | ArrayLike<T>,
    map: (value: Awaited<T>, index: number) => U,
  ): Promise<Awaited<U>[]>;
}
interface ArrayBuffer {
  readonly detached: boolean;
  transfer(byteLength?: number): ArrayBuffer;
  transferToFixedLength(byteLength?: number): ArrayBuffer;
}
interface ReadonlySetLike<T> { keys(): Iterator<T>; has(value: T): boolean; readonly size: number; }
interface ReadonlySet<T> {${SET}${OWN_ITERATORS("T", "T")}
}
interface Set<T> {${SET}${OWN_ITERATORS("T", "T")}
}
interface ReadonlyMap<K, V> {${OWN_ITERATORS("K", "V")}
}
interface Map<K, V> {${OWN_ITERATORS("K", "V")}
}
interface ReadonlyArray<T> {${OWN_ITERATORS("number", "T")}
}
interface Array<T> {${OWN_ITERATORS("number", "T")}
}
interface IteratorObject<T, TReturn, TNext> extends Iterator<T, TReturn, TNext> {
  [Symbol.iterator](): IteratorObject<T, TReturn, TNext>;
  map<U>(change: (value: T, index: number) => U): IteratorObject<U, undefined, unknown>;
  filter<S extends T>(
    keeps: (value: T, index: number) => value is S,
  ): IteratorObject<S, undefined, unknown>;
  filter(keeps: (value: T, index: number) => unknown): IteratorObject<T, undefined, unknown>;
  take(limit: number): IteratorObject<T, undefined, unknown>;
  drop(count: number): IteratorObject<T, undefined, unknown>;
  flatMap<U>(
    change: (value: T, index: number) => Iterator<U> | Iterable<U>,
  ): IteratorObject<U, undefined, unknown>;
  reduce(join: (before: T, value: T, index: number) => T): T;
  reduce<U>(join: (before: U, value: T, index: number) => U, first: U): U;
  toArray(): T[];
  forEach(use: (value: T, index: number) => void): void;
  some(holds: (value: T, index: number) => unknown): boolean;
  every(holds: (value: T, index: number) => unknown): boolean;
  find<S extends T>(holds: (value: T, index: number) => value is S): S | undefined;
  find(holds: (value: T, index: number) => unknown): T | undefined;
}
interface Generator<T, TReturn, TNext> extends IteratorObject<T, TReturn, TNext> {}
interface JSON {
  rawJSON(text: string): { rawJSON: string };
  isRawJSON(value: unknown): value is { rawJSON: string };
}
declare var Iterator: {
  from<T>(values: Iterator<T> | Iterable<T>): IteratorObject<T, undefined, unknown>;
};`;

/** Of ES2025 and ES2026, in Node 24. */
const NODE_24 = `
interface PromiseConstructor {
  try<T, A extends unknown[]>(
    run: (...args: A) => T | PromiseLike<T>,
    ...args: A
  ): Promise<Awaited<T>>;
}
interface RegExpConstructor { escape(text: string): string; }
interface ErrorConstructor { isError(value: unknown): value is Error; }
interface Math { f16round(x: number): number; }
interface Atomics { pause(n?: number): void; }
interface DataView {
  getFloat16(byteOffset: number, littleEndian?: boolean): number;
  setFloat16(byteOffset: number, value: number, littleEndian?: boolean): void;
}`;

/** Text of a declaration file of what this Node has. */
export const builtIns = [
  NODE_20,
  "union" in Set.prototype ? NODE_22 : "",
  "try" in Promise ? NODE_24 : "",
].join("");
