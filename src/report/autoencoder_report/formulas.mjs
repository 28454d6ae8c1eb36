// stdin: [{ tex, display }]; stdout: for each { html } or { error }. The first argument is KaTeX's
// folder. Macros that one formula defines hold in those after it.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(import.meta.url);
const folder = process.argv[2];
const katex = require(folder);
require(path.join(folder, "dist/contrib/mhchem.js"));

const formulas = JSON.parse(readFileSync(0, "utf8"));
const macros = { "\\bm": "\\boldsymbol{#1}" };

/** TeX without what only MathJax knows: `\require`, `\DeclareMathOperator`, `\newcommand*`. */
const plain = (tex) =>
  tex
    .replace(/\\require\s*\{[^{}]*\}/g, "")
    .replace(
      /\\DeclareMathOperator(\*?)\s*\{?\s*(\\[a-zA-Z]+)\s*\}?\s*\{([^{}]*)\}/g,
      "\\gdef$2{\\operatorname$1{$3}}",
    )
    .replace(/\\(re|provide)?(new)?command\*/g, "\\$1$2command");

/** The same definition by the command that KaTeX asks for, as MathJax takes either. */
function redefined(tex, message) {
  const [, taken, name, asked] =
    /\\(\w+)\{\\(\w+)\}.*; use \\(newcommand|renewcommand)/.exec(message) ?? [];
  const written = new RegExp(`\\\\${taken}(?=\\s*\\{?\\s*\\\\${name}(?![a-zA-Z]))`);
  return name && tex.replace(written, `\\${asked}`);
}

function typeset(tex, displayMode, attempts = 20) {
  try {
    const options = { displayMode, macros, output: "htmlAndMathml", strict: "ignore" };
    return { html: katex.renderToString(tex, { ...options, globalGroup: true }) };
  } catch (error) {
    const other = redefined(tex, error.message);
    if (other && other !== tex && attempts > 0) return typeset(other, displayMode, attempts - 1);
    return { error: error.message };
  }
}
process.stdout.write(JSON.stringify(formulas.map((f) => typeset(plain(f.tex), f.display))));
