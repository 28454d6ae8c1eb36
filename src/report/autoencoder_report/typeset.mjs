/** TeX without what only MathJax knows: `\require`, `\DeclareMathOperator`, `\newcommand*`. */
const plain = (tex) =>
  tex
    .replace(/\\require\s*\{[^{}]*\}/g, "")
    .replace(
      /\\DeclareMathOperator(\*?)\s*\{?\s*(\\[a-zA-Z]+)\s*\}?\s*\{([^{}]*)\}/g,
      "\\gdef$2{\\operatorname$1{$3}}",
    )
    .replace(/\\(re|provide)?(new)?command\*/g, "\\$1$2command");

const withoutNumbers = {
  equation: ["", ""],
  align: ["\\begin{aligned}", "\\end{aligned}"],
  gather: ["\\begin{gathered}", "\\end{gathered}"],
  alignat: ["\\begin{alignedat}", "\\end{alignedat}"],
  multline: ["\\begin{gathered}", "\\end{gathered}"],
  eqnarray: ["\\begin{array}{rcl}", "\\end{array}"],
};

/** TeX of a display formula in which nothing is numbered. */
const unnumbered = (tex) =>
  tex
    .replace(/\\label\{[^{}]*\}|\\(?:notag|nonumber)\b/g, "")
    .replace(
      /\\(begin|end)\{(equation|align|gather|alignat|multline|eqnarray)\*?\}/g,
      (_, side, name) => withoutNumbers[name][side === "begin" ? 0 : 1],
    );

/** The same definition by the command that KaTeX asks for, as MathJax takes either. */
function redefined(tex, message) {
  const [, taken, name, asked] =
    /\\(\w+)\{\\(\w+)\}.*; use \\(newcommand|renewcommand)/.exec(message) ?? [];
  const written = new RegExp(`\\\\${taken}(?=\\s*\\{?\\s*\\\\${name}(?![a-zA-Z]))`);
  return name && tex.replace(written, `\\${asked}`);
}

/**
 * Function of `{ tex, display }` that answers `{ html }` or `{ error }`, by the given KaTeX. Macros
 * that one formula defines hold in those after it.
 */
export function typesetter(katex) {
  const macros = { "\\bm": "\\boldsymbol{#1}" };
  const options = { macros, output: "htmlAndMathml", strict: "ignore", globalGroup: true };
  const typeset = (tex, displayMode, attempts = 20) => {
    try {
      return { html: katex.renderToString(tex, { ...options, displayMode }) };
    } catch (error) {
      const other = redefined(tex, error.message);
      if (other && other !== tex && attempts > 0) return typeset(other, displayMode, attempts - 1);
      return { error: error.message };
    }
  };
  return ({ tex, display }) => typeset(plain(display ? unnumbered(tex) : tex), display);
}
