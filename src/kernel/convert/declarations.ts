import type { TS } from "./tslab";

const isText = (text: string): boolean => text !== "";

/** Names that an import statement binds, as the nodes that bind them. */
function bindings({ importClause }: TS.ImportDeclaration): TS.NamedDeclaration[] {
  const named = importClause?.namedBindings;
  const inner = !named ? [] : "elements" in named ? [...named.elements] : [named];
  return importClause?.name ? [importClause, ...inner] : inner;
}

/** Declarations that a statement of a declaration file consists of. */
function declarationsOf(ts: typeof TS, statement: TS.Statement): TS.NamedDeclaration[] {
  if (ts.isVariableStatement(statement)) return [...statement.declarationList.declarations];
  if (ts.isImportDeclaration(statement)) return bindings(statement);
  return "name" in statement ? [statement as unknown as TS.NamedDeclaration] : [];
}

/** Name that a declaration binds; none for a module's. */
const nameOf = (ts: typeof TS, { name }: TS.NamedDeclaration): string =>
  name && ts.isIdentifier(name) ? name.text : "";

/** An import statement of some of its names. */
function importOf(ts: typeof TS, node: TS.ImportDeclaration, kept: TS.Node[]): string {
  const clause = node.importClause!;
  const named = kept.filter((each) => ts.isImportSpecifier(each)).map((each) => each.getText());
  const names = [
    kept.includes(clause) ? clause.name!.text : "",
    ...kept.filter((each) => ts.isNamespaceImport(each)).map((each) => each.getText()),
    named.length > 0 ? `{ ${named.join(", ")} }` : "",
  ];
  const type = clause.isTypeOnly ? "type " : "";
  return `import ${type}${names.filter(isText).join(", ")} from ${node.moduleSpecifier.getText()};`;
}

/** A statement of those of its declarations that are kept. */
function statementOf(
  ts: typeof TS,
  statement: TS.Statement,
  keeps: (declaration: TS.NamedDeclaration) => boolean,
): string {
  const all = declarationsOf(ts, statement);
  const kept = all.filter(keeps);
  if (kept.length === all.length) return statement.getFullText().trim();
  if (kept.length === 0) return "";
  if (ts.isImportDeclaration(statement)) return importOf(ts, statement, kept);
  const beginning = statement.getSourceFile().text.slice(statement.pos, all[0]!.getStart());
  return `${beginning.trimStart()}${kept.map((each) => each.getText()).join(", ")};`;
}

/** Text of a bound declaration file without the declarations that are not kept. */
export const declarationsThat = (
  ts: typeof TS,
  file: TS.SourceFile,
  keeps: (declaration: TS.NamedDeclaration, name: string) => boolean,
): string =>
  file.statements
    .filter((each) => !ts.isExportDeclaration(each) && !ts.isExportAssignment(each))
    .map((each) => statementOf(ts, each, (one) => keeps(one, nameOf(ts, one))))
    .filter(isText)
    .map((text) => `${text}\n`)
    .join("");

/** Declaration of a variable whose type nobody knows. */
export const untypedVariable = (name: string): string => `declare let ${name}: any;\n`;

/** True if the statement gives a name a value: not a type, an import or a namespace. */
export const isValue = (ts: typeof TS, node: TS.Node): boolean =>
  ts.isVariableDeclaration(node) ||
  ts.isFunctionDeclaration(node) ||
  ts.isClassDeclaration(node) ||
  ts.isEnumDeclaration(node);

/** Names that the types in a declaration file refer to, its own and those of others. */
export function mentions(ts: typeof TS, file: TS.SourceFile): Set<string> {
  const found = new Set<string>();
  const add = (node: TS.Node | undefined): void => {
    if (!node) return;
    if (ts.isIdentifier(node)) found.add(node.text);
    else if (ts.isQualifiedName(node)) add(node.left);
    else if (ts.isPropertyAccessExpression(node)) add(node.expression);
  };
  const visit = (node: TS.Node): void => {
    if (ts.isTypeReferenceNode(node)) add(node.typeName);
    else if (ts.isTypeQueryNode(node)) add(node.exprName);
    else if (ts.isExpressionWithTypeArguments(node)) add(node.expression);
    else if (ts.isComputedPropertyName(node)) add(node.expression);
    else if (ts.isExportSpecifier(node)) add(node.propertyName ?? node.name);
    else if (ts.isImportEqualsDeclaration(node)) add(node.moduleReference);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}
