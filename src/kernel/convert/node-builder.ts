import { RUNTIME } from "./runtime-names";
import type { TS } from "./tslab";

/** Makes the nodes that the kernel adds to a cell. */
export class NodeBuilder {
  constructor(
    readonly ts: typeof TS,
    readonly factory: TS.NodeFactory,
  ) {}

  readonly id = (name: string): TS.Identifier => this.factory.createIdentifier(name);
  readonly text = (value: string): TS.Expression => this.factory.createStringLiteral(value);

  readonly property = (object: TS.Expression, name: string): TS.Expression =>
    this.factory.createPropertyAccessExpression(object, name);

  /** `__tslab__.method(…)` */
  readonly call = (method: string, ...values: TS.Expression[]): TS.Expression =>
    this.factory.createCallExpression(this.property(this.id(RUNTIME), method), undefined, values);

  readonly statement = (expression: TS.Expression): TS.Statement =>
    this.factory.createExpressionStatement(expression);

  readonly constant = (name: TS.BindingName, value: TS.Expression): TS.Statement =>
    this.factory.createVariableStatement(
      undefined,
      this.factory.createVariableDeclarationList(
        [this.factory.createVariableDeclaration(name, undefined, undefined, value)],
        this.ts.NodeFlags.Const,
      ),
    );

  readonly arrow = (parameters: readonly string[], body: TS.ConciseBody): TS.ArrowFunction =>
    this.factory.createArrowFunction(
      undefined,
      undefined,
      parameters.map((name) => this.factory.createParameterDeclaration(undefined, undefined, name)),
      undefined,
      this.factory.createToken(this.ts.SyntaxKind.EqualsGreaterThanToken),
      body,
    );

  /** `{ name: value }` */
  readonly record = (values: readonly (readonly [string, TS.Expression])[]): TS.Expression =>
    this.factory.createObjectLiteralExpression(
      values.map(([name, value]) => this.factory.createPropertyAssignment(name, value)),
    );

  /** The new node at the place of an old one in the source map. */
  readonly at = <T extends TS.Node>(node: T, old: TS.Node): T => {
    const { pos, end } = this.ts.getOriginalNode(old);
    return pos < 0 ? node : this.ts.setSourceMapRange(node, { pos, end });
  };
}
