// A TensorFlow graph written by hand: nodes as plain data, turned into a SavedModel, the one form
// tfjs-node can open a session on.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Attribute, type Binding, backend, type Handle, typeAttribute } from "./backend";
import { bytes, float, integer, message, text } from "./protobuf";

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
  const content = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return {
    name,
    op: "Const",
    inputs: [],
    attributes: [typeAttribute("dtype", dtype)],
    value: { dtype, shape, bytes: content },
  };
}

const shapeMessage = (shape: number[]) =>
  message(...shape.map((size) => bytes(2, message(integer(1, size)))));

/** Fields of an AttrValue, which are those of its list too. */
function attributeField({ name, type }: Attribute): (value: never) => Uint8Array {
  const { binding } = backend();
  const kinds: Record<number, (value: never) => Uint8Array> = {
    [binding.TF_ATTR_STRING]: (text: string) => bytes(2, Buffer.from(text)),
    [binding.TF_ATTR_INT]: (value: number) => integer(3, value),
    [binding.TF_ATTR_FLOAT]: (value: number) => float(4, value),
    [binding.TF_ATTR_BOOL]: (value: boolean) => integer(5, Number(value)),
    [binding.TF_ATTR_TYPE]: (value: number) => integer(6, value),
    [binding.TF_ATTR_SHAPE]: (shape: number[]) => bytes(7, shapeMessage(shape)),
  };
  if (!kinds[type])
    throw new TypeError(
      `attribute "${name}" must be of a kind that a graph can hold, got kind ${type}`,
    );
  return kinds[type];
}

function attributeMessage(attribute: Attribute): Uint8Array {
  const { type, value } = attribute;
  const field = attributeField(attribute);
  const isList =
    Array.isArray(value) && (type !== backend().binding.TF_ATTR_SHAPE || Array.isArray(value[0]));
  return isList
    ? bytes(1, message(...value.map((one) => field(one as never))))
    : field(value as never);
}

function nodeMessage({ name, op, inputs, attributes, value }: GraphNode): Uint8Array {
  const entry = (key: string, attribute: Uint8Array) =>
    bytes(5, message(text(1, key), bytes(2, attribute)));
  return message(
    text(1, name),
    text(2, op),
    ...inputs.map((input) => text(3, input)),
    ...attributes.map((attribute) => entry(attribute.name, attributeMessage(attribute))),
    ...(value ? [entry("value", tensorAttribute(value))] : []),
  );
}

const tensorAttribute = ({ dtype, shape, bytes: content }: NonNullable<GraphNode["value"]>) =>
  bytes(8, message(integer(1, dtype), bytes(2, shapeMessage(shape)), bytes(4, content)));

/** A SavedModel of TensorFlow 2.21; numbers of fields are those of its `.proto` files. */
export function savedModel(nodes: GraphNode[]): Uint8Array {
  const versions = message(integer(1, 1882));
  const graph = message(...nodes.map((node) => bytes(1, nodeMessage(node))), bytes(4, versions));
  const metaGraph = message(bytes(1, message(text(4, "serve"))), bytes(2, graph));
  return message(integer(1, 1), bytes(2, metaGraph));
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

/** Opens a session on the nodes; throws if they are no graph. */
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
