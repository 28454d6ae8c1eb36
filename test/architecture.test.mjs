import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";
import ts from "typescript";
import { python } from "../setup/python.mjs";

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

const longest = 60;

/** True of a function that wraps its whole module and is called at once. */
const wrapsModule = (node) => {
  const call = ts.isParenthesizedExpression(node.parent) && node.parent.parent;
  return (
    call &&
    ts.isCallExpression(call) &&
    call.expression === node.parent &&
    ts.isExpressionStatement(call.parent) &&
    ts.isSourceFile(call.parent.parent)
  );
};

const nameOf = (node, file) => (node.name ?? node.parent.name)?.getText(file) ?? "(no name)";

/** Functions of a text in TypeScript or JavaScript with their lines, inner ones included. */
function functionsOf(path, text) {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const line = (at) => file.getLineAndCharacterOfPosition(at).line;
  const found = [];
  const visit = (node) => {
    if (ts.isFunctionLike(node) && node.body && !wrapsModule(node)) {
      const name = ts.isConstructorDeclaration(node) ? "constructor" : nameOf(node, file);
      const lines = line(node.end) - line(node.getStart(file)) + 1;
      found.push({ path, name, lines });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

const pythonFunctions = `
import ast, json, sys
found = [
    {"path": path, "name": node.name, "lines": node.end_lineno - node.lineno + 1}
    for path in sys.argv[1:]
    for node in ast.walk(ast.parse(open(path, encoding="utf-8").read()))
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
]
print(json.dumps(found))
`;

test("no function is longer than 60 lines but those of the list, which may only shrink", () => {
  const run = (file, values) => execFileSync(file, values, { encoding: "utf8" });
  const files = run("git", ["ls-files"])
    .split("\n")
    .filter((path) => existsSync(path) && !/\.test\.|fixtures\/|\.as\.ts$/.test(path));
  const modules = files.filter((path) => path.endsWith(".py"));
  const long = [
    ...files
      .filter((path) => /\.(ts|mjs|cjs|js)$/.test(path))
      .flatMap((path) => functionsOf(path, readFileSync(path, "utf8"))),
    ...JSON.parse(run(python, ["-c", pythonFunctions, ...modules])),
  ].filter(({ lines }) => lines > longest);
  const listed = JSON.parse(readFileSync("test/long-functions.json", "utf8"));
  const same = (a) => (b) => a.path === b.path && a.name === b.name;
  for (const { path, name, lines } of long) {
    const most = listed.find(same({ path, name }))?.lines ?? longest;
    assert.ok(
      lines <= most,
      `${name} of ${path} must have at most ${most} lines, got ${lines}; split it`,
    );
  }
  for (const one of listed) {
    assert.ok(one.reason, `${one.name} of ${one.path} must have a reason`);
    assert.ok(
      long.some(same(one)),
      `${one.name} of ${one.path} is short or gone: take it from test/long-functions.json`,
    );
  }
});

test("functions are found in every form, but for one that wraps its module", () => {
  const text = `(() => {
  function a() {}
  const b = () => {
    c(function () {});
  };
})();
class D {
  constructor() {}
  get e() { return 1; }
  #f = () => 2;
}
export const g = { h() {}, async *i() {} };
call(() => {});
declare function j(): void;`;
  assert.deepEqual(
    functionsOf("x.ts", text).map(({ name, lines }) => `${name} ${lines}`),
    ["a 1", "b 3", "(no name) 1", "constructor 1", "e 1", "#f 1", "h 1", "i 1", "(no name) 1"],
  );
});
