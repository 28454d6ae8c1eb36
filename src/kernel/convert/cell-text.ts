import type { TS } from "./tslab";

/** Beginning of a statement that cannot be an expression, as that of `export = a` is. */
const BLOCK_OR_DECLARATION = /^(\{|((async\s+)?function|class)\b)/;
/** Makes the beginning of a statement that of an expression; `1 && a` is `a`. */
const AS_EXPRESSION = "1 &&";

/**
 * The cell's text as the converter takes it, each character at its old place.
 *
 * Blanks `export` and `export default` in front of a named declaration, which is shared with later
 * cells anyway, `export { a }`, and the beginning of `export = a`. Comments out a hashbang. Names
 * exported from a module are imported from it, which gives them to later cells.
 */
export function convertibleText(ts: typeof TS, code: string): string {
  const text = code.replace(/^#!/, "//");
  if (!/\bexport\b/.test(text)) return text;
  const file = ts.createSourceFile("cell.ts", text, ts.ScriptTarget.Latest, true);
  const blanks: [start: number, end: number, instead?: string][] = [];
  for (const statement of file.statements)
    if (ts.isExportDeclaration(statement)) {
      const start = statement.getStart(file);
      if (exportsAsNamed(ts, statement)) blanks.push([start, statement.end]);
      if (bindsNames(ts, statement)) blanks.push([start, start + "export".length, "import"]);
    } else if (ts.isExportAssignment(statement) && statement.isExportEquals) {
      const { expression } = statement;
      const instead = BLOCK_OR_DECLARATION.test(expression.getText(file)) ? AS_EXPRESSION : "";
      blanks.push([statement.getStart(file), expression.getStart(file), instead]);
    } else if (ts.canHaveModifiers(statement) && isNamed(ts, statement))
      for (const modifier of statement.modifiers ?? [])
        if (
          modifier.kind === ts.SyntaxKind.ExportKeyword ||
          modifier.kind === ts.SyntaxKind.DefaultKeyword
        )
          blanks.push([modifier.getStart(file), modifier.end]);
  let blanked = text;
  for (const [start, end, instead = ""] of blanks)
    blanked =
      blanked.slice(0, start) +
      instead +
      blanked.slice(start + instead.length, end).replace(/[^\n\r]/g, " ") +
      blanked.slice(end);
  return blanked;
}

/** True for `export { a, b }`; false for `export { a as b }` and `export … from "m"`. */
function exportsAsNamed(
  ts: typeof TS,
  { exportClause, moduleSpecifier }: TS.ExportDeclaration,
): boolean {
  return (
    !moduleSpecifier &&
    exportClause !== undefined &&
    ts.isNamedExports(exportClause) &&
    exportClause.elements.every(({ propertyName }) => !propertyName)
  );
}

/** True for `export { a as b } from "m"` and `export * as c from "m"`, if `import` can say it. */
function bindsNames(
  ts: typeof TS,
  { exportClause, moduleSpecifier }: TS.ExportDeclaration,
): boolean {
  if (!moduleSpecifier || !exportClause) return false;
  const names = ts.isNamedExports(exportClause) ? exportClause.elements : [exportClause];
  const { LastReservedWord } = ts.SyntaxKind;
  return names.every(({ name: { originalKeywordKind: word } }) => !word || word > LastReservedWord);
}

const isNamed = (ts: typeof TS, statement: TS.Statement): boolean =>
  ts.isVariableStatement(statement) ||
  (statement as TS.Statement & { name?: TS.Node }).name !== undefined;
