import { inspect, types } from "node:util";
import { Interrupted } from "../run/cell";
import { shortened } from "../run/failure";

export type Bundle = Record<string, unknown>;
export type Formatter = (value: unknown) => Bundle | undefined;

const DISPLAY = Symbol.for("Jupyter.display");
const LONGEST_TEXT = 100_000;

const isObject = (value: unknown): value is object =>
  (typeof value === "object" && value !== null) || typeof value === "function";

const isBundle = (value: unknown): value is Bundle =>
  isObject(value) && typeof value !== "function";

const isAsyncGenerator = (value: object): boolean =>
  Object.prototype.toString.call(value) === "[object AsyncGenerator]";

/** The formatter's bundle; none if it throws, with a message. */
function answerOf(formatter: Formatter, value: unknown): Bundle | undefined {
  try {
    return formatter(value);
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    process.stderr.write(`A formatter failed, the value is shown without it: ${inspect(error)}\n`);
    return undefined;
  }
}

/** True when a class of the value's own, none of the language's, defines its text. */
function describesItself(value: object): value is { toString(): string } {
  if (
    typeof value === "function" ||
    Array.isArray(value) ||
    types.isProxy(value) ||
    types.isBoxedPrimitive(value) ||
    inspect.custom in value
  )
    return false;
  const builtIns: unknown[] = [Object, Error, Date, RegExp, Map, Set, Promise].map(
    (type) => type.prototype,
  );
  for (let at: object | null = value; at && !builtIns.includes(at); at = Object.getPrototypeOf(at))
    if (!ArrayBuffer.isView(at) && Object.hasOwn(at, "toString")) return !types.isTypedArray(value);
  return false;
}

const UNSTARTED = "Nothing of it has run: iterate it with for await (const each of …) { … }.";

function plainText(value: unknown): string {
  if (types.isGeneratorObject(value) && isAsyncGenerator(value))
    return `${inspect(value)}\n${UNSTARTED}`;
  let text: string | undefined;
  if (isObject(value) && describesItself(value)) {
    const own: unknown = value.toString();
    if (typeof own === "string" && !own.startsWith("[object ")) text = own;
  }
  text ??= inspect(value, { depth: 4, maxArrayLength: 50, maxStringLength: 10_000 });
  return shortened(text, LONGEST_TEXT);
}

const described = (value: unknown): string => {
  try {
    return plainText(value);
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    return `(cannot be shown: ${error instanceof Error ? error.message : "inspection failed"})`;
  }
};

/** Answer of the value's own `Symbol.for("Jupyter.display")` method. */
function displayed(value: unknown): unknown {
  if (!isObject(value)) return undefined;
  const method: unknown = Reflect.get(value, DISPLAY);
  return typeof method === "function" ? method.call(value) : undefined;
}

/** The bundle with text, made by the first formatter that answers where there is none. */
function completed(bundle: unknown, value: unknown, formatters: readonly Formatter[]): Bundle {
  if (isBundle(bundle))
    return "text/plain" in bundle || Object.keys(bundle).length === 0
      ? bundle
      : { ...bundle, "text/plain": described(value) };
  for (const formatter of formatters) {
    const formatted = answerOf(formatter, value);
    if (formatted) return formatted;
  }
  return { "text/plain": described(value) };
}

/**
 * MIME bundle of a value: its own `Symbol.for("Jupyter.display")` method, else the first formatter
 * that answers, else text. A value that describes itself by a `toString` of its class is shown so.
 * An empty bundle shows nothing: the method has published what there is to show.
 */
export async function bundleOf(value: unknown, formatters: readonly Formatter[]): Promise<Bundle> {
  return completed(await displayed(value), value, formatters);
}

/** MIME bundle of a value while no promise can be awaited. */
export function bundleNow(value: unknown, formatters: readonly Formatter[]): Bundle {
  const bundle = displayed(value);
  return completed(types.isPromise(bundle) ? undefined : bundle, value, formatters);
}

/** The bundle as it goes over the wire: bytes as base64, as Jupyter wants pictures. */
export function wireBundle(bundle: Bundle): Bundle {
  return Object.fromEntries(
    Object.entries(bundle).map(([type, data]) => [
      type,
      data instanceof Uint8Array
        ? Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64")
        : data,
    ]),
  );
}
