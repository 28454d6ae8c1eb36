// Splits row-wise ops of a step across the batch, so that TensorFlow can run the parts in parallel.
import { util } from "@tensorflow/tfjs-node";
import { type Attribute, backend, intAttribute, typeAttribute } from "./backend";
import { constantNode, type GraphNode } from "./graph";

/** Shape and data type of one output of a node. */
export interface Output {
  shape: number[];
  dtype: number;
}

/** Row-wise ops: each row of the output comes from the same row of the inputs. */
const rowwise = new Set(
  [
    "Abs Add AddV2 BiasAdd Cast Cos DivNoNan Elu EluGrad Equal Erf Exp Expm1 FloorDiv Greater GreaterEqual IsFinite",
    "LeakyRelu LeakyReluGrad Less LessEqual Log Log1p LogicalAnd LogicalNot LogicalOr LogSoftmax Maximum Minimum Mul",
    "Neg NotEqual Pow RealDiv Reciprocal Relu Relu6 ReluGrad Rsqrt Select SelectV2 Selu SeluGrad Sigmoid SigmoidGrad",
    "Sign Sin Softmax Softplus SoftplusGrad Sqrt Square SquaredDifference Sub Tanh TanhGrad",
  ].flatMap((line) => line.split(" ")),
);
const reductions = new Set(["All", "Any", "Max", "Mean", "Min", "Prod", "Sum"]);
const generators = new Set(["StatelessRandomNormal", "StatelessRandomUniform"]);
const UINT64 = 23; // TensorFlow's number of a type that tfjs does not know

const transposed = ({ attributes }: GraphNode, which: "a" | "b") =>
  attributes.some(({ name, value }) => name === `transpose_${which}` && value === true);

/** Writes the nodes of a step anew, with those that can be split in parts. */
class RowSplitter {
  readonly #made: GraphNode[] = [];
  readonly #divided = new Set<string>();
  readonly #indices: number[];
  readonly #constants: Map<string, Uint8Array>;

  constructor(
    nodes: GraphNode[],
    private readonly outputs: Map<string, Output>,
    private readonly rows: number,
    private readonly parts: number,
  ) {
    this.#indices = Array.from({ length: parts }, (_, i) => i);
    this.#constants = new Map(
      nodes.flatMap(({ name, value }) => (value ? [[name, value.bytes] as const] : [])),
    );
  }

  split(nodes: GraphNode[]): GraphNode[] {
    for (const node of nodes) this.#splitNode(node);
    return this.#made;
  }

  #shapeOf(name: string): number[] {
    return this.outputs.get(name)?.shape ?? [];
  }

  #hasRows(name: string): boolean {
    return this.#shapeOf(name)[0] === this.rows;
  }

  #typeOf(name: string): Attribute {
    return typeAttribute("T", this.outputs.get(name)?.dtype);
  }

  #add(name: string, op: string, inputs: string[], ...attributes: Attribute[]): void {
    this.#made.push({ name, op, inputs, attributes });
  }

  /** Name of part i of an output; splits an output that was made whole. */
  #partOf(name: string, i: number): string {
    const plain = name.replace(":", "_");
    if (!this.#divided.has(name)) {
      this.#divided.add(name);
      this.#add(
        `${plain}_parts`,
        "Split",
        ["axis", name],
        this.#typeOf(name),
        intAttribute("num_split", this.parts),
      );
      for (const k of this.#indices)
        this.#add(`${plain}_part${k}`, "Identity", [`${plain}_parts:${k}`], this.#typeOf(name));
    }
    return `${plain}_part${i}`;
  }

  #join(name: string): void {
    const inputs = [...this.#indices.map((i) => `${name}_part${i}`), "axis"];
    this.#add(
      name,
      "ConcatV2",
      inputs,
      this.#typeOf(name),
      intAttribute("N", this.parts),
      typeAttribute("Tidx", "int32"),
    );
    this.#divided.add(name);
  }

  /** Adds a node for each part of the inputs at `places`, and one that joins or sums them. */
  #divide(node: GraphNode, places: number[], how: "join" | "sum"): void {
    const { name, inputs } = node;
    const suffix = how === "join" ? "part" : "term"; // the sum itself may be split into parts
    const pieces = this.#indices.map((i) => ({
      ...node,
      name: `${name}_${suffix}${i}`,
      inputs: inputs.map((input, place) =>
        places.includes(place) ? this.#partOf(input, i) : input,
      ),
    }));
    this.#made.push(...pieces);
    const names = pieces.map((piece) => piece.name);
    if (how === "join") this.#join(name);
    else this.#add(name, "AddN", names, this.#typeOf(name), intAttribute("N", this.parts));
  }

  /**
   * Adds the draws of each part. Philox makes four numbers a count, so a part starts at its own
   * count.
   */
  #divideDraws({ name, op, inputs: [, seed] }: GraphNode, shape: number[]): void {
    const counts = util.sizeFromShape(shape) / this.parts / 4;
    const { binding } = backend();
    this.#add(
      `${name}_key`,
      "StatelessRandomGetKeyCounter",
      [seed],
      typeAttribute("Tseed", "int32"),
    );
    this.#made.push(
      constantNode(
        `${name}_shape`,
        binding.TF_INT32,
        Int32Array.of(this.rows / this.parts, ...shape.slice(1)),
      ),
    );
    for (const i of this.#indices) {
      this.#made.push(
        constantNode(`${name}_skip${i}`, UINT64, BigUint64Array.of(BigInt(i * counts), 0n)),
      );
      this.#add(
        `${name}_count${i}`,
        "AddV2",
        [`${name}_key:1`, `${name}_skip${i}`],
        typeAttribute("T", UINT64),
      );
      const inputs = [`${name}_shape`, `${name}_key`, `${name}_count${i}`, "philox"];
      this.#add(
        `${name}_part${i}`,
        `${op}V2`,
        inputs,
        typeAttribute("dtype"),
        typeAttribute("Tshape", "int32"),
      );
    }
    this.#join(name);
  }

  /** Indices of the inputs that have all rows, if every other input serves each row alike. */
  #rowsAt(inputs: string[], rank: number): number[] | undefined {
    const alike = (input: string) =>
      this.outputs.has(input) &&
      (this.#shapeOf(input).length < rank || this.#shapeOf(input)[0] === 1);
    const places = inputs.flatMap((input, i) => (alike(input) ? [] : [i]));
    return places.every((i) => this.#hasRows(inputs[i])) ? places : undefined;
  }

  #splitNode(node: GraphNode): void {
    const { name, op, inputs } = node;
    const [first, second] = inputs;
    const shape = this.#shapeOf(name);
    if (op === "MatMul" && !transposed(node, "a") && this.#hasRows(first))
      this.#divide(node, [0], "join");
    else if (
      op === "MatMul" &&
      !transposed(node, "b") &&
      this.#hasRows(first) &&
      this.#hasRows(second)
    )
      this.#divide(node, [0, 1], "sum");
    else if (op === "BiasAddGrad" && this.#hasRows(first)) this.#divide(node, [0], "sum");
    else if (
      generators.has(op) &&
      this.#hasRows(name) &&
      util.sizeFromShape(shape) % (4 * this.parts) === 0
    )
      this.#divideDraws(node, shape);
    else if (
      reductions.has(op) &&
      this.#hasRows(first) &&
      this.#shapeOf(first).length > 1 &&
      this.#constants.has(second)
    ) {
      const axes = new Int32Array(Uint8Array.from(this.#constants.get(second)!).buffer);
      const acrossRows = axes.includes(0) || axes.includes(-this.#shapeOf(first).length);
      if (!acrossRows) this.#divide(node, [0], "join");
      else if (op === "Sum") this.#divide(node, [0], "sum");
      else this.#made.push(node);
    } else {
      const isRowwise = rowwise.has(op)
        ? shape.length > 1
        : op.startsWith("BatchMatMul") && shape.length > 2;
      const places = isRowwise && this.#hasRows(name) && this.#rowsAt(inputs, shape.length);
      // Select takes a vector as one condition for each row.
      if (places && (op !== "Select" || places.length === inputs.length))
        this.#divide(node, places, "join");
      else this.#made.push(node);
    }
  }
}

/**
 * Splits the work on `rows` rows into `parts` equal parts wherever rows do not meet.
 *
 * A node `n` becomes `n_part0`, `n_part1`, … and a node `n` that joins them; TensorFlow prunes the
 * join if nothing needs it. Any tensor of so many rows may be split, a batch or not. A sum over the
 * rows becomes a sum of the parts' sums, `n_term0`, …, so results agree within float error; draws
 * stay the same. A step whose products have fewer than `worthwhile` multiplications together stays
 * whole, since splitting would cost more than it saves.
 */
export function inParts(
  nodes: GraphNode[],
  outputs: Map<string, Output>,
  rows: number,
  parts: number,
  worthwhile = 1e7,
): GraphNode[] {
  const shapeOf = (name: string) => outputs.get(name)?.shape ?? [];
  const products = nodes.filter(({ op }) => op === "MatMul");
  const multiplications = products.map(
    ({ name, inputs: [a] }) => util.sizeFromShape(shapeOf(a)) * shapeOf(name)[1],
  );
  if (parts < 2 || rows % parts !== 0 || multiplications.reduce((a, b) => a + b, 0) < worthwhile)
    return nodes;
  return new RowSplitter(nodes, outputs, rows, parts).split(nodes);
}
