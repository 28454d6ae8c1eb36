// The way from the first step of a batch size to its replay, for any engine: record twice, then
// guard.
import * as tf from "@tensorflow/tfjs-node";
import type { BatchRef, RecordedStep, StepPlan, StepResult } from "./graph-builder";

import { checkProgram, Differs } from "./guard";

export interface Replay {
  /**
   * Takes one step and returns its packed numbers. The objective is called once: to record the step
   * (the first two of each batch size, and with `verify`), or without arithmetic, to see that it
   * would still do what was recorded.
   *
   * Throws `NotFinite`, with the weights as they were, and `CannotReplay`, before the step.
   */
  step(batch: BatchRef, verify: boolean): Float32Array;
  /** Gives weights and optimizer state back and frees what replay took. */
  close(): void;
}

/** Thrown where a number of the step is not finite, or the new value of the named constraint. */
export class NotFinite extends Error {
  constructor(readonly constraint?: string) {
    super(`${constraint ?? "the step"} is not finite`);
  }
}

/** Thrown where steps cannot be replayed; the message says why, as the end of "because …". */
export class Unrecordable extends Error {}

/**
 * Thrown where a step was evaluated eagerly and cannot be replayed; the caller disposes of
 * `result`.
 */
export class CannotReplay extends Unrecordable {
  constructor(
    message: string,
    readonly result: StepResult,
  ) {
    super(message);
  }
}

/** The part of replay that each engine does in its own way. */
export interface Machine<R extends RecordedStep> {
  /** Evaluates a step eagerly and records it. */
  record(batch: BatchRef): R;
  /** Tells in which way another record is of another step, as the end of "because …". */
  change(first: R, again: R): string | undefined;
  /** Makes a record ready to run; owns it from then on. */
  add(batch: BatchRef, first: R): void;
  /** Frees a record that was not added. */
  free(again: R): void;
  /** Brings weights and optimizer state up to date with JavaScript's. */
  sync(): void;
  run(batch: BatchRef): Float32Array;
  close(): void;
}

const changed = (step: number, why: string) =>
  new Error(
    `step ${step}: the objective must stay as it was when its steps were recorded, but ${why} from ` +
      "step to step; derive what changes from at.step, at.epoch, at.draw or a tf.Variable, or train " +
      "with { replay: false }",
  );

/** Records the first two steps of each batch size, guards and replays the others on a machine. */
export class RecordedSteps<R extends RecordedStep> implements Replay {
  /** By batch size; `unconfirmed`: steps taken since one was recorded. */
  readonly #sizes = new Map<number, { first: R; isConfirmed: boolean; unconfirmed: number }>();

  constructor(
    private readonly plan: StepPlan,
    private readonly machine: Machine<R>,
  ) {}

  step(batch: BatchRef, verify: boolean): Float32Array {
    this.machine.sync();
    const size = this.#sizes.get(batch.rows);
    if (!size?.isConfirmed || verify) return this.#stepRecorded(batch);
    this.#check(batch, size.first);
    this.machine.sync();
    size.unconfirmed += 1;
    return this.machine.run(batch);
  }

  close(): void {
    this.machine.close();
  }

  /** Takes a step that is recorded, and compares replay and eager numbers. */
  #stepRecorded(batch: BatchRef): Float32Array {
    const { machine } = this;
    const now = machine.record(batch);
    const { result, numbers } = now;
    let isOwned = false;
    try {
      isOwned = this.#isFirst(batch, now);
      if (isOwned) machine.add(batch, now);
      machine.sync();
      const packed = machine.run(batch);
      const difference = this.plan.difference(numbers, packed);
      if (difference) throw new Error(`step ${batch.step}: ${difference}`);
      tf.dispose([result.packed, ...result.gradients]);
      return packed;
    } catch (error) {
      if (error instanceof Unrecordable) throw new CannotReplay(error.message, result);
      tf.dispose([result.packed, ...result.gradients]);
      throw error;
    } finally {
      if (!isOwned) machine.free(now);
    }
  }

  /** True for the first record of its batch size; throws if it is of another step than the first. */
  #isFirst({ rows, step }: BatchRef, now: R): boolean {
    if (now.refusal) throw new Unrecordable(now.refusal);
    const size = this.#sizes.get(rows);
    if (!size) {
      this.#sizes.set(rows, { first: now, isConfirmed: false, unconfirmed: 0 });
      return true;
    }
    const why = this.machine.change(size.first, now);
    if (why && size.unconfirmed > 0) throw changed(step, why);
    if (why) throw new Unrecordable(`${why} from step to step`);
    Object.assign(size, { isConfirmed: true, unconfirmed: 0 });
    return false;
  }

  /** Calls the objective without arithmetic. */
  #check({ block, rows, step }: BatchRef, { program }: R): void {
    const scalar: [number[], tf.DataType] = [[], "int32"];
    const inputs: [number[], tf.DataType][] = [[[rows, block.shape[1]], "float32"], scalar, scalar];
    try {
      checkProgram(program, inputs, this.plan.objective);
    } catch (error) {
      if (error instanceof Differs) throw changed(step, error.message);
      throw error;
    }
  }
}
