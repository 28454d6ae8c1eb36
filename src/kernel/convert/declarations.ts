import type { TS } from "./tslab";

/** Value names that a statement of a declaration file declares; types only give none. */
function valueNames(ts: typeof TS, statement: TS.Statement): string[] {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.flatMap(({ name }) =>
      ts.isIdentifier(name) ? [name.text] : [],
    );
  if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement))
    return statement.name ? [statement.name.text] : [];
  if (ts.isEnumDeclaration(statement)) return [statement.name.text];
  return [];
}

/**
 * The declarations after a cell that failed half-way.
 *
 * `after` is what the cell would have left, `before` what the cells before it left. A name in
 * `unassigned` was never given its value: its declaration in `after` is dropped, and that of
 * `before`, if any, still holds.
 */
export function declarationsAfterFailure(
  ts: typeof TS,
  before: string,
  after: string,
  unassigned: ReadonlySet<string>,
): string {
  if (unassigned.size === 0) return after;
  const printer = ts.createPrinter({ newLine: ts.NewLineKind.LineFeed });
  const pick = (text: string, keep: (name: string) => boolean, keepOthers: boolean): string => {
    const file = ts.createSourceFile("declarations.d.ts", text, ts.ScriptTarget.Latest, true);
    const kept = file.statements.flatMap((statement): TS.Statement[] => {
      const names = valueNames(ts, statement);
      if (names.length === 0) return keepOthers ? [statement] : [];
      if (names.every(keep)) return [statement];
      if (!ts.isVariableStatement(statement)) return [];
      const { declarationList: list } = statement;
      const declarations = list.declarations.filter(
        ({ name }) => ts.isIdentifier(name) && keep(name.text),
      );
      if (declarations.length === 0) return [];
      const updated = ts.factory.updateVariableDeclarationList(list, declarations);
      return [ts.factory.updateVariableStatement(statement, statement.modifiers, updated)];
    });
    return kept
      .map((statement) => `${printer.printNode(ts.EmitHint.Unspecified, statement, file)}\n`)
      .join("");
  };
  const ofCell = pick(after, (name) => !unassigned.has(name), true);
  const ofBefore = pick(before, (name) => unassigned.has(name), false);
  return ofCell + ofBefore;
}

/**
 * The declarations after a cell, with what tslab's converter leaves out: namespaces of earlier
 * cells, and names for which the compiler wrote no declaration, which become `any`.
 */
export function completedDeclarations(
  ts: typeof TS,
  before: string,
  after: string,
  declared: ReadonlySet<string>,
): string {
  let completed = after.replace(/^undefined/, "");
  if (/\bnamespace\b/.test(before)) {
    const file = ts.createSourceFile("declarations.d.ts", before, ts.ScriptTarget.Latest);
    for (const statement of file.statements)
      if (ts.isModuleDeclaration(statement) && !declared.has(statement.name.text))
        completed += `${before.slice(statement.pos, statement.end).trim()}\n`;
  }
  for (const name of declared)
    if (!new RegExp(`(?<![\\w$])${name.replace(/\$/g, "\\$")}(?![\\w$])`).test(completed))
      completed += `declare let ${name}: any;\n`;
  return completed;
}
