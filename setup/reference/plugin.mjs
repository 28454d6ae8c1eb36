// TypeDoc's plugin: the formulas of docstrings, code between two pairs of backticks, set by KaTeX when the pages are
// written. A formula that cannot be set, and mathematics outside of one, are errors, and so fail the build.
import { cpSync } from "node:fs";
import { join } from "node:path";
import katex from "katex";
import { Application, JSX, RendererEvent } from "typedoc";
import { toTeX } from "./linear.mjs";

const mathematics = /(?![\p{ASCII}→×])[\p{Sm}\p{No}\p{Lm}\p{Mn}\p{Script=Greek}′·‖]/u;
const unbroken = "\u2060"; // a browser may break a line after a formula, even before a comma

/** Whether a formula stands on a line of its own: more than a letter after a colon, or a sum or an integral. */
const isApart = (formula, before) =>
  (/:\s*$/.test(before) && formula.includes(" ")) || /[Σ∫]/.test(formula);

/** A formula as HTML; those with a comma and two spaces between are set one by one. */
function typeset(source, { inline, sign = "" }) {
  const formulas = source.split(/,\s{2,}/);
  const html = formulas.map((formula, i) => {
    const after = i < formulas.length - 1 ? "," : sign;
    const tex = `${inline ? "" : "\\displaystyle "}${toTeX(formula, { inline })}\\text{${after}}`;
    return katex.renderToString(tex, { throwOnError: true, strict: "error" });
  });
  return html.join(" ");
}

/** Replaces the formulas among the parts of a paragraph, a heading or a cell. */
export function setFormulas(parts, { inCell }) {
  let before = "";
  for (const [i, part] of parts.entries()) {
    const { content } = part;
    if (part.type === "code_inline" && part.markup === "``") {
      const next = parts[i + 1]?.type === "text" ? parts[i + 1] : { content: "" };
      part.type = "html_inline";
      if (!inCell && isApart(content, before)) {
        const [sign] = next.content.match(/^[.,;:]?/);
        next.content = next.content.slice(sign.length);
        part.content = `<span class="formula">${typeset(content, { inline: false, sign })}</span>`;
      } else {
        part.content =
          typeset(content, { inline: !inCell }) + (/^\S/.test(next.content) ? unbroken : "");
      }
    } else if (mathematics.test(content)) {
      throw new SyntaxError(
        `"${content}" must stand between two pairs of backticks: it holds mathematics`,
      );
    }
    if (part.type !== "softbreak") before = content;
  }
}

export function load(app) {
  const rule = ({ tokens }) => {
    for (const [i, { type, children }] of tokens.entries()) {
      if (type !== "inline") continue;
      try {
        setFormulas(children, { inCell: /^t[dh]_open$/.test(tokens[i - 1].type) });
      } catch (error) {
        app.logger.error(`in a docstring, ${error.message}`);
      }
    }
  };
  app.on(Application.EVENT_BOOTSTRAP_END, () =>
    app.options.setValue("markdownItLoader", (parser) => parser.core.ruler.push("formulas", rule)),
  );
  app.renderer.hooks.on("head.end", (context) =>
    JSX.createElement("link", {
      rel: "stylesheet",
      href: context.relativeURL("assets/katex/katex.min.css"),
    }),
  );
  app.renderer.on(RendererEvent.END, ({ outputDirectory }) => {
    const folder = join(outputDirectory, "assets/katex");
    cpSync("node_modules/katex/dist/katex.min.css", join(folder, "katex.min.css"));
    cpSync("node_modules/katex/dist/fonts", join(folder, "fonts"), {
      recursive: true,
      filter: (file) => !/\.(ttf|woff)$/.test(file),
    });
  });
}
