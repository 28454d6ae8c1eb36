import type { TS } from "./tslab";

/** Module names that a file refers to, `import("m")` and types of modules included. */
export function specifiers(ts: typeof TS, file: TS.SourceFile): TS.StringLiteralLike[] {
  const found: TS.StringLiteralLike[] = [];
  const add = (node: TS.Node | undefined): void => {
    if (node && ts.isStringLiteralLike(node) && node.text) found.push(node);
  };
  for (const statement of file.statements)
    if (ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement))
      add(statement.moduleSpecifier);
    else if (
      ts.isImportEqualsDeclaration(statement) &&
      ts.isExternalModuleReference(statement.moduleReference)
    )
      add(statement.moduleReference.expression);
  if (!/\bimport\s*\(/.test(file.text)) return found;
  const walk = (node: TS.Node): void => {
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0]);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node.argument.literal);
    ts.forEachChild(node, walk);
  };
  walk(file);
  return found;
}
