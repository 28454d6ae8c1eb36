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
  const hasRows = (name: string) => shapeOf(name)[0] === rows;
  const products = nodes.filter(({ op }) => op === "MatMul");
  const multiplications = products.map(
    ({ name, inputs: [a] }) => util.sizeFromShape(shapeOf(a)) * shapeOf(name)[1],
  );
  if (parts < 2 || rows % parts !== 0 || multiplications.reduce((a, b) => a + b, 0) < worthwhile)
    return nodes;

  const constants = new Map(
    nodes.flatMap(({ name, value }) => (value ? [[name, value.bytes] as const] : [])),
  );
  const indices = Array.from({ length: parts }, (_, i) => i);
  const typeOf = (name: string) => typeAttribute("T", outputs.get(name)?.dtype);
  const made: GraphNode[] = [];
  const divided = new Set<string>();
  const add = (name: string, op: string, inputs: string[], ...attributes: Attribute[]) =>
    made.push({ name, op, inputs, attributes });

  /** Name of part i of an output; splits an output that was made whole. */
  function partOf(name: string, i: number): string {
    const plain = name.replace(":", "_");
    if (!divided.has(name)) {
      divided.add(name);
      add(
        `${plain}_parts`,
        "Split",
        ["axis", name],
        typeOf(name),
        intAttribute("num_split", parts),
      );
      for (const k of indices)
        add(`${plain}_part${k}`, "Identity", [`${plain}_parts:${k}`], typeOf(name));
    }
    return `${plain}_part${i}`;
  }

  function join(name: string): void {
    const inputs = [...indices.map((i) => `${name}_part${i}`), "axis"];
    add(
      name,
      "ConcatV2",
      inputs,
      typeOf(name),
      intAttribute("N", parts),
      typeAttribute("Tidx", "int32"),
    );
    divided.add(name);
  }

  /** Adds a node for each part of the inputs at `places`, and one that joins or sums them. */
  function divide(node: GraphNode, places: number[], how: "join" | "sum"): void {
    const { name, inputs } = node;
    const suffix = how === "join" ? "part" : "term"; // the sum itself may be split into parts
    const pieces = indices.map((i) => ({
      ...node,
      name: `${name}_${suffix}${i}`,
      inputs: inputs.map((input, place) => (places.includes(place) ? partOf(input, i) : input)),
    }));
    made.push(...pieces);
    const names = pieces.map((piece) => piece.name);
    if (how === "join") join(name);
    else add(name, "AddN", names, typeOf(name), intAttribute("N", parts));
  }

  /**
   * Adds the draws of each part. Philox makes four numbers a count, so a part starts at its own
   * count.
   */
  function divideDraws({ name, op, inputs: [, seed] }: GraphNode, shape: number[]): void {
    const counts = util.sizeFromShape(shape) / parts / 4;
    const { binding } = backend();
    add(`${name}_key`, "StatelessRandomGetKeyCounter", [seed], typeAttribute("Tseed", "int32"));
    made.push(
      constantNode(
        `${name}_shape`,
        binding.TF_INT32,
        Int32Array.of(rows / parts, ...shape.slice(1)),
      ),
    );
    for (const i of indices) {
      made.push(
        constantNode(`${name}_skip${i}`, UINT64, BigUint64Array.of(BigInt(i * counts), 0n)),
      );
      add(
        `${name}_count${i}`,
        "AddV2",
        [`${name}_key:1`, `${name}_skip${i}`],
        typeAttribute("T", UINT64),
      );
      const inputs = [`${name}_shape`, `${name}_key`, `${name}_count${i}`, "philox"];
      add(
        `${name}_part${i}`,
        `${op}V2`,
        inputs,
        typeAttribute("dtype"),
        typeAttribute("Tshape", "int32"),
      );
    }
    join(name);
  }

  /** Indices of the inputs that have all rows, if every other input serves each row alike. */
  function rowsAt(inputs: string[], rank: number): number[] | undefined {
    const alike = (input: string) =>
      outputs.has(input) && (shapeOf(input).length < rank || shapeOf(input)[0] === 1);
    const places = inputs.flatMap((input, i) => (alike(input) ? [] : [i]));
    return places.every((i) => hasRows(inputs[i])) ? places : undefined;
  }

  for (const node of nodes) {
    const { name, op, inputs } = node;
    const [first, second] = inputs;
    const shape = shapeOf(name);
    if (op === "MatMul" && !transposed(node, "a") && hasRows(first)) divide(node, [0], "join");
    else if (op === "MatMul" && !transposed(node, "b") && hasRows(first) && hasRows(second))
      divide(node, [0, 1], "sum");
    else if (op === "BiasAddGrad" && hasRows(first)) divide(node, [0], "sum");
    else if (generators.has(op) && hasRows(name) && util.sizeFromShape(shape) % (4 * parts) === 0)
      divideDraws(node, shape);
    else if (
      reductions.has(op) &&
      hasRows(first) &&
      shapeOf(first).length > 1 &&
      constants.has(second)
    ) {
      const axes = new Int32Array(Uint8Array.from(constants.get(second)!).buffer);
      const acrossRows = axes.includes(0) || axes.includes(-shapeOf(first).length);
      if (!acrossRows) divide(node, [0], "join");
      else if (op === "Sum") divide(node, [0], "sum");
      else made.push(node);
    } else {
      const isRowwise = rowwise.has(op)
        ? shape.length > 1
        : op.startsWith("BatchMatMul") && shape.length > 2;
      const places = isRowwise && hasRows(name) && rowsAt(inputs, shape.length);
      // Select takes a vector as one condition for each row.
      if (places && (op !== "Select" || places.length === inputs.length))
        divide(node, places, "join");
      else made.push(node);
    }
  }
  return made;
}
