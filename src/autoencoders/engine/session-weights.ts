// The weights and optimizer slots of a replayed step: they live in a session, and JavaScript's
// variables are lazy views.
import * as tf from "@tensorflow/tfjs-node";
import {
  backend,
  dataOf,
  type Handle,
  idOf,
  op,
  type TensorData,
  tensorOf,
  tensorOver,
  typeAttribute,
} from "./backend";
import type { Session } from "./graph";
import { type StepPlan, slotNames, stateNames } from "./graph-builder";

/** Backing store of a variable; downloads its value from the session on first read. */
interface LazyData extends TensorData {
  /** Gives `id` the present value; undefined once that is done. */
  download?: () => void;
}

function lazyData(shape: number[]): LazyData {
  let id = -1;
  const data: LazyData = {
    shape,
    dtype: backend().binding.TF_FLOAT,
    values: null,
    refCount: 1,
    get id() {
      data.download?.();
      return id;
    },
    set id(now) {
      id = now;
    },
  };
  return data;
}

/** Uploads the weights to a session and keeps both sides in agreement until `release`. */
export class SessionWeights {
  readonly #views: LazyData[];
  readonly #slotReaders: (() => tf.Tensor[])[];
  readonly #download = () => this.#downloadWeights();
  /** The slots by parameter, once they were read for the release. */
  #released?: tf.Tensor[][];

  constructor(
    private readonly plan: StepPlan,
    private readonly session: Session,
  ) {
    const { parameters, optimizer } = plan;
    this.#slotReaders = parameters.map(
      (_, i) => () => this.#released?.[i] ?? this.#read(slotNames(plan, i)).map(tensorOf),
    );
    tf.tidy(() =>
      this.#write(
        stateNames(plan),
        parameters.flatMap(([, variable], i) => [
          variable,
          ...optimizer.transferSlots(variable, this.#slotReaders[i]),
        ]),
        "set:0",
      ),
    );
    this.#views = parameters.map((_, i) => this.#view(i));
  }

  /**
   * Syncs the session with JavaScript before a step: uploads weights that the caller reassigned and
   * slots that were restored, and detaches tensors that still alias the old values (copy-on-write).
   */
  sync(): void {
    const { parameters, optimizer } = this.plan;
    for (const [i, [name, variable]] of parameters.entries()) {
      if (variable.isDisposed)
        throw new Error(`parameter "${name}" must be live, got one that was disposed of`);
      if (!optimizer.hasTransferred(variable, this.#slotReaders[i])) this.#uploadSlots(i);
      const data = dataOf(variable);
      const view = this.#views[i];
      if (data !== view) {
        this.#write([`w${i}`], [variable]);
        this.#views[i] = this.#view(i);
      } else if (data.refCount > 1) {
        if (view.download) this.#downloadWeights();
        this.#views[i] = this.#view(i);
      } else if (!view.download) {
        backend().binding.deleteTensor(data.id);
        view.download = this.#download;
      }
    }
  }

  /** Downloads what was not read yet and gives the slots back to the optimizer. */
  release(): void {
    const { parameters, optimizer } = this.plan;
    const slots = parameters.map(([, variable], i) =>
      optimizer.hasTransferred(variable, this.#slotReaders[i]) ? slotNames(this.plan, i) : [],
    );
    const weights = this.#views.some(({ download }) => download) ? this.#weightNames() : [];
    tf.tidy(() => {
      const handles = this.#read([...weights, ...slots.flat()]);
      this.#setViews(handles.splice(0, weights.length));
      this.#released = slots.map((names) => handles.splice(0, names.length).map(tensorOf));
      for (const [i, [, variable]] of parameters.entries())
        optimizer.reclaimSlots(variable, this.#slotReaders[i]);
    });
  }

  /** Lets a variable read from the session. */
  #view(i: number): LazyData {
    const variable = this.plan.parameters[i][1];
    const data = lazyData(variable.shape);
    const tensor = tensorOver(data);
    variable.assign(tensor);
    tensor.dispose();
    data.download = this.#download;
    return data;
  }

  #weightNames(): string[] {
    return this.plan.parameters.map((_, i) => `w${i}`);
  }

  #downloadWeights(): void {
    this.#setViews(this.#read(this.#weightNames()));
  }

  #setViews(weights: Handle[]): void {
    weights.forEach(({ id }, i) => {
      const view = this.#views[i];
      if (view.download) {
        view.download = undefined;
        view.id = id;
      } else backend().binding.deleteTensor(id);
    });
  }

  #uploadSlots(i: number): void {
    const { parameters, optimizer } = this.plan;
    tf.tidy(() =>
      this.#write(
        slotNames(this.plan, i),
        optimizer.transferSlots(parameters[i][1], this.#slotReaders[i]),
      ),
    );
  }

  /**
   * Reads variables of the session in one run: TensorFlow optimizes the whole graph anew, in about
   * 3 ms, for each list of names.
   */
  #read(names: string[]): Handle[] {
    if (names.length === 0) return [];
    return this.session.run("", [], names.map((name) => `get_${name}:0`).join());
  }

  /** Sets variables of the session, from copies: its threads must not free JavaScript's memory. */
  #write(
    names: string[],
    tensors: tf.Tensor[],
    outputs = names.map((name) => `set_${name}:0`).join(),
  ): void {
    if (names.length === 0) return;
    tf.tidy(() => {
      const copies = tensors.map((tensor) => idOf(op("DeepCopy", [tensor], typeAttribute("T"))));
      const inputs = names.map((name) => `new_${name}:0`).join();
      for (const { id } of this.session.run(inputs, copies, outputs))
        backend().binding.deleteTensor(id);
    });
  }
}
