import { ExpressionRewriter, type IsEarlier } from "./expressions";
import {
  boundNames,
  importedNames,
  importStatements,
  reexportStatements,
} from "./module-statements";
import { NodeBuilder } from "./node-builder";
import { CELLS } from "./runtime-names";
import type { TS } from "./tslab";

/** True when an `await` or `for await` stands outside of every function. */
export function awaitsAtTop(ts: typeof TS, file: TS.SourceFile): boolean {
  const visit = (node: TS.Node): boolean => {
    if (ts.isFunctionLike(node) || ts.isClassStaticBlockDeclaration(node)) return false;
    if (ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier))
      return true;
    return ts.forEachChild(node, visit) ?? false;
  };
  return visit(file);
}

/** Facts about a cell that its transformation asks for and finds out. */
export interface CellFacts {
  isEarlier: IsEarlier;
  /** Called with the name of every value that the cell declares. */
  declare(name: string): void;
}

/**
 * Turns a cell's module into the body of a function.
 *
 * | in the cell | emitted |
 * |---|---|
 * | x, f() of an earlier cell | `__cells__.x`, `(0, __cells__.f)()` |
 * | `{ x }` of an earlier cell's x | `{ x: __cells__.x }` |
 * | `import * as tf from "m"` | `const tf = __tslab__.namespace(__tslab__.require("m"));` |
 * | `import fs = require("m")` | `const fs = __tslab__.require("m");` |
 * | `const a = 1`, a class, an import | the same, then `__tslab__.define({ a });` |
 * | `let k = 1` | the same, then `__tslab__.live("k", () => k, (v) => { k = v; });`, so that its
 * closures see what later cells assign |
 * | a function, a `var` | the same, defined at the top |
 * | `declare const a: T` | `__tslab__.elsewhere("a", () => a);`, unless an earlier cell has an a |
 * | the a that it declares | `__cells__.a` |
 * | `typeof x` of an earlier cell | `__tslab__.typeOf(() => __cells__.x)` |
 * | the last expression | `__tslab__.result(…);` |
 * | `await x` | `__tslab__.resumed(__tslab__.cell(), await x)`, which throws once the cell was
 * interrupted |
 * | `for await (… of x)` | over `__tslab__.watched(x)`, likewise |
 * | the body of a loop | the same, after `__tslab__.turn();`, which throws once the cell is to be
 * interrupted |
 * | `import("m")`, `import.meta` | `__tslab__.load("m")`, `__tslab__.meta()` |
 *
 * Only whole statements move, so the source map of the emit holds. Comments are not emitted: one
 * at the end of an expression would swallow the parenthesis that follows it here.
 */
export function cellTransformer(
  ts: typeof TS,
  facts: CellFacts,
): TS.TransformerFactory<TS.SourceFile> {
  return (context) => {
    const make = new NodeBuilder(ts, context.factory);
    const { visit } = new ExpressionRewriter(make, facts.isEarlier, context);
    return (file) => {
      const ambient = ambientNames(ts, ts.getOriginalNode(file) as TS.SourceFile);
      const statements = new StatementRewriter(make, facts, file.statements, ambient);
      return context.factory.updateSourceFile(file, statements.rewritten(visit));
    };
  };
}

/** Names that the cell declares to be elsewhere, by `declare`. */
const ambientNames = (ts: typeof TS, file: TS.SourceFile): Set<string> =>
  new Set(
    file.statements.flatMap((node) => {
      if (!ts.canHaveModifiers(node)) return [];
      if (!node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.DeclareKeyword)) return [];
      if (ts.isVariableStatement(node))
        return node.declarationList.declarations.flatMap(({ name }) => boundNames(ts, name));
      const { name } = node as { name?: TS.Node };
      return name && ts.isIdentifier(name) ? [name.text] : [];
    }),
  );

/** Rewrites the statements at the top of one cell. */
class StatementRewriter {
  /** Names that later cells see. */
  readonly #shared = new Set<string>();
  readonly #placed = new Set<string>();
  readonly #functions: string[] = [];
  readonly #atTop: TS.Statement[] = [];

  constructor(
    private readonly make: NodeBuilder,
    private readonly facts: CellFacts,
    private readonly statements: readonly TS.Statement[],
    private readonly ambient: ReadonlySet<string>,
  ) {
    for (const { name, propertyName } of this.#exportSpecifiers())
      if (!propertyName) this.#shared.add(name.text);
  }

  rewritten(visit: (node: TS.Node) => TS.Node): TS.Statement[] {
    const { ts } = this.make;
    const end = this.statements.findIndex(
      (each) => !ts.isExpressionStatement(each) || !ts.isStringLiteral(each.expression),
    );
    const directives = this.statements.slice(0, end < 0 ? undefined : end);
    const last = this.#lastExpression();
    const body = this.statements.flatMap((statement) =>
      this.#rewrite(statement, statement === last, visit),
    );
    // The names left are those of `var`s in inner blocks, and ambient ones.
    for (const name of this.#shared)
      if (!this.#placed.has(name))
        this.#atTop.push(this.ambient.has(name) ? this.#elsewhere(name) : this.#live(name));
    return [
      ...directives,
      ...this.#define(this.#functions),
      ...this.#atTop,
      ...body,
      ...this.#renamed(),
    ];
  }

  #exportSpecifiers(): TS.ExportSpecifier[] {
    const { ts } = this.make;
    return this.statements.flatMap((each) =>
      ts.isExportDeclaration(each) &&
      !each.moduleSpecifier &&
      each.exportClause &&
      ts.isNamedExports(each.exportClause)
        ? [...each.exportClause.elements]
        : [],
    );
  }

  /** `export { a as b }` */
  #renamed(): TS.Statement[] {
    const { call, id, property, record, statement } = this.make;
    const value = (name: TS.Identifier): TS.Expression =>
      this.facts.isEarlier(name) ? property(id(CELLS), name.text) : id(name.text);
    return this.#exportSpecifiers().flatMap(({ name, propertyName }) => {
      if (!propertyName) return [];
      this.facts.declare(name.text);
      return [statement(call("define", record([[name.text, value(propertyName)]])))];
    });
  }

  /** The statement whose value is the cell's: the last one, when it is an expression. */
  #lastExpression(): TS.Statement | undefined {
    const { ts } = this.make;
    const last = this.statements.findLast(
      (each) => !ts.isExportDeclaration(each) && !ts.isEmptyStatement(each),
    );
    return last && ts.isExpressionStatement(last) ? last : undefined;
  }

  #rewrite(node: TS.Statement, isLast: boolean, visit: (node: TS.Node) => TS.Node): TS.Statement[] {
    const { ts, factory, at, call, statement, record } = this.make;
    if (ts.isImportDeclaration(node))
      return [
        ...importStatements(this.make, node),
        // one that the compiler has added for JSX has no place
        ...(node.pos < 0 ? [] : this.#define(this.#place(importedNames(ts, node)))),
      ];
    if (ts.isExportDeclaration(node)) return reexportStatements(this.make, node);
    const visited = visit(node) as TS.Statement;
    if (isLast && ts.isExpressionStatement(node) && ts.isExpressionStatement(visited))
      return [at(statement(at(call("result", visited.expression), node.expression)), node)];
    if (ts.isExportAssignment(visited))
      return [statement(call("define", record([["default", visited.expression]])))];
    if (ts.isFunctionDeclaration(visited)) return this.#function(visited);
    if (ts.isClassDeclaration(visited)) return this.#class(visited);
    if (!ts.isVariableStatement(visited)) return [visited];
    const { declarationList: list } = visited;
    const names = this.#place(list.declarations.flatMap(({ name }) => boundNames(ts, name)));
    const made = factory.updateVariableStatement(visited, this.#withoutExport(visited), list);
    if (list.flags & ts.NodeFlags.Const) return [made, ...this.#define(names)];
    const live = names.map((name) => this.#live(name));
    if (list.flags & ts.NodeFlags.Let) return [made, ...live];
    this.#atTop.push(...live);
    return [made];
  }

  #function(node: TS.FunctionDeclaration): TS.Statement[] {
    const { factory, call, record, statement } = this.make;
    const { asteriskToken, name, parameters, body } = node;
    const modifiers = this.#withoutExport(node) as TS.Modifier[];
    if (!body) return [];
    if (!name) {
      const made = factory.createFunctionExpression(
        modifiers,
        asteriskToken,
        undefined,
        undefined,
        parameters,
        undefined,
        body,
      );
      return [statement(call("define", record([["default", made]])))];
    }
    this.#functions.push(...this.#place([name.text]));
    return [
      factory.updateFunctionDeclaration(
        node,
        modifiers,
        asteriskToken,
        name,
        undefined,
        parameters,
        undefined,
        body,
      ),
    ];
  }

  #class(node: TS.ClassDeclaration): TS.Statement[] {
    const { factory, call, record, statement } = this.make;
    const { name, heritageClauses, members } = node;
    const modifiers = this.#withoutExport(node);
    if (!name) {
      const made = factory.createClassExpression(
        modifiers,
        undefined,
        undefined,
        heritageClauses,
        members,
      );
      return [statement(call("define", record([["default", made]])))];
    }
    const made = factory.updateClassDeclaration(
      node,
      modifiers,
      name,
      undefined,
      heritageClauses,
      members,
    );
    return [made, ...this.#define(this.#place([name.text]))];
  }

  #withoutExport(node: TS.HasModifiers): TS.ModifierLike[] {
    const { ExportKeyword, DefaultKeyword } = this.make.ts.SyntaxKind;
    return (node.modifiers ?? []).filter(
      ({ kind }) => kind !== ExportKeyword && kind !== DefaultKeyword,
    );
  }

  /** Marks names as defined where they stand; returns those that later cells see. */
  #place(names: readonly string[]): string[] {
    for (const name of names) this.#placed.add(name);
    return names.filter((name) => this.#shared.has(name));
  }

  #define(names: readonly string[]): TS.Statement[] {
    const { factory, call, statement } = this.make;
    for (const name of names) this.facts.declare(name);
    const properties = names.map((name) => factory.createShorthandPropertyAssignment(name));
    return names.length > 0
      ? [statement(call("define", factory.createObjectLiteralExpression(properties)))]
      : [];
  }

  #elsewhere(name: string): TS.Statement {
    const { arrow, id, text, call, statement } = this.make;
    this.facts.declare(name);
    return statement(call("elsewhere", text(name), arrow([], id(name))));
  }

  #live(name: string): TS.Statement {
    const { factory, arrow, id, text, call, statement } = this.make;
    this.facts.declare(name);
    const value = name === "v" ? "w" : "v";
    const assign = statement(factory.createAssignment(id(name), id(value)));
    return statement(
      call("live", text(name), arrow([], id(name)), arrow([value], factory.createBlock([assign]))),
    );
  }
}
