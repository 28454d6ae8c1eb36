import { Marked } from "marked";
import { FORMULA, formulaIn, written } from "./formulas";

/** A formula, or an escaped dollar, at the beginning of Markdown: its text, and its TeX. */
function formulaAt(text: string): [raw: string, source: string] | undefined {
  if (text.startsWith("\\$")) return ["\\$", "$"];
  const doubled = /^\\\\([([])(.{1,9999}?)\\\\([)\]])/s.exec(text); // as JupyterLab has them
  if (doubled) return [doubled[0], `\\${doubled[1]}${doubled[2]}\\${doubled[3]}`];
  const found = /^\$|^\\begin/.test(text) ? formulaIn(text) : undefined;
  return found?.index === 0 ? [found[0], found[0]] : undefined;
}

/** Keeps what stands in formulas from being read as Markdown. */
const formulas = (level: "block" | "inline") => ({
  name: `${level} formula`,
  level,
  start: (text: string) => {
    const at = text.search(level === "block" ? /^(?:\$\$|\\begin)/m : /\\?\$|\\begin|\\\\[([]/);
    return at < 0 ? undefined : at;
  },
  tokenizer(text: string) {
    if (level === "block" && !/^(?:\$\$|\\begin)/.test(text)) return undefined;
    const [raw, source] = formulaAt(text) ?? [];
    return raw && source ? { type: `${level} formula`, raw, source } : undefined;
  },
  renderer: ({ source }: { source: string }) =>
    source === "$" ? "<span>$</span>" : written(source),
});

const markdown = new Marked({
  extensions: [formulas("block"), formulas("inline")],
  hooks: {
    emStrongMask: (text: string) => text.replace(FORMULA, (source) => "a".repeat(source.length)),
  },
  renderer: {
    checkbox: ({ checked }: { checked: boolean }) =>
      `<span role="img" aria-label="${checked ? "" : "not "}done">${checked ? "☑" : "☐"}</span> `,
  },
});

/** HTML of Markdown as its author wrote it, not yet sanitized. */
export function markdownHtml(source: string): string {
  const html = markdown
    .parse(source)
    .replace(/<li>(?=(?:<p>)?<span role="img")/g, '<li class="task-list-item">')
    .replace(/<(t[dh]) align="(\w+)"/g, '<$1 style="text-align:$2"');
  return `<div class="prose">${html}</div>`;
}
