import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { before, test } from "node:test";
import fc from "fast-check";
import { CellConverter } from "./cell-converter";
import { checkOf } from "./check";
import { folderOptions } from "./options";

const root = path.resolve(__dirname, "../../../..");
let converter: CellConverter;
before(() => {
  const folder = mkdtempSync(path.join(tmpdir(), "cells-"));
  writeFileSync(path.join(folder, "beside.ts"), "export const beside: number = 1;\n");
  process.chdir(folder);
  converter = new CellConverter(process.cwd(), root);
});

const codes = (code: string): number[] => {
  const found = converter.convert(code, "strict").diagnostics.map(({ code }) => code);
  if (found.length === 0) converter.settle();
  return found;
};

test("a second converter of a process compiles its own cells", () => {
  const second = new CellConverter(process.cwd(), root);
  assert.match(second.convert("await 0; const mine = 1;", "strict").output ?? "", /mine/);
  assert.deepEqual(codes("mine;"), [2304]);
  second.tslab.close();
});

test("a cell sees the types of the cells before it, and a redeclaration replaces them", () => {
  assert.deepEqual(codes("const a = 1; interface P { q: string }"), []);
  assert.deepEqual(codes("const s: string = a;"), [2322]);
  assert.deepEqual(codes("const a = 'now text';"), []);
  assert.deepEqual(codes("const s: string = a; const p: P = { q: s };"), []);
});

test("names may begin with underscores", () => {
  assert.deepEqual(codes("const _one = 1, __two = 2, ___three = 3; class __Two {}"), []);
  assert.deepEqual(codes("const n: number = _one + __two + ___three; new __Two()"), []);
  assert.deepEqual(codes("const __two = 'text'"), []);
  assert.deepEqual(codes("const t: string = __two; interface __Two { own: 1 }"), []);
  assert.deepEqual(codes("const two: __Two = { own: 2 }"), [2322]);
});

test("a type declared anew has its new meaning in all that earlier cells declared with it", () => {
  assert.deepEqual(codes("interface Row { n: number }"), []);
  assert.deepEqual(codes("const same = (row: Row) => row;"), []);
  assert.deepEqual(codes("const twice = (row: ReturnType<typeof same>) => [row, row];"), []);
  assert.deepEqual(codes("const n: number = twice({ n: 1 })[0].n + same({ n: 1 }).n;"), []);
  assert.deepEqual(codes("interface Row { n: string }"), []);
  assert.deepEqual(codes("const t: string = twice({ n: 'a' })[0].n + same({ n: 'a' }).n;"), []);
  assert.deepEqual(codes("twice({ n: 1 });"), [2322]);
});

test("a variable whose type its cell does not say is any for later cells, an array any[]", () => {
  for (const word of ["let", "var"])
    for (const [i, names] of ["e = []", "e", "e = [], o", "o, e = []", "o = 1, e"].entries()) {
      assert.deepEqual(codes(`${word} ${names.replace(/[eo]/g, (each) => each + i)};`), []);
      assert.deepEqual(codes(`e${i} = [1]; e${i}.push("a");`), []);
    }
  assert.deepEqual(codes("const losses = [];"), []);
  assert.deepEqual(codes("losses.push(1); const all: number[] = losses;"), []);
  assert.deepEqual(codes("const n = []; n.push(1); const t: string[] = n;"), [2322]);
  assert.deepEqual(codes("const c = []; const add = () => c.push(1); c"), [7034, 7005]);
});

test("every diagnostic of an unfinished cell stands in its own lines, where TypeScript has it", () => {
  const { ts } = converter;
  const cells = [
    "const first = [1, { a: `2` }];\nfunction f(x: number) {\n  return (x + 1);\n}",
    "interface I { n: number }\nclass C<T> extends Map<I, T> { m = () => /a/ }",
    "export const x = 'text', y = f<number>(/* c */ 1)\nenum E { A = 1 }",
  ];
  for (const cell of cells)
    for (let end = 1; end < cell.length; end++) {
      const code = cell.slice(0, end);
      const { diagnostics } = ts.transpileModule(code, { reportDiagnostics: true });
      if (diagnostics!.length === 0) continue;
      const found = converter.convert(code, "strict").diagnostics.map(({ start }) => start.offset);
      const expected = ts.sortAndDeduplicateDiagnostics(diagnostics!).map(({ start }) => start);
      assert.deepEqual(found, expected, code);
    }
});

test("the reasons of a type error stand under it, as one diagnostic, in files beside the notebook too", () => {
  const text = "export const f: (x: string) => void = (x: number) => {};";
  writeFileSync("reasons.ts", text);
  for (const code of [text, 'import { f } from "./reasons"']) {
    const [only, ...others] = converter.convert(code, "strict").diagnostics;
    assert.deepEqual([only?.code, others.length], [2322, 0]);
    assert.match(only!.messageText, /assignable.*\n {2}Types of parameters.*\n {4}Type 'string'/);
  }
});

test("import a = require() gives the module's value, types and completions", () => {
  assert.deepEqual(codes('import files = require("node:fs"); files.readFileSync("a", "utf8")'), []);
  assert.deepEqual(
    codes("const s: files.Stats = files.statSync('.'); const n: string = s.size"),
    [2322],
  );
  assert.match(converter.convert('import own = require("./beside"); own').output!, /const own =/);
  assert.deepEqual(codes('import type T = require("node:events"); let t: T;'), []);
  assert.deepEqual(codes('import none = require("no-such-package")'), [2307]);
});

test("declare module adds to a file, a package, a module of Node and one that nobody has", () => {
  assert.deepEqual(codes('declare module "./beside" { interface Added { own: 1 } }'), []);
  assert.deepEqual(codes('import { Added } from "./beside"; const a: Added = { own: 2 };'), [2322]);
  assert.deepEqual(codes('declare module "ml-matrix" { interface Matrix { mine(): 1 } }'), []);
  assert.deepEqual(codes('import { Matrix } from "ml-matrix"; Matrix.eye(1).mine() === 2'), [2367]);
  assert.deepEqual(codes('declare module "stream" { interface Readable { mine(): 1 } }'), []);
  assert.deepEqual(codes('import { Readable } from "stream"; Readable.from([]).mine();'), []);
  assert.deepEqual(codes('declare module "*.nothing" { const text: string; export = text; }'), []);
});

test("declare global and declare module, edited, have their new meaning and keep other names", () => {
  const member = (type: string) => `interface Array<T> { own(): ${type} }`;
  assert.deepEqual(
    codes(`declare global { var shared: number; ${member("T")} } shared = 1; [1].own()`),
    [],
  );
  assert.deepEqual(codes(`declare global { ${member("string")} } [1].own().length`), []);
  assert.deepEqual(codes("shared = 'text'"), [2322]);
  assert.deepEqual(codes("declare global { var shared: string } shared = 'text'"), []);
  assert.deepEqual(codes("declare global { interface Array<T> { more: T } } [1].own()"), []);
  const module = (type: string) =>
    `declare module "./beside" { interface Edited { own: ${type} } }`;
  for (const [type, value] of [
    ["1", "1"],
    ["'a'", "'a'"],
    ["1", "1"],
  ] as const) {
    assert.deepEqual(codes(module(type)), []);
    assert.deepEqual(
      codes(`import type { Edited } from "./beside"; const e: Edited = { own: ${value} };`),
      [],
    );
  }
});

test("export may rename what the cell or an earlier one declares", () => {
  assert.deepEqual(codes("const before = 1;"), []);
  assert.match(
    converter.convert("export { before as after }", "strict").output!,
    /after: __cells__\.before/,
  );
  converter.settle();
  assert.deepEqual(codes("const own = 2; export { own as mine }; export = own;"), []);
  assert.deepEqual(codes("after + mine"), []);
});

test("later cells have the names that a cell exports from a module, with their types", () => {
  const cell =
    'export { sep as slash, type ParsedPath as Parts } from "node:path"; export * as os from "node:os";';
  assert.deepEqual(codes(cell), []);
  assert.deepEqual(codes("const s: number = slash; os.cpus().length; let p: Parts"), [2322]);
  assert.deepEqual(codes('export { default as strict, ok as if } from "node:assert";'), []);
});

test("export = shows its expression, also one that alone would be a block or a declaration", () => {
  for (const value of ["{ one: 1, two: 2 }", "function () { return 1; }", "class {}", "1 + 1"]) {
    const { output, diagnostics } = converter.convert(`export = ${value};`, "strict");
    assert.deepEqual(diagnostics, [], value);
    assert.match(output!, /__tslab__\.result\(/, value);
    converter.settle();
  }
  assert.deepEqual(codes("export = { one: 1, two: nowhere };"), [2304]);
});

test("the same mistake is found every time", () => {
  for (let i = 0; i < 3; i++) assert.deepEqual(codes("const wrong: number = 'x';"), [2322]);
});

test("syntax errors come alone", () => {
  const found = codes("const = 1; nowhere");
  assert.ok(found.length > 0 && found.every((code) => code < 2000), found.join());
});

test("without checking, only syntax is an error, and await still works", () => {
  assert.equal(
    converter.convert("const z = (y) => nowhere(y); await 1", "off").hasToplevelAwait,
    true,
  );
  assert.notEqual(converter.convert("const = 1", "off").diagnostics.length, 0);
});

test("packages are found from a folder outside of the project, files beside the notebook too", () => {
  assert.deepEqual(
    codes('import { Matrix } from "ml-matrix"; const m: Matrix = Matrix.eye(2);'),
    [],
  );
  assert.deepEqual(codes('import { beside } from "./beside"; const b: number = beside;'), []);
  assert.deepEqual(codes('import nothing from "no-such-package";'), [2307]);
});

test("diagnostics give the place in the cell's own text", () => {
  const [{ start, end } = assert.fail()] = converter.convert(
    "\n  const t: number = 'a';",
    "strict",
  ).diagnostics;
  assert.deepEqual([start.line, start.character, end.character], [1, 8, 9]);
});

test("names that a failed cell never assigned keep their old declarations", () => {
  assert.deepEqual(codes("const kept = 1;"), []);
  assert.deepEqual(
    converter.convert("const kept = 'text'; const fresh = 2;", "strict").diagnostics,
    [],
  );
  converter.settle(new Set(["kept", "fresh"]));
  assert.deepEqual(codes("const n: number = kept;"), []);
  assert.deepEqual(codes("fresh"), [2304]);
});

test("the type check is switched off by a first comment or by metadata", () => {
  assert.equal(checkOf("// @ts-nocheck\n1", {}), "off");
  assert.equal(checkOf("1", { typecheck: "off" }), "off");
  assert.equal(checkOf("1 // @ts-nocheck", { typecheck: "strict" }), "strict");
});

test("the cost of a cell does not grow with the cells before it", () => {
  const median = (from: number): number => {
    const times = Array.from({ length: 40 }, (_, i) => {
      const start = process.cpuUsage(); // of this process: a loaded machine changes nothing
      assert.deepEqual(codes(`const c${from + i} = [${i}].map((x) => ({ x, y: String(x) }));`), []);
      return process.cpuUsage(start).user / 1000;
    });
    return times.sort((a, b) => a - b)[20]!;
  };
  median(0);
  const early = median(100);
  for (let i = 200; i < 400; i++) codes(`const c${i} = ${i};`);
  const late = median(500);
  assert.ok(
    late < 3 * early + 5,
    `${early.toFixed(1)} ms of processor early, ${late.toFixed(1)} ms late`,
  );
});

test("loose is TypeScript without strict, for as long as it is asked for", () => {
  const loose = (code: string) => converter.convert(code, "loose").diagnostics.map((d) => d.code);
  assert.deepEqual(loose("const f = (x) => x; const n: number = null;"), []);
  assert.deepEqual(loose("const n: number = 'text';"), [2322]);
  assert.deepEqual(codes("const f = (x) => x;"), [7006]);
});

test("a comment comes before the cell's metadata, these before the notebook's", () => {
  assert.equal(checkOf("1", {}, { typecheck: "loose" }), "loose");
  assert.equal(checkOf("1", { typecheck: "strict" }, { typecheck: "off" }), "strict");
  assert.equal(checkOf("// @ts-check\n1", { typecheck: "off" }), "strict");
  assert.equal(checkOf("1", { typecheck: "nonsense" }, undefined), undefined);
});

/** Cells that declare, redeclare, use, fail and declare nothing. */
const STEPS = [
  "1 + 1",
  "a",
  "b.length",
  "let x: I = { n: a as any }; x",
  "f(1)",
  "new K().k",
  "N.n",
  "E.one",
  "path.join('a', 'b')",
  "await import('node:os')",
  "if (true) { const inner = a; }",
  "export default 1",
  "// nothing",
  "const a = 1, b = 'text';",
  "const a = [true];",
  "/** Documented. */ function f(x: number) { return { x }; }",
  "class f { own = 1 }",
  "interface I { n: number }",
  "type I = { n: string };",
  "class K { k = a }",
  "enum E { one }",
  "namespace N { export const n = 1 }",
  "import path from 'node:path'",
  "import { join as path, sep } from 'node:path'",
  "import { beside } from './beside'",
  "const K = 2;",
  "const g = (i: I) => new K()",
  "type J = I & { a: typeof a }; const j = {} as J",
  "const q = { x, g, f }",
  "interface Q extends I { q: typeof q }",
  "enum f { two }",
  "interface path { own: J }",
  "class Map { mine = 1 }",
  "const m = new Map()",
  "let a: J, b: K",
  "const __two = a",
  "__two",
];
const NAMES = ["a", "b", "f", "g", "j", "m", "q", "x", "path", "__two"];

test("a cell sees and leaves what it would if all declarations stood in one fresh file, whatever came before", () => {
  const fresh = new CellConverter(process.cwd(), root);
  const types = (each: CellConverter): string[] =>
    NAMES.map((name) =>
      (each.inspect(name, 0)?.displayParts ?? []).map(({ text }) => text).join(""),
    );
  const step = fc.record({
    code: fc.constantFrom(...STEPS),
    unassigned: fc.subarray(["a", "b", "f", "K", "path", "q"]),
    fails: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      converter.declarations = [];
      for (const { code, unassigned, fails } of steps) {
        converter.recycle();
        fresh.declarations = [];
        fresh.declarations = [converter.declarations.join("")];
        const [kept, made] = [converter, fresh].map((each) => {
          const { diagnostics, output } = each.convert(code, "strict");
          if (diagnostics.length === 0) each.settle(new Set(fails ? unassigned : []));
          const declarations = each.declarations.join("");
          // A checker says "Did you mean …?" ten times only.
          const errors = diagnostics.map(({ start, end }) => [start.offset, end.offset]);
          return { errors, output, declarations, types: types(each) };
        });
        assert.deepEqual(kept, made, code);
      }
    }),
    { numRuns: 100 },
  );
});

test("a checker that has seen many characters of declarations is replaced before its 100 cells", () => {
  const fresh = new CellConverter(process.cwd(), root);
  const run = (code: string): void => {
    assert.deepEqual(fresh.convert(code, "strict").diagnostics, []);
    fresh.settle();
  };
  run('import { Matrix } from "ml-matrix"; const eye = Matrix.eye(2);');
  const members = Array.from({ length: 20_000 }, (_, i) => `member${i}: number;`).join("\n");
  let cells = 0;
  for (; cells < 20 && !fresh.recycle(); cells++)
    run(`interface Large { ${members} } const after${cells}: Large["member7"] = ${cells};`);
  assert.ok(cells < 20, `${cells} cells`);
  run("const still: number = after1; const matrix: Matrix = eye;");
  run('import { beside } from "./beside"; const both: Large["member7"] = still + beside;');
  fresh.tslab.close();
});

test("JSX that a tsconfig.json leaves to a bundler is compiled", () => {
  const { ts } = converter;
  const folder = mkdtempSync(path.join(tmpdir(), "bundled-"));
  for (const jsx of ["preserve", "react-native", "react-jsx"]) {
    const config = JSON.stringify({ compilerOptions: { jsx } });
    writeFileSync(path.join(folder, "tsconfig.json"), config);
    assert.equal(folderOptions(ts, folder).options.jsx, ts.JsxEmit.ReactJSX);
  }
});
