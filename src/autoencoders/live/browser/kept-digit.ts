import { find, paint, unpackGray } from "./kit";

/** The reader's own digit, drawn once and kept in the browser for every figure with a canvas. */

const KEY = "autoencoders-digit";
const EVENT = "autoencoders-digit";
const PIXELS = 784;

/** Store of this document, where the browser keeps nothing. */
const page = globalThis as { autoencodersDigit?: string };

/** Gray levels of [0, 1] as text, a byte a pixel in base 64. */
const packDigit = (x: ArrayLike<number>): string =>
  btoa(Array.from(x, (v) => String.fromCharCode(Math.round(255 * v))).join(""));

/** The image of `packDigit`; undefined for anything else that may stand in the store. */
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
export function keepDigit(x: ArrayLike<number>): void {
  const text = Array.prototype.some.call(x, (v: number) => v > 0) ? packDigit(x) : undefined;
  page.autoencodersDigit = text;
  try {
    if (text) localStorage.setItem(KEY, text);
    else localStorage.removeItem(KEY);
  } catch {}
  dispatchEvent(new Event(EVENT));
}

/**
 * Shows a button while a digit is kept, by any figure or page, with the digit on its canvas; calls
 * `use` with each.
 */
export function offerDigit(button: HTMLElement, use?: (digit: Float64Array) => void): void {
  const offer = () => {
    const digit = keptDigit();
    button.hidden = !digit;
    if (!digit) return;
    paint(find<HTMLCanvasElement>(button, "canvas"), digit);
    use?.(digit);
  };
  addEventListener(EVENT, offer);
  addEventListener("storage", ({ key }) => {
    if (key === KEY || key === null) offer();
  });
  offer();
}
