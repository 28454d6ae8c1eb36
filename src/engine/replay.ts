// A training step as one call: recorded once in ordinary tfjs ops, replayed in a session that keeps weights and optimizer state.
import { isDeepStrictEqual } from "node:util";
import * as tf from "@tensorflow/tfjs-node";
import { type Attribute, backend, dataOf, idOf, op, type TensorData, tensorOf, tensorOver } from "./backend";
import { type GraphNode, openSession } from "./graph";
import type { ResourceOptimizer } from "./optimizers";
import { record, Unrecordable } from "./record";

/** Where a batch is, and what the step may depend on. */
export interface StepInput {
  /** Rows of which `rows` from `offset` on are the batch. */
  block: tf.Tensor2D;
  offset: number;
  rows: number;
  step: number;
  epoch: number;
}

/** What one step finds before the weights change. */
export interface Found {
  /** Its numbers, in one vector. */
  packed: tf.Tensor;
  /** In the order of the parameters. */
  gradients: tf.Tensor[];
}

/** What a step is made of. */
export interface StepPlan {
  parameters: [string, tf.Variable][];
  optimizer: ResourceOptimizer;
  find(x: tf.Tensor2D, step: tf.Tensor, epoch: tf.Tensor): Found;
  /** New values of some parameters, by name, from those that the parameters have after the update. */
  project(): Record<string, tf.Tensor>;
  /** Names an entry of `packed` that differs between an eager step and its replay beyond float error. */
  difference(eager: Float32Array, replayed: Float32Array): string | undefined;
}

export interface Replay {
  /**
   * Takes one step and returns its packed numbers. With `verify` the step is recorded again first, and must be the same.
   * Throws `NotFinite`, with the weights as they were, and `Unrecordable`, before the step, where the record is not the step to take.
   */
  step(input: StepInput, verify: boolean): Float32Array;
  /** Gives weights and optimizer state back and frees the session. */
  close(): void;
}

/** Thrown where a number of the step is not finite, or the new value of the named constraint. */
export class NotFinite extends Error {
  constructor(readonly constraint?: string) {
    super(`${constraint ?? "the step"} is not finite`);
  }
}

/** A recorded step: its nodes, what it takes from outside, and the numbers that it gave when it was recorded. */
interface Trace {
  nodes: GraphNode[];
  captured: [name: string, tensor: tf.TensorInfo][];
  packed: Float32Array;
}

const node = (name: string, op: string, inputs: string[], ...attributes: Attribute[]): GraphNode => ({
  name,
  op,
  inputs,
  attributes,
});
const after = (name: string) => `^${name.split(":")[0]}`;
const prefixOf = (rows: number) => `rows${rows}_`;

function attributeMakers() {
  const { binding } = backend();
  const type = (name: string, value: unknown): Attribute => ({ name, type: binding.TF_ATTR_TYPE, value });
  return {
    float: (name: string) => type(name, binding.TF_FLOAT),
    int: (name: string) => type(name, binding.TF_INT32),
    intList: (name: string) => type(name, [binding.TF_INT32]),
    count: (name: string, value: number): Attribute => ({ name, type: binding.TF_ATTR_INT, value }),
    flag: (name: string): Attribute => ({ name, type: binding.TF_ATTR_BOOL, value: false }),
    shape: (value: number[]): Attribute => ({ name: "shape", type: binding.TF_ATTR_SHAPE, value }),
    text: (name: string, value: string): Attribute => ({ name, type: binding.TF_ATTR_STRING, value }),
  };
}

function integers(name: string, values: number[]): GraphNode {
  const bytes = new Uint8Array(Int32Array.from(values).buffer);
  return {
    ...node(name, "Const", [], attributeMakers().int("dtype")),
    value: { dtype: backend().binding.TF_INT32, shape: [values.length], bytes },
  };
}

const slotNames = ({ optimizer }: StepPlan, i: number) => optimizer.rule.slots.map((slot) => `w${i}_${slot}`);

/** The session's variables, with how to set and how to read each, and the inputs of every step. */
function frame(plan: StepPlan, width: number): GraphNode[] {
  const { float, int, count, shape, text } = attributeMakers();
  const numbers = plan.optimizer.numbers(1).length;
  const variable = (name: string, size: number[]) => [
    node(name, "VarHandleOp", [], float("dtype"), shape(size), text("shared_name", name), text("container", "")),
    node(`new_${name}`, "Placeholder", [], float("dtype"), shape(size)),
    node(`assign_${name}`, "AssignVariableOp", [name, `new_${name}`], float("dtype")),
    node(`set_${name}`, "Identity", ["zero", `^assign_${name}`], int("T")),
    node(`get_${name}`, "ReadVariableOp", [name], float("dtype")),
  ];
  return [
    integers("zero", [0]),
    integers("two", [2]),
    node("block", "Placeholder", [], float("dtype"), shape([-1, width])),
    node("counters", "Placeholder", [], int("dtype"), shape([4])), // step, epoch, offset, 0
    node("counter", "Unpack", ["counters"], int("T"), count("num", 4), count("axis", 0)),
    node("begin", "Slice", ["counters", "two", "two"], int("T"), int("Index")),
    node("numbers", "Placeholder", [], float("dtype"), shape([numbers])),
    node("number", "Unpack", ["numbers"], float("T"), count("num", numbers), count("axis", 0)),
    ...plan.parameters.flatMap(([, { shape }], i) =>
      [`w${i}`, ...slotNames(plan, i)].flatMap((name) => variable(name, shape)),
    ),
  ];
}

/** Records one step, and puts around it what the session does: batch, weights, the check for finite numbers, update, constraints. */
function trace(plan: StepPlan, { block, offset, rows, step, epoch }: StepInput): Trace {
  const { float, int, intList, count, flag } = attributeMakers();
  const { parameters, optimizer } = plan;
  const p = prefixOf(rows);
  const weights = (name: (i: number) => string) =>
    parameters.map(([, variable], i) => [variable.dataId, name(i)] as const);
  const assert = (name: string, finite: string) =>
    node(name, "Assert", [finite, "zero"], intList("T"), count("summarize", 1));
  const finiteOf = (x: tf.Tensor) => tf.isFinite(x).all();

  return tf.tidy(() => {
    const x = block.slice([offset, 0], [rows, -1]);
    const [stepScalar, epochScalar] = [step, epoch].map((v) => tf.scalar(v, "int32"));
    const inputs = [
      [x.dataId, `${p}x`],
      [stepScalar.dataId, "counter"],
      [epochScalar.dataId, "counter:1"],
    ] as const;
    const found = record(`${p}find_`, new Map([...inputs, ...weights((i) => `${p}w${i}`)]), () => {
      const { packed, gradients } = plan.find(x, stepScalar, epochScalar);
      return { packed, gradients, finite: finiteOf(packed) };
    });
    const { packed, gradients, finite } = found.result;
    const packedName = found.nameOf(packed);
    const gradientNames = gradients.map(found.nameOf);
    const finiteName = found.nameOf(finite);
    const numbers = Array.from({ length: optimizer.numbers(1).length }, (_, i) => `number:${i}`);
    const updates = parameters.map((_, i) =>
      node(
        `${p}update${i}`,
        optimizer.rule.op,
        [...optimizer.rule.inputs(`w${i}`, slotNames(plan, i), numbers, gradientNames[i]), `^${p}finite`],
        float("T"),
        flag("use_locking"),
        ...optimizer.rule.attributes(),
      ),
    );

    const projected = record(`${p}project_`, new Map([...inputs, ...weights((i) => `${p}updated${i}`)]), () =>
      Object.entries(plan.project()).map(([name, value]) => ({ name, value, finite: finiteOf(value) })),
    );
    const constraints = projected.result.map(({ name, value, finite }) => ({
      i: parameters.findIndex(([parameter]) => parameter === name),
      value: projected.nameOf(value),
      finite: projected.nameOf(finite),
    }));
    const checks = constraints.map(({ i, finite }) => assert(`${p}finite${i}`, finite));
    const assignments = constraints.map(({ i, value }) =>
      node(`${p}assign${i}`, "AssignVariableOp", [`w${i}`, value, ...checks.map((c) => after(c.name))], float("dtype")),
    );
    const last = [...updates, ...assignments].map(({ name }) => after(name));
    return {
      nodes: [
        integers(`${p}size`, [rows, block.shape[1]]),
        node(`${p}x`, "Slice", ["block", "begin", `${p}size`], float("T"), int("Index")),
        ...parameters.map((_, i) => node(`${p}w${i}`, "ReadVariableOp", [`w${i}`], float("dtype"))),
        ...found.nodes,
        assert(`${p}finite`, finiteName),
        ...updates,
        ...(constraints.length === 0
          ? []
          : parameters.map((_, i) =>
              node(
                `${p}updated${i}`,
                "ReadVariableOp",
                [`w${i}`, ...updates.map((u) => after(u.name))],
                float("dtype"),
              ),
            )),
        ...projected.nodes,
        ...checks,
        ...assignments,
        node(`${p}done`, "Identity", [packedName, ...last], float("T")),
      ],
      captured: [...found.captured, ...projected.captured],
      packed: packed.dataSync() as Float32Array,
    } as Trace & tf.TensorContainerObject;
  });
}

/** The variable that holds this tensor's data, if one does: its later values are meant, not the one it has now. */
const ownerOf = ({ dataId }: tf.TensorInfo): tf.Variable | undefined =>
  Object.values(tf.engine().registeredVariables).find((variable) => variable.dataId === dataId);

/** The recorded steps in a session, one for each batch size; `first` are inputs of these sizes. */
export function startReplay(plan: StepPlan, first: StepInput[]): Replay {
  const { binding } = backend();
  const { parameters, optimizer } = plan;
  const traces = new Map(first.map((input) => [input.rows, { ...trace(plan, input), unverified: 0 }]));
  const outer = [...traces].flatMap(([, { captured }]) => captured);
  const held = outer.map(([, tensor]) => {
    const owner = ownerOf(tensor);
    if (owner) return owner;
    backend().incRef(tensor.dataId);
    return tf.keep(tf.engine().makeTensorFromTensorInfo(tensor));
  });
  const nodes = [...frame(plan, first[0].block.shape[1]), ...[...traces].flatMap(([, { nodes }]) => nodes)];
  let session: ReturnType<typeof openSession>;
  try {
    session = openSession(nodes);
  } catch (error) {
    throw new Unrecordable(`TensorFlow does not take the graph: ${(error as Error).message}`);
  }
  const feeds = ["block", "counters", "numbers", ...outer.map(([name]) => name)].map((name) => `${name}:0`).join();
  // Copies: TensorFlow's threads may free what the session holds, and must not free JavaScript's memory.
  const set = (names: string[], tensors: tf.Tensor[]) =>
    tf.tidy(() => {
      const copies = tensors.map((tensor) => idOf(op("DeepCopy", [tensor], attributeMakers().float("T"))));
      const outputs = names.map((name) => `set_${name}:0`).join();
      for (const { id } of session.run(names.map((name) => `new_${name}:0`).join(), copies, outputs))
        binding.deleteTensor(id);
    });
  const get = (names: string[]) =>
    names.length === 0 ? [] : session.run("", [], names.map((name) => `get_${name}:0`).join());

  // The weights' numbers are fetched when a reader asks for them. Each variable holds data that knows how.
  interface Lazy extends TensorData {
    stale: boolean;
  }
  const weightNames = parameters.map((_, i) => `w${i}`);
  function refresh(): void {
    get(weightNames).forEach(({ id }, i) => {
      if (shown[i].stale) {
        shown[i].stale = false;
        shown[i].id = id;
      } else binding.deleteTensor(id);
    });
  }
  function show(i: number): Lazy {
    const variable = parameters[i][1];
    let id = -1;
    const data: Lazy = {
      shape: variable.shape,
      dtype: binding.TF_FLOAT,
      values: null,
      refCount: 1,
      stale: false,
      get id() {
        if (data.stale) refresh();
        return id;
      },
      set id(now) {
        id = now;
      },
    };
    const tensor = tensorOver(data);
    variable.assign(tensor);
    tensor.dispose();
    data.stale = true;
    return data;
  }
  const slots = parameters.map(([, variable], i) =>
    optimizer.lend(variable, () => get(slotNames(plan, i)).map(tensorOf)),
  );
  set(
    parameters.flatMap((_, i) => [`w${i}`, ...slotNames(plan, i)]),
    parameters.flatMap(([, variable], i) => [variable, ...slots[i]]),
  );
  tf.dispose(slots);
  const shown = parameters.map((_, i) => show(i));

  /** Before the weights change: takes up what the reader assigned, and leaves to other holders of the data what it is now. */
  function settle(): void {
    parameters.forEach(([name, variable], i) => {
      if (variable.isDisposed) throw new Error(`parameter "${name}" must be live, got one that was disposed of`);
      const data = dataOf(variable);
      if (data !== shown[i]) {
        set([`w${i}`], [variable]);
        shown[i] = show(i);
      } else if (data.refCount > 1) {
        if (shown[i].stale) refresh();
        shown[i] = show(i);
      } else if (!shown[i].stale) {
        binding.deleteTensor(data.id);
        shown[i].stale = true;
      }
    });
  }

  function run({ block, offset, rows, step, epoch }: StepInput): Float32Array {
    const numbers = Float32Array.from(optimizer.numbers(optimizer.steps + 1));
    const made = [
      binding.createTensor([4], binding.TF_INT32, Int32Array.of(step, epoch, offset, 0)),
      binding.createTensor([numbers.length], binding.TF_FLOAT, numbers),
    ];
    try {
      const [{ id }] = session.run(feeds, [idOf(block), ...made, ...held.map(idOf)], `${prefixOf(rows)}done:0`);
      made.push(id);
      return binding.tensorDataSync(id) as Float32Array;
    } catch (error) {
      const failed = /\{\{node rows\d+_finite(\d*)\}\}/.exec((error as Error).message);
      if (!failed) throw error;
      throw new NotFinite(failed[1] ? parameters[Number(failed[1])][0] : undefined);
    } finally {
      made.forEach(binding.deleteTensor);
    }
  }

  /** The numbers of an eager step on the same batch, which must have the record's nodes. */
  function eager(input: StepInput): Float32Array {
    const known = traces.get(input.rows)!;
    const again = trace(plan, input);
    const differs = again.nodes.findIndex((n, i) => !isDeepStrictEqual(n, known.nodes[i]));
    const kind = again.nodes[differs]?.op;
    const outside = again.captured.find(([, tensor], i) => {
      const was = held[outer.indexOf(known.captured[i])];
      return tensor.dataId !== was?.dataId;
    });
    if (differs < 0 && again.nodes.length === known.nodes.length && !outside) return again.packed;
    const what =
      kind === "Const" ? "a number made in JavaScript changes" : `its operations change (${kind ?? "fewer of them"})`;
    const why = `${outside ? "it takes another tensor from outside" : what} from step to step`;
    if (known.unverified === 0) throw new Unrecordable(why);
    throw new Error(
      `step ${input.step}: the objective must stay as it was when its steps were recorded, but ${why}; derive what changes from at.step, at.epoch, at.draw or a tf.Variable, or train with { replay: false }`,
    );
  }

  const verified = new Set<number>();
  return {
    step(input, verify) {
      const known = traces.get(input.rows)!;
      settle();
      const expected = verify || !verified.has(input.rows) ? eager(input) : undefined;
      settle();
      const packed = run(input);
      optimizer.steps += 1;
      known.unverified = expected ? 0 : known.unverified + 1;
      if (expected) {
        verified.add(input.rows);
        const name = plan.difference(expected, packed);
        if (name) throw new Error(`step ${input.step}: ${name}`);
      }
      return packed;
    },
    close() {
      if (shown.some(({ stale }) => stale)) refresh();
      parameters.forEach(([, variable], i) => {
        const slots = get(slotNames(plan, i)).map(tensorOf);
        optimizer.takeBack(variable, slots);
        tf.dispose(slots);
      });
      session.close();
      tf.dispose(held.filter((tensor) => !(tensor instanceof tf.Variable)));
    },
  };
}
