import { readFileSync } from "node:fs";
import path from "node:path";
import { displayable } from "../display/show";
import { base64 } from "../plot/base64";
import { significant } from "../plot/format";
import { captionStyle, escapeHtml } from "../plot/markup";

export { escapeHtml } from "../plot/markup";

/** Something `show` accepts and a notebook shows as a cell's value. */
export interface Widget {
  toBundle(): Record<string, unknown>;
}

/** Options of every live figure. */
export interface Words {
  caption: string;
  /** Says in words what the figure shows. */
  alt?: string;
}

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

function requireCaption(caption: string): void {
  if (typeof caption !== "string" || caption.trim() === "")
    throw new TypeError(
      "caption must be a sentence that says how to use the figure, got none; give { caption }",
    );
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
  requireCaption(caption);
  const markup =
    `<figure style="margin:0"><div class="ae-live" role="group" aria-label="${escapeHtml(alt)}">${fallback}</div>` +
    `<script>(()=>{const s=document.currentScript,h=s&&s.previousElementSibling&&s.previousElementSibling.matches(".ae-live")?s.previousElementSibling:[...document.querySelectorAll(".ae-live[aria-label]:not([data-live])")][0];` +
    `if(!h||h.dataset.live)return;h.dataset.live="${name}";${browserCode(name)};widget.mount(h,${inScript({ ...data, alt })})})()</script>` +
    `<figcaption class="ae-caption" style="${captionStyle}">${escapeHtml(caption + note)}</figcaption></figure>`;
  return displayable({ "text/html": markup, "text/plain": caption + note });
}

/** A picture for readers without scripts: RGBA pixels already encoded as PNG. */
export const picture = (png: Uint8Array, alt: string, width: number): string =>
  `<img alt="${escapeHtml(alt)}" style="width:${width}px;max-width:100%;image-rendering:pixelated" src="data:image/png;base64,${base64(png)}">`;

export type Readout = [name: string, value: number];

/** Named numbers as a table, for readers without scripts. */
export function readoutTable(rows: readonly Readout[]): string {
  const row = ([name, value]: Readout) =>
    `<tr><th style="text-align:left">${escapeHtml(name)}</th><td>${significant(value, 4)}</td></tr>`;
  return `<table><tbody>${rows.map(row).join("")}</tbody></table>`;
}
