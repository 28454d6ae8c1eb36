import type { TS } from "./tslab";

/** The global by which cells reach the kernel at run time; tslab's executor makes it, `runtime.ts` fills it. */
export const RUNTIME = "__tslab__";

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

const namesOf = (ts: typeof TS, name: TS.BindingName): string[] =>
  ts.isIdentifier(name)
    ? [name.text]
    : name.elements.flatMap((element) =>
        ts.isBindingElement(element) ? namesOf(ts, element.name) : [],
      );

/**
 * Makes of a cell's module, as tslab's own transformation leaves it, the body of a function.
 *
 * | in the cell | what runs |
 * |---|---|
 * | `import * as tf from "m"` | `const tf = __tslab__.namespace(require("m"));` |
 * | `const a = 1`, a class, an import | the same, then `__tslab__.define({ a });` |
 * | `let k = 1` | the same, then `__tslab__.live("k", () => k, (v) => { k = v; });`, so that its closures see what later cells assign |
 * | a function, a `var` | the same, defined at the top |
 * | the last expression | `__tslab__.result(…);` |
 * | `await x` | `__tslab__.resumed(__tslab__.cell(), await x)`, which throws once the cell was interrupted |
 * | `for await (… of x)` | over `__tslab__.watched(x)`, likewise |
 * | the body of a loop | the same, after `__tslab__.turn();`, which throws once the cell is to be interrupted |
 * | `import("m")` | `__tslab__.load(require, "m")` |
 * | `{ x }` of an earlier cell's x | `{ x: exports.x }` |
 *
 * Nothing but whole statements moves, so the source map of the one emit holds. `declare` is told every name of a value.
 */
export function cellTransformer(
  ts: typeof TS,
  fromEarlierCell: (shorthand: TS.Node) => boolean,
  declare: (name: string) => void,
): TS.TransformerFactory<TS.SourceFile> {
  return (context) => {
    const { factory } = context;
    const text = (value: string): TS.Expression => factory.createStringLiteral(value);
    const id = (name: string): TS.Identifier => factory.createIdentifier(name);
    const call = (method: string, ...values: TS.Expression[]): TS.Expression =>
      factory.createCallExpression(
        factory.createPropertyAccessExpression(id(RUNTIME), method),
        undefined,
        values,
      );
    const statement = (expression: TS.Expression): TS.Statement =>
      factory.createExpressionStatement(expression);
    const constant = (name: TS.BindingName, value: TS.Expression): TS.Statement =>
      factory.createVariableStatement(
        undefined,
        factory.createVariableDeclarationList(
          [factory.createVariableDeclaration(name, undefined, undefined, value)],
          ts.NodeFlags.Const,
        ),
      );
    const required = (specifier: TS.Expression): TS.Expression =>
      factory.createCallExpression(id("require"), undefined, [specifier]);

    const define = (names: readonly string[]): TS.Statement[] => {
      for (const name of names) declare(name);
      const properties = names.map((name) => factory.createShorthandPropertyAssignment(name));
      return names.length > 0
        ? [statement(call("define", factory.createObjectLiteralExpression(properties)))]
        : [];
    };
    const live = (name: string): TS.Statement => {
      declare(name);
      const arrow = factory.createToken(ts.SyntaxKind.EqualsGreaterThanToken);
      const parameter = factory.createParameterDeclaration(undefined, undefined, "v");
      const assign = statement(factory.createAssignment(id(name), id("v")));
      const get = factory.createArrowFunction(undefined, undefined, [], undefined, arrow, id(name));
      const set = factory.createArrowFunction(
        undefined,
        undefined,
        [parameter],
        undefined,
        arrow,
        factory.createBlock([assign]),
      );
      // A variable of the same name as the parameter is read-only from outside; there is no cell in which that matters.
      return statement(call("live", text(name), get, ...(name === "v" ? [] : [set])));
    };

    const guarded = (body: TS.Statement): TS.Block =>
      factory.createBlock(
        [statement(call("turn")), ...(ts.isBlock(body) ? body.statements : [body])],
        true,
      );
    const guardLoop = (node: TS.Node): TS.Node => {
      if (ts.isWhileStatement(node))
        return factory.updateWhileStatement(node, node.expression, guarded(node.statement));
      if (ts.isDoStatement(node))
        return factory.updateDoStatement(node, guarded(node.statement), node.expression);
      if (ts.isForStatement(node)) {
        const { initializer, condition, incrementor, statement: body } = node;
        return factory.updateForStatement(node, initializer, condition, incrementor, guarded(body));
      }
      if (ts.isForInStatement(node))
        return factory.updateForInStatement(
          node,
          node.initializer,
          node.expression,
          guarded(node.statement),
        );
      if (!ts.isForOfStatement(node)) return node;
      const { awaitModifier, initializer, expression, statement: body } = node;
      return factory.updateForOfStatement(
        node,
        awaitModifier,
        initializer,
        expression,
        guarded(body),
      );
    };

    // tslab takes the `x` of `{ x: y } = o` for the variable of an earlier cell where o's type was written there.
    const propertyOf = (name: TS.Node | undefined): TS.Identifier | undefined =>
      name && ts.isPropertyAccessExpression(name) && ts.isIdentifier(name.name)
        ? name.name
        : undefined;

    const visit = (node: TS.Node): TS.Node => {
      if (ts.isBindingElement(node)) {
        const property = propertyOf(node.propertyName);
        if (property)
          node = factory.updateBindingElement(
            node,
            node.dotDotDotToken,
            property,
            node.name,
            node.initializer,
          );
      } else if (ts.isPropertyAssignment(node)) {
        const property = propertyOf(node.name);
        if (property) node = factory.updatePropertyAssignment(node, property, node.initializer);
      }
      // tslab rewrites references to earlier cells, but not the shorthand `{ x }`.
      if (ts.isShorthandPropertyAssignment(node) && fromEarlierCell(ts.getOriginalNode(node))) {
        const earlier = factory.createPropertyAccessExpression(id("exports"), node.name);
        const fallback = node.objectAssignmentInitializer;
        const value = fallback
          ? factory.createAssignment(earlier, ts.visitNode(fallback, visit) as TS.Expression)
          : earlier;
        return factory.createPropertyAssignment(node.name.text, value);
      }
      const visited = guardLoop(ts.visitEachChild(node, visit, context));
      if (ts.isAwaitExpression(visited)) return call("resumed", call("cell"), visited);
      if (ts.isForOfStatement(visited) && visited.awaitModifier) {
        const { awaitModifier, initializer, expression, statement: body } = visited;
        return factory.updateForOfStatement(
          visited,
          awaitModifier,
          initializer,
          call("watched", expression),
          body,
        );
      }
      if (ts.isCallExpression(visited) && visited.expression.kind === ts.SyntaxKind.ImportKeyword)
        return call("load", id("require"), ...visited.arguments);
      return visited;
    };

    const imported = (node: TS.ImportDeclaration): TS.Statement[] => {
      const { importClause: clause, moduleSpecifier } = node;
      if (!clause) return [statement(required(moduleSpecifier))];
      const made: TS.Statement[] = [];
      const names: string[] = [];
      const add = (name: TS.Identifier, value: TS.Expression): void => {
        made.push(ts.setOriginalNode(constant(name, value), node));
        names.push(name.text);
      };
      const module = required(moduleSpecifier);
      const byDefault = (): TS.Expression =>
        factory.createPropertyAccessExpression(call("interop", module), "default");
      if (clause.name) add(clause.name, byDefault());
      const bindings = clause.namedBindings;
      if (bindings && ts.isNamespaceImport(bindings)) add(bindings.name, call("namespace", module));
      else if (bindings)
        for (const { name, propertyName } of bindings.elements) {
          const key = (propertyName ?? name).text;
          add(
            name,
            key === "default" ? byDefault() : factory.createPropertyAccessExpression(module, key),
          );
        }
      return [...made, ...define(names)];
    };

    const exported = (node: TS.ExportDeclaration): TS.Statement[] => {
      const { exportClause: clause, moduleSpecifier } = node;
      if (!moduleSpecifier) return [];
      const module = required(moduleSpecifier);
      if (!clause) return [statement(call("define", module))];
      const properties = ts.isNamedExports(clause)
        ? clause.elements.map(({ name, propertyName }) =>
            factory.createPropertyAssignment(
              name.text,
              factory.createPropertyAccessExpression(module, (propertyName ?? name).text),
            ),
          )
        : [factory.createPropertyAssignment(clause.name.text, call("namespace", module))];
      return [statement(call("define", factory.createObjectLiteralExpression(properties)))];
    };

    const withoutExport = <T extends TS.ModifierLike>(modifiers: readonly T[] | undefined): T[] =>
      (modifiers ?? []).filter(
        ({ kind }) => kind !== ts.SyntaxKind.ExportKeyword && kind !== ts.SyntaxKind.DefaultKeyword,
      );

    return (file) => {
      const { statements } = ts.visitEachChild(file, visit, context);
      const exports = new Set<string>();
      for (const each of statements)
        if (
          ts.isExportDeclaration(each) &&
          !each.moduleSpecifier &&
          each.exportClause &&
          ts.isNamedExports(each.exportClause)
        )
          for (const { name } of each.exportClause.elements) exports.add(name.text);

      const early: TS.Statement[] = [];
      const functions: string[] = [];
      const placed = new Set<string>();
      const place = (names: readonly string[]): string[] => {
        for (const name of names) placed.add(name);
        return names.filter((name) => exports.has(name));
      };
      const rewrite = (node: TS.Statement): TS.Statement[] => {
        if (ts.isImportDeclaration(node)) {
          const made = imported(node);
          const { name, namedBindings } = node.importClause ?? {};
          if (name) placed.add(name.text);
          if (namedBindings && ts.isNamespaceImport(namedBindings))
            placed.add(namedBindings.name.text);
          else if (namedBindings)
            for (const each of namedBindings.elements) placed.add(each.name.text);
          return made;
        }
        if (ts.isExportDeclaration(node)) return exported(node);
        if (ts.isExportAssignment(node))
          return [statement(call("define", byName("default", node.expression)))];
        if (ts.isFunctionDeclaration(node) && node.name) {
          functions.push(...place([node.name.text]));
          const { asteriskToken, name, parameters, body } = node;
          const kept = withoutExport(node.modifiers);
          return [
            factory.updateFunctionDeclaration(
              node,
              kept,
              asteriskToken,
              name,
              undefined,
              parameters,
              undefined,
              body,
            ),
          ];
        }
        if (ts.isClassDeclaration(node) && node.name) {
          const { name, heritageClauses, members } = node;
          const kept = withoutExport(node.modifiers);
          const made = factory.updateClassDeclaration(
            node,
            kept,
            name,
            undefined,
            heritageClauses,
            members,
          );
          return [made, ...define(place([name.text]))];
        }
        if (!ts.isVariableStatement(node)) return [node];
        const { declarationList: list } = node;
        const [first] = list.declarations;
        if (
          node.pos < 0 &&
          first?.initializer &&
          ts.isIdentifier(first.name) &&
          /^tsLastExpr\d*$/.test(first.name.text)
        )
          return [statement(call("result", first.initializer))];
        const names = place(list.declarations.flatMap(({ name }) => namesOf(ts, name)));
        const made = factory.updateVariableStatement(node, withoutExport(node.modifiers), list);
        if (list.flags & ts.NodeFlags.Const) return [made, ...define(names)];
        if (list.flags & ts.NodeFlags.Let) return [made, ...names.map(live)];
        early.push(...names.map(live));
        return [made];
      };
      const byName = (name: string, value: TS.Expression): TS.Expression =>
        factory.createObjectLiteralExpression([factory.createPropertyAssignment(name, value)]);
      const rewritten = statements.flatMap(rewrite);
      // What is left are `var`s of inner blocks.
      for (const name of exports) if (!placed.has(name)) early.push(live(name));
      return factory.updateSourceFile(file, [...define(functions), ...early, ...rewritten]);
    };
  };
}
