import { packGray, unpackGray } from "../image-rows";

/** The reader's own digit, drawn once and kept in the browser for every figure with a canvas. */

/** Name of the entry in the store, and of the event that it changed. */
const KEY = "autoencoders-digit";
const PIXELS = 784;

/** Store of this document, where the browser keeps nothing. */
const page = globalThis as { autoencodersDigit?: string };

/** The image of `packGray`; undefined for anything else that may stand in the store. */
function unpackDigit(text: string | null | undefined): Float64Array | undefined {
  try {
    const x = unpackGray(text ?? "");
    return x.length === PIXELS && x.some((v) => v > 0) ? x : undefined;
  } catch {
    return;
  }
}

/** The digit that the reader drew last, here or on another page. */
export function keptDigit(): Float64Array | undefined {
  let text = page.autoencodersDigit;
  try {
    text = localStorage.getItem(KEY) ?? text;
  } catch {}
  return unpackDigit(text);
}

/** Keeps a drawing for other figures and pages; an empty one forgets the digit. */
export function keepDigit(x: Float64Array): void {
  const text = x.some((v) => v > 0) ? packGray(x) : undefined;
  page.autoencodersDigit = text;
  try {
    if (text) localStorage.setItem(KEY, text);
    else localStorage.removeItem(KEY);
  } catch {}
  dispatchEvent(new Event(KEY));
}

/** Calls `changed` now and whenever a digit is kept or forgotten, here or on another page. */
export function onKeptDigit(changed: () => void): void {
  addEventListener(KEY, changed);
  addEventListener("storage", ({ key }) => {
    if (key === KEY || key === null) changed();
  });
  changed();
}
