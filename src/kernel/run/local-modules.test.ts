// The user's own files, through a kernel.
import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { TestClient } from "../test-client";
import type { Json } from "../wire/wire";

let client: TestClient;
before(async () => {
  client = await TestClient.start();
});
after(() => client.stop());

const write = (name: string, text: string): void => {
  const file = path.join(client.folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
};

/** Value of the cell as text, what it wrote to stderr, and its error. */
async function run(code: string): Promise<{ value: unknown; stderr: string; error?: Json }> {
  const messages = await client.published(await client.execute(code));
  const result = messages.find(({ type }) => type === "execute_result");
  const error = messages.find(({ type }) => type === "error")?.content;
  const stderr = messages.flatMap(({ content }) =>
    content.name === "stderr" ? [content.text] : [],
  );
  return {
    value: (result?.content.data as Json | undefined)?.["text/plain"],
    stderr: stderr.join(""),
    ...(error && { error }),
  };
}

/** Writes files in the version that many times, and expects each version's value of the cell. */
async function expectFresh(files: (version: number) => Record<string, string>, cell: string) {
  for (const version of [1, 22, 333]) {
    for (const [name, text] of Object.entries(files(version))) write(name, text);
    const { value, stderr, error } = await run(cell);
    assert.equal(value, `${version}`, JSON.stringify(error));
    assert.equal(stderr.split("\n").length - 1, version === 1 ? 0 : 1, stderr);
    await sleep(10);
  }
}

test("an edit of a module is seen through each importer and each kind of file, and said in one line", async () => {
  await expectFresh(
    (v) => ({ "a.ts": `export const v: number = ${v};` }),
    'import { v } from "./a"; v',
  );
  write("b/mid.ts", 'import { v } from "./leaf"; export const twice = (): number => v;');
  write("b/top.ts", 'export { twice } from "./mid";');
  await expectFresh(
    (v) => ({ "b/leaf.ts": `export const v = ${v};` }),
    'import { twice } from "./b/top"; twice()',
  );
  await expectFresh((v) => ({ "c.json": `{ "v": ${v} }` }), 'import c from "./c.json"; c.v');
  await expectFresh((v) => ({ "d.js": `exports.v = ${v};` }), 'require("./d.js").v');
  await expectFresh(
    (v) => ({ "e.mjs": `export const v = ${v};` }),
    'import { v } from "./e.mjs"; v',
  );
  write("f.mjs", 'import { v } from "./g.mjs"; export const w = await Promise.resolve(v);');
  await expectFresh(
    (v) => ({ "g.mjs": `export const v = ${v};` }),
    '// @ts-nocheck\n(await import("./f.mjs")).w',
  );
});

test("an edit of a linked package is seen", async () => {
  write("node_modules/placeholder", "");
  write(
    "linked/package.json",
    '{ "name": "linked", "main": "dist/index.js", "types": "index.d.ts" }',
  );
  write("linked/index.d.ts", "export const v: number;");
  symlinkSync(path.join(client.folder, "linked"), path.join(client.folder, "node_modules/linked"));
  await expectFresh(
    (v) => ({ "linked/dist/index.js": `exports.v = ${v};` }),
    'import { v } from "linked"; v',
  );
});

test("imports are found as TypeScript finds them", async () => {
  write("lib/index.ts", "export const z = 9;");
  write("util.ts", "export type T = number; export const u: T = 3;");
  for (const [cell, value] of [
    ['import { z } from "./lib"; z', "9"],
    ['import { u } from "./util.ts"; u', "3"],
    ['import { u } from "./util.js"; u', "3"],
    ['import { u, type T } from "./util"; const t: T = u; t', "3"],
  ] as const)
    assert.deepEqual(await run(cell), { value, stderr: "" });
});

test("a package is typed that names its modules under exports alone, and so is a name under imports", async () => {
  const types = (name: string) => ({ types: `./types/${name}.d.ts`, default: `./${name}.js` });
  const packages = {
    mapped: { exports: { ".": types("index"), "./deep": types("deep") } },
    both: { main: "./index.js", exports: { ".": types("index"), "./*": types("*") } },
  };
  for (const [name, manifest] of Object.entries(packages)) {
    write(`node_modules/${name}/package.json`, JSON.stringify({ name, ...manifest }));
    for (const module of ["index", "deep"]) {
      write(`node_modules/${name}/${module}.js`, 'exports.of = "of";');
      write(`node_modules/${name}/types/${module}.d.ts`, "export declare const of: string;");
    }
    for (const module of [name, `${name}/deep`]) {
      const import_ = `import { of } from "${module}";`;
      assert.deepEqual(await run(`${import_} of`), { value: "'of'", stderr: "" });
      assert.match(String((await run(`${import_} const n: number = of;`)).error?.evalue), /TS2322/);
    }
  }
  write(
    "own/package.json",
    JSON.stringify({ imports: { "#set": "./set.js", "#lib/*": "./*.ts" } }),
  );
  write("own/set.js", "exports.n = 1;");
  write("own/lib.ts", "export const t: string = 'a';");
  write(
    "own/index.ts",
    'import { n } from "#set"; import { t } from "#lib/lib"; export const v = n + t;',
  );
  assert.equal((await run('import { v } from "./own"; v.length')).value, "2");
  assert.match(
    String((await run('import { v } from "./own"; const n: number = v;')).error?.evalue),
    /TS2322/,
  );
});

test("a package that has its modules for import alone is found by statements and import(), in cells and files", async () => {
  const exports = {
    ".": { import: { types: "./index.d.mts", default: "./index.mjs" } },
    "./untyped": { import: { node: "./untyped.mjs", default: "./none.mjs" } },
  };
  write("node_modules/modern/package.json", JSON.stringify({ name: "modern", exports }));
  write("node_modules/modern/index.mjs", "export const seven = 7; export default 'seven';");
  write(
    "node_modules/modern/index.d.mts",
    "export declare const seven: 7; declare const word: string; export default word;",
  );
  write("node_modules/modern/untyped.mjs", "export const eight = 8;");
  write("modern.ts", 'import word, { seven } from "modern"; export const both = word + seven;');
  for (const [cell, value] of [
    ['import word, { seven } from "modern"; word + seven', "'seven7'"],
    ['import * as modern from "modern"; modern.seven', "7"],
    ['(await import("modern")).seven', "7"],
    ['import { both } from "./modern"; both', "'seven7'"],
    ['import { eight } from "modern/untyped"; eight', "8"],
    ['(await import("modern/untyped")).eight', "8"],
  ] as const)
    assert.equal((await run(cell)).value, value, cell);
  assert.match(
    String((await run('import "modern/none"')).error?.traceback),
    /'\.\/none' is not defined/,
  );
});

test("a file is checked and compiled as a cell is: decorators, await at its top, export =", async () => {
  const decorated = `const twice = (_: object, _key: string, at: PropertyDescriptor) => {
    const method = at.value;
    at.value = () => 2 * method();
  };
  class D { @twice two() { return 2; } }`;
  assert.equal((await run(`${decorated} new D().two()`)).value, "4");
  write("decorated.ts", `${decorated} export const four = new D().two();`);
  assert.equal((await run('import { four } from "./decorated"; four')).value, "4");
  write("awaiting.ts", "export const v: number = await 5;\nfor await (const x of [v]) void x;");
  write("through.ts", 'import { v } from "./awaiting";\nexport const w = v + 1;');
  assert.equal((await run('(await import("./through")).w')).value, "6");
  write("inner.ts", "export function f() {\n  await 1;\n}");
  assert.match(
    String((await run('import { f } from "./inner"')).error?.traceback),
    /inner\.ts 2:3/,
  );
  write("common.cts", 'import os = require("node:os");\nexport = { end: os.EOL };');
  assert.equal((await run('import common = require("./common.cjs"); common.end')).value, "'\\n'");
});

test("an error while a file loads, or later, names the file and its own line", async () => {
  write(
    "bad.ts",
    'interface Long {\n  a: number;\n}\n\nexport const f = (): void => {\n  throw new Error("late");\n};\n',
  );
  const { error } = await run('import { f } from "./bad";\nf()');
  const text = (error!.traceback as string[]).join("\n");
  assert.match(text, /bad\.ts:6:9/);
  assert.match(text, /cell\[\d+\]:2:1/);
  assert.doesNotMatch(text, /node:|kernel\/dist|tslab/);
});

test("every kind of import shows its line when the module fails", async () => {
  write("failing.ts", 'export const x = 1; throw new Error("as it loads");');
  for (const statement of [
    'import "./failing"',
    'import { x } from "./failing"',
    'import x from "./failing.ts"',
    'import * as x from "./failing"',
    'import x = require("./failing")',
    'export { x } from "./failing"',
    'export * from "./failing"',
    'export * as x from "./failing"',
    'await import("./failing")',
    'require("./failing")',
  ]) {
    const { error } = await run(`// @ts-nocheck\n${statement}`);
    const text = (error!.traceback as string[]).join("\n");
    assert.match(text, /as it loads.*failing\.ts:1.*at cell\[\d+\]:2:/s, statement);
  }
});

test("a package without types warns once, and runs", async () => {
  write("node_modules/untyped/index.js", "exports.three = 3;");
  const first = await run('import { three } from "untyped"; three');
  assert.deepEqual([first.value, /"untyped" has no types/.test(first.stderr)], ["3", true]);
  assert.equal((await run('import * as u from "untyped"; u.three')).stderr, "");
});
