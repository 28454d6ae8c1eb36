// Typesets a JSON list of { tex, display } from standard input with KaTeX; a formula that does not parse fails all, by name.
const katex = require(process.argv[2]);
const formulas = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
const errors = [];
const typeset = formulas.map(({ tex, display }) => {
  try {
    return katex.renderToString(tex, {
      displayMode: display,
      output: "htmlAndMathml",
      throwOnError: true,
      strict: "ignore",
    });
  } catch (error) {
    errors.push(`${tex.trim()}: ${error.message}`);
    return "";
  }
});
if (errors.length > 0) {
  console.error(errors.join("\n"));
  process.exit(1);
}
process.stdout.write(JSON.stringify(typeset));
