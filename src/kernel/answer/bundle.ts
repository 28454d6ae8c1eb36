import { inspect, types } from "node:util";

export type Bundle = Record<string, unknown>;
export type Formatter = (value: unknown) => Bundle | undefined;

const DISPLAY = Symbol.for("Jupyter.display");
const LONGEST_TEXT = 100_000;

const isObject = (value: unknown): value is object =>
  (typeof value === "object" && value !== null) || typeof value === "function";

const isBundle = (value: unknown): value is Bundle =>
  isObject(value) && typeof value !== "function";

/** True when a class of the value's own, none of the language's, says how it reads as text. */
function describesItself(value: object): value is { toString(): string } {
  if (
    typeof value === "function" ||
    Array.isArray(value) ||
    types.isProxy(value) ||
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

function plainText(value: unknown): string {
  let text: string | undefined;
  if (isObject(value) && describesItself(value)) {
    const own: unknown = value.toString();
    if (typeof own === "string" && !own.startsWith("[object ")) text = own;
  }
  text ??= inspect(value, { depth: 4, maxArrayLength: 50, maxStringLength: 10_000 });
  return text.length > LONGEST_TEXT
    ? `${text.slice(0, LONGEST_TEXT)}\n… ${text.length - LONGEST_TEXT} more characters`
    : text;
}

const described = (value: unknown): string => {
  try {
    return plainText(value);
  } catch (error) {
    return `(cannot be shown: ${error instanceof Error ? error.message : "inspection failed"})`;
  }
};

/**
 * The MIME bundle of a value: its own `Symbol.for("Jupyter.display")` method, else the first formatter that answers, else
 * text. A value that describes itself by a `toString` of its class is shown so. An empty bundle shows nothing: the method
 * has published what there is to show.
 */
export async function bundleOf(value: unknown, formatters: readonly Formatter[]): Promise<Bundle> {
  if (isObject(value)) {
    const method: unknown = Reflect.get(value, DISPLAY);
    if (typeof method === "function") {
      const bundle: unknown = await method.call(value);
      if (isBundle(bundle))
        return "text/plain" in bundle || Object.keys(bundle).length === 0
          ? bundle
          : { ...bundle, "text/plain": described(value) };
    }
  }
  for (const formatter of formatters) {
    const bundle = formatter(value);
    if (bundle) return bundle;
  }
  return { "text/plain": described(value) };
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
