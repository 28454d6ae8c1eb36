import { NodeBuilder } from "./node-builder";
import { RUNTIME } from "./runtime-names";
import type { TS } from "./tslab";

/** Names that a variable's pattern binds. */
export const boundNames = (ts: typeof TS, name: TS.BindingName): string[] =>
  ts.isIdentifier(name)
    ? [name.text]
    : name.elements.flatMap((element) =>
        ts.isBindingElement(element) ? boundNames(ts, element.name) : [],
      );

/** Names that an import statement binds. */
export function importedNames(ts: typeof TS, { importClause }: TS.ImportDeclaration): string[] {
  const { name, namedBindings: bindings } = importClause ?? {};
  const named = !bindings
    ? []
    : ts.isNamespaceImport(bindings)
      ? [bindings.name]
      : bindings.elements.map((each) => each.name);
  return [...(name ? [name] : []), ...named].map(({ text }) => text);
}

/** `require(…)`, whatever the cell calls `require`. */
const required = (make: NodeBuilder, specifier: TS.Expression): TS.Expression =>
  make.factory.createCallExpression(make.property(make.id(RUNTIME), "require"), undefined, [
    specifier,
  ]);

/** An import statement as constants. */
export function importStatements(make: NodeBuilder, node: TS.ImportDeclaration): TS.Statement[] {
  const { ts, call, property } = make;
  const { importClause: clause, moduleSpecifier } = node;
  const module = required(make, moduleSpecifier);
  if (!clause) return [make.at(make.statement(module), node)];
  const constant = (name: TS.Identifier, value: TS.Expression): TS.Statement =>
    ts.setOriginalNode(make.constant(name, value), node);
  const byDefault = (): TS.Expression => property(call("interop", module), "default");
  const made: TS.Statement[] = [];
  if (clause.name) made.push(constant(clause.name, byDefault()));
  const bindings = clause.namedBindings;
  if (bindings && ts.isNamespaceImport(bindings))
    made.push(constant(bindings.name, call("namespace", module)));
  else if (bindings)
    for (const { name, propertyName } of bindings.elements) {
      const key = (propertyName ?? name).text;
      made.push(constant(name, key === "default" ? byDefault() : property(module, key)));
    }
  return made;
}

/**
 * Turns `import a = require("m")` into a constant, before TypeScript leaves it out of an ECMAScript
 * module.
 */
export const importAssignments =
  (ts: typeof TS): TS.TransformerFactory<TS.SourceFile> =>
  ({ factory }) => {
    const make = new NodeBuilder(ts, factory);
    const constantOf = (node: TS.Node): TS.Node => {
      if (!ts.isImportEqualsDeclaration(node) || node.isTypeOnly) return node;
      const { name, moduleReference: from } = node;
      if (!ts.isExternalModuleReference(from)) return node;
      return ts.setOriginalNode(make.constant(name, required(make, from.expression)), node);
    };
    return (file) =>
      factory.updateSourceFile(file, ts.visitNodes(file.statements, constantOf, ts.isStatement));
  };

/** `export … from "m"` as definitions for the cells after this one. */
export function reexportStatements(make: NodeBuilder, node: TS.ExportDeclaration): TS.Statement[] {
  const { ts, at, call, statement } = make;
  const { exportClause: clause, moduleSpecifier } = node;
  if (!moduleSpecifier) return [];
  const module = required(make, moduleSpecifier);
  if (!clause) return [at(statement(call("define", module)), node)];
  const values = ts.isNamedExports(clause)
    ? clause.elements.map(
        ({ name, propertyName }) =>
          [name.text, make.property(module, (propertyName ?? name).text)] as const,
      )
    : [[clause.name.text, call("namespace", module)] as const];
  return [at(statement(call("define", make.record(values))), node)];
}
