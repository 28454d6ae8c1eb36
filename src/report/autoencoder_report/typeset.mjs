/** Commands of MathJax that KaTeX lacks. */
const commands = {
  "\\bm": "\\boldsymbol{#1}",
  "\\mbox": "\\text{#1}",
  "\\textsc": "\\text{#1}",
  "\\ensuremath": "{#1}",
  "\\amp": "\\&",
  "\\euro": "\\text{€}",
  "\\textdegree": "\\degree",
  "\\strut": "\\vphantom{()}",
  "\\hfil": "\\quad",
  "\\hfill": "\\quad",
  "\\centernot": "\\not{#1}",
  "\\cancelto": "\\overset{#1}{\\cancel{#2}}",
  "\\skew": "\\@secondoftwo{#1}{#2{#3}}",
  "\\sideset": "\\mathop{{\\vphantom{#3}}#1{#3}#2}",
  "\\idotsint": "\\int\\!\\cdots\\!\\int",
  "\\iiiint": "\\iint\\!\\!\\iint",
  "\\overparen": "\\overgroup{#1}",
  "\\underparen": "\\undergroup{#1}",
  "\\intertext": "\\text{#1}\\\\",
  "\\displaylines": "\\begin{gathered}#1\\end{gathered}",
  "\\eqalign": "\\begin{aligned}#1\\end{aligned}",
  ...Object.fromEntries(
    ["cases", "matrix", "pmatrix"].map((name) => [`\\${name}`, `\\begin{${name}}#1\\end{${name}}`]),
  ),
  ...Object.fromEntries(["class", "cssId", "style"].map((name) => [`\\${name}`, "\\@secondoftwo"])),
};

const group = String.raw`\{(?:[^{}]|\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\})*\}`;
const withDefault = new RegExp(
  String.raw`\\(?:renew|new|provide)command\*?\s*\{?\s*(\\[a-zA-Z]+)\s*\}?\s*\[(\d)\]\s*\[([^\]]*)\]\s*(${group})`,
  "g",
);

/** Definition whose first argument has a default, by two that have none. */
function optional(_, name, count, value, body) {
  const others = Array.from({ length: count - 1 }, (_, i) => `#${i + 2}`).join("");
  const either = `{\\@ifnextchar[{${name}@}{${name}@[${value}]}}`;
  return `\\gdef${name}${either}\\gdef${name}@[#1]${others}${body}`;
}

/** Columns of an array without the spaces, rules and widths that KaTeX does not take. */
const columns = (_, spec) => {
  const repeated = spec.replace(/\*\{(\d)\}\{([^{}]*)\}/g, (_, n, kinds) => kinds.repeat(n));
  const kinds = repeated.replace(/[@!<>]\{[^{}]*\}/g, "").replace(/[pmb]\{[^{}]*\}/g, "l");
  return `\\begin{array}{${kinds}}`;
};

/** TeX without what only MathJax knows, such as `\require` and `\DeclareMathOperator`. */
const plain = (tex) =>
  tex
    .replace(/\\require\s*\{[^{}]*\}/g, "")
    .replace(
      /\\DeclareMathOperator(\*?)\s*\{?\s*(\\[a-zA-Z]+)\s*\}?\s*\{([^{}]*)\}/g,
      "\\gdef$2{\\operatorname$1{$3}}",
    )
    .replace(
      /\\DeclarePairedDelimiter\s*\{?\s*(\\[a-zA-Z]+)\s*\}?\s*\{([^{}]*)\}\s*\{([^{}]*)\}/g,
      "\\gdef$1#1{{\\left$2 #1\\right$3}}",
    )
    .replace(withDefault, optional)
    .replace(/\\(re|provide)?(new)?command\*/g, "\\$1$2command")
    .replace(/\\begin\{(array|aligned|gathered)\}\s*\[[tbc]\]/g, "\\begin{$1}")
    .replace(/\\begin\{array\}\s*\{((?:[^{}]|\{[^{}]*\})*)\}/g, columns)
    .replace(/\\bbox\s*(?:\[[^\]]*\])?/g, "")
    .replace(/\\unicode\s*\{x([0-9a-f]{1,6})\}/gi, '\\text{\\char"$1}')
    .replace(/\\vspace\*?\s*\{[^{}]*\}/g, "")
    .replace(/\\buildrel\b(.+?)\\over\s*(\\[a-zA-Z]+|\{[^{}]*\}|\S)/g, "\\overset{$1}{$2}")
    .replace(
      /(\\(?:text(?:bf|it|rm|tt|sf|normal|sc)?|mbox)\s*\{)([^{}$]*)(?=\})/g,
      (_, before, words) => before + words.replace(/(?<!\\)[_&#]/g, "\\$&"),
    );

const withoutNumbers = {
  equation: ["", ""],
  align: ["\\begin{aligned}", "\\end{aligned}"],
  gather: ["\\begin{gathered}", "\\end{gathered}"],
  alignat: ["\\begin{alignedat}", "\\end{alignedat}"],
  multline: ["\\begin{gathered}", "\\end{gathered}"],
  eqnarray: ["\\begin{array}{rcl}", "\\end{array}"],
  flalign: ["\\begin{aligned}", "\\end{aligned}"],
  xalignat: ["\\begin{alignedat}", "\\end{alignedat}"],
  multlined: ["\\begin{gathered}", "\\end{gathered}"],
  displaymath: ["", ""],
  subequations: ["", ""],
};

/** TeX of a display formula in which nothing is numbered. */
const unnumbered = (tex) =>
  tex
    .replace(/\\label\{[^{}]*\}|\\(?:notag|nonumber)\b/g, "")
    .replace(
      new RegExp(`\\\\(begin|end)\\{(${Object.keys(withoutNumbers).join("|")})\\*?\\}`, "g"),
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
  const macros = { ...commands };
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
