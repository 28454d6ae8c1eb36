import { readFileSync } from "node:fs";
import path from "node:path";
import { type Displayable, displayable } from "../display/show";
import { base64 } from "../plot/base64";
import { significant } from "../plot/format";
import { captionStyle, escapeHtml, requireCaption } from "../plot/markup";
import type { Readout } from "./formulas";

export { type Captioned as Words, escapeHtml } from "../plot/markup";

/** Something `show` accepts and a notebook shows as a cell's value. */
export type Widget = Displayable;

/** The bundled browser code of a widget, as `setup/bundle-live.mjs` leaves it beside this file. */
export function browserCode(name: string): string {
  const file = path.join(__dirname, "browser", `${name}.js`);
  try {
    return readFileSync(file, "utf8");
  } catch {
    throw new Error(
      `the browser code of "${name}" must be in dist/live/browser, got nothing; run npm run setup`,
    );
  }
}

const inScript = (value: unknown): string =>
  JSON.stringify(value)
    .replace(/</g, "\\u003c")
    .replace(/\u2028/g, "\\u2028")
    .replace(/\u2029/g, "\\u2029");

/**
 * A live figure as one piece of HTML: a picture shown where scripts are stripped, the code and the
 * data.
 *
 * The code finds its own element by the script that carries it; it leaves no id and no global
 * behind. `note` ends the caption.
 */
export function widget(
  name: string,
  data: object,
  {
    caption,
    alt,
    fallback,
    note = "",
  }: { caption: string; alt: string; fallback: string; note?: string },
): Widget {
  requireCaption(caption, "use");
  const markup =
    `<figure style="margin:0"><div class="ae-live" role="group" aria-label="${escapeHtml(alt)}">${fallback}</div>` +
    `<script>(()=>{const s=document.currentScript,h=s&&s.previousElementSibling&&s.previousElementSibling.matches(".ae-live")?s.previousElementSibling:[...document.querySelectorAll(".ae-live[aria-label]:not([data-live])")][0];` +
    `if(!h||h.dataset.live)return;h.dataset.live="${name}";${browserCode(name)};widget.mount(h,${inScript(data)})})()</script>` +
    `<figcaption class="ae-caption" style="${captionStyle}">${escapeHtml(caption + note)}</figcaption></figure>`;
  return displayable({ "text/html": markup, "text/plain": caption + note });
}

/** A picture for readers without scripts: a PNG, and `words` on what it shows. */
export const picture = (png: Uint8Array, alt: string, words: string, width: number): string =>
  `<img alt="${escapeHtml(`${alt} Without scripts: ${words}.`)}" style="width:${width}px;max-width:100%;image-rendering:pixelated" src="data:image/png;base64,${base64(png)}">`;

/** Named numbers as a table, for readers without scripts. */
export function readoutTable(rows: readonly Readout[]): string {
  const row = ([name, value]: Readout) =>
    `<tr><th style="text-align:left">${escapeHtml(name)}</th><td>${significant(value, 4)}</td></tr>`;
  return `<table><tbody>${rows.map(row).join("")}</tbody></table>`;
}
