// Builds the graph of a training step: the recorded objective, and around it batch, weights, checks
// and update.
import * as tf from "@tensorflow/tfjs-node";
import {
  type Attribute,
  backend,
  boolAttribute,
  intAttribute,
  interOpThreads,
  shapeAttribute,
  stringAttribute,
  typeAttribute,
} from "./backend";
import { constantNode, type GraphNode } from "./graph";
import { type Program, programOf } from "./guard";
import type { ResourceOptimizer } from "./optimizers";
import { inParts } from "./parts";
import { type Recording, record } from "./record";
import { flagsOf } from "./resources";

/** A batch as a part of a block of rows, with the step and the epoch that it is for. */
export interface BatchRef {
  block: tf.Tensor2D;
  /** Index of the first row. */
  offset: number;
  rows: number;
  step: number;
  epoch: number;
}

/** Numbers and gradients of one step, before the weights change. */
export interface StepResult {
  /** Terms and norms, in one vector. */
  packed: tf.Tensor;
  /** In the order of the parameters. */
  gradients: tf.Tensor[];
}

type Terms = Record<string, tf.Tensor>;
type RunObjective = (x: tf.Tensor2D, step: tf.Tensor, epoch: tf.Tensor) => Terms;

/** A step that was evaluated eagerly and recorded. */
export interface RecordedStep {
  /** Why it cannot be replayed, if it cannot. */
  refusal?: string;
  /** The calls of the objective. */
  program: Program;
  result: StepResult;
  /** The numbers of `result`. */
  numbers: Float32Array;
}

/** The parts of a step. */
export interface StepPlan {
  parameters: [string, tf.Variable][];
  optimizer: ResourceOptimizer;
  objective: RunObjective;
  /** Differentiates the objective; `objective` may replace the plan's own. */
  evaluate(x: tf.Tensor2D, step: tf.Tensor, epoch: tf.Tensor, objective?: RunObjective): StepResult;
  /** New values of the constrained parameters, by name, from their values after the update. */
  project(): Terms;
  /**
   * Error text that names an entry of `packed` which differs between an eager step and its replay.
   */
  difference(eager: Float32Array, replayed: Float32Array): string | undefined;
}

/** A recorded step with its graph. */
export interface Trace extends RecordedStep {
  nodes: GraphNode[];
  /** Tensors from outside, by the name of the placeholder of each. */
  captured: [name: string, tensor: tf.TensorInfo][];
  /** Names of the constrained parameters. */
  constrained: string[];
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
const prefixOf = (rows: number) => `rows${rows}_`;

const float = (name: string) => typeAttribute(name);
const int = (name: string) => typeAttribute(name, "int32");
const boolean = (name: string) => typeAttribute(name, backend().binding.TF_BOOL);
const shaped = (size: number[]) => shapeAttribute("shape", size);

const integers = (name: string, values: number[], shape?: number[]) =>
  constantNode(name, backend().binding.TF_INT32, Int32Array.from(values), shape);

export const slotNames = ({ optimizer }: StepPlan, i: number) =>
  optimizer.rule.slots.map((slot) => `w${i}_${slot}`);

/** Names of the session's variables: each weight and its slots. */
export const stateNames = (plan: StepPlan) =>
  plan.parameters.flatMap((_, i) => [`w${i}`, ...slotNames(plan, i)]);

/** Session variables, with nodes to set and to read each or all, and the inputs of every step. */
export function sharedNodes(plan: StepPlan, width: number): GraphNode[] {
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
    node(
      "set",
      "Identity",
      ["zero", ...stateNames(plan).map((name) => `^assign_${name}`)],
      int("T"),
    ),
  ];
}

/** Runs one step as usual and records it, with its batch, checks, update and constraints. */
export function trace(plan: StepPlan, batch: BatchRef): Trace {
  const { parameters } = plan;
  const p = prefixOf(batch.rows);
  const weights = (name: (i: number) => string) =>
    parameters.map(([, variable], i) => [variable.dataId, name(i)] as const);
  let made!: Trace;
  tf.tidy(() => {
    const x = batch.block.slice([batch.offset, 0], [batch.rows, -1]);
    const [step, epoch] = [batch.step, batch.epoch].map((v) => tf.scalar(v, "int32"));
    const inputs = [
      [x.dataId, `${p}x`],
      [step.dataId, "counter"],
      [epoch.dataId, "counter:1"],
    ] as const;
    let program!: Program;
    const observed: RunObjective = (...given) => {
      const run = programOf(given, plan.objective);
      program = run.program;
      return run.results;
    };
    const recording = record(
      `${p}step_`,
      new Map([...inputs, ...weights((i) => `${p}w${i}`)]),
      () => {
        const { packed, gradients } = plan.evaluate(x, step, epoch, observed);
        return { packed, gradients, finite: allFinite(packed) };
      },
    );
    const projection = record(
      `${p}project_`,
      new Map([...inputs, ...weights((i) => `${p}updated${i}`)]),
      () =>
        Object.entries(plan.project()).map(([name, value]) => ({
          name,
          value,
          finite: allFinite(value),
        })),
    );
    const { packed, gradients } = recording.result;
    const nodes = nodesOf(plan, batch, recording, projection);
    made = {
      refusal: recording.refusal ?? projection.refusal,
      nodes,
      captured: [...recording.captured, ...projection.captured],
      constrained: projection.result.map(({ name }) => name),
      program,
      result: { packed, gradients },
      numbers: packed.dataSync() as Float32Array,
    };
    return [packed, ...gradients];
  });
  return made;
}

const allFinite = (x: tf.Tensor) => tf.isFinite(x).all();

type Step = Recording<StepResult & { finite: tf.Tensor }>;
type Projection = Recording<{ name: string; value: tf.Tensor; finite: tf.Tensor }[]>;

/** The graph of a recorded step: batch, weights, the step in parts, update, constraints. */
function nodesOf(plan: StepPlan, batch: BatchRef, step: Step, projection: Projection): GraphNode[] {
  const { parameters, optimizer } = plan;
  const { packed, gradients, finite } = step.result;
  const p = prefixOf(batch.rows);
  const packedName = step.nameOf(packed);
  const gradientNames = gradients.map(step.nameOf);
  const finiteName = step.nameOf(finite);
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
  const constraints = constraintNodes(plan, p, projection, updates);
  const last = [...updates, ...constraints.assignments].map(({ name }) => after(name));
  return [
    integers(`${p}size`, [batch.rows, batch.block.shape[1]]),
    node(`${p}x`, "Slice", ["block", "begin", `${p}size`], float("T"), int("Index")),
    ...parameters.map((_, i) => node(`${p}w${i}`, "ReadVariableOp", [`w${i}`], float("dtype"))),
    ...inParts(step.nodes, step.outputs, batch.rows, interOpThreads),
    ...gate(`${p}finite`, finiteName),
    ...updates,
    ...constraints.nodes,
    ...constraints.assignments,
    merge(`${p}done`, "float", [packedName, ...last]),
  ];
}

/** Names of what a step fetches: its numbers, then if the value of each constraint is finite. */
export const outputsOf = (rows: number, constrained: string[]) =>
  ["done", ...constrained.map((_, i) => `valid${i}`)]
    .map((name) => `${prefixOf(rows)}${name}:0`)
    .join();

/**
 * A node that runs only if `finite` is true, and with it every node that waits for it. An op that
 * fails would stop the step too, but after a failed run tfjs-node never frees the fed tensors.
 */
const gate = (name: string, finite: string) => [
  node(`${name}_switch`, "Switch", [finite, finite], boolean("T")),
  node(name, "Identity", [`${name}_switch:1`], boolean("T")),
];

/** Forwards the first input that was computed; control inputs may have been skipped by a gate. */
const merge = (name: string, type: "float" | "bool", inputs: string[]) =>
  node(
    name,
    "Merge",
    inputs,
    type === "float" ? float("T") : boolean("T"),
    intAttribute("N", inputs.filter((input) => !input.startsWith("^")).length),
  );

/** Reads the updated weights, computes the constrained ones, and assigns them if all are finite. */
function constraintNodes(
  { parameters }: StepPlan,
  p: string,
  { nodes, result, nameOf }: Projection,
  updates: GraphNode[],
): { nodes: GraphNode[]; assignments: GraphNode[] } {
  if (result.length === 0) return { nodes: [], assignments: [] };
  const constraints = result.map(({ name, value, finite }) => ({
    i: parameters.findIndex(([parameter]) => parameter === name),
    value: nameOf(value),
    finite: nameOf(finite),
  }));
  const updated = parameters.map((_, i) =>
    node(
      `${p}updated${i}`,
      "ReadVariableOp",
      [`w${i}`, ...updates.map(({ name }) => after(name))],
      float("dtype"),
    ),
  );
  const names = constraints.map((_, k) => `${p}finite${k}`);
  const gates = constraints.flatMap(({ finite }, k) => gate(names[k], finite));
  const valid = constraints.flatMap(({ finite }, k) => [
    node(`${p}checked${k}`, "Identity", [finite, `^${p}finite`], boolean("T")),
    merge(`${p}valid${k}`, "bool", [`${p}checked${k}`, `${p}finite_switch:0`]),
  ]);
  const assignments = constraints.map(({ i, value }) =>
    node(
      `${p}assign${i}`,
      "AssignVariableOp",
      [`w${i}`, value, `^${p}finite`, ...names.map(after)],
      float("dtype"),
    ),
  );
  return { nodes: [...updated, ...nodes, ...gates, ...valid], assignments };
}
