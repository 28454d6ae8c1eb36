import type { TS } from "./tslab";

/** The global by which cells reach the kernel at run time; tslab's executor makes it. */
export const RUNTIME = "__tslab__";

/** True when an `await` or `for await` stands outside of every function. */
export function awaitsAtTop(ts: typeof TS, file: TS.SourceFile): boolean {
  const visit = (node: TS.Node): boolean => {
    if (ts.isFunctionLike(node) || ts.isClassStaticBlockDeclaration(node)) return false;
    if (ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier)) return true;
    return ts.forEachChild(node, visit) ?? false;
  };
  return visit(file);
}

/** Names of the cell's own `let` and `var` that a function of the cell refers to. */
function capturedVariables(ts: typeof TS, file: TS.SourceFile): Set<string> {
  const own = new Set<string>();
  const bind = (name: TS.BindingName): void => {
    if (ts.isIdentifier(name)) own.add(name.text);
    else for (const element of name.elements) if (ts.isBindingElement(element)) bind(element.name);
  };
  for (const statement of file.statements)
    if (ts.isVariableStatement(statement) && !(statement.declarationList.flags & ts.NodeFlags.Const))
      for (const { name } of statement.declarationList.declarations) bind(name);
  const captured = new Set<string>();
  const visit = (node: TS.Node, inside: boolean): void => {
    if (inside && ts.isIdentifier(node) && own.has(node.text)) captured.add(node.text);
    const within = inside || ts.isFunctionLike(node) || ts.isClassLike(node);
    ts.forEachChild(node, (child) => visit(child, within));
  };
  if (own.size > 0) visit(file, false);
  return captured;
}

/**
 * What a cell's JavaScript needs beyond tslab's own transformation.
 *
 * A `let` that a function of the cell refers to becomes an exported variable, so that the function sees what a later
 * cell assigns to it. Every `await x` becomes `__tslab__.resumed(__tslab__.cell(), await x)` and every `for await (… of x)` runs over
 * `__tslab__.watched(x)`: both throw once the cell was interrupted, so that it does not go on in the background.
 */
export function cellTransformer(
  ts: typeof TS,
  cell: TS.SourceFile,
  fromEarlierCell: (shorthand: TS.Node) => boolean,
): TS.TransformerFactory<TS.SourceFile> {
  const captured = capturedVariables(ts, cell);
  return (context) => {
    const { factory } = context;
    const call = (method: string, ...values: TS.Expression[]): TS.Expression =>
      factory.createCallExpression(
        factory.createPropertyAccessExpression(factory.createIdentifier(RUNTIME), method),
        undefined,
        values,
      );
    const visit = (node: TS.Node): TS.Node => {
      // tslab rewrites references to earlier cells, but not the shorthand `{ x }`.
      if (ts.isShorthandPropertyAssignment(node) && fromEarlierCell(ts.getOriginalNode(node))) {
        const earlier = factory.createPropertyAccessExpression(factory.createIdentifier("exports"), node.name);
        return factory.createPropertyAssignment(node.name.text, earlier);
      }
      const visited = ts.visitEachChild(node, visit, context);
      if (ts.isAwaitExpression(visited)) return call("resumed", call("cell"), visited);
      if (ts.isForOfStatement(visited) && visited.awaitModifier) {
        const { awaitModifier, initializer, expression, statement } = visited;
        const watched = call("watched", expression);
        return factory.updateForOfStatement(visited, awaitModifier, initializer, watched, statement);
      }
      return visited;
    };
    const isCaptured = (name: TS.BindingName): boolean =>
      ts.isIdentifier(name)
        ? captured.has(name.text)
        : name.elements.some((element) => ts.isBindingElement(element) && isCaptured(element.name));
    const names = (name: TS.BindingName): string[] =>
      ts.isIdentifier(name)
        ? [name.text]
        : name.elements.flatMap((element) => (ts.isBindingElement(element) ? names(element.name) : []));

    return (file) => {
      const exported = new Set<string>();
      const statements: TS.Statement[] = [];
      for (const statement of ts.visitEachChild(file, visit, context).statements) {
        if (!ts.isVariableStatement(statement) || statement.declarationList.flags & ts.NodeFlags.Const) {
          statements.push(statement);
          continue;
        }
        const { declarationList: list } = statement;
        const declarations = list.declarations.map((declaration) =>
          declaration.initializer
            ? declaration
            : factory.updateVariableDeclaration(
                declaration,
                declaration.name,
                undefined,
                undefined,
                factory.createVoidZero(),
              ),
        );
        const shared = declarations.some(({ name }) => isCaptured(name));
        if (shared) for (const { name } of declarations) for (const each of names(name)) exported.add(each);
        statements.push(
          factory.updateVariableStatement(
            statement,
            shared ? [factory.createModifier(ts.SyntaxKind.ExportKeyword)] : statement.modifiers,
            factory.updateVariableDeclarationList(list, declarations),
          ),
        );
      }
      const remaining = statements.map((statement) => {
        if (exported.size === 0 || !ts.isExportDeclaration(statement)) return statement;
        const { exportClause } = statement;
        if (!exportClause || !ts.isNamedExports(exportClause)) return statement;
        const elements = exportClause.elements.filter((element) => !exported.has(element.name.text));
        return factory.updateExportDeclaration(
          statement,
          statement.modifiers,
          statement.isTypeOnly,
          factory.updateNamedExports(exportClause, elements),
          statement.moduleSpecifier,
          statement.assertClause,
        );
      });
      return factory.updateSourceFile(file, remaining);
    };
  };
}
