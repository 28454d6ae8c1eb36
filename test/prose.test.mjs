import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { exempt, unusedNames } from "./cells.mjs";
import { proseProblems } from "./prose.mjs";

test("comments start with a verb or a noun and Markdown wraps, in every file that is not exempt", () => {
  const problems = proseProblems();
  const { prose } = exempt();
  const found = [...problems]
    .filter(([path]) => !prose.includes(path))
    .flatMap(([path, sentences]) => sentences.map((one) => `${path}:${one}`));
  assert.deepEqual(found, []);
  const met = prose.filter((path) => !problems.has(path));
  assert.deepEqual(met, [], "these meet the style by now: run node test/prose.mjs");
});

test("a comment is found in each language, and words in strings, templates and code are none", () => {
  const folder = mkdtempSync(join(tmpdir(), "prose é "));
  const wide = "x".repeat(101);
  const files = {
    "a.ts": [`// What it is\nconst a = "// What";\nconst b = \`/* How */ \${1 /* Where */}\`;`, 2],
    "b.mjs": [
      `/**\n * Whether it is.\n */\nexport const r = /\\/\\* How/;\n// See\n// Where it is.`,
      1,
    ],
    "c.py": ['"""What it is."""\n# How\nx = "# Where"\ndef f():\n    """Whether."""\n', 3],
    "d.css": ['/* How it looks */\na { content: "x"; }\n/* Good */', 1],
    "e.md": [`${wide}\n\n| ${wide} |\n\n[a](${wide})\n\n\`\`\`\n${wide}\n\`\`\`\n`, 1],
    "f.ts": [`// ${wide}\nconst s = "${wide}";\n// https://x.org/${wide}`, 1],
  };
  try {
    for (const [name, [text, count]] of Object.entries(files)) {
      const path = join(folder, name);
      writeFileSync(path, text);
      assert.equal(proseProblems([path]).get(path)?.length, count, name);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a name that no cell uses is found: a variable, an import, a part of a pattern, a function", () => {
  const cells = [
    'import { a, b as c } from "m"; import * as d from "n"; const { e, f: [g] } = d;',
    "const h = 1, i = a + e; function j() { return g; }\nclass k {}",
    "console.log(x.h, { i }); type l = number; j();",
  ];
  assert.deepEqual(unusedNames(cells), ["cell 1: c", "cell 2: h", "cell 2: k", "cell 3: l"]);
  assert.deepEqual(unusedNames(["const a = 1;", "const a = 2; a;"]), []);
});
