// A training step as one call: recorded once in ordinary tfjs ops, replayed in a session that keeps
// the weights.
import { isDeepStrictEqual } from "node:util";
import * as tf from "@tensorflow/tfjs-node";
import { backend, idOf } from "./backend";
import { openSession, type Session } from "./graph";
import {
  type BatchRef,
  outputsOf,
  type StepPlan,
  sharedNodes,
  type Trace,
  trace,
} from "./graph-builder";
import { NotFinite, RecordedSteps, type Replay, Unrecordable } from "./recorded-steps";
import { SessionWeights } from "./session-weights";

/**
 * The variable that owns this tensor's data, if any: the graph must read the variable, not this
 * snapshot.
 */
const ownerOf = ({ dataId }: tf.TensorInfo): tf.Variable | undefined =>
  Object.values(tf.engine().registeredVariables).find((variable) => variable.dataId === dataId);

/** Variables and tensors that a step takes from outside; the tensors are kept alive. */
const holdCaptured = ({ captured }: Trace): tf.Tensor[] =>
  captured.map(([, tensor]) => {
    const owner = ownerOf(tensor);
    if (owner) return owner;
    backend().incRef(tensor.dataId);
    return tf.keep(tf.engine().makeTensorFromTensorInfo(tensor));
  });

/** A record and what it holds. */
interface Held {
  trace: Trace;
  held: tf.Tensor[];
}

/** A session on all batch sizes that were recorded so far. */
class StepSession {
  readonly weights: SessionWeights;
  readonly #held: tf.Tensor[];
  readonly #session: Session;
  readonly #feeds: string;
  readonly #constrained: string[];
  readonly #ran = new Set<number>();

  constructor(
    private readonly plan: StepPlan,
    recorded: Iterable<Held>,
    width: number,
  ) {
    const all = [...recorded];
    this.#constrained = all[0].trace.constrained;
    const outer = all.flatMap(({ trace }) => trace.captured);
    try {
      this.#session = openSession([
        ...sharedNodes(plan, width),
        ...all.flatMap(({ trace }) => trace.nodes),
      ]);
    } catch (error) {
      throw new Unrecordable(`TensorFlow does not take the graph: ${(error as Error).message}`);
    }
    this.#held = all.flatMap(({ held }) => held);
    this.#feeds = ["block", "counters", "numbers", ...outer.map(([name]) => name)]
      .map((name) => `${name}:0`)
      .join();
    this.weights = new SessionWeights(plan, this.#session);
  }

  run({ block, offset, rows, step, epoch }: BatchRef): Float32Array {
    const { binding } = backend();
    const { optimizer } = this.plan;
    const numbers = Float32Array.from(optimizer.numbers(optimizer.steps + 1));
    const made = [
      binding.createTensor([4], binding.TF_INT32, Int32Array.of(step, epoch, offset, 0)),
      binding.createTensor([numbers.length], binding.TF_FLOAT, numbers),
    ];
    const inputs = [idOf(block), ...made, ...this.#held.map(idOf)];
    try {
      const fetched = outputsOf(rows, this.#constrained);
      const outputs = this.#session.run(this.#feeds, inputs, fetched);
      made.push(...outputs.map(({ id }) => id));
      this.#ran.add(rows);
      const [packed, ...valid] = outputs.map(({ id }) => binding.tensorDataSync(id));
      if (!(packed as Float32Array).every(Number.isFinite)) throw new NotFinite();
      const bad = valid.findIndex(([flag]) => !flag);
      optimizer.steps += 1;
      if (bad >= 0) throw new NotFinite(this.#constrained[bad]);
      return packed as Float32Array;
    } catch (error) {
      if (error instanceof NotFinite || this.#ran.has(rows)) throw error;
      throw new Unrecordable(`TensorFlow does not run it: ${(error as Error).message}`);
    } finally {
      made.forEach(binding.deleteTensor);
    }
  }

  close(): void {
    this.weights.release();
    this.#session.close();
  }
}

/** Tells in which way another record is of another step, if it is. */
function changeBetween({ trace, held }: Held, { nodes, captured }: Trace): string | undefined {
  if (captured.some(([, { dataId }], i) => dataId !== held[i]?.dataId))
    return "it takes another tensor from outside";
  const differs = nodes.findIndex((node, i) => !isDeepStrictEqual(node, trace.nodes[i]));
  if (differs < 0 && nodes.length === trace.nodes.length) return undefined;
  const op = nodes[differs]?.op;
  return op === "Const"
    ? "a number made in JavaScript changes"
    : `its operations change (${op ?? "fewer of them"})`;
}

/** Replays the steps of a plan in a session, which takes a new one for each batch size. */
export function startReplay(plan: StepPlan): Replay {
  const records = new Map<Trace, Held>();
  let session: StepSession | undefined;

  function closeSession(): void {
    session?.close();
    session = undefined;
  }

  return new RecordedSteps(plan, {
    record: (batch) => trace(plan, batch),
    change: (first, again) => changeBetween(records.get(first)!, again),
    add(batch, first) {
      closeSession();
      records.set(first, { trace: first, held: holdCaptured(first) });
      session = new StepSession(plan, records.values(), batch.block.shape[1]);
    },
    free() {},
    sync: () => session?.weights.sync(),
    run: (batch) => session!.run(batch),
    close() {
      closeSession();
      for (const { held } of records.values())
        tf.dispose(held.filter((tensor) => !(tensor instanceof tf.Variable)));
      records.clear();
    },
  });
}
