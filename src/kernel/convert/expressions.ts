import type { NodeBuilder } from "./node-builder";
import { CELLS, RUNTIME } from "./runtime-names";
import type { TS } from "./tslab";

/**
 * Tells of an identifier, or of the shorthand `{ x }`, if it names a variable of an earlier cell.
 */
export type IsEarlier = (node: TS.Node) => boolean;

type Named = TS.Node & { name?: TS.Node; propertyName?: TS.Node; label?: TS.Node };

/** Rewrites a cell's expressions and loops; `cellTransformer` lists what becomes of each. */
export function expressionVisitor(
  make: NodeBuilder,
  isEarlier: IsEarlier,
  context: TS.TransformationContext,
): (node: TS.Node) => TS.Node {
  const { ts, factory, id, call, property } = make;

  const earlier = (name: TS.Identifier): TS.Expression => property(id(CELLS), name.text);

  /** Names that refer to no variable: of properties, labels and declarations. */
  const isPlainName = (parent: Named, child: TS.Node): boolean =>
    (child === parent.name || child === parent.propertyName || child === parent.label) &&
    ts.isIdentifier(child);

  const visitChildren = (node: TS.Node): TS.Node =>
    ts.visitEachChild(node, (child) => (isPlainName(node, child) ? child : visit(child)), context);

  const shorthand = (node: TS.ShorthandPropertyAssignment): TS.Node => {
    const fallback = node.objectAssignmentInitializer;
    const visited = fallback && (ts.visitNode(fallback, visit) as TS.Expression);
    if (!isEarlier(node))
      return factory.updateShorthandPropertyAssignment(node, node.name, visited);
    const value = earlier(node.name);
    return factory.createPropertyAssignment(
      node.name.text,
      visited ? factory.createAssignment(value, visited) : value,
    );
  };

  /** `f()` of an earlier cell's f becomes `(0, __cells__.f)()`, so that `this` stays undefined. */
  const detached = (callee: TS.Expression): TS.Expression | undefined => {
    let inner = callee;
    while (ts.isParenthesizedExpression(inner)) inner = inner.expression;
    if (!ts.isIdentifier(inner) || !isEarlier(inner)) return undefined;
    const comma = factory.createComma(factory.createNumericLiteral(0), earlier(inner));
    return factory.createParenthesizedExpression(comma);
  };

  const visitCall = (node: TS.CallExpression): TS.Node => {
    const callee = detached(node.expression);
    const visited = visitChildren(node) as TS.CallExpression;
    if (visited.expression.kind === ts.SyntaxKind.ImportKeyword)
      return call("load", property(id(RUNTIME), "require"), ...visited.arguments);
    if (!callee) return visited;
    return ts.isCallChain(visited)
      ? factory.updateCallChain(
          visited,
          callee,
          visited.questionDotToken,
          undefined,
          visited.arguments,
        )
      : factory.updateCallExpression(visited, callee, undefined, visited.arguments);
  };

  const visitTemplate = (node: TS.TaggedTemplateExpression): TS.Node => {
    const tag = detached(node.tag);
    const visited = visitChildren(node) as TS.TaggedTemplateExpression;
    return tag
      ? factory.updateTaggedTemplateExpression(visited, tag, undefined, visited.template)
      : visited;
  };

  const guarded = (body: TS.Statement): TS.Block =>
    factory.createBlock(
      [make.statement(call("turn")), ...(ts.isBlock(body) ? body.statements : [body])],
      true,
    );

  const visitLoop = (node: TS.IterationStatement): TS.Node => {
    const loop = visitChildren(node) as TS.IterationStatement;
    const body = guarded(loop.statement);
    if (ts.isWhileStatement(loop)) return factory.updateWhileStatement(loop, loop.expression, body);
    if (ts.isDoStatement(loop)) return factory.updateDoStatement(loop, body, loop.expression);
    if (ts.isForStatement(loop)) {
      const { initializer, condition, incrementor } = loop;
      return factory.updateForStatement(loop, initializer, condition, incrementor, body);
    }
    if (ts.isForInStatement(loop))
      return factory.updateForInStatement(loop, loop.initializer, loop.expression, body);
    if (!ts.isForOfStatement(loop)) return loop;
    const { awaitModifier, initializer, expression } = loop;
    const values = awaitModifier ? call("watched", expression) : expression;
    return factory.updateForOfStatement(loop, awaitModifier, initializer, values, body);
  };

  const visit = (node: TS.Node): TS.Node => {
    if (ts.isIdentifier(node)) return isEarlier(node) ? earlier(node) : node;
    if (ts.isShorthandPropertyAssignment(node)) return shorthand(node);
    if (ts.isCallExpression(node)) return visitCall(node);
    if (ts.isTaggedTemplateExpression(node)) return visitTemplate(node);
    if (ts.isIterationStatement(node, false)) return visitLoop(node);
    if (ts.isAwaitExpression(node))
      return make.at(call("resumed", call("cell"), visitChildren(node) as TS.Expression), node);
    if (ts.isMetaProperty(node) && node.keywordToken === ts.SyntaxKind.ImportKeyword)
      return call("meta");
    return visitChildren(node);
  };
  return visit;
}
