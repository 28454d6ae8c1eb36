// A TensorFlow graph written by hand: nodes as plain data, turned into a SavedModel, the one form
// tfjs-node can open a session on.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Attribute, type Binding, backend, type Handle, typeAttribute } from "./backend";
import { bytes, float, integer, type Message } from "./protobuf";

/**
 * One operation: its inputs are outputs of other nodes ("n3", "n3:1") or nodes that must have run
 * ("^n3").
 */
export interface GraphNode {
  name: string;
  op: string;
  inputs: string[];
  attributes: Attribute[];
  /** The numbers of a constant. */
  value?: { dtype: number; shape: number[]; bytes: Uint8Array };
}

/** A constant of these numbers, in the data type with TensorFlow's number `dtype`. */
export function constantNode(
  name: string,
  dtype: number,
  values: Int32Array | BigUint64Array,
  shape = [values.length],
): GraphNode {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return {
    name,
    op: "Const",
    inputs: [],
    attributes: [typeAttribute("dtype", dtype)],
    value: { dtype, shape, bytes },
  };
}

// The numbers of the fields are those of TensorFlow's attr_value.proto, tensor.proto,
// tensor_shape.proto, node_def.proto and meta_graph.proto.
const shapeMessage = (shape: number[]): Message =>
  shape.flatMap((size) => bytes(2, integer(1, size)));

function attributeMessage({ name, type, value }: Attribute): Message {
  const { binding } = backend();
  const kinds: Record<number, (value: never) => Message> = {
    [binding.TF_ATTR_STRING]: (text: string) => bytes(2, text),
    [binding.TF_ATTR_INT]: (count: number) => integer(3, count),
    [binding.TF_ATTR_FLOAT]: (number: number) => float(4, number),
    [binding.TF_ATTR_BOOL]: (flag: boolean) => integer(5, flag),
    [binding.TF_ATTR_TYPE]: (dtype: number) => integer(6, dtype),
    [binding.TF_ATTR_SHAPE]: (shape: number[]) => bytes(7, shapeMessage(shape)),
  };
  const encode = kinds[type];
  if (!encode)
    throw new TypeError(
      `attribute "${name}" must be of a kind that a graph can hold, got kind ${type}`,
    );
  const many = Array.isArray(value) && (type !== binding.TF_ATTR_SHAPE || Array.isArray(value[0]));
  const message = many
    ? bytes(
        1,
        value.flatMap((one) => encode(one as never)),
      )
    : encode(value as never);
  return bytes(5, [...bytes(1, name), ...bytes(2, message)]);
}

const nodeMessage = ({ name, op, inputs, attributes, value }: GraphNode): Message => [
  ...bytes(1, name),
  ...bytes(2, op),
  ...inputs.flatMap((input) => bytes(3, input)),
  ...attributes.flatMap(attributeMessage),
  ...(value ? valueMessage(value) : []),
];

function valueMessage({ dtype, shape, bytes: numbers }: NonNullable<GraphNode["value"]>): Message {
  const tensor = [...integer(1, dtype), ...bytes(2, shapeMessage(shape)), ...bytes(4, numbers)];
  return bytes(5, [...bytes(1, "value"), ...bytes(2, bytes(8, tensor))]);
}

function savedModel(nodes: GraphNode[]): Uint8Array {
  const version = integer(1, 1882); // the graph format of TensorFlow 2.21
  const graph = [...nodes.flatMap((node) => bytes(1, nodeMessage(node))), ...bytes(4, version)];
  return Buffer.concat([
    ...integer(1, 1),
    ...bytes(2, [...bytes(1, bytes(4, "serve")), ...bytes(2, graph)]),
  ]);
}

/**
 * A graph that holds its variables and runs parts of itself by the names of what goes in and comes
 * out.
 */
export interface Session {
  /**
   * Feeds the tensors `ids` under `names`, fetches `outputs` (both lists joined by commas); the
   * caller deletes what it gets.
   */
  run(names: string, ids: number[], outputs: string): Handle[];
  close(): void;
}

/**
 * Closes the session of a training that was left in the middle and collected: TensorFlow itself
 * never would.
 */
const abandoned = new FinalizationRegistry(
  ({ binding, session }: { binding: Binding; session: number }) =>
    binding.deleteSavedModel(session),
);

/** Throws unless every name is given once and every input is an output of a node. */
function requireGraph(nodes: GraphNode[]): void {
  const names = new Set<string>();
  for (const { name } of nodes) {
    if (names.has(name)) throw new Error(`node "${name}" must have a name of its own`);
    names.add(name);
  }
  for (const { name, inputs } of nodes)
    for (const input of inputs) {
      const source = input.replace(/^\^|:\d+$/g, "");
      if (!names.has(source))
        throw new Error(`node "${name}" must have inputs in the graph, got "${input}"`);
    }
}

/** Opens a session on the nodes; throws where they are no graph. */
export function openSession(nodes: GraphNode[]): Session {
  requireGraph(nodes);
  const { binding } = backend();
  const folder = mkdtempSync(join(tmpdir(), "autoencoders-"));
  let session: number;
  try {
    writeFileSync(join(folder, "saved_model.pb"), savedModel(nodes));
    session = binding.loadSavedModel(folder, "serve");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const opened: Session = {
    run: (names, ids, outputs) => binding.runSavedModel(session, ids, names, outputs),
    close() {
      abandoned.unregister(opened);
      binding.deleteSavedModel(session);
    },
  };
  abandoned.register(opened, { binding, session }, opened);
  return opened;
}
