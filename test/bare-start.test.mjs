import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";

/** Programs in template literals are text, not imports. */
const withoutTemplates = (code) => code.replace(/`(?:\\.|[^`\\])*`/g, "``");

/** Modules that a file imports statically; these load before set-up has installed anything. */
const importsOf = (file) =>
  [
    ...withoutTemplates(readFileSync(file, "utf8")).matchAll(
      /^(?:import\b[^"'();=]*|export\b[^"'();=]*\bfrom\s+)["']([^"']+)["'];?$/gm,
    ),
  ].map(([, name]) => name);

test("no command needs a package before set-up has installed it", () => {
  const seen = new Set();
  const visit = (file) => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const name of importsOf(file)) {
      assert.ok(
        name.startsWith(".") || isBuiltin(name),
        `${file} imports ${name}; import it later`,
      );
      if (name.startsWith(".")) visit(join(dirname(file), name));
    }
  };
  for (const entry of ["setup/run.mjs", "setup/dispatch.mjs"]) visit(entry);
  assert.ok(seen.has("test/stages.mjs"), "the walk must reach the stages");
});
