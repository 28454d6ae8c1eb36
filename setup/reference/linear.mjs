// The notation of formulas in docstrings, a small part of UnicodeMath (Unicode Technical Note 28):
//
//   a/b            a stroke divides what touches it; between spaces, the whole products beside it: a b / c d
//   (a + b)/c      set apart, a fraction, without these parentheses, as (1/n) x is; in running text as it stands
//   xᵢⱼ² v_(2i)^T  lower script, then upper: characters, or after _ and ^ a letter, a number or parentheses
//   √x √(a + b)    a root;  x̂ x̃ x̄ a′  accents, as characters of their own
//   |x| ‖x‖        bars open after a space, a sign or a bracket; in p(x | h) and D(p‖q) they are signs
//   xW             two letters are a product; three or more, and "to", a word; ln, cos, max … functions
//
// What has no meaning here throws.

const signs = "+−±·=≠<>≤≥∈→←:,";
const symbols = "∞∂…";
const sums = { Σ: "\\sum ", "∫": "\\int " };
const functions = {
  ln: "\\ln ",
  log: "\\log ",
  cos: "\\cos ",
  max: "\\max ",
  min: "\\min ",
  sign: "\\operatorname{sign}",
};
const accents = { "\u0302": "\\hat", "\u0303": "\\tilde", "\u0304": "\\bar" };
const brackets = {
  "(": ["(", ")]"],
  "[": ["[", ")]"],
  "{": ["\\{", "}"],
  "|": ["\\lvert ", "|"],
  "‖": ["\\lVert ", "‖"],
};
const closers = { ")": ")", "]": "]", "}": "\\}", "|": "\\rvert ", "‖": "\\rVert " };
const barSigns = { "|": "\\mid ", "‖": "\\,\\Vert\\," };
const spaces = { "atom atom": "\\,", "atom word": "\\ ", "word atom": "\\ ", "word word": "\\ " };

const lower = /^[₀-₉₊₋ₐᵢⱼₖ]/;
const upper = /^[⁰¹²³⁴-⁹⁺⁻ᵀᵐᵗ]/;
const word = /^(\p{ASCII}{3,}|to)$/u;
const token =
  /\s+|\d+(\.\d+)?|[₀-₉₊₋ₐᵢⱼₖ]+|[⁰¹²³⁴-⁹⁺⁻ᵀᵐᵗ]+|([A-Za-z]{3,}|ln|to)(?![A-Za-z]|\p{M})|\p{L}\p{M}?|./gsu;

/** Tall brackets; square ones, which hold a whole sum, let it break into lines. */
const sized = (left, inner, right) =>
  left === "["
    ? `\\Bigl[${inner}\\Bigr${right}`
    : `\\mathopen{}\\left${left}${inner}\\right${right}\\mathclose{}`;

/** A formula as TeX: with fractions where it is set apart, with strokes where it is `inline`. */
export function toTeX(formula, { inline = false } = {}) {
  const tokens = formula.trim().match(token) ?? [];
  let at = 0;
  let strokes = inline;

  const blank = (i) => (tokens[i] ?? " ").trim() === "";
  const skipSpace = () => {
    if (at < tokens.length && blank(at)) at++;
  };
  function expect(holds) {
    const found =
      at < tokens.length ? `"${tokens[at]}" after "${tokens.slice(0, at).join("")}"` : "its end";
    if (!holds)
      throw new SyntaxError(
        `formula "${formula}" must follow setup/reference/linear.mjs, got ${found}`,
      );
  }

  function onLine(read) {
    const outside = strokes;
    strokes = true;
    const part = read();
    strokes = outside;
    return part;
  }

  function bracketed() {
    const open = tokens[at++];
    const [left, ends] = brackets[open];
    const { tex: inner, isFraction } = sequence(ends, open === "[");
    const close = tokens[at++];
    const right = closers[close];
    const tall = /\\(frac|sum|int)/.test(inner);
    const tex = tall ? sized(left, inner, right) : left + inner + right;
    return {
      kind: "atom",
      tex,
      inner: open + close === "()" ? inner : undefined,
      holdsFraction: isFraction,
    };
  }

  function atom() {
    const t = tokens[at] ?? "";
    if (brackets[t]) return bracketed();
    at++;
    if (t === "√") {
      const { tex, inner } = factor();
      return { kind: "atom", tex: `\\sqrt{${inner ?? tex}}` };
    }
    const operator = sums[t] ?? functions[t];
    if (operator) return { kind: "operator", tex: operator };
    if (/^\d/.test(t) || (t && symbols.includes(t))) return { kind: "atom", tex: t };
    if (word.test(t)) return { kind: "word", tex: `\\text{${t}}` };
    const [, over, under] = t.normalize("NFKD").match(/^(\d)\u2044(\d+)$/) ?? []; // as in ½
    if (under) return { kind: "atom", tex: `\\tfrac{${over}}{${under}}` };
    const [letter, accent, more] = t.normalize("NFD");
    const isLetter = /^(?!\p{Lm})\p{L}/u.test(t) && (!accent || accents[accent]) && !more;
    if (!isLetter) at--;
    expect(isLetter);
    return { kind: "atom", tex: accent ? `${accents[accent]}{${letter}}` : letter };
  }

  function script(mark, characters) {
    if (characters.test(tokens[at]))
      return [...tokens[at++].normalize("NFKD")].map((c) => (c === "T" ? "\\top " : c)).join("");
    if (tokens[at] !== mark) return "";
    at++;
    const { tex, inner = tex } = onLine(atom);
    return inner;
  }

  function factor() {
    const base = atom();
    const down = script("_", lower);
    let primes = "";
    for (; tokens[at] === "′"; at++) primes += "'";
    const up = script("^", upper);
    expect(!["_", "^"].includes(tokens[at]) && !lower.test(tokens[at]) && !upper.test(tokens[at]));
    if (!down && !primes && !up) return base;
    return {
      kind: base.kind,
      tex: `${base.tex}${down && `_{${down}}`}${primes}${up && `^{${up}}`}`,
    };
  }

  const endsRun = () => blank(at) || `${signs}/)]}|‖`.includes(tokens[at]);

  /** Factors that touch. */
  function touching() {
    const first = factor();
    if (endsRun())
      return !strokes && first.holdsFraction
        ? { kind: "atom", tex: first.inner, isFraction: true }
        : first;
    let tex = first.tex;
    while (!endsRun()) tex += factor().tex;
    return { kind: first.kind, end: "atom", tex };
  }

  /** A part, or a fraction of two, which are on one line then; `gap` is 1 where spaces are beside the stroke. */
  function quotient(part, gap) {
    const start = at;
    const whole = part();
    if (tokens[at + gap] !== "/" || (gap === 1 && !blank(at))) return whole;
    at = start;
    const over = onLine(part);
    at += gap + 1;
    expect(at < tokens.length && blank(at) === (gap === 1));
    at += gap;
    const under = onLine(part);
    expect(tokens[at + gap] !== "/");
    if (strokes)
      return { kind: "atom", tex: `${over.tex}/${gap ? "\\allowbreak " : ""}${under.tex}` };
    return {
      kind: "atom",
      tex: `\\frac{${over.inner ?? over.tex}}{${under.inner ?? under.tex}}`,
      isFraction: true,
    };
  }

  /** Factors or fractions with spaces between. */
  function product() {
    let whole = quotient(touching, 0);
    let kind = whole.end ?? whole.kind;
    while (blank(at) && !blank(at + 1)) {
      const opens = brackets[tokens[at + 1]] && !blank(at + 2);
      at++;
      if (endsRun() && !opens) {
        at--;
        break;
      }
      const next = quotient(touching, 0);
      whole = { kind: "atom", tex: whole.tex + (spaces[`${kind} ${next.kind}`] ?? "") + next.tex };
      kind = next.end ?? next.kind;
    }
    return whole;
  }

  function sequence(ends, breaks = false) {
    let tex = "";
    let parts = 0;
    let isFraction = false;
    for (let wantsOperand = true; ; parts++) {
      const spaced = blank(at - 1) || blank(at);
      skipSpace();
      const t = tokens[at];
      if (!wantsOperand && (t === undefined ? ends === "" : ends.includes(t)))
        return { tex, isFraction: isFraction && parts === 1 };
      const bar = !wantsOperand && (t === "|" || t === "‖") && spaced === blank(at + 1);
      if (bar || (t && signs.includes(t))) {
        expect(!wantsOperand || parts === 0 || "+−±".includes(t));
        at++;
        tex += (bar ? barSigns[t] : t.replace("·", "\\cdot ")) + (breaks ? "" : "\\nobreak ");
        wantsOperand = true;
      } else {
        expect(wantsOperand);
        const operand = quotient(product, 1);
        tex += operand.tex;
        isFraction = Boolean(operand.isFraction);
        wantsOperand = false;
      }
    }
  }

  return sequence("", true).tex;
}
