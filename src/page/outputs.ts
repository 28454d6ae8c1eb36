import { colored, isBare, overwritten, plain } from "./ansi";
import { type Claim, parseClaim } from "./claims";
import { fill, markup, note } from "./html";
import type { Bundle, CellFailure, Shown } from "./messages";

const PLOTLY = "application/vnd.plotly.v1+json";
const IMAGES = ["svg+xml", "png", "jpeg", "gif", "webp", "avif", "bmp"].map(
  (name) => `image/${name}`,
);
const MOST_JSON = 20_000; // characters
const CAPTION = /^\s*<p class="ae-caption"[^>]*>([\s\S]*?)<\/p>\s*$/;

/** Functions that the exporter's own scripts leave for outputs that come later. */
interface PageScripts {
  addFigure?(place: HTMLElement, spec: string): void;
}
const page = globalThis as PageScripts;

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = "",
  text = "",
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

let announcing = false;
/** Lets the page's own scripts see to new outputs, soon and once for many. */
export function announceOutputs(): void {
  if (announcing) return;
  announcing = true;
  setTimeout(() => {
    announcing = false;
    dispatchEvent(new Event("outputs"));
  }, 100);
}

/** Result of one cell's run, for tools. */
export interface Result {
  text: string;
  claims: { text: string; holds: boolean }[];
}

/** Displays by the id that cells gave them, for later updates from any cell. */
const displays = new Map<string, HTMLElement>();
export const forgetDisplays = (): void => displays.clear();

/** The outputs of one cell: the author's, then those of the reader's last run. */
export class OutputArea {
  readonly #place: HTMLElement;
  #shown: Element[];
  #stale: Element[] = [];
  #text = "";
  #printing: HTMLElement | undefined;
  #clearing = false;
  /** Outputs of the reader's last run, for a file. */
  record: Shown[] = [];
  readonly result: Result = { text: "", claims: [] };
  /** Said beside a claim in place of a verdict, where the data were cut. */
  unjudged = false;

  constructor(place: HTMLElement) {
    this.#place = place;
    this.#shown = [...place.children].filter((one) => !one.matches("details.code, .cell-tools"));
  }

  /** Dims what is shown until the first new output. */
  begin(): void {
    this.#remove(this.#stale);
    this.#stale = this.#shown;
    this.#shown = [];
    this.#text = "";
    this.#clearing = false;
    this.record = [];
    this.result.text = "";
    this.result.claims = [];
    for (const one of this.#stale) one.classList.add("stale");
  }

  /** Keeps the old outputs where the run was stopped before it showed any. */
  end(keep: boolean): void {
    const stale = this.#stale.splice(0);
    if (!keep) this.#remove(stale);
    else for (const one of stale) one.classList.remove("stale");
    if (keep) this.#shown.unshift(...stale);
  }

  #remove(some: readonly Element[]): void {
    for (const one of some) one.remove();
  }

  #add<E extends HTMLElement>(made: E): E {
    this.#remove(this.#stale.splice(0));
    if (this.#clearing) this.#remove(this.#shown.splice(0));
    this.#clearing = false;
    this.#shown.push(made);
    this.#place.append(made);
    return made;
  }

  /** Shows outputs of a run that a file holds. */
  restore(outputs: readonly Shown[]): void {
    this.begin();
    for (const output of outputs) this.show(output);
    this.end(false);
  }

  #note(output: Shown): void {
    const last = this.record.at(-1);
    const isStream = output.kind === "stream" && last?.kind === "stream";
    const same = (one: Shown): boolean =>
      one.kind === "display" && output.kind === "display" && one.id === output.id;
    if (isStream && last.name === output.name) last.text += output.text;
    else if (output.kind === "clear") this.record = [];
    else if (output.kind !== "display" || !output.update) this.record.push({ ...output });
    else
      this.record = this.record.map((one) =>
        same(one) ? ({ ...one, bundle: output.bundle } as Shown) : one,
      );
  }

  show(output: Shown): void {
    this.#note(output);
    if (output.kind === "stream") this.#stream(output.name, output.text);
    else if (output.kind === "display") this.#display(output);
    else if (output.kind === "error") this.#error(output);
    else if (output.wait) this.#clearing = true;
    else this.#remove(this.#shown.splice(0));
    announceOutputs();
  }

  #stream(name: "stdout" | "stderr", text: string): void {
    this.result.text += plain(text);
    if (name === "stderr") this.#print(this.#labeled("stderr", "Warning"), text);
    else this.#lines(text);
  }

  /** Printed text, its claims in lists. */
  #lines(text: string): void {
    let pending = "";
    for (const line of text.split(/(?<=\n)/)) {
      const claim = parseClaim(line);
      if (!claim) {
        pending += line;
        continue;
      }
      this.#printed(pending);
      pending = "";
      this.#claim(claim);
    }
    this.#printed(pending);
  }

  #printed(text: string): void {
    if (text === "") return;
    const last = this.#clearing ? undefined : this.#shown.at(-1);
    if (this.#printing && last === this.#printing) this.#print(this.#printing, text);
    else if (text.trim() !== "") {
      this.#text = "";
      this.#printing = this.#add(element("pre", "output text"));
      this.#print(this.#printing, text);
    }
  }

  #print(pre: HTMLElement, text: string): void {
    this.#text += text;
    if (!isBare(this.#text)) pre.replaceChildren(colored(overwritten(this.#text)));
    else if (pre.lastChild instanceof Text) pre.lastChild.appendData(text);
    else pre.append(text);
  }

  #labeled(kind: "stderr" | "error", label: string): HTMLElement {
    const last = this.#clearing ? undefined : this.#shown.at(-1);
    if (kind === "stderr" && last?.matches(".output.stderr")) return last.querySelector("pre")!;
    this.#text = "";
    const box = this.#add(element("div", `output ${kind}`));
    const pre = element("pre");
    box.append(element("p", "label", label), pre);
    return pre;
  }

  #claim({ text, measured, bound, margin, holds }: Claim): void {
    this.result.claims.push({ text, holds });
    const last = this.#clearing ? undefined : this.#shown.at(-1);
    const list = last?.matches("ul.claims") ? last : this.#add(element("ul", "claims yours"));
    const item = element("li", this.unjudged ? "unjudged" : holds ? "holds" : "broken");
    const verdict = this.unjudged ? "Not judged: " : holds ? "Holds: " : "Does not hold: ";
    const numbers = element("span", "numbers");
    numbers.append(element("b", "", measured), ` ${bound}`);
    numbers.append(element("span", "margin", `, margin ${margin}`));
    const said = this.unjudged ? "your run, not judged: fewer digits" : "your run";
    item.append(element("span", "verdict", verdict), element("span", "text", text), " ", numbers);
    item.append(" ", element("span", "whose", said));
    list.append(item);
  }

  #error(failure: CellFailure): void {
    const claim = parseClaim(failure.evalue);
    const text = plain(failure.traceback.join("\n"));
    this.result.text += this.result.text && !this.result.text.endsWith("\n") ? `\n${text}` : text;
    if (claim) this.#claim(claim);
    else this.#labeled("error", "Error").append(colored(failure.traceback.join("\n")));
  }

  #display({ bundle, id, update, result }: Extract<Shown, { kind: "display" }>): void {
    const text = bundle["text/plain"];
    if (result && typeof text === "string") this.result.text += `${plain(text)}\n`;
    const known = id === undefined ? undefined : displays.get(id);
    if (update && !known) return;
    if (!update && this.#joinsFigure(bundle)) return;
    const html = PLOTLY in bundle ? undefined : markup(bundle);
    if (update && known?.matches(".html") && html !== undefined) {
      void fill(known, html).then(announceOutputs);
      return;
    }
    const made = shownBundle(bundle, html);
    if (update && known) {
      known.replaceWith(made);
      const at = this.#shown.indexOf(known);
      if (at >= 0) this.#shown[at] = made;
    } else if (!made.matches("pre") || made.textContent) this.#add(made);
    if (id !== undefined) displays.set(id, made);
    if (html !== undefined) void fill(made, html).then(announceOutputs);
    else if (PLOTLY in bundle) draw(made, bundle[PLOTLY] as Figure);
  }

  /** Sets a caption under the figure before it, as the exporter does. */
  #joinsFigure(bundle: Bundle): boolean {
    const html = bundle["text/html"];
    const caption = typeof html === "string" ? CAPTION.exec(html) : null;
    const last = this.#shown.at(-1);
    if (!caption || !last?.matches("figure.output")) return false;
    if (last.querySelector("figcaption")) return true;
    const made = element("figcaption");
    made.innerHTML = caption[1]!;
    last.append(made);
    return true;
  }
}

/** An element for a bundle, still empty where it is to be in the page first. */
function shownBundle(bundle: Bundle, html: string | undefined): HTMLElement {
  if (PLOTLY in bundle) return element("figure", "output");
  if (html !== undefined) return element("div", "output html scroll");
  const type = IMAGES.find((one) => typeof bundle[one] === "string");
  return type ? picture(type, bundle) : shownText(bundle);
}

/** Base64 of a text. */
const ofText = (text: string): string => btoa(unescape(encodeURIComponent(text)));

/** SVG with the namespaces that it needs as a picture, and that an HTML parser does without. */
function withNamespaces(svg: string): string {
  const [head = ""] = /<svg\b[^<>]*/.exec(svg) ?? [];
  const missing = [
    ["xmlns", "http://www.w3.org/2000/svg", !/\sxmlns\s*=/.test(head)],
    ["xmlns:xlink", "http://www.w3.org/1999/xlink", /xlink:/.test(svg) && !/xmlns:xlink/.test(svg)],
  ] as const;
  const added = missing.map(([name, uri, needed]) => (needed ? ` ${name}="${uri}"` : ""));
  return svg.replace("<svg", `<svg${added.join("")}`).replaceAll("&nbsp;", "&#160;");
}

const MEDIA = /^(audio|video)\/[\w.+-]+$/;

function picture(type: string, bundle: Bundle): HTMLElement {
  const box = element("div", "output image scroll");
  const image = element("img");
  const data = bundle[type] as string;
  const base64 = type === "image/svg+xml" ? ofText(withNamespaces(data)) : data.replace(/\s/g, "");
  image.alt = String(bundle["text/plain"] ?? "A picture that this cell drew");
  image.onerror = () =>
    image.replaceWith(note(`an output of type ${type}, whose content is no picture`));
  image.src = `data:${type};base64,${base64}`;
  box.append(image);
  return box;
}

/** Types without markup; those that no page can draw leave a note beside their text. */
function shownText(bundle: Bundle): HTMLElement {
  const names = Object.keys(bundle);
  const played = names.find((name) => MEDIA.test(name) && typeof bundle[name] === "string");
  if (played) {
    const player = element(played.split("/")[0] as "audio" | "video", "output");
    player.controls = true;
    player.ariaLabel = `A recording of your run, ${played}`;
    player.src = `data:${played};base64,${bundle[played]}`;
    return player;
  }
  const json = bundle["application/json"];
  const texts = names.filter(
    (name) => name.startsWith("text/") && typeof bundle[name] === "string",
  );
  const kind = texts.includes("text/plain") ? "text/plain" : texts[0];
  const pre = element("pre", "output text");
  const others = names.filter((name) => !texts.includes(name) && name !== "application/json");
  if (others.length === 0 && json !== undefined)
    pre.append(JSON.stringify(json, null, 2).slice(0, MOST_JSON));
  else if (kind) pre.append(colored(bundle[kind] as string));
  if (others.length === 0) return pre;
  const box = element("div");
  const more = pre.textContent ? "; its text stands in its place" : "";
  const undrawn = note(`an output of type ${others.join(" or ")}, which a page cannot draw${more}`);
  box.append(...(more ? [pre] : []), undrawn);
  return box;
}

interface Figure {
  layout?: { height?: number; meta?: object };
}

/** Draws a figure of Plotly, which needs its place in the page. */
function draw(made: HTMLElement, figure: Figure): void {
  const { caption = "", alt = "" } = (figure.layout?.meta ?? {}) as Record<string, string>;
  const plot = element("div", "plot");
  plot.setAttribute("role", "img");
  plot.setAttribute("aria-label", alt || caption || "A figure of your run");
  plot.style.minHeight = `${figure.layout?.height ?? 360}px`;
  made.append(plot);
  if (caption) made.append(element("figcaption", "", caption));
  if (page.addFigure) page.addFigure(plot, JSON.stringify(figure));
  else
    plot.replaceWith(
      element(
        "p",
        "label",
        "This page carries no Plotly, since its author drew no figure: run the notebook in JupyterLab to see this one.",
      ),
    );
}
