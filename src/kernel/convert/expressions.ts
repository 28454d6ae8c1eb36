import type { NodeBuilder } from "./node-builder";
import { CELLS, RUNTIME } from "./runtime-names";
import type { TS } from "./tslab";

/**
 * Says of an identifier, or of the shorthand `{ x }`, if it names a variable of an earlier cell.
 */
export type IsEarlier = (node: TS.Node) => boolean;

type Named = TS.Node & { name?: TS.Node; propertyName?: TS.Node; label?: TS.Node };

/** Rewrites a cell's expressions and loops; `cellTransformer` lists what becomes of each. */
export class ExpressionRewriter {
  constructor(
    private readonly make: NodeBuilder,
    private readonly isEarlier: IsEarlier,
    private readonly context: TS.TransformationContext,
  ) {}

  readonly visit = (node: TS.Node): TS.Node => {
    const { ts, call, at } = this.make;
    if (ts.isIdentifier(node)) return this.isEarlier(node) ? this.#earlier(node) : node;
    if (ts.isShorthandPropertyAssignment(node)) return this.#shorthand(node);
    if (ts.isCallExpression(node)) return this.#call(node);
    if (ts.isTypeOfExpression(node)) return this.#typeof(node);
    if (ts.isTaggedTemplateExpression(node)) return this.#template(node);
    if (ts.isIterationStatement(node, false)) return this.#loop(node);
    if (ts.isAwaitExpression(node))
      return at(call("resumed", call("cell"), this.#children(node) as TS.Expression), node);
    if (ts.isMetaProperty(node) && node.keywordToken === ts.SyntaxKind.ImportKeyword)
      return call("meta");
    return this.#children(node);
  };

  /** Visits the children but for names of properties, labels and declarations. */
  #children<N extends TS.Node>(node: N): N {
    const { name, propertyName, label } = node as Named;
    const isPlainName = (child: TS.Node) =>
      (child === name || child === propertyName || child === label) &&
      this.make.ts.isIdentifier(child);
    return this.make.ts.visitEachChild(
      node,
      (child) => (isPlainName(child) ? child : this.visit(child)),
      this.context,
    );
  }

  /** A variable of an earlier cell. */
  #earlier(name: TS.Identifier): TS.Expression {
    return this.make.property(this.make.id(CELLS), name.text);
  }

  /** `typeof x`, which does not throw where no cell has the x that one declares. */
  #typeof(node: TS.TypeOfExpression): TS.Node {
    const { expression } = node;
    if (!this.make.ts.isIdentifier(expression) || !this.isEarlier(expression))
      return this.#children(node);
    return this.make.at(
      this.make.call("typeOf", this.make.arrow([], this.#earlier(expression))),
      node,
    );
  }

  #shorthand(node: TS.ShorthandPropertyAssignment): TS.Node {
    const { ts, factory } = this.make;
    const fallback = node.objectAssignmentInitializer;
    const visited = fallback && (ts.visitNode(fallback, this.visit) as TS.Expression);
    if (!this.isEarlier(node))
      return factory.updateShorthandPropertyAssignment(node, node.name, visited);
    const value = this.#earlier(node.name);
    return factory.createPropertyAssignment(
      node.name.text,
      visited ? factory.createAssignment(value, visited) : value,
    );
  }

  /** `f()` of an earlier cell's f becomes `(0, __cells__.f)()`, so that `this` stays undefined. */
  #detached(callee: TS.Expression): TS.Expression | undefined {
    const { ts, factory } = this.make;
    let inner = callee;
    while (ts.isParenthesizedExpression(inner)) inner = inner.expression;
    if (!ts.isIdentifier(inner) || !this.isEarlier(inner)) return undefined;
    const comma = factory.createComma(factory.createNumericLiteral(0), this.#earlier(inner));
    return factory.createParenthesizedExpression(comma);
  }

  #call(node: TS.CallExpression): TS.Node {
    const { ts, factory, id, call, property } = this.make;
    const callee = this.#detached(node.expression);
    const visited = this.#children(node);
    const values = visited.arguments;
    if (visited.expression.kind === ts.SyntaxKind.ImportKeyword)
      return call("load", property(id(RUNTIME), "require"), ...values);
    if (!callee) return visited;
    return ts.isCallChain(visited)
      ? factory.updateCallChain(visited, callee, visited.questionDotToken, undefined, values)
      : factory.updateCallExpression(visited, callee, undefined, values);
  }

  #template(node: TS.TaggedTemplateExpression): TS.Node {
    const tag = this.#detached(node.tag);
    const visited = this.#children(node);
    return tag
      ? this.make.factory.updateTaggedTemplateExpression(visited, tag, undefined, visited.template)
      : visited;
  }

  /** The body of a loop after `__tslab__.turn();`. */
  #guarded(body: TS.Statement): TS.Block {
    const { ts, factory, statement, call } = this.make;
    return factory.createBlock(
      [statement(call("turn")), ...(ts.isBlock(body) ? body.statements : [body])],
      true,
    );
  }

  #loop(node: TS.IterationStatement): TS.Node {
    const { ts, factory, call } = this.make;
    const loop = this.#children(node);
    const body = this.#guarded(loop.statement);
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
  }
}
