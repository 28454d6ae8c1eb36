// A computation as a list of kernel calls: written down while tfjs runs it, then run again without
// tfjs's tape and scopes.
import * as tf from "@tensorflow/tfjs-node";
import { backend, tensorOf } from "./heap";
import type { Kernel } from "./kernel-type";

/** Numbers of a recorded computation, by where they come from. */
export type Source =
  | { kind: "input"; name: string }
  | { kind: "constant"; values: ArrayBufferView; dataId: object }
  | { kind: "outer"; dataId: object; variable?: tf.Variable }
  | { kind: "output"; call: number; index: number };

/** A tensor as a kernel takes it: numbers in a slot of the tape, and a shape. */
interface Operand {
  slot: number;
  shape: number[];
  dtype: tf.DataType;
}

interface Call {
  name: string;
  kernel: Kernel;
  attrs: Record<string, unknown>;
  /** Some kernels take a list of tensors, not tensors by name. */
  isList: boolean;
  inputs: [name: string, operand: Operand | Operand[]][];
  outputs: number[];
}

let recorder: Recorder | undefined;
let depth = 0;

/** A kernel that writes its calls down while a recording runs. */
export function traced(name: string, kernel: Kernel): Kernel {
  return (call) => {
    if (!recorder || depth > 0) return kernel(call);
    depth += 1;
    try {
      const outputs = kernel(call);
      recorder.add(name, kernel, call, [outputs].flat());
      return outputs;
    } finally {
      depth -= 1;
    }
  };
}

class Recorder {
  /** Reason why the tape cannot replace the computation, if any. */
  refusal?: string;
  readonly calls: Call[] = [];
  readonly sources: Source[] = [];
  private readonly slots = new Map<object, number>();
  /** Data that JavaScript wrote during the recording. */
  readonly born = new WeakSet<object>();

  slotOf(dataId: object, source: () => Source): number {
    const known = this.slots.get(dataId);
    if (known !== undefined) return known;
    this.sources.push(source());
    this.slots.set(dataId, this.sources.length - 1);
    return this.sources.length - 1;
  }

  operand({ dataId, shape, dtype }: tf.TensorInfo): Operand {
    const slot = this.slotOf(dataId, () => {
      if (!this.born.has(dataId)) return { kind: "outer", dataId, variable: ownerOf(dataId) };
      if (dtype === "string") this.refusal ??= "the step makes tensors of text";
      backend().incRef(dataId);
      return { kind: "constant", dataId, values: backend().readSync(dataId) };
    });
    return { slot, shape, dtype };
  }

  add(
    name: string,
    kernel: Kernel,
    { inputs, attrs }: Parameters<Kernel>[0],
    outputs: tf.TensorInfo[],
  ): void {
    const operands = Object.entries(inputs)
      .filter(([, input]) => input)
      .map(
        ([key, input]) =>
          [
            key,
            Array.isArray(input) ? input.map((one) => this.operand(one)) : this.operand(input),
          ] as Call["inputs"][number],
      );
    const call = this.calls.length;
    const slots = outputs.map(({ dataId }, index) =>
      this.slotOf(dataId, () => ({ kind: "output", call, index })),
    );
    const isAlias = slots.every((slot) => {
      const source = this.sources[slot];
      return source.kind !== "output" || source.call !== call;
    });
    if (!isAlias)
      this.calls.push({
        name,
        kernel,
        attrs,
        isList: Array.isArray(inputs),
        inputs: operands,
        outputs: slots,
      });
  }
}

/**
 * The variable that holds these numbers, if one does: its later values are meant, not the one it
 * has now.
 */
const ownerOf = (dataId: object): tf.Variable | undefined =>
  Object.values(tf.engine().registeredVariables).find((variable) => variable.dataId === dataId);

/** Runs `work` and answers its tape, which gives the tensors that `work` returns. */
export function record(
  inputs: Record<string, tf.Tensor>,
  work: () => tf.Tensor[],
): { tape: Tape; results: tf.Tensor[]; refusal?: string } {
  if (recorder) throw new Error("a recording must end before the next one begins");
  const own = backend();
  const { readSync, write } = own;
  const made = new Recorder();
  for (const [name, { dataId }] of Object.entries(inputs))
    made.slotOf(dataId, () => ({ kind: "input", name }));
  recorder = made;
  own.write = (...args) => {
    const dataId = write.apply(own, args);
    if (depth === 0) made.born.add(dataId);
    return dataId;
  };
  own.readSync = (...args) => {
    if (depth === 0)
      made.refusal ??= "the step reads the value of a tensor (dataSync, arraySync, print)";
    return readSync.apply(own, args);
  };
  try {
    const results = work();
    depth += 1; // what the results are is no part of the step
    return {
      tape: new Tape(
        made,
        results.map((tensor) => made.operand(tensor)),
      ),
      results,
      refusal: made.refusal,
    };
  } finally {
    depth = 0;
    recorder = undefined;
    Object.assign(own, { readSync, write });
  }
}

/** A recorded computation, ready to run again. */
export class Tape {
  /** Tensors from outside and constants, which live as long as the tape. */
  private readonly held: tf.Tensor[] = [];
  /** The calls that the results need, and after each the slots that no later one reads. */
  private readonly program: { call: Call; done: number[] }[];

  constructor(
    private readonly recorded: { calls: Call[]; sources: Source[] },
    private readonly results: Operand[],
  ) {
    for (const source of recorded.sources)
      if (source.kind === "constant" || (source.kind === "outer" && !source.variable))
        this.held.push(keepData(source));
    this.program = neededCalls(recorded.calls, results);
  }

  /**
   * Runs the calls on these inputs and hands the results to `use`; they are freed after it. A
   * result that is not made by a call belongs to another tensor and has `isBorrowed`.
   */
  run<R>(
    inputs: Record<string, object>,
    use: (results: (tf.TensorInfo & { isBorrowed: boolean })[]) => R,
  ): R {
    const own = backend();
    const { sources } = this.recorded;
    const data = sources.map((source) => {
      if (source.kind === "input") return inputs[source.name];
      if (source.kind === "outer") return source.variable?.dataId ?? source.dataId;
      return source.kind === "constant" ? source.dataId : undefined;
    });
    const at = (operand: Operand): tf.TensorInfo => ({ ...operand, dataId: data[operand.slot]! });
    const free = (slot: number) => {
      if (data[slot]) own.disposeData(data[slot]);
      data[slot] = undefined;
    };
    try {
      for (const { call, done } of this.program) {
        const given = (call.isList ? [] : {}) as Record<string, tf.TensorInfo | tf.TensorInfo[]>;
        for (const [name, operand] of call.inputs)
          given[name] = Array.isArray(operand) ? operand.map(at) : at(operand);
        const made = call.kernel({ inputs: given as never, attrs: call.attrs, backend: own });
        if (Array.isArray(made))
          made.forEach(({ dataId }, i) => {
            data[call.outputs[i]] = dataId;
          });
        else data[call.outputs[0]] = made.dataId;
        for (const slot of done) free(slot);
      }
      return use(
        this.results.map((result) => ({
          ...at(result),
          isBorrowed: sources[result.slot].kind !== "output",
        })),
      );
    } finally {
      sources.forEach(({ kind }, slot) => {
        if (kind === "output") free(slot);
      });
    }
  }

  /** Says in which way another recording of the same step differs, as the end of "because …". */
  difference({ recorded: { calls, sources } }: Tape): string | undefined {
    const known = this.recorded;
    const kinds = sources.findIndex((source, slot) => !isSameSource(source, known.sources[slot]));
    const other = calls.findIndex((call, i) => callText(call) !== callText(known.calls[i]));
    if (kinds >= 0 && sources[kinds].kind === known.sources[kinds]?.kind)
      return sources[kinds].kind === "outer"
        ? "it takes another tensor from outside"
        : "a number made in JavaScript changes";
    if (other >= 0) return `its operations change (${calls[other].name})`;
    if (calls.length !== known.calls.length || sources.length !== known.sources.length)
      return "its operations change (fewer of them)";
    return undefined;
  }

  dispose(): void {
    tf.dispose(this.held);
  }
}

/** A tensor that keeps numbers alive; of a constant, the recording has counted it already. */
function keepData(source: { kind: string; dataId: object }): tf.Tensor {
  if (source.kind === "outer") backend().incRef(source.dataId);
  const { shape, dtype } = backend().dataIdMap.get(source.dataId);
  return tf.keep(tensorOf({ dataId: source.dataId, shape, dtype }));
}

function neededCalls(calls: Call[], results: Operand[]): { call: Call; done: number[] }[] {
  const resultSlots = new Set(results.map(({ slot }) => slot));
  const seen = new Set(resultSlots);
  const needed: { call: Call; done: number[] }[] = [];
  for (const call of [...calls].reverse()) {
    if (!call.outputs.some((slot) => seen.has(slot))) continue;
    const read = call.inputs.flatMap(([, operand]) => [operand].flat()).map(({ slot }) => slot);
    const done = [...new Set([...read, ...call.outputs])].filter((slot) => !seen.has(slot));
    for (const slot of [...read, ...call.outputs]) seen.add(slot);
    needed.unshift({ call, done });
  }
  const made = new Set(needed.flatMap(({ call }) => call.outputs));
  for (const one of needed) one.done = one.done.filter((slot) => made.has(slot));
  return needed;
}

const callText = (call: Call | undefined): string | undefined =>
  call && JSON.stringify([call.name, call.attrs, call.inputs, call.outputs]);

function isSameSource(a: Source, b: Source | undefined): boolean {
  if (a.kind === "outer" && b?.kind === "outer")
    return a.variable ? a.variable === b.variable : a.dataId === b.dataId;
  if (a.kind === "constant" && b?.kind === "constant") {
    const [left, right] = [a.values, b.values].map((values) => bytesOf(values));
    return left.length === right.length && left.every((byte, i) => byte === right[i]);
  }
  return a.kind === b?.kind;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  new Uint8Array(buffer, byteOffset, byteLength);

/**
 * Frees what tfjs saved for a backward pass that will not come, because the function under the
 * gradient threw.
 */
export function dropTape(): void {
  const { state } = tf.engine() as unknown as {
    state: { gradientDepth: number; activeTape: { saved?: tf.Tensor[] }[] | null };
  };
  if (state.gradientDepth > 0) return;
  for (const { saved } of state.activeTape ?? [])
    for (const tensor of saved ?? []) tensor.dispose();
  state.activeTape = null;
}
