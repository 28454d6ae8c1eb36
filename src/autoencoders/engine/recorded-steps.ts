// The way from the first step of a batch size to its replay, for any engine: record twice, then
// guard.
import * as tf from "@tensorflow/tfjs-node";
import type { BatchRef, RecordedStep, StepPlan, StepResult } from "./graph-builder";

export type { RecordedStep } from "./graph-builder";

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

/** Replays the steps of a plan on a machine. */
export function recordedSteps<R extends RecordedStep>(plan: StepPlan, machine: Machine<R>): Replay {
  /** By batch size; `unconfirmed`: steps taken since one was recorded. */
  const sizes = new Map<number, { first: R; isConfirmed: boolean; unconfirmed: number }>();

  /**
   * Takes a step that is recorded, as its first or again, and compares replay and eager numbers.
   */
  function stepRecorded(batch: BatchRef): Float32Array {
    const now = machine.record(batch);
    const { result, numbers } = now;
    let isOwned = false;
    try {
      if (now.refusal) throw new Unrecordable(now.refusal);
      const size = sizes.get(batch.rows);
      const why = size && machine.change(size.first, now);
      if (why && size.unconfirmed > 0) throw changed(batch.step, why);
      if (why) throw new Unrecordable(`${why} from step to step`);
      if (size) Object.assign(size, { isConfirmed: true, unconfirmed: 0 });
      else {
        sizes.set(batch.rows, { first: now, isConfirmed: false, unconfirmed: 0 });
        isOwned = true;
        machine.add(batch, now);
      }
      machine.sync();
      const packed = machine.run(batch);
      const difference = plan.difference(numbers, packed);
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

  /** Calls the objective without arithmetic. */
  function check({ block, rows, step }: BatchRef, { program }: R): void {
    const scalar: [number[], tf.DataType] = [[], "int32"];
    try {
      checkProgram(program, [[[rows, block.shape[1]], "float32"], scalar, scalar], plan.objective);
    } catch (error) {
      if (error instanceof Differs) throw changed(step, error.message);
      throw error;
    }
  }

  return {
    step(batch, verify) {
      machine.sync();
      const size = sizes.get(batch.rows);
      if (!size?.isConfirmed || verify) return stepRecorded(batch);
      check(batch, size.first);
      machine.sync();
      size.unconfirmed += 1;
      return machine.run(batch);
    },
    close: () => machine.close(),
  };
}
