// Programs of others: the public suite of parser tests, as cells.
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { before, test } from "node:test";
import { createContext, Script } from "node:vm";
import fc from "fast-check";
import { CellConverter } from "./cell-converter";
import { CELLS, RUNTIME } from "./runtime-names";

const suite = path.join(path.dirname(require.resolve("test262-parser-tests/package.json")), "pass");
const root = path.resolve(__dirname, "../../../..");
let converter: CellConverter;
let programs: { name: string; code: string }[];
const scripts = new Map<string, string | undefined>(); // by their TypeScript

before(() => {
  process.chdir(mkdtempSync(path.join(tmpdir(), "corpus-")));
  converter = new CellConverter(process.cwd(), root);
  programs = readdirSync(suite)
    .filter((name) => !name.endsWith(".module.js"))
    .map((name) => ({ name, code: readFileSync(path.join(suite, name), "utf8") }))
    .filter(({ code }) => transpiled(code) !== undefined);
});

function isScript(code: string): boolean {
  try {
    return new Script(code) instanceof Script;
  } catch {
    return false;
  }
}

/** JavaScript as TypeScript alone makes it of a script; undefined where it or V8 refuses. */
function transpiled(code: string): string | undefined {
  if (scripts.has(code)) return scripts.get(code);
  const { ts } = converter;
  const { outputText, diagnostics } = ts.transpileModule(code, {
    reportDiagnostics: true,
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  });
  const script = diagnostics?.length === 0 && isScript(outputText) ? outputText : undefined;
  scripts.set(code, script);
  return script;
}

/** True if TypeScript parses it: it takes `({ a })` before a line with `{` for half an arrow. */
function isParsed(code: string): boolean {
  const { ts } = converter;
  const { diagnostics } = ts.transpileModule(code, { reportDiagnostics: true });
  return diagnostics?.length === 0;
}

const known = new Map<string, string>();

/** Function that runs the cell; throws if the kernel refuses it. */
function compiled(code: string): string {
  const before = known.get(code);
  if (before !== undefined) return before;
  const { diagnostics, output = "", hasToplevelAwait } = converter.convert(code, "off");
  assert.deepEqual(
    diagnostics.map(({ messageText }) => messageText),
    [],
  );
  const script = `(${hasToplevelAwait ? "async " : ""}function (exports, require) { ${output}\n})`;
  assert.ok(isScript(script), script);
  known.set(code, script);
  return script;
}

const failures = (compile: (code: string) => unknown, texts: { name: string; code: string }[]) =>
  texts.flatMap(({ name, code }) => {
    try {
      compile(code);
      return [];
    } catch (error) {
      return [`${name}: ${(error as Error).message.split("\n")[0]}\n${code}`];
    }
  });

/** Ways in which a program may end and begin in a notebook. */
const SURROUNDINGS: ((code: string) => string)[] = [
  (code) => code,
  (code) => `${code} // behind`,
  (code) => `${code} /* behind */`,
  (code) => `${code}\n// on its own line`,
  (code) => `${code}\n\n/* on its own\n line */`,
  (code) => `/* before */ ${code}`,
  (code) => `// before\n${code}\n`,
  (code) => `${code}\n;1 + 1 // a second expression`,
];

test("every program that TypeScript takes compiles as a cell, whatever comments stand around it", () => {
  assert.ok(programs.length > 1800, `${programs.length} programs`);
  const texts = programs.flatMap(({ name, code }, i) =>
    [0, 1 + (i % (SURROUNDINGS.length - 1))].map((way) => ({
      name: `${name}, surroundings ${way}`,
      code: SURROUNDINGS[way]!(code),
    })),
  );
  // A comment behind may turn a program into one that TypeScript does not take.
  const taken = texts.filter(({ code }) => transpiled(code) !== undefined);
  assert.ok(taken.length > 1.95 * programs.length);
  assert.deepEqual(failures(compiled, taken), []);
});

test("every program of several statements compiles when it is split into two cells", () => {
  const { ts } = converter;
  const halves = programs.flatMap(({ name, code }) => {
    const { statements } = ts.createSourceFile("a.ts", code, ts.ScriptTarget.ES2022);
    if (
      statements.length < 2 ||
      (ts.isExpressionStatement(statements[0]!) && ts.isStringLiteral(statements[0].expression))
    )
      return [];
    const cut = statements[Math.floor(statements.length / 2)]!.pos;
    const parts = [code.slice(0, cut), code.slice(cut)];
    return parts.every((part) => transpiled(part) !== undefined) ? [{ name, parts }] : [];
  });
  assert.ok(halves.length > 100, `${halves.length} programs`);
  for (const { name, parts } of halves) {
    for (const part of parts) {
      assert.deepEqual(failures(compiled, [{ name, code: part }]), []);
      converter.settle();
    }
  }
});

const context = `
  globalThis.${RUNTIME} = {
    turn() {}, cell() {}, exports: {}, require() { throw new Error("no modules"); },
    define(values) { Object.assign(this.exports, values); }, live() {}, resumed: (_, value) => value,
    watched: (values) => values, result: (value) => { globalThis.value = value; },
  };`;

/** Last value and error of a script in a context of its own. */
function outcome(code: string, read: (result: unknown, scope: Record<string, unknown>) => unknown) {
  const scope = createContext({}) as Record<string, unknown>;
  new Script(context).runInContext(scope);
  const shown = (value: unknown): string => {
    if (typeof value === "function") return "function"; // its text would have the comments
    try {
      return `${typeof value}: ${String(value)}`;
    } catch {
      return typeof value;
    }
  };
  try {
    return shown(read(new Script(code).runInContext(scope, { timeout: 1000 }), scope));
  } catch (error) {
    const { name, message, code } = Object(error) as NodeJS.ErrnoException;
    if (code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return "endless";
    return `${name}: ${message}`.replaceAll(`${CELLS}.`, "");
  }
}

test("every program that ends gives the value and the error that Node gives", () => {
  const { ts } = converter;
  const different: string[] = [];
  let ran = 0;
  for (const { name, code } of programs) {
    const { statements } = ts.createSourceFile("a.ts", code, ts.ScriptTarget.ES2022);
    const last = statements.at(-1);
    // A cell is the body of a function: it has `arguments`, and a `var Infinity` of its own.
    if (/\b(for|while|import|await|arguments|Infinity)\b/.test(code) || !last) continue;
    const cell = outcome(`${compiled(code)}({}, () => {})`, (_, scope) =>
      ts.isExpressionStatement(last) ? scope.value : undefined,
    );
    const node = outcome(transpiled(code)!, (value) =>
      ts.isExpressionStatement(last) ? value : undefined,
    );
    ran++;
    if (cell !== node) different.push(`${name}: ${cell}, in Node ${node}\n${code}`);
  }
  assert.ok(ran > 1000, `${ran} programs`);
  assert.deepEqual(different, []);
});

const STATEMENTS = [
  "a",
  "f(a)",
  "await f(a)",
  "const b = a",
  "let c = a",
  "var d = a",
  "function g() {}",
  "class K {}",
  "async function h() {}",
  "interface I { x: number }",
  "type T = string",
  "enum E { one }",
  "namespace N { export const n = 1 }",
  "if (a) f(a)",
  "if (a) { f(a) } else f(a)",
  "for (const e of [a]) f(e)",
  "for await (const e of [a]) f(e)",
  "for (let i = 0; i < 1; i++) f(i)",
  "while (false) f(a)",
  "do f(a); while (false)",
  "switch (a) { case 1: f(a) }",
  "try { f(a) } catch { f(a) }",
  "l: for (;;) break l",
  "{ f(a) }",
  ";",
  "debugger",
  "f`t`",
  "[a].map((x) => x)",
  "({ a })",
  "a as number",
  "a!",
  "f(a) satisfies number",
  "new (class {})()",
  "import * as fs from 'node:fs'",
  "import path from 'node:path'",
  "await import('node:os')",
  "(a, f(a))",
  "export const m = a",
  "export function o() {}",
  "export default class P {}",
  "export { a as q }",
  "export {}",
  "declare const r: number",
  "abstract class S { abstract x(): void }",
  "a?.toString()",
  "throw f(a)",
];
const TRIVIA = [
  "",
  " ",
  ";",
  " // c",
  "; // c",
  " /* c */",
  " /* c\n */",
  "\n// c",
  "\n\n// c\n",
  "\n/** c */",
  "\r\n// c",
  "\t",
  "\n//# sourceURL=x",
];

test("every kind of statement compiles with every kind of text before and behind it, in every place", () => {
  const statement = fc.constantFrom(...STATEMENTS);
  const trivia = fc.constantFrom(...TRIVIA);
  const before = fc.constantFrom(
    "",
    "// c\n",
    "/* c */ ",
    "/* c\n */\n",
    "\n\n",
    "#!/usr/bin/env node\n",
  );
  fc.assert(
    fc.property(
      before,
      statement,
      trivia,
      fc.option(statement),
      trivia,
      (start, first, gap, second, end) => {
        const rest = second === null || second === first ? "" : `${gap}\n${second}${end}`;
        const code = `${start}${first}${rest || gap}`;
        fc.pre(isParsed(code));
        assert.ok(isScript(compiled(code)), code);
      },
    ),
    { numRuns: 400 },
  );
});
