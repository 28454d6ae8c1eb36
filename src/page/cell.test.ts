import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { Script } from "node:vm";
import { compileCell, type Earlier } from "./cell";
import { CellSyntaxError } from "./strip";

const folder = path.join(__dirname, "../../../notebooks");
const anything: Earlier = () => "variable";
const nothing: Earlier = (name) => (name in globalThis ? "global" : undefined);

test("every cell of every chapter compiles, and lines stay where they were", () => {
  const chapters = readdirSync(folder).filter((name) => /^\d\d-.*\.ipynb$/.test(name));
  let cells = 0;
  for (const chapter of chapters) {
    const { cells: all } = JSON.parse(readFileSync(path.join(folder, chapter), "utf8"));
    for (const { cell_type, source } of all) {
      if (cell_type !== "code") continue;
      const code: string = Array.isArray(source) ? source.join("") : source;
      const { script } = compileCell(code, anything);
      new Script(script);
      assert.equal(script.split("\n").length, code.split("\n").length + 1, code);
      cells++;
    }
  }
  assert.ok(cells > 500, `${cells} cells`);
});

const refused: [title: string, code: string, place: [number, number], said: RegExp][] = [
  ["the address of its file", "1;\nf(import.meta.url)", [2, 3], /"import\.meta" names a file/],
  [
    "a namespace with values",
    "const a = 1;\nnamespace N { export const b = 2; }",
    [2, 1],
    /namesp/,
  ],
  ["a namespace that runs code", "namespace N { console.log(1) }", [1, 1], /namespace with values/],
  ["a module of the old form", "module M { export function f() {} }", [1, 1], /namespace with val/],
  [
    "a nested namespace",
    "namespace A { export namespace B { export let c = 1 } }",
    [1, 22],
    /names/,
  ],
  ["a dotted namespace", "namespace A.B { class C {} }", [1, 1], /namespace with values/],
  ["a class decorator", "// first\n@sealed class A {}", [2, 1], /decorators/],
  ["a member decorator", "class A {\n  @log m() {}\n}", [2, 3], /decorators/],
  ["an accessor field", "class A {\n  accessor x = 1;\n}", [2, 12], /accessor field/],
  ["a missing brace", "function f() {\n  return 1;", [2, 12], /./],
  ["a string that does not end", "const a: string = 'x\n", [1, 19], /./],
  ["a name twice", "const a: number = 1;\nlet a = 2;", [2, 5], /already been declared/],
  ["a constant of another cell", "let b = 1;\nb = tf = 3", [2, 5], /constant of an earlier cell/],
  ["an update of a constant", "tf++", [1, 1], /constant of an earlier cell/],
  ["a constant in a pattern", "[{ a: tf }] = [{ a: 1 }]", [1, 7], /constant of an earlier cell/],
  ["a constant in a loop's head", "for (tf of [1]) ;", [1, 6], /constant of an earlier cell/],
  ["a name that nothing declares", "let known: number = 1;\nknwon = 2", [2, 1], /not declared/],
];

for (const [title, code, place, said] of refused)
  test(`${title} is an error at its line that says so`, () => {
    const earlier: Earlier = (name) => (name === "tf" ? "constant" : nothing(name));
    assert.throws(
      () => compileCell(code, earlier),
      (error: Error) => {
        assert.ok(error instanceof CellSyntaxError, error.stack);
        assert.deepEqual([error.line, error.column], place, error.message);
        assert.match(error.message, said);
        return true;
      },
    );
  });

test("types alone are no namespace with values", () => {
  for (const code of [
    "namespace T { export type X = { const: 1 }; interface Y { let: 2 } }",
    "declare namespace D { const x: number; function f(): void }",
    "declare global { interface Window { x: 1 } }",
    "const namespace = 1; const module = { namespace }; module.namespace",
    "namespace A { export namespace B { type C = 1 } }",
    "type T = 'namespace X { const y = 1 }'",
  ])
    new Script(compileCell(code, nothing).script);
});

test("a place in the script is found again in the cell, past types and imports", () => {
  const code = [
    "import { a, type B } from 'm';",
    "const x: Map<string, number> = new Map(); let y = x as unknown; const here = boom();",
    "async function f(p: number): Promise<void> { await p; boom2(earlier); }",
    "await f(1); boom3()",
  ].join("\n");
  const { script, positions } = compileCell(code, (name) =>
    name === "earlier" ? "variable" : undefined,
  );
  for (const name of ["boom", "boom2", "boom3"]) {
    const at = (text: string) => {
      const lines = text.split("\n");
      const line = lines.findIndex((one) => one.includes(`${name}(`));
      return { line: line + 1, column: lines[line]!.indexOf(`${name}(`) + 1 };
    };
    assert.deepEqual(positions.locate(at(script)), at(code), name);
  }
  assert.equal(positions.locate({ line: 1, column: 1 }), undefined);
  assert.equal(positions.locate({ line: 99, column: 1 }), undefined);
});
