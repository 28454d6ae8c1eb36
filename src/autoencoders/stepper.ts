// Takes training steps eagerly, or by replay once that is worth it.
import * as tf from "@tensorflow/tfjs-node";
import { evaluate, project, projections, refuseConstraint, requireFinite } from "./eager-step";
import {
  type BatchRef,
  CannotReplay,
  drawsOf,
  NotFinite,
  type Replay,
  type ResourceOptimizer,
  type StepPlan,
  type StepResult,
  startReplay,
  Unrecordable,
} from "./engine";
import type { Objective, Step, TrainOptions } from "./objective";

export interface Setting {
  objective: Objective;
  parameters: Record<string, tf.Variable>;
  /** The parameters, in order. */
  entries: [string, tf.Variable][];
  optimizer: tf.Optimizer;
  constrain: NonNullable<TrainOptions["constrain"]>;
  seed: number;
  x: tf.Tensor2D;
}

/** A shorter run does without a record, which costs about as much as 32 steps gain. */
const [fewestSteps, firstReplayed] = [32, 3];
/** Interval between comparisons of a recorded step with an eager one. */
const verifyEvery = 256;
const warned = new Set<string>();

/** Takes steps one by one. The objective is called once a step. */
export class Stepper {
  /** Names of the terms. */
  names: string[] = [];
  /** Steps taken by replay. */
  replayed = 0;
  /** Why steps are not replayed, if that was tried in vain. */
  refusal?: string;
  readonly #from: number;
  #isReplaying: boolean;
  #replay?: Replay;

  constructor(
    private readonly setting: Setting,
    private readonly wanted: boolean | undefined,
    private readonly total: number,
  ) {
    this.#isReplaying = wanted ?? total >= fewestSteps;
    this.#from = wanted ? 1 : firstReplayed;
  }

  /** Returns the terms, then half the squared gradient norms. */
  take(batch: BatchRef): ArrayLike<number> {
    if (!this.#isReplaying || batch.step < this.#from) return this.#eager(batch);
    try {
      this.#replay ??= startReplay(this.#plan());
      const verify = batch.step % verifyEvery === 0 || batch.step === this.total;
      const numbers = this.#replay.step(batch, verify);
      this.replayed += 1;
      return numbers;
    } catch (error) {
      if (error instanceof NotFinite) this.#explain(error, batch);
      if (!(error instanceof Unrecordable)) throw error;
      return this.#giveUp(error, batch);
    }
  }

  end(): void {
    this.#replay?.close();
    this.#replay = undefined;
  }

  #plan(): StepPlan {
    const { entries, optimizer, parameters, constrain } = this.setting;
    // tfjs calls every optimizer an instance of any other.
    if (!("rule" in optimizer))
      throw new Unrecordable(
        `${optimizer.getClassName()} keeps its state in JavaScript; autoencoders has Adam, Momentum and Sgd`,
      );
    return {
      parameters: entries,
      optimizer: optimizer as ResourceOptimizer,
      objective: (...at) => this.#objective(...at),
      evaluate: (...at) => this.#evaluate(...at),
      project: () => projections(parameters, constrain),
      difference: (eager, replayed) => this.#difference(eager, replayed),
    };
  }

  #objective(x: tf.Tensor2D, step: tf.Tensor, epoch: tf.Tensor) {
    const { objective, seed } = this.setting;
    return objective(x, { step, epoch, draw: drawsOf(seed, step) });
  }

  #evaluate(
    x: tf.Tensor2D,
    step: tf.Tensor,
    epoch: tf.Tensor,
    objective: StepPlan["objective"] = (...at) => this.#objective(...at),
  ): StepResult {
    const evaluation = evaluate(() => objective(x, step, epoch), this.setting.entries);
    this.names = evaluation.names;
    return evaluation;
  }

  #eager(batch: BatchRef): ArrayLike<number> {
    return this.#update(batch.step, this.#evaluateBatch(batch));
  }

  #evaluateBatch({ block, offset, rows, step, epoch }: BatchRef): StepResult {
    return tf.tidy(() => {
      const batch = block.slice([offset, 0], [rows, -1]);
      const result = this.#evaluate(batch, tf.scalar(step, "int32"), tf.scalar(epoch, "int32"));
      return result as StepResult & tf.TensorContainerObject;
    });
  }

  /** Updates the weights from an eager step's numbers and disposes of these. */
  #update(step: number, { packed, gradients }: StepResult): ArrayLike<number> {
    const { entries, optimizer, parameters, constrain, x } = this.setting;
    try {
      const numbers = packed.dataSync();
      requireFinite(step, this.names, numbers, entries, gradients, x);
      optimizer.applyGradients(
        Object.fromEntries(entries.map(([, { name }], i) => [name, gradients[i]])),
      );
      project(step, parameters, constrain);
      return numbers;
    } finally {
      tf.dispose([packed, ...gradients]);
    }
  }

  /** Throws the error that an eager step gives for numbers that are not finite. */
  #explain({ constraint }: NotFinite, batch: BatchRef): void {
    if (constraint) refuseConstraint(batch.step, constraint);
    const { packed, gradients } = this.#evaluateBatch(batch);
    const { entries, x } = this.setting;
    try {
      requireFinite(batch.step, this.names, packed.dataSync(), entries, gradients, x);
    } finally {
      tf.dispose([packed, ...gradients]);
    }
  }

  /** Goes on eagerly and warns once why, or throws if replay was asked for. */
  #giveUp(error: Unrecordable, batch: BatchRef): ArrayLike<number> {
    this.end();
    const result = error instanceof CannotReplay ? error.result : undefined;
    if (this.wanted) {
      if (result) tf.dispose([result.packed, ...result.gradients]);
      throw new Error(`replay must be possible where it is asked for, but ${error.message}`);
    }
    this.refusal = error.message;
    this.#isReplaying = false;
    const warning = `train: steps run eagerly, because ${error.message}`;
    if (!warned.has(warning)) console.warn(warning);
    warned.add(warning);
    return result ? this.#update(batch.step, result) : this.#eager(batch);
  }

  #difference(eager: Float32Array, replayed: Float32Array): string | undefined {
    const scale = Math.max(...this.names.map((_, i) => Math.abs(eager[i])));
    const wrong = this.names.findIndex(
      (_, i) => Math.abs(eager[i] - replayed[i]) > 1e-3 * Math.abs(eager[i]) + 1e-5 * scale,
    );
    if (wrong < 0) return undefined;
    return `term "${this.names[wrong]}" must be the same eager and replayed, got ${eager[wrong]} and ${replayed[wrong]}; train with { replay: false }`;
  }
}

/** Loss, terms and norm of the gradient, from the numbers of a step. */
export function summary(
  names: string[],
  numbers: ArrayLike<number>,
): Pick<Step, "loss" | "terms" | "gradientNorm"> {
  let [loss, halfSquares] = [0, 0];
  const terms: Record<string, number> = {};
  for (let i = 0; i < numbers.length; i++) {
    if (i >= names.length) halfSquares += numbers[i];
    else {
      terms[names[i]] = numbers[i];
      loss += numbers[i];
    }
  }
  return { loss, terms, gradientNorm: Math.sqrt(2 * halfSquares) };
}
