import DOMPurify from "dompurify";
import { css, hashes, js } from "isolated-frame";
import { latexHtml, typeset } from "./formulas";
import { markdownHtml } from "./markdown";
import type { Bundle } from "./messages";

/**
 * HTML of cells as the exporter shows it: what has scripts or styles of its own in a frame that
 * cannot reach the page, live figures of the library, known by their code, in the page, all else
 * sanitized.
 */

// As in src/report/autoencoder_report/isolated.py.
const ACTIVE =
  /<(?:script|style|link|meta|base|html|head|body|iframe|frame|object|embed|form|input|button|select|textarea|canvas|video|audio|dialog|template|foreignobject|animate\w*|set|marquee)\b|<[^<>]*[\s"'/]on[a-z]+\s*=|<[^<>]*\bstyle\s*=[^<>]*\b(?:position|transform|z-index)\b/i;

const LIVE =
  /^\s*<figure style="margin:0"><div class="ae-live" role="group" aria-label="([^"]*)">([\s\S]*?)<\/div><script>([\s\S]*?)<\/script><figcaption class="ae-caption" style="[^"]*">([\s\S]*?)<\/figcaption><\/figure>\s*$/;
const DATA = ";widget.mount(h,";

/**
 * True for the library's own code followed by nothing but its data as JSON; `hashes` are of the
 * code before them.
 */
async function isOurs(script: string): Promise<boolean> {
  const at = script.lastIndexOf(DATA);
  const data = script.slice(at + DATA.length, -")})()".length);
  if (at < 0 || !script.endsWith(")})()") || data.includes("<") || !globalThis.crypto?.subtle)
    return false;
  try {
    JSON.parse(data);
  } catch {
    return false;
  }
  const code = new TextEncoder().encode(script.slice(0, at));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", code));
  const hex = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hashes.includes(hex);
}

function liveFigure(place: HTMLElement, [, label, , code, caption]: RegExpExecArray): void {
  const figure = document.createElement("figure");
  const box = document.createElement("div");
  box.className = "ae-live";
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", textOf(label!));
  const script = document.createElement("script");
  script.textContent = code!;
  const words = document.createElement("figcaption");
  words.className = "ae-caption";
  words.textContent = textOf(caption!);
  figure.append(box, script, words);
  place.replaceChildren(figure);
}

/** The text of escaped HTML. */
const textOf = (html: string): string =>
  new DOMParser().parseFromString(html, "text/html").body.textContent ?? "";

const COLORS =
  /(?<![\w-])(?:color|background(?:-color)?)\s*:(?!\s*(?:inherit|transparent|none|var\())|\s(?:bg)?color\s*=/i;
const THEMED = /--jp-|light-dark\(|color-scheme|theme-?(?:light|dark)?["']?\]?\s*=/i;

function frame(html: string): HTMLIFrameElement {
  const made = document.createElement("iframe");
  made.className = "isolated";
  made.setAttribute("sandbox", "allow-scripts");
  made.title = "An output of your run";
  const light = COLORS.test(html) && !THEMED.test(html) ? " data-light" : "";
  made.srcdoc = `<!doctype html><html${light}><meta charset="utf-8"><style>${css}</style><script>${js}</script>${html}`;
  return made;
}

/** A note in the place of a part that the page cannot show, as the exporter leaves it. */
export function note(words: string): HTMLElement {
  const made = document.createElement("p");
  made.className = "unshown";
  made.setAttribute("role", "note");
  made.textContent = `Not shown: ${words}.`;
  return made;
}

// As in src/report/autoencoder_report/sanitize.py.
const NO_COLOR =
  /^(?:transparent|none|inherit|initial|unset|revert|currentcolor|[\d\s.,%]*)$|^rgba\((?:[^,()]*,){3}\s*(?:0|0?\.[0-4]\d*)\s*\)|var\(|light-dark/i;

/** Leaves the colors that an author chose on white to the page's styles, which know the theme. */
function themed(part: HTMLElement): void {
  const { style } = part;
  if (part.localName === "font") style.color ||= part.getAttribute("color") ?? "";
  style.backgroundColor ||= part.getAttribute("bgcolor") ?? "";
  if (!NO_COLOR.test(style.backgroundColor)) style.colorScheme = "light";
  else if (!NO_COLOR.test(style.color)) {
    style.setProperty("--given", style.color);
    style.color = "";
  }
  part.removeAttribute("color");
}

/** Harmless HTML, with notes for pictures and recordings that are elsewhere. */
function harmless(html: string): DocumentFragment {
  const made = DOMPurify.sanitize(html, { RETURN_DOM_FRAGMENT: true, SANITIZE_NAMED_PROPS: true });
  for (const part of made.querySelectorAll("[src]")) {
    const source = part.getAttribute("src")!;
    if (/^(data|blob):/i.test(source)) continue;
    const what = part.localName === "img" ? "a picture" : "a recording";
    const why = /^([a-z][a-z0-9+.-]*:)?\/\//i.test(source)
      ? "which is on the network"
      : "whose address a page cannot open";
    const alt = part.getAttribute("alt") ? `, “${part.getAttribute("alt")}”` : "";
    part.replaceWith(note(`${what}, ${source.slice(0, 100)}, ${why}${alt}`));
  }
  for (const part of made.querySelectorAll<HTMLElement>("[style], font[color], [bgcolor]"))
    themed(part);
  return made;
}

/** HTML of a bundle's richest text; undefined where it has plain text alone. */
export function markup(bundle: Bundle): string | undefined {
  const { "text/html": html, "text/markdown": markdown, "text/latex": latex } = bundle;
  if (typeof html === "string") return html;
  if (typeof markdown === "string") return markdownHtml(markdown);
  return typeof latex === "string" ? latexHtml(latex) : undefined;
}

/** Shows HTML of a cell in its place, its formulas set. */
export async function fill(place: HTMLElement, html: string): Promise<void> {
  const live = LIVE.exec(html);
  if (live && (await isOurs(live[3]!))) liveFigure(place, live);
  else if (ACTIVE.test(html)) place.replaceChildren(frame(html));
  else {
    place.replaceChildren(harmless(html));
    await typeset(place, note);
  }
}
