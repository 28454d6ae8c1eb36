import assert from "node:assert/strict";
import fs, { mkdtempSync } from "node:fs";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { before, test } from "node:test";
import { runInNewContext } from "node:vm";
import { CellConverter } from "./cell-converter";

let converter: CellConverter;
before(() => {
  process.chdir(mkdtempSync(path.join(tmpdir(), "built-ins-")));
  converter = new CellConverter(process.cwd(), path.resolve(__dirname, "../../../.."));
});

const messages = (code: string): string[] =>
  converter.convert(code, "strict").diagnostics.map(({ messageText }) => messageText);

/** Old ones that TypeScript leaves out, and a class without types. */
const LEFT_OUT = ["Date#toGMTString", "Date#getYear", "Date#setYear", "Intl.DurationFormat"];
const ARGUMENTS: Record<string, string> = {
  ...{ Array: "<1>", Set: "<1>", WeakSet: "<{}>", Map: "<1, 1>", WeakMap: "<{}, 1>" },
  ...{ WeakRef: "<{}>", Promise: "<1>", FinalizationRegistry: "<1>", Iterator: "Object<1, 1, 1>" },
};

/** The members of a global as the expressions that read them. */
function members(name: string, value: object): [label: string, code: string][] {
  const named = (of: object): string[] =>
    Object.getOwnPropertyNames(of).filter((key) => /^[a-z]\w*$/i.test(key));
  const own = named(value).filter((key) => !(key in Function.prototype) && key !== "prototype");
  const prototype = typeof value === "function" ? (value.prototype as object | undefined) : {};
  const instance = `(null! as ${name}${ARGUMENTS[name] ?? ""})`;
  return [
    ...own.map((key): [string, string] => [`${name}.${key}`, `${name}.${key}`]),
    ...named(prototype ?? {})
      .filter((key) => key !== "constructor")
      .map((key): [string, string] => [`${name}#${key}`, `${instance}.${key}`]),
  ];
}

test("every global of the language that the running Node has is known, and every member of it", () => {
  const globals = [...(runInNewContext("Object.getOwnPropertyNames(globalThis)") as string[])];
  const objects = globals.flatMap((name): [string, object][] => {
    const value: unknown = Reflect.get(globalThis, name);
    return /^[A-Z]\w+$/.test(name) && Object(value) === value ? [[name, value as object]] : [];
  });
  assert.ok(objects.length > 40, `${objects.length} objects`);
  const all = objects.flatMap(([name, value]) => members(name, value));
  assert.ok(all.length > 450, `${all.length} members`);
  const unknown = all.filter(([label, code]) => !LEFT_OUT.includes(label) && messages(code)[0]);
  assert.deepEqual(unknown, []);
});

test("callbacks and results of newer methods have types", () => {
  assert.deepEqual(messages("const a: number[] = [1].toSorted((a, b) => b - a).with(0, 1);"), []);
  assert.match(messages("const t: string = [1].toReversed();")[0]!, /number\[\]/);
  assert.deepEqual(
    messages("new MessageChannel().port1.onmessage = (event) => console.log(event.data);"),
    [],
  );
  if (!("union" in Set.prototype)) return;
  const code = `
    const odd: number[] | undefined = Object.groupBy([1, 2], (n) => (n % 2 ? "odd" : "even")).odd;
    const texts: string[] = new Map([[1, 2]]).values().map((n) => n.toFixed()).take(1).toArray();
    function* all() { yield 1; yield 2; }
    const sum: number = all().filter((n) => n > 1).reduce((a, b) => a + b, 0);
    const both: Set<number | string> = new Set([1]).union(new Set(["a"]));
    const { promise, resolve } = Promise.withResolvers<number>();
    resolve(await promise + (await Array.fromAsync([promise]))[0]!);
    const own: IterableIterator<number> = { next: () => ({ done: true, value: 1 }), [Symbol.iterator]() { return this; } };`;
  assert.deepEqual(messages(code), []);
});

test("what the running Node has and its types lack is any, what it lacks is refused", () => {
  for (const name of Object.getOwnPropertyNames(globalThis).filter((each) => /^\w+$/.test(each)))
    assert.deepEqual(messages(`${name};`), [], name);
  for (const name of builtinModules.filter((each) => !each.startsWith("_")))
    assert.deepEqual(messages(`import * as m from "${name}"; m`), [], name);
  for (const name of Object.keys(fs).filter((key) => /^[a-z]/.test(key))) {
    assert.deepEqual(messages(`import { ${name} } from "node:fs"; ${name};`), [], name);
    assert.deepEqual(messages(`import fs from "node:fs"; fs.${name};`), [], name);
  }
  assert.match(messages('import { nowhere } from "node:fs"')[0]!, /no exported member/);
  assert.match(messages('import fs from "node:fs"; fs.nowhere')[0]!, /does not exist/);
  assert.match(messages('import * as m from "node:nowhere"')[0]!, /Cannot find module/);
  assert.match(messages("nowhere")[0]!, /Cannot find name/);
});
