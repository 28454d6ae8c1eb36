import { escapeHtml } from "../../plot/markup";
import { colorAt, diverging } from "../../plot/palette";
import { raised } from "../../plot/ticks";
import type { Shape } from "../data";
import type { Readout } from "../formulas";

/** Words on a figure for readers who do not see it, escaped. */
export const wordsOn = (host: HTMLElement): string =>
  escapeHtml(host.getAttribute("aria-label") ?? "");

/** Style of two columns with a gap, one below the other on a phone. */
export const twoColumns = (
  columns: string,
  gap = ".6rem 1.6rem",
): string => `:host{container-type:inline-size}
.all{display:grid;grid-template-columns:${columns};gap:${gap};align-items:start}
@container (max-width:560px){.all{grid-template-columns:minmax(0,1fr)}}
`;

/** Markup of named numbers. */
export const readoutsMarkup = (readouts: readonly Readout[]): string =>
  readouts
    .map(([name, value]) => `<span><b>${escapeHtml(name)}</b>${readable(value)}</span> `)
    .join("");

/** Base style of every widget: the page's own color and font. */
const base = `
:host{display:block;color:inherit;font:14px/1.4 system-ui,-apple-system,"Segoe UI",sans-serif;
margin:.4rem 0 .6rem;--line:color-mix(in srgb,currentColor 24%,transparent);
--soft:color-mix(in srgb,currentColor 8%,transparent);--accent:#3a8fc7;
--one:light-dark(#0072B2,#5aaee6);--two:light-dark(#D55E00,#f08a3c)}
*{box-sizing:border-box}
button{font:inherit;font-size:13px;color:inherit;background:none;
border:1px solid var(--line);border-radius:5px;padding:.2rem .55rem;cursor:pointer;min-height:28px}
button:hover,button[aria-pressed=true]{background:var(--soft);border-color:currentColor}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
input[type=range]{width:100%;accent-color:var(--accent);margin:0;height:28px}
output,.quiet{font-variant-numeric:tabular-nums;opacity:.85}
canvas.pixels{image-rendering:pixelated;display:block;background:#000;border-radius:3px}
svg{display:block;width:100%;height:auto;overflow:visible}
svg text{fill:currentColor;font-size:12px}
.axis{stroke:currentColor;stroke-opacity:.3;fill:none}
`;

/** Markup of a button; `attributes` tell what it does. */
export const button = (attributes: string, content: string): string =>
  `<button type="button" ${attributes}>${content}</button>`;

/** Markup of a canvas for an image, a pixel a value; without a `label` screen readers pass by. */
export const pixels = ([height, width]: Shape, label?: string): string =>
  `<canvas class="pixels" width="${width}" height="${height}" ${
    label ? `role="img" aria-label="${escapeHtml(label)}"` : 'aria-hidden="true"'
  }></canvas>`;

/** Calls `press` when the button with this `data-do` is pressed, where there is one. */
export const onPress = (root: ParentNode, action: string, press: () => void): void =>
  root.querySelector(`[data-do="${action}"]`)?.addEventListener("click", press);

/** Makes the widget's shadow root, which hides the picture for readers without scripts. */
export function shadow(host: HTMLElement, css: string, markup: string): ShadowRoot {
  const root = host.attachShadow({ mode: "open" });
  root.innerHTML = `<style>${base}${css}</style>${markup}`;
  return root;
}

export const find = <E extends Element = HTMLElement>(root: ParentNode, selector: string): E =>
  root.querySelector<E>(selector)!;

/** The canvas that a selector finds. */
export const canvasIn = (root: ParentNode, selector = "canvas") =>
  find<HTMLCanvasElement>(root, selector);

/** Presses in the one button of several with this index, and the others out. */
export const pressOnly = (buttons: Iterable<Element>, index: number): void =>
  [...buttons].forEach((button, i) => {
    button.setAttribute("aria-pressed", String(i === index));
  });

export { escapeHtml as escapeText };

export const clamp = (value: number, low: number, high: number): number =>
  Math.min(high, Math.max(low, value));

/** A number with a true minus, and a power of ten where it is far from 1. */
export function readable(value: number, digits = 3): string {
  const size = Math.abs(value);
  const isFar = size !== 0 && (size < 1e-3 || size >= 1e5);
  const text = isFar ? value.toExponential(Math.max(0, digits - 2)) : value.toPrecision(digits);
  const [factor, power] = text.split("e");
  return factor.replace("-", "−") + (power ? ` × 10${raised(Number(power))}` : "");
}

type Rgb = readonly [red: number, green: number, blue: number];
const grays = Array.from({ length: 256 }, (_, level): Rgb => [level, level, level]);
const gray = (value: number): Rgb => grays[Math.round(255 * clamp(value, 0, 1))];

const signs = /* @__PURE__ */ Array.from(
  { length: 1025 },
  (_, i): Rgb => colorAt(diverging, i / 1024),
);
/** Color of a signed value on a scale from −most to most, white at zero. */
export const signed =
  (most: number) =>
  (value: number): Rgb =>
    signs[Math.round(512 * (1 + clamp(value / most, -1, 1)))];

/** Largest size of the values, 1 where all are 0. */
export function largest(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]));
  return most || 1;
}

/** Gray levels in [0, 1] of an image packed as a byte a pixel in base 64. */
export const unpackGray = (text: string): Float64Array =>
  Float64Array.from(atob(text), (c) => c.charCodeAt(0) / 255);

/**
 * Paints an image, a pixel a value: gray from 0 to 1 unless `colorOf` gives red, green and blue; as
 * large as the canvas unless `at` gives another size, and where it stands.
 */
export function paint(
  canvas: HTMLCanvasElement,
  values: ArrayLike<number>,
  colorOf = gray,
  { width = canvas.width, height = canvas.height, left = 0, top = 0 } = {},
): void {
  const context = canvas.getContext("2d")!;
  const image = context.createImageData(width, height);
  for (let i = 0; i < values.length; i++) {
    const [red, green, blue] = colorOf(values[i]);
    image.data[4 * i] = red;
    image.data[4 * i + 1] = green;
    image.data[4 * i + 2] = blue;
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, left, top);
}

/** Calls `draw` now and at every change of the element's width, with the width in CSS pixels. */
export function onWidth(element: Element, draw: (width: number) => void): void {
  let last = 0;
  new ResizeObserver(([entry]) => {
    const width = Math.round(entry.contentRect.width);
    if (width === last || width === 0) return;
    last = width;
    draw(width);
  }).observe(element);
}

/** Calls `redraw` when the page's theme may have changed. */
export function onTheme(redraw: () => void): void {
  const observer = new MutationObserver(redraw);
  for (const element of [document.documentElement, document.body])
    observer.observe(element, { attributes: true });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
}

/** Puts `draw` off to the next frame, once however often it is called until then. */
export function onNextFrame(draw: () => void): () => void {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      draw();
    });
  };
}

/** Place of a pointer in shares of the element's width and height, from the top left. */
export function placeOfPointer(event: MouseEvent, element: Element): [u: number, v: number] {
  const { left, top, width, height } = element.getBoundingClientRect();
  return [(event.clientX - left) / width, (event.clientY - top) / height];
}

/** Calls `follow` while a pointer is down; `isStart` is true where it went down. */
export function onDrag(
  element: HTMLElement,
  follow: (event: PointerEvent, isStart: boolean) => void,
): void {
  element.addEventListener("pointerdown", (event) => {
    element.setPointerCapture(event.pointerId);
    follow(event, true);
  });
  element.addEventListener("pointermove", (event) => {
    if (event.buttons) follow(event, false);
  });
}

const arrows: Record<string, readonly [x: number, y: number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

/** Calls `press` with the way of an arrow key, or with none for one of `others`. */
export function onKeys(
  element: HTMLElement,
  others: readonly string[],
  press: (way: readonly [x: number, y: number] | undefined, event: KeyboardEvent) => void,
): void {
  element.addEventListener("keydown", (event) => {
    const way = arrows[event.key];
    if (!way && !others.includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    press(way, event);
  });
}
