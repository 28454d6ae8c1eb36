import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";
import ts from "typescript";

const page = readFileSync("docs/architecture.md", "utf8");
const drawing = page.match(/^```mermaid\n(.*?)^```/ms)[1];

const folders = new Map(
  [...drawing.matchAll(/^ {2}(\w+)\["(src[\w/.]*?)(?:\/\*\.ts)?<br>/gm)].map(
    ([, module, folder]) => [folder, module],
  ),
);

/** The module of a source: that of its nearest folder with one. */
function moduleOf(file) {
  const own = [file, file.replace(/\.ts$/, "")].find((path) => folders.has(path)); // web.ts beside web/
  if (own) return folders.get(own);
  for (let folder = dirname(file); folder !== "."; folder = dirname(folder))
    if (folders.has(folder)) return folders.get(folder);
  throw new Error(`${file} must lie in a module of docs/architecture.md`);
}

const sources = readdirSync("src", { recursive: true })
  .map((name) => join("src", name))
  .filter((file) => file.endsWith(".ts") && !/\.test\.ts$|fixtures|\/dist\//.test(file));

/** The source that a relative import leads to; undefined for what is none, such as package.json. */
const resolved = (from, name) =>
  [".ts", "/index.ts"]
    .map((end) => join(dirname(from), name) + end)
    .find((file) => existsSync(file));

const imports = sources.flatMap((file) =>
  ts
    .preProcessFile(readFileSync(file, "utf8"), true, true)
    .importedFiles.map(({ fileName }) => ({ file, name: fileName, module: moduleOf(file) })),
);

/** Imports of the sources: "engine → mathematics" with the modules by which. */
const found = new Map();
for (const { file, name, module } of imports.filter((one) => one.name.startsWith("."))) {
  const target = resolved(file, name);
  if (!target || moduleOf(target) === module) continue;
  const edge = `${module} → ${moduleOf(target)}`;
  found.set(edge, (found.get(edge) ?? new Map()).set(target.match(/([\w-]+)\.ts$/)[1], file));
}

/**
 * Arrows of the drawing: the same, with the modules that an arrow names, or undefined for all.
 */
const drawn = new Map(
  [...drawing.matchAll(/^ {2}(\w+) -->(?:\|([^|]+)\|)? (\w+)$/gm)].map(([, from, modules, to]) => [
    `${from} → ${to}`,
    modules?.split(", "),
  ]),
);

test("the drawing has every module of src/, and only those", () => {
  const there = readdirSync("src", { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name } of there.filter((entry) => entry.name !== "fixtures"))
    assert.ok(folders.has(`src/${name}`), `src/${name}`);
  for (const folder of folders.keys()) assert.ok(existsSync(folder), folder);
});

test("a module imports another only along an arrow, and only the modules that it names", () => {
  for (const [edge, modules] of found)
    for (const [module, file] of modules)
      assert.ok(
        drawn.has(edge) && (drawn.get(edge)?.includes(module) ?? true),
        `${file} imports ${module}: ${edge} is not in docs/architecture.md`,
      );
});

test("every arrow, and every module on one, is used", () => {
  for (const [edge, modules] of drawn) {
    assert.ok(found.has(edge), `${edge} is drawn, but no source does it`);
    for (const module of modules ?? [])
      assert.ok(found.get(edge).has(module), `${edge} by ${module} is drawn, not done`);
  }
});

test("a module takes only the packages of its row, and all of them", () => {
  const rows = new Map(
    [...page.matchAll(/^\| (\w+) \| ([^|]+) \| [^|]+ \|$/gm)].map(([, module, cell]) => [
      module,
      cell,
    ]),
  );
  const nameOf = (specifier) => specifier.match(/^(@[^/]+\/[^/]+|[^/]+)/)[0];
  for (const module of folders.values()) {
    const used = imports.filter(
      (one) => one.module === module && !/^\.|^node:/.test(one.name) && !isBuiltin(one.name),
    );
    const listed = rows
      .get(module)
      .split(", ")
      .filter((name) => name !== "–");
    assert.deepEqual(
      [...new Set(used.map((one) => nameOf(one.name)))].sort(),
      listed.sort(),
      module,
    );
  }
});

test("of the mathematics only datasets, read-table and checkpoint touch the disk, and browser code touches Node nowhere", () => {
  const disk = imports.filter(
    (one) => one.module === "mathematics" && /^(node:)?fs/.test(one.name),
  );
  assert.deepEqual([...new Set(disk.map((one) => one.file))].sort(), [
    "src/autoencoders/checkpoint.ts",
    "src/autoencoders/datasets.ts",
    "src/autoencoders/read-table.ts",
  ]);
  assert.deepEqual(
    imports.filter((one) => one.module === "browser" && isBuiltin(one.name)),
    [],
  );
});

test("no source imports itself, directly or through others", () => {
  const targets = (file) =>
    imports
      .filter((one) => one.file === file && one.name.startsWith("."))
      .map((one) => resolved(file, one.name))
      .filter(Boolean);
  const done = new Set();
  const visit = (file, path) => {
    assert.ok(!path.includes(file), [...path.slice(path.indexOf(file)), file].join(" → "));
    if (done.has(file)) return;
    for (const target of targets(file)) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of sources) visit(file, []);
});
