// The graph of a training step: what the objective did, recorded, and around it the batch, the weights, the checks and the update.
import * as tf from "@tensorflow/tfjs-node";
import {
  type Attribute,
  backend,
  boolAttribute,
  intAttribute,
  shapeAttribute,
  sideBySide,
  stringAttribute,
  typeAttribute,
} from "./backend";
import { constantNode, type GraphNode } from "./graph";
import type { ResourceOptimizer } from "./optimizers";
import { inParts } from "./parts";
import { record } from "./record";
import { flagsOf } from "./resources";

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

/** A recorded step: its nodes, what it takes from outside, and the numbers that it gave when it was recorded. */
interface Trace {
  nodes: GraphNode[];
  captured: [name: string, tensor: tf.TensorInfo][];
  packed: Float32Array;
}

const node = (
  name: string,
  op: string,
  inputs: string[],
  ...attributes: Attribute[]
): GraphNode => ({
  name,
  op,
  inputs,
  attributes,
});
const after = (name: string) => `^${name.split(":")[0]}`;
export const prefixOf = (rows: number) => `rows${rows}_`;

const float = (name: string) => typeAttribute(name);
const int = (name: string) => typeAttribute(name, "int32");
const intList = (name: string): Attribute => ({ ...int(name), value: [int(name).value] });
const shaped = (size: number[]) => shapeAttribute("shape", size);

const integers = (name: string, values: number[], shape?: number[]) =>
  constantNode(name, backend().binding.TF_INT32, Int32Array.from(values), shape);

export const slotNames = ({ optimizer }: StepPlan, i: number) =>
  optimizer.rule.slots.map((slot) => `w${i}_${slot}`);

/** The session's variables, with how to set and how to read each, and the inputs of every step. */
export function frame(plan: StepPlan, width: number): GraphNode[] {
  const numbers = plan.optimizer.numbers(1).length;
  const variable = (name: string, size: number[]) => [
    node(
      name,
      "VarHandleOp",
      [],
      float("dtype"),
      shaped(size),
      stringAttribute("shared_name", name),
      stringAttribute("container", ""),
    ),
    node(`new_${name}`, "Placeholder", [], float("dtype"), shaped(size)),
    node(`assign_${name}`, "AssignVariableOp", [name, `new_${name}`], float("dtype")),
    node(`set_${name}`, "Identity", ["zero", `^assign_${name}`], int("T")),
    node(`get_${name}`, "ReadVariableOp", [name], float("dtype")),
  ];
  return [
    integers("zero", [0]),
    integers("two", [2]),
    integers("axis", [0], []),
    integers("philox", [1], []),
    node("block", "Placeholder", [], float("dtype"), shaped([-1, width])),
    node("counters", "Placeholder", [], int("dtype"), shaped([4])), // step, epoch, offset, 0
    node(
      "counter",
      "Unpack",
      ["counters"],
      int("T"),
      intAttribute("num", 4),
      intAttribute("axis", 0),
    ),
    node("begin", "Slice", ["counters", "two", "two"], int("T"), int("Index")),
    node("numbers", "Placeholder", [], float("dtype"), shaped([numbers])),
    node(
      "number",
      "Unpack",
      ["numbers"],
      float("T"),
      intAttribute("num", numbers),
      intAttribute("axis", 0),
    ),
    ...plan.parameters.flatMap(([, { shape }], i) =>
      [`w${i}`, ...slotNames(plan, i)].flatMap((name) => variable(name, shape)),
    ),
  ];
}

/** Records one step, and puts around it what the session does: batch, weights, the check for finite numbers, update, constraints. */
export function trace(plan: StepPlan, { block, offset, rows, step, epoch }: StepInput): Trace {
  const { parameters, optimizer } = plan;
  const p = prefixOf(rows);
  const weights = (name: (i: number) => string) =>
    parameters.map(([, variable], i) => [variable.dataId, name(i)] as const);
  const assert = (name: string, finite: string) =>
    node(name, "Assert", [finite, "zero"], intList("T"), intAttribute("summarize", 1));
  const finiteOf = (x: tf.Tensor) => tf.isFinite(x).all();

  let made!: Trace;
  tf.tidy(() => {
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
        [
          ...optimizer.rule.inputs(`w${i}`, slotNames(plan, i), numbers, gradientNames[i]),
          `^${p}finite`,
        ],
        float("T"),
        boolAttribute("use_locking", false),
        ...flagsOf(optimizer.rule),
      ),
    );

    const projected = record(
      `${p}project_`,
      new Map([...inputs, ...weights((i) => `${p}updated${i}`)]),
      () =>
        Object.entries(plan.project()).map(([name, value]) => ({
          name,
          value,
          finite: finiteOf(value),
        })),
    );
    const constraints = projected.result.map(({ name, value, finite }) => ({
      i: parameters.findIndex(([parameter]) => parameter === name),
      value: projected.nameOf(value),
      finite: projected.nameOf(finite),
    }));
    const checks = constraints.map(({ i, finite }) => assert(`${p}finite${i}`, finite));
    const assignments = constraints.map(({ i, value }) =>
      node(
        `${p}assign${i}`,
        "AssignVariableOp",
        [`w${i}`, value, ...checks.map((c) => after(c.name))],
        float("dtype"),
      ),
    );
    const last = [...updates, ...assignments].map(({ name }) => after(name));
    made = {
      nodes: [
        integers(`${p}size`, [rows, block.shape[1]]),
        node(`${p}x`, "Slice", ["block", "begin", `${p}size`], float("T"), int("Index")),
        ...parameters.map((_, i) => node(`${p}w${i}`, "ReadVariableOp", [`w${i}`], float("dtype"))),
        ...inParts(found.nodes, found.outputs, rows, sideBySide),
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
    };
  });
  return made;
}
