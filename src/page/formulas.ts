/** Formulas in what cells show: found as the exporter finds them, set by KaTeX of `formulas.js`. */
import { fileBytes, runScript } from "./parts";

// As in src/report/autoencoder_report/formulas.py; a dollar before an amount of money opens none.
export const FORMULA =
  /(?<!\\)\$\$(?<shown>.{1,9999}?)(?<!\\)\$\$|\\\[(?<bracketed>.{1,9999}?)\\\]|\\\((?<round>.{1,999}?)\\\)|(?<![$\\])\$(?!\d[^$]*(?:\$\d|\s\$[\w\\]))(?<inline>[^$]+?)(?<!\\)\$(?!\$)|(?<environment>\\begin\{(?<name>[a-z]{1,20}\*?)\}.{1,9999}?\\end\{\k<name>\})/gs;
const VERBATIM = "pre, code, script, style, textarea, svg, math";

/** The first formula of a text. */
export const formulaIn = (text: string): RegExpMatchArray | undefined =>
  text.matchAll(FORMULA).next().value;

export const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** HTML of a formula as it is written, which `typeset` replaces. */
export const written = (source: string): string => `<code class="tex">${escaped(source)}</code>`;

/** HTML of a formula, or of text with formulas in it, as MathJax reads them. */
export function latexHtml(latex: string): string {
  const text = latex.trim();
  const alone = /^(\$\$?)([^$]+)\1$|^\\\[((?:(?!\\\]).)+)\\\]$/s.exec(text);
  if (alone) return written(`$$${alone[2] ?? alone[3]}$$`);
  if (text.startsWith("\\begin") || !formulaIn(text)) return written(`$$${text}$$`);
  return `<div class="prose"><p>${escaped(text)}</p></div>`;
}

/** Puts formulas in the text of a place into elements of their own. */
function mark(place: HTMLElement): void {
  const walker = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
  const texts: Text[] = [];
  while (walker.nextNode()) texts.push(walker.currentNode as Text);
  for (const text of texts) {
    if (text.parentElement!.closest(VERBATIM)) continue;
    for (const { 0: source, index } of [...text.data.matchAll(FORMULA)].reverse()) {
      const formula = document.createElement("code");
      formula.className = "tex";
      formula.textContent = source;
      text.splitText(index).deleteData(0, source.length);
      text.after(formula);
    }
  }
}

type Typeset = (formula: { tex: string; display: boolean }) => { html?: string; error?: string };
let loading: Promise<Typeset> | undefined;

/** Loads KaTeX, its styles and its typefaces from beside the page. */
async function load(): Promise<Typeset> {
  runScript(await fileBytes("src/page/dist/browser/formulas.js"));
  return (globalThis as unknown as { pageFormulas: { typeset: Typeset } }).pageFormulas.typeset;
}

/**
 * Sets the formulas in a place; one that cannot be set stays as it is written, with a note beside
 * it that says why.
 */
export async function typeset(
  place: HTMLElement,
  note: (words: string) => HTMLElement,
): Promise<void> {
  mark(place);
  const formulas = [...place.querySelectorAll("code.tex")];
  if (formulas.length === 0) return;
  let set: Typeset;
  try {
    loading ??= load();
    set = await loading;
  } catch (error) {
    loading = undefined;
    place.append(note(`formulas: ${(error as Error).message}; their source stands in their place`));
    return;
  }
  for (const code of formulas) {
    const { shown, bracketed, environment, round, inline } =
      formulaIn(code.textContent!)?.groups ?? {};
    const onItsLine = shown ?? bracketed ?? environment;
    const tex = onItsLine ?? round ?? inline;
    if (tex === undefined) continue;
    const { html, error = "" } = set({ tex, display: tex === onItsLine });
    if (html !== undefined) {
      const block = `<div class="equation"><div class="formula">${html}</div></div>`;
      code.outerHTML = tex === onItsLine ? block : html;
      continue;
    }
    if (tex === onItsLine) code.textContent = tex;
    const reason = error.replaceAll("\u0332", "").replace("KaTeX parse error: ", "");
    code.after(note(`a formula, of which KaTeX says: ${reason}; its source stands in its place`));
  }
}
