// A training step as one call: recorded once in ordinary tfjs ops, replayed in a session that keeps weights and optimizer state.
import { isDeepStrictEqual } from "node:util";
import * as tf from "@tensorflow/tfjs-node";
import {
  backend,
  dataOf,
  idOf,
  op,
  type TensorData,
  tensorOf,
  tensorOver,
  typeAttribute,
} from "./backend";
import { openSession, type Session } from "./graph";
import { Unrecordable } from "./record";
import { frame, prefixOf, type StepInput, type StepPlan, slotNames, trace } from "./step-graph";

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

/** The variable that holds this tensor's data, if one does: its later values are meant, not the one it has now. */
const ownerOf = ({ dataId }: tf.TensorInfo): tf.Variable | undefined =>
  Object.values(tf.engine().registeredVariables).find((variable) => variable.dataId === dataId);

/** What a variable holds whose numbers are fetched when a reader asks for them; it outlives the session, and then holds nothing of it. */
interface Lazy extends TensorData {
  /** Gives `id` the present numbers, where it has not got them. */
  fetch?: () => void;
}

function lazyData(shape: number[]): Lazy {
  let id = -1;
  const data: Lazy = {
    shape,
    dtype: backend().binding.TF_FLOAT,
    values: null,
    refCount: 1,
    get id() {
      data.fetch?.();
      return id;
    },
    set id(now) {
      id = now;
    },
  };
  return data;
}

/** The recorded steps in a session, one for each batch size; `first` are inputs of these sizes. */
export function startReplay(plan: StepPlan, first: StepInput[]): Replay {
  const { binding } = backend();
  const { parameters, optimizer } = plan;
  const traces = new Map(
    first.map((input) => [input.rows, { ...trace(plan, input), unverified: 0 }]),
  );
  const outer = [...traces].flatMap(([, { captured }]) => captured);
  const nodes = [
    ...frame(plan, first[0].block.shape[1]),
    ...[...traces].flatMap(([, { nodes }]) => nodes),
  ];
  let session: Session;
  try {
    session = openSession(nodes);
  } catch (error) {
    throw new Unrecordable(`TensorFlow does not take the graph: ${(error as Error).message}`);
  }
  const held = outer.map(([, tensor]) => {
    const owner = ownerOf(tensor);
    if (owner) return owner;
    backend().incRef(tensor.dataId);
    return tf.keep(tf.engine().makeTensorFromTensorInfo(tensor));
  });
  const feeds = ["block", "counters", "numbers", ...outer.map(([name]) => name)]
    .map((name) => `${name}:0`)
    .join();
  // Copies: TensorFlow's threads may free what the session holds, and must not free JavaScript's memory.
  const set = (names: string[], tensors: tf.Tensor[]) =>
    tf.tidy(() => {
      if (names.length === 0) return;
      const copies = tensors.map((tensor) => idOf(op("DeepCopy", [tensor], typeAttribute("T"))));
      const outputs = names.map((name) => `set_${name}:0`).join();
      for (const { id } of session.run(
        names.map((name) => `new_${name}:0`).join(),
        copies,
        outputs,
      ))
        binding.deleteTensor(id);
    });
  const get = (names: string[]) =>
    names.length === 0 ? [] : session.run("", [], names.map((name) => `get_${name}:0`).join());

  const weightNames = parameters.map((_, i) => `w${i}`);
  function refresh(): void {
    get(weightNames).forEach(({ id }, i) => {
      if (shown[i].fetch) {
        shown[i].fetch = undefined;
        shown[i].id = id;
      } else binding.deleteTensor(id);
    });
  }
  function show(i: number): Lazy {
    const variable = parameters[i][1];
    const data = lazyData(variable.shape);
    const tensor = tensorOver(data);
    variable.assign(tensor);
    tensor.dispose();
    data.fetch = refresh;
    return data;
  }
  const readers = parameters.map((_, i) => () => get(slotNames(plan, i)).map(tensorOf));
  const borrow = (i: number) =>
    tf.tidy(() => set(slotNames(plan, i), optimizer.lend(parameters[i][1], readers[i])));
  const shown = parameters.map(([, variable], i) => {
    set([`w${i}`], [variable]);
    borrow(i);
    return show(i);
  });

  /** Before the weights change: takes up what the reader assigned or restored, and leaves to other holders of the data what it is now. */
  function settle(): void {
    parameters.forEach(([name, variable], i) => {
      if (variable.isDisposed)
        throw new Error(`parameter "${name}" must be live, got one that was disposed of`);
      if (!optimizer.lends(variable, readers[i])) borrow(i);
      const data = dataOf(variable);
      if (data !== shown[i]) {
        set([`w${i}`], [variable]);
        shown[i] = show(i);
      } else if (data.refCount > 1) {
        if (shown[i].fetch) refresh();
        shown[i] = show(i);
      } else if (!shown[i].fetch) {
        binding.deleteTensor(data.id);
        shown[i].fetch = refresh;
      }
    });
  }

  const verified = new Set<number>(); // batch sizes whose replay was compared with an eager step

  function run({ block, offset, rows, step, epoch }: StepInput): Float32Array {
    const numbers = Float32Array.from(optimizer.numbers(optimizer.steps + 1));
    const made = [
      binding.createTensor([4], binding.TF_INT32, Int32Array.of(step, epoch, offset, 0)),
      binding.createTensor([numbers.length], binding.TF_FLOAT, numbers),
    ];
    try {
      const [{ id }] = session.run(
        feeds,
        [idOf(block), ...made, ...held.map(idOf)],
        `${prefixOf(rows)}done:0`,
      );
      made.push(id);
      return binding.tensorDataSync(id) as Float32Array;
    } catch (error) {
      const failed = /\{\{node rows\d+_finite(\d*)\}\}/.exec((error as Error).message);
      if (!failed)
        throw verified.has(rows)
          ? error
          : new Unrecordable(`TensorFlow does not run it: ${(error as Error).message}`);
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
      kind === "Const"
        ? "a number made in JavaScript changes"
        : `its operations change (${kind ?? "fewer of them"})`;
    const why = `${outside ? "it takes another tensor from outside" : what} from step to step`;
    if (known.unverified === 0) throw new Unrecordable(why);
    throw new Error(
      `step ${input.step}: the objective must stay as it was when its steps were recorded, but ${why}; derive what changes from at.step, at.epoch, at.draw or a tf.Variable, or train with { replay: false }`,
    );
  }

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
      if (shown.some(({ fetch }) => fetch)) refresh();
      for (const [i, [, variable]] of parameters.entries())
        optimizer.takeBack(variable, readers[i]);
      session.close();
      tf.dispose(held.filter((tensor) => !(tensor instanceof tf.Variable)));
    },
  };
}
