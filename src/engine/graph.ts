// A TensorFlow graph written by hand: nodes as plain data, turned into a SavedModel, the one form tfjs-node can open a session on.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Attribute, backend, type Handle, messages } from "./backend";

/** One operation: its inputs are outputs of other nodes ("n3", "n3:1") or nodes that must have run ("^n3"). */
export interface GraphNode {
  name: string;
  op: string;
  inputs: string[];
  attributes: Attribute[];
  /** The numbers of a constant. */
  value?: { dtype: number; shape: number[]; bytes: Uint8Array };
}

type Message = Record<string, (...values: unknown[]) => unknown>;
const make = (Type: new () => unknown) => new Type() as Message;

function shapeMessage(shape: number[]): Message {
  const message = make(messages.TensorShape);
  for (const size of shape) {
    const dim = make(messages.TensorShape.Dim);
    dim.setSize(size);
    message.addDim(dim);
  }
  return message;
}

function attributeMessage({ name, type, value }: Attribute): Message {
  const { binding } = backend();
  const kinds: Record<number, [string, (value: unknown) => unknown]> = {
    [binding.TF_ATTR_TYPE]: ["Type", (v) => v],
    [binding.TF_ATTR_BOOL]: ["B", (v) => v],
    [binding.TF_ATTR_INT]: ["I", (v) => v],
    [binding.TF_ATTR_FLOAT]: ["F", (v) => v],
    [binding.TF_ATTR_STRING]: ["S", (v) => Buffer.from(v as string).toString("base64")],
    [binding.TF_ATTR_SHAPE]: ["Shape", (v) => shapeMessage(v as number[])],
  };
  const kind = kinds[type];
  if (!kind) throw new TypeError(`attribute "${name}" must be of a kind that a graph can hold, got kind ${type}`);
  const [field, convert] = kind;
  const message = make(messages.AttrValue);
  const many = Array.isArray(value) && !(type === binding.TF_ATTR_SHAPE && typeof value[0] !== "object");
  if (many) {
    const list = make(messages.AttrValue.ListValue);
    for (const one of value) list[`add${field}`](convert(one));
    message.setList(list);
  } else message[`set${field}`](convert(value));
  return message;
}

function nodeMessage({ name, op, inputs, attributes, value }: GraphNode): Message {
  const message = make(messages.NodeDef);
  message.setName(name);
  message.setOp(op);
  for (const input of inputs) message.addInput(input);
  const map = message.getAttrMap() as { set(name: string, value: Message): void };
  for (const attribute of attributes) map.set(attribute.name, attributeMessage(attribute));
  if (value) {
    const tensor = make(messages.Tensor);
    tensor.setDtype(value.dtype);
    tensor.setTensorShape(shapeMessage(value.shape));
    tensor.setTensorContent(value.bytes);
    const attribute = make(messages.AttrValue);
    attribute.setTensor(tensor);
    map.set("value", attribute);
  }
  return message;
}

function savedModel(nodes: GraphNode[]): Uint8Array {
  const graph = make(messages.GraphDef);
  graph.setNodeList(nodes.map(nodeMessage));
  const version = make(messages.VersionDef);
  version.setProducer(1882); // the graph format of TensorFlow 2.21; older ones accept it
  graph.setVersions(version);
  const info = make(messages.MetaGraphDef.MetaInfoDef);
  info.addTags("serve");
  const meta = make(messages.MetaGraphDef);
  meta.setMetaInfoDef(info);
  meta.setGraphDef(graph);
  const model = make(messages.SavedModel);
  model.setSavedModelSchemaVersion(1);
  model.addMetaGraphs(meta);
  return model.serializeBinary() as Uint8Array;
}

/** A graph that holds its variables and runs parts of itself by the names of what goes in and comes out. */
export interface Session {
  /** Feeds the tensors `ids` under `names`, fetches `outputs` (both lists joined by commas); the caller deletes what it gets. */
  run(names: string, ids: number[], outputs: string): Handle[];
  close(): void;
}

/** Opens a session on the nodes. */
export function openSession(nodes: GraphNode[]): Session {
  const { binding } = backend();
  const folder = mkdtempSync(join(tmpdir(), "autoencoders-"));
  let session: number | undefined;
  try {
    writeFileSync(join(folder, "saved_model.pb"), savedModel(nodes));
    session = binding.loadSavedModel(folder, "serve");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const open = session;
  return {
    run: (names, ids, outputs) => binding.runSavedModel(open, ids, names, outputs),
    close: () => binding.deleteSavedModel(open),
  };
}
