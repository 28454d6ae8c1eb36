import { escapeHtml } from "../../plot/markup";
import type { Readout } from "../formulas";
import { readable } from "./numbers";

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

/** Style of two columns with a gap, one below the other on a phone. */
export const twoColumns = (
  columns: string,
  gap = ".6rem 1.6rem",
): string => `:host{container-type:inline-size}
.all{display:grid;grid-template-columns:${columns};gap:${gap};align-items:start}
@container (max-width:560px){.all{grid-template-columns:minmax(0,1fr)}}
`;

/** Makes the widget's shadow root, which hides the picture for readers without scripts. */
export function shadow(host: HTMLElement, css: string, markup: string): ShadowRoot {
  const root = host.attachShadow({ mode: "open" });
  root.innerHTML = `<style>${base}${css}</style>${markup}`;
  return root;
}

/** Words on a figure for readers who do not see it, escaped. */
export const wordsOn = (host: HTMLElement): string =>
  escapeHtml(host.getAttribute("aria-label") ?? "");

export const find = <E extends Element = HTMLElement>(root: ParentNode, selector: string): E =>
  root.querySelector<E>(selector)!;

/** Markup of a button; `attributes` tell what it does. */
export const button = (attributes: string, content: string): string =>
  `<button type="button" ${attributes}>${content}</button>`;

/** Presses in the one button of several with this index, and the others out. */
export const pressOnly = (buttons: Iterable<Element>, index: number): void =>
  [...buttons].forEach((button, i) => {
    button.setAttribute("aria-pressed", String(i === index));
  });

/** Markup of named numbers. */
export const readoutsMarkup = (readouts: readonly Readout[]): string =>
  readouts
    .map(([name, value]) => `<span><b>${escapeHtml(name)}</b>${readable(value)}</span> `)
    .join("");
