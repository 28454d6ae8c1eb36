import assert from "node:assert/strict";
import { test } from "node:test";
import katex from "katex";
import { toTeX } from "./linear.mjs";
import { setFormulas } from "./plugin.mjs";

const apart = [
  [
    "(1/n) Σᵢ Σⱼ (xᵢⱼ − x̂ᵢⱼ)²",
    String.raw`\frac{1}{n}\sum _{i}\sum _{j}(x_{ij}−\nobreak \hat{x}_{ij})^{2}`,
  ],
  ["w / ‖w‖", String.raw`\frac{w}{\lVert w\rVert }`],
  ["a b / c d + e", String.raw`\frac{a\,b}{c\,d}+e`],
  ["a/b c", String.raw`\frac{a}{b}\,c`],
  ["f(1/n)", String.raw`f\mathopen{}\left(\frac{1}{n}\right)\mathclose{}`],
  ["(f(w + s) − f(w))/2s", String.raw`\frac{f(w+\nobreak s)−\nobreak f(w)}{2s}`],
  ["a/(√(b/c) + d)", String.raw`\frac{a}{\sqrt{b/c}+\nobreak d}`],
  [
    "‖∂hᵢ/∂xᵢ‖_F²",
    String.raw`\mathopen{}\left\lVert \frac{∂h_{i}}{∂x_{i}}\right\rVert \mathclose{}_{F}^{2}`,
  ],
  [
    "|{j : |hᵢⱼ| ≤ bound for all i}|",
    String.raw`\lvert \{j:\nobreak \lvert h_{ij}\rvert ≤\nobreak \text{bound}\ \text{for}\ \text{all}\ i\}\rvert `,
  ],
  ["D(p‖q) = ∫ p(s) ds", String.raw`D(p\,\Vert\,\nobreak q)=\int p(s)\,ds`],
  ["−log p(x | h)", String.raw`−\log p(x\mid \nobreak h)`],
  ["e^(−|z|)", String.raw`e^{−\nobreak \lvert z\rvert }`],
  ["W_(2L + 1 − i) = Wᵢᵀ", String.raw`W_{2L+\nobreak 1−\nobreak i}=W_{i}^{\top }`],
  ["a′(z)² ½·10⁻⁴", String.raw`a'(z)^{2}\,\tfrac{1}{2}\cdot 10^{−4}`],
  ["ā x̃ [−a, a)", String.raw`\bar{a}\,\tilde{x}\,[−a,a)`],
];

test("a formula set apart: fractions, scripts, accents, roots, bars, sums, words", () => {
  for (const [formula, tex] of apart) assert.equal(toTeX(formula), tex, formula);
});

test("a formula in running text keeps its strokes and their parentheses", () => {
  assert.equal(toTeX("(a + b)/2", { inline: true }), String.raw`(a+\nobreak b)/2`);
  assert.equal(toTeX("a / b", { inline: true }), String.raw`a/\allowbreak b`);
});

test("spaces around a formula and accents in one character with their letter change nothing", () => {
  for (const [formula, tex] of apart)
    assert.equal(toTeX(` ${formula.normalize("NFC")} `), tex, formula);
});

test("all that the notation gives is TeX", () => {
  for (const [, tex] of apart)
    assert.match(katex.renderToString(tex, { strict: "error" }), /^<span class="katex">/);
});

test("what has no meaning is refused, and named", () => {
  const refused = [
    "",
    "(x",
    "x)",
    "x +",
    "+ = x",
    "x, ",
    "x - y",
    "e^vᵢⱼ",
    "‖h‖²_F",
    "a/b/c",
    "a / b / c",
    "a /b",
    "a/ b",
    "|x",
  ];
  for (const formula of [
    ...refused,
    "λ|h|",
    "1e-9",
    "x?",
    "√",
    "Σᵢ /n",
    "a^2^3",
    "x\u0300",
    "xⁿ",
    "ế",
    "\\frac",
  ])
    assert.throws(
      () => toTeX(formula),
      ({ message }) => message.startsWith(`formula "${formula}" must follow`),
      formula,
    );
});

const text = (content) => ({ type: "text", content });
const formula = (content) => ({ type: "code_inline", markup: "``", content });
function set(parts, inCell = false) {
  setFormulas(parts, { inCell });
  return parts.map(({ content }) => content);
}

test("after a colon, or with a sum, a formula stands on a line of its own and takes the sentence's sign along", () => {
  const [, first, rest] = set([text("Decay: "), formula("w ← w − η g"), text(", or not.")]);
  assert.match(first, /^<span class="formula"><span class="katex">.*,<\/span>/s);
  assert.equal(rest, " or not.");
  assert.match(
    set([text("the mean "), formula("(1/n) Σᵢ xᵢ")])[1],
    /^<span class="formula">.*<mfrac>.*<munder>/s,
  );
  assert.match(set([text("a scale "), formula("(1/n)")])[1], /^<span class="katex">(?!.*<mfrac>)/s);
  assert.match(set([formula("(1/n) Σᵢ xᵢ")], true)[0], /^<span class="katex">.*<mfrac>/s);
});

test("several formulas between commas and two spaces are set one by one", () => {
  const [, html] = set([text("Momentum: "), formula("v ← μ v + g,  w ← w − η v")]);
  assert.equal(html.match(/class="katex"/g).length, 2);
});

test("mathematics outside a formula is refused, in text and in code", () => {
  for (const content of ["x̂", "x²", "xᵢ", "ρ", "a ≤ b", "−1", "½", "‖x‖", "a′"])
    for (const type of ["text", "code_inline"])
      assert.throws(
        () => set([{ type, markup: "`", content }]),
        /must stand between two pairs of backticks/,
        content,
      );
  assert.deepEqual(set([text("Böhning–Lindsay: [n, d] → [n, m], 28 × 28 …")]), [
    "Böhning–Lindsay: [n, d] → [n, m], 28 × 28 …",
  ]);
});
