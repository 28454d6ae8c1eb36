import assert from "node:assert/strict";
import { isBuiltin } from "node:module";
import path from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import type { CompilerInternals } from "./compiler-internals";
import { parseDeclarationFile, withoutModuleBodies } from "./declaration-file";
import { namespacesOnDemand } from "./lazy-modules";
import { baseOptions } from "./options";
import { type TS, typescript } from "./tslab";

const ts = typescript() as typeof TS & CompilerInternals;
const root = path.resolve(__dirname, "../../../..");
const options: TS.CompilerOptions = {
  ...baseOptions(ts, root),
  strict: true,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Node10,
  declaration: true,
  skipLibCheck: true,
};

type Parse = typeof parseDeclarationFile;

/** Files parsed as usual and on demand, which programs share as those of a kernel do. */
const eagerFiles = new Map<string, TS.SourceFile>();
const lazyFiles = new Map<string, TS.SourceFile>();

/** Program of these texts; `parse` parses declaration files, by default the compiler does. */
function program(
  texts: Record<string, string>,
  parse: Parse | undefined,
  special: TS.CompilerOptions = {},
): TS.Program {
  const ofProgram = { ...options, ...special };
  const host = ts.createCompilerHost(ofProgram);
  const { readFile, fileExists } = host;
  host.readFile = (name) => texts[name] ?? readFile(name);
  host.fileExists = (name) => name in texts || fileExists(name);
  host.getSourceFile = (name, version) => {
    const text = host.readFile(name);
    if (text === undefined) return undefined;
    const files = parse ? lazyFiles : eagerFiles;
    const known = files.get(name);
    if (known?.text === text) return known;
    const onDemand = parse && name.endsWith(".d.ts");
    const file = onDemand
      ? parse(ts, name, text, version, ofProgram)
      : ts.createSourceFile(name, text, version);
    if (!(name in texts)) files.set(name, file);
    return file;
  };
  host.resolveModuleNames = (names, from) =>
    names.map((name) =>
      isBuiltin(name)
        ? undefined
        : ts.resolveModuleName(name, from, ofProgram, host).resolvedModule,
    );
  const made = ts.createProgram({ rootNames: Object.keys(texts), options: ofProgram, host });
  if (parse) namespacesOnDemand(ts, made);
  return made;
}

/** Everything that a symbol shows: kind, type, members and documentation. */
function* shown(
  checker: TS.TypeChecker,
  symbol: TS.Symbol,
  name: string,
  seen: Set<TS.Symbol>,
): Iterable<string> {
  const { flags } = symbol;
  if (seen.has(symbol)) return;
  seen.add(symbol);
  yield `${name} ${flags} ${symbol.declarations?.length}`;
  yield ts.displayPartsToString(symbol.getDocumentationComment(checker));
  for (const tag of symbol.getJsDocTags(checker))
    yield `@${tag.name} ${ts.displayPartsToString(tag.text)}`;
  const type =
    flags & ts.SymbolFlags.Type
      ? checker.getDeclaredTypeOfSymbol(symbol)
      : checker.getTypeOfSymbol(symbol);
  yield checker.typeToString(type, undefined, ts.TypeFormatFlags.NoTruncation);
  if (flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.Class))
    for (const member of type.getProperties()) {
      yield `${name}.${member.name} ${member.flags}`;
      yield checker.typeToString(checker.getTypeOfSymbol(member));
      yield ts.displayPartsToString(member.getDocumentationComment(checker));
    }
  if (flags & ts.SymbolFlags.Module)
    for (const member of checker.getExportsOfModule(symbol))
      yield* shown(checker, member, `${name}.${member.name}`, seen);
}

/** Everything that the ambient modules and the global scope of a program show. */
function everything(from: TS.Program): string[] {
  const checker = from.getTypeChecker();
  const place = from.getSourceFile("/cell.ts")!;
  const { Value, Type, Namespace } = ts.SymbolFlags;
  const globals = checker.getSymbolsInScope(place, Value | Type | Namespace);
  const seen = new Set<TS.Symbol>();
  return [...checker.getAmbientModules(), ...globals].flatMap((symbol) =>
    allShown(checker, symbol, seen),
  );
}

/** Text of a symbol, without the numbers that a checker gives to symbols. */
const allShown = (checker: TS.TypeChecker, symbol: TS.Symbol, seen: Set<TS.Symbol>): string[] =>
  [...shown(checker, symbol, symbol.name, seen)].map((line) => line.replace(/@\d+/g, "@"));

/** Errors of the cell and the declarations that it leaves. */
function outcome(from: TS.Program, file = "/cell.ts"): string[] {
  const cell = from.getSourceFile(file)!;
  const found = from
    .getSemanticDiagnostics(cell)
    .map(
      ({ start, messageText }) => `${start}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`,
    );
  from.emit(cell, (_, text) => found.push(text), undefined, true);
  return found;
}

const bothWays = <T>(look: (parse: Parse | undefined) => T): [T, T] => [
  look(parseDeclarationFile),
  look(undefined),
];

test("every module and global of Node shows the same types, members and documentation", () => {
  const [lazy, eager] = bothWays((parse) =>
    everything(program({ "/cell.ts": "export {};" }, parse)),
  );
  assert.ok(eager.length > 10_000, `${eager.length} lines`);
  assert.deepEqual(
    lazy.filter((line, i) => line !== eager[i]).slice(0, 5),
    eager.filter((line, i) => line !== lazy[i]).slice(0, 5),
  );
});

/** Uses of Node, right and wrong, one of each kind of access to a module. */
const CELLS = [
  'import * as fs from "node:fs"; export const text = fs.readFileSync("a"); fs.readFileSync(1n);',
  'import { createHash as hash } from "crypto"; export const h = hash("sha256"); hash();',
  'import path from "node:path"; export const parsed = path.parse("a"); path.parsed("a");',
  'import EventEmitter = require("events"); export class E extends EventEmitter { f = this.emit; }',
  'export const { promisify, nothing } = await import("node:util");',
  'export type S = import("node:stream").Duplex; export let s: S; s.pipe(1);',
  'export * from "node:os"; export { nothing } from "node:url";',
  'export const p = process; p.on("exit", (code) => code.length); p.nothing;',
  'export const b = Buffer.from("a"); b.toString("nothing"); export const x = b.buffer;',
  'export const r = await fetch("a"); export const t = setTimeout(() => {}, 1); t.unref().nothing;',
  'export const c = console.table; console.nothing; export const u = new URL("a"); u.host = 1;',
  'declare module "fs" { export const more: 1 } import { more, none } from "fs"; export { more };',
  "declare global { namespace NodeJS { interface Process { p: 1 } } } export const a = process.p;",
  'declare module "mine" { const one: 1; export = one } import one from "mine"; export { one };',
  'import { nothing } from "node:nothing"; export { nothing };',
];

test("every kind of access to Node's modules gives the same errors and declarations", () => {
  for (const text of CELLS) {
    const [lazy, eager] = bothWays((parse) => outcome(program({ "/cell.ts": text }, parse)));
    assert.ok(eager.length > 0, text);
    assert.deepEqual(lazy, eager, text);
  }
});

const PACKAGES = [
  "@tensorflow/tfjs-node",
  "autoencoders",
  "ml-matrix",
  "danfojs-node",
  "fast-check",
];
const inProject = path.join(root, "cell.ts");

test("every export of large packages shows the same types, members and documentation", () => {
  const text = PACKAGES.map((name, i) => `export * as p${i} from "${name}";`).join("\n");
  const [lazy, eager] = bothWays((parse) => {
    const made = program({ [inProject]: text }, parse);
    const checker = made.getTypeChecker();
    const cell = checker.getSymbolAtLocation(made.getSourceFile(inProject)!)!;
    return checker
      .getExportsOfModule(cell)
      .map((symbol) => checker.getAliasedSymbol(symbol))
      .flatMap((symbol) => allShown(checker, symbol, new Set()));
  });
  assert.ok(eager.length > 10_000, `${eager.length} lines`);
  assert.deepEqual(
    lazy.filter((line, i) => line !== eager[i]).slice(0, 5),
    eager.filter((line, i) => line !== lazy[i]).slice(0, 5),
  );
});

/** Uses of packages, right and wrong, that ask for one export, for all, or for more of them. */
const IMPORTS = [
  'import * as m from "NAME"; export { m }; m.nothing; m(); new m(); export const all = { ...m };',
  'import * as m from "NAME"; export type Names = keyof typeof m; let one: Names = "nothing";',
  'import m from "NAME"; export { m }; m.nothing;',
  'import { nothing, default as m } from "NAME"; export { m };',
  'import m = require("NAME"); export { m };',
  'export * from "NAME"; export { nothing } from "NAME";',
  'export const m = await import("NAME"); m.nothing; let n: number = m; let o: {} = m;',
  'declare module "NAME" { export const more: 1 } import { more } from "NAME"; export { more };',
  'export type T = typeof import("NAME"); let t: T; export const { nothing } = t;',
];
const USES = [
  'import * as tf from "@tensorflow/tfjs-node"; export const t = tf.tensor([1]).add(1); t.none;',
  'import { Tensor, sum, util } from "@tensorflow/tfjs"; export const s = sum(Tensor); util.none;',
  'import { Matrix as M } from "ml-matrix"; export class N extends M { own = this.mmul(1) }',
  'declare module "ml-matrix" { interface Matrix { own: 1 } } import { Matrix } from "ml-matrix"; export const own = Matrix.eye(2).own;',
];

test("every kind of access to packages gives the same errors and declarations", () => {
  const ofAll = PACKAGES.filter((name) => /tfjs|ml-/.test(name)).flatMap((name) =>
    IMPORTS.map((text) => text.replaceAll("NAME", name)),
  );
  for (const text of [...USES, ...ofAll]) {
    const [lazy, eager] = bothWays((parse) =>
      outcome(program({ [inProject]: text }, parse), inProject),
    );
    assert.ok(eager.length > 0, text);
    assert.deepEqual(lazy, eager, text);
  }
});

test("a module whose parse fails, as on a full stack, is parsed when it is next read", () => {
  let parses = 0;
  const createSourceFile: typeof ts.createSourceFile = (...args) => {
    if (++parses === 2) throw new RangeError("Maximum call stack size exceeded");
    return ts.createSourceFile(...args);
  };
  const failing = { ...ts, createSourceFile };
  const text = 'export declare const one: 1;\nimport "os";';
  const file = parseDeclarationFile(failing, "/m.d.ts", text, ts.ScriptTarget.ES2022, options);
  assert.throws(() => file.statements, RangeError);
  assert.equal(file.statements.length, 2);
});

const MEMBERS = [
  `const brace: "{" | "}" | \`}\${string}{\`;`,
  "/** Documentation with { and `code`. */\n  function documented(a: 1): 2;",
  "/** @deprecated */ function old(): void; /** Newer. */ function old(a: 1): void;",
  "// a comment with { and /** \n  let behind: 1;",
  'const glob: "/**"; /** c */ const ends: "*/";',
  "namespace inner { const deep: { a: { b: 1 } }; /** D. */ export interface Deep { c: 1 } }",
  `interface Shape { /** Its width. */ width: 1; [key: \`data-\${string}\`]: 2 }`,
  "global { interface Wide { /** Mine. */ own: Shape | typeof brace } var wide: Wide; }",
  "global\n{ var split: typeof import('os'); }",
  "class Base<T> { protected /** P. */ p: T; static { } }",
  'import { Shape as Other } from "os"; export { Other };',
  'import whole = require("path");',
  'export * from "path";',
  "export default function (): Base<1>;",
  "export {};",
  'export type T = import("os").Shape;',
  "const enum E { one = 1, /** Two. */ two }",
];
/** Members and ends for which a file is parsed as a whole. */
const ODD_MEMBERS = [
  "/* global { */ let commented: 1;",
  "namespace global { const named: 1; }",
  'import * as unknown from "nowhere"; let u: typeof unknown;',
];
const member = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom(...MEMBERS) },
  { weight: 1, arbitrary: fc.constantFrom(...ODD_MEMBERS) },
);

test("every declaration file shows the same, whatever stands in its modules", () => {
  const module = fc.record({
    start: fc.constantFrom("declare module ", "/** M. */\ndeclare module ", "declare  module\n"),
    name: fc.constantFrom("fs", "os", "path", "*.css"),
    members: fc.uniqueArray(member, { maxLength: 6 }),
    end: fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom("\n}", "}", "} // end", "}\ninterface O { o: 1 }") },
      { weight: 1, arbitrary: fc.constant("}\nexport {};") },
    ),
  });
  const newline = fc.constantFrom("\n", "\r\n");
  const file = fc.tuple(fc.array(module, { maxLength: 4 }), newline).map(([modules, line]) =>
    modules
      .map(
        ({ start, name, members, end }) => `${start}"${name}" {\n  ${members.join("\n  ")}${end}`,
      )
      .join("\n")
      .replaceAll("\n", line),
  );
  let outlined = 0;
  const special = { noLib: true, types: [] };
  fc.assert(
    fc.property(file, file, (one, two) => {
      const texts = { "/cell.ts": "export {};", "/one.d.ts": one, "/two.d.ts": two };
      const [lazy, eager] = bothWays((parse) => everything(program(texts, parse, special)));
      assert.deepEqual(lazy, eager);
      if (withoutModuleBodies(one) !== one) outlined++;
    }),
    { numRuns: 200 },
  );
  assert.ok(outlined > 50, `${outlined} files`);
});
