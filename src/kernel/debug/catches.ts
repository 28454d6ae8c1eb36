import { type Node, parse } from "acorn";

type Loose = Node & Record<string, unknown>;

const isNode = (value: unknown): value is Loose =>
  typeof (value as Partial<Node> | null)?.type === "string";

const children = (node: Loose): Loose[] =>
  Object.values(node)
    .flatMap((value) => (Array.isArray(value) ? value : [value]))
    .filter(isNode);

const isFunction = (node: Loose): boolean => /Function/.test(node.type);

const throws = (node: Loose): boolean =>
  node.type === "ThrowStatement" ||
  children(node).some((child) => !isFunction(child) && throws(child));

function parsed(code: string): Loose | undefined {
  for (const sourceType of ["script", "module"] as const)
    try {
      return parse(code, {
        ecmaVersion: "latest",
        sourceType,
        allowReturnOutsideFunction: true,
        allowAwaitOutsideFunction: sourceType === "module",
        allowHashBang: true,
      }) as unknown as Loose;
    } catch {
      // a module, or not JavaScript
    }
  return undefined;
}

/** The `try` statements of one script. */
export class Catches {
  readonly #program: Loose | undefined;
  readonly #starts = [0];

  constructor(code: string) {
    this.#program = parsed(code);
    for (let at = code.indexOf("\n"); at >= 0; at = code.indexOf("\n", at + 1))
      this.#starts.push(at + 1);
  }

  /**
   * True if a `catch` around this place, within its function, receives what is thrown there.
   *
   * `swallows`: only a `catch` that throws nothing itself counts, as a library's may pass on what
   * it caught.
   */
  around(line: number, column: number, { swallows }: { swallows: boolean }): boolean {
    const at = (this.#starts[line] ?? 0) + column;
    let caught = false;
    const descend = (node: Loose): void => {
      if (isFunction(node)) caught = false;
      const { block, handler } = node as Loose & { block?: Loose; handler?: Loose | null };
      if (node.type === "TryStatement" && handler && block!.start <= at && at < block!.end)
        caught ||= !swallows || !throws(handler);
      for (const child of children(node)) if (child.start <= at && at < child.end) descend(child);
    };
    if (this.#program) descend(this.#program);
    return caught;
  }
}
