import type { Node as AcornNode } from "acorn";

/** A node of acorn's tree, read by the names that ESTree gives its parts. */
// biome-ignore lint/suspicious/noExplicitAny: a walker meets every kind of node
export type Node = AcornNode & { [part: string]: any };

/** A use of a name that the cell itself does not declare. */
export interface FreeName {
  node: Node;
  /** True for the `x` of `{ x }`, which is a property and a name at once. */
  shorthand: boolean;
  /** True where the name is given a new value. */
  assigned: boolean;
  /** True where the name is called, `f()` or f`…`. */
  called: boolean;
}

/** The names that a pattern binds. */
export function boundNames(pattern: Node | null): string[] {
  if (!pattern) return [];
  switch (pattern.type) {
    case "Identifier":
      return [pattern.name];
    case "ObjectPattern":
      return pattern.properties.flatMap((one: Node) => boundNames(one.value ?? one.argument));
    case "ArrayPattern":
      return pattern.elements.flatMap(boundNames);
    case "AssignmentPattern":
      return boundNames(pattern.left);
    default:
      return boundNames(pattern.argument ?? null);
  }
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && typeof (value as Node).type === "string";

/** The nodes of which a node consists. */
export function children(node: Node): Node[] {
  return Object.values(node).flatMap((part) =>
    Array.isArray(part) ? part.filter(isNode) : isNode(part) ? [part] : [],
  );
}

export const isFunction = ({ type }: Node): boolean =>
  /^(Arrow)?Function(Expression|Declaration)?$|^ArrowFunctionExpression$/.test(type);

/** Names of the `var`s in a body, those of inner blocks too, not of inner functions. */
export function varNames(node: Node): string[] {
  if (isFunction(node) || node.type === "StaticBlock" || /^Class/.test(node.type)) return [];
  const own =
    node.type === "VariableDeclaration" && node.kind === "var"
      ? node.declarations.flatMap(({ id }: Node) => boundNames(id))
      : [];
  return [...own, ...children(node).flatMap(varNames)];
}

/** Names that `let`, `const`, classes, functions and imports declare among these statements. */
export function lexicalNames(statements: readonly Node[]): string[] {
  return statements.flatMap((node): string[] => {
    switch (node.type) {
      case "VariableDeclaration":
        return node.declarations.flatMap(({ id }: Node) => boundNames(id));
      case "FunctionDeclaration":
      case "ClassDeclaration":
        return node.id ? [node.id.name] : [];
      case "ImportDeclaration":
        return node.specifiers.map(({ local }: Node) => local.name);
      case "ExportNamedDeclaration":
      case "ExportDefaultDeclaration":
        return node.declaration ? lexicalNames([node.declaration]) : [];
      default:
        return [];
    }
  });
}

/** The names that a node brings into scope for its own parts. */
function declaredBy(node: Node): string[] {
  if (isFunction(node)) {
    const own = node.type === "FunctionExpression" && node.id ? [node.id.name] : [];
    const implied = node.type === "ArrowFunctionExpression" ? [] : ["arguments"];
    const inBody = node.body.type === "BlockStatement" ? node.body.body.flatMap(varNames) : [];
    return [...own, ...implied, ...node.params.flatMap(boundNames), ...inBody];
  }
  switch (node.type) {
    case "BlockStatement":
    case "StaticBlock":
      return [
        ...lexicalNames(node.body),
        ...(node.type === "StaticBlock" ? node.body.flatMap(varNames) : []),
      ];
    case "SwitchStatement":
      return lexicalNames(node.cases.flatMap(({ consequent }: Node) => consequent));
    case "ForStatement":
      return node.init ? lexicalNames([node.init]) : [];
    case "ForInStatement":
    case "ForOfStatement":
      return lexicalNames([node.left]);
    case "CatchClause":
      return boundNames(node.param);
    case "ClassExpression":
      return node.id ? [node.id.name] : [];
    default:
      return [];
  }
}

/**
 * Starts of expression statements in lists of statements, where the statement before may lack its
 * semicolon.
 */
export function expressionStarts(node: Node): number[] {
  const list: Node[] = Array.isArray(node.body) ? node.body : (node.consequent ?? []);
  const own = Array.isArray(list)
    ? list.filter(({ type }) => type === "ExpressionStatement").map(({ start }) => start)
    : [];
  return [...own, ...children(node).flatMap(expressionStarts)];
}

/**
 * The parts of a node in which names are used; keys, labels and the names of properties are not.
 */
function partsWithNames(node: Node): Node[] {
  switch (node.type) {
    case "MemberExpression":
      return node.computed ? [node.object, node.property] : [node.object];
    case "Property":
    case "PropertyDefinition":
    case "MethodDefinition":
      return [node.computed ? node.key : null, node.value].filter(isNode);
    case "LabeledStatement":
      return [node.body];
    case "BreakStatement":
    case "ContinueStatement":
    case "MetaProperty":
    case "ImportDeclaration":
    case "ExportAllDeclaration":
      return [];
    case "ExportNamedDeclaration":
      return node.declaration ? [node.declaration] : [];
    default:
      return children(node);
  }
}

/** Every use of a name that neither the program nor a scope within it declares. */
export function freeNames(program: Node): FreeName[] {
  const found: FreeName[] = [];
  const visit = (
    node: Node,
    scopes: ReadonlySet<string>[],
    shorthand: boolean,
    target: boolean,
    called: boolean,
  ) => {
    if (node.type === "Identifier") {
      if (!scopes.some((names) => names.has(node.name)))
        found.push({ node, shorthand, assigned: target, called });
      return;
    }
    const names = declaredBy(node);
    const inner = names.length > 0 ? [new Set(names), ...scopes] : scopes;
    for (const part of partsWithNames(node)) {
      const isTarget =
        (node.type === "AssignmentExpression" && part === node.left) ||
        node.type === "UpdateExpression" ||
        (/^For(In|Of)Statement$/.test(node.type) && part === node.left) ||
        (target && /Pattern$|^Property$|^RestElement$/.test(node.type) && part !== node.right);
      const isCalled =
        (node.type === "CallExpression" && part === node.callee) ||
        (node.type === "TaggedTemplateExpression" && part === node.tag);
      visit(part, inner, node.type === "Property" && node.shorthand, isTarget, isCalled);
    }
  };
  const top = new Set([...lexicalNames(program.body), ...program.body.flatMap(varNames)]);
  visit(program, [top], false, false, false);
  return found;
}
