// Drop-in tf.Optimizers: one update op a variable in place of tfjs's several, by the same formulas.
import { requireNumber } from "../preconditions";
import type { UpdateRule } from "./optimizer";
import { ResourceOptimizer } from "./resources";

export { ResourceOptimizer };

/** Throws unless the share is below 1 in float32 too, so that nothing is divided by 1 − 1. */
const requireShare = (share: number, name: string) =>
  requireNumber(share, name, "a number from 0 to below 1", (v) => v >= 0 && Math.fround(v) < 1);

/**
 * Gradient descent: ``w ← w − η g``.
 *
 * ``η`` = `learningRate`.
 */
export class Sgd extends ResourceOptimizer {
  static readonly className = "ResourceSgd";
  readonly rule: UpdateRule = {
    op: "ResourceApplyGradientDescent",
    flags: {},
    slots: [],
    inputs: (weights, _, numbers, gradient) => [weights, ...numbers, gradient],
  };

  constructor(learningRate = 1e-2) {
    super(learningRate);
  }

  numbers(): number[] {
    return [this.learningRate];
  }

  getConfig(): { learningRate: number } {
    return { learningRate: this.learningRate };
  }
}

/**
 * Gradient descent with momentum: ``v ← μ v + g,  w ← w − η v``; Nesterov's variant takes ``w ← w −
 * η (g + μ v)``.
 *
 * ``η`` = `learningRate`, ``μ`` = `momentum`. Source: Sutskever et al. (2013), On the importance of
 * initialization and momentum.
 */
export class Momentum extends ResourceOptimizer {
  static readonly className = "ResourceMomentum";
  readonly rule: UpdateRule;

  constructor(
    learningRate = 1e-2,
    private readonly momentum = 0.9,
    private readonly nesterov = false,
  ) {
    requireShare(momentum, "momentum");
    super(learningRate);
    this.rule = {
      op: "ResourceApplyMomentum",
      flags: { use_nesterov: nesterov },
      slots: ["velocity"],
      inputs: (weights, [velocity], [rate, momentum], gradient) => [
        weights,
        velocity,
        rate,
        gradient,
        momentum,
      ],
    };
  }

  numbers(): number[] {
    return [this.learningRate, this.momentum];
  }

  getConfig(): { learningRate: number; momentum: number; nesterov: boolean } {
    return { learningRate: this.learningRate, momentum: this.momentum, nesterov: this.nesterov };
  }
}

/**
 * Adam:
 * ``m ← β₁m + (1 − β₁)g,  v ← β₂v + (1 − β₂)g²,  w ← w − η · m/(1 − β₁ᵗ) / (√(v/(1 − β₂ᵗ)) + ε)``.
 *
 * ``η`` = `learningRate`. Source: Kingma and Ba (2015), Adam, algorithm 1.
 */
export class Adam extends ResourceOptimizer {
  static readonly className = "ResourceAdam";
  readonly rule: UpdateRule = {
    op: "ResourceApplyAdam",
    flags: { use_nesterov: false },
    slots: ["mean", "square"],
    inputs: (weights, slots, numbers, gradient) => [weights, ...slots, ...numbers, gradient],
  };

  constructor(
    learningRate = 1e-3,
    private readonly beta1 = 0.9,
    private readonly beta2 = 0.999,
    private readonly epsilon = 1e-7,
  ) {
    requireShare(beta1, "beta1");
    requireShare(beta2, "beta2");
    requireNumber(epsilon, "epsilon", "a number of at least 1e-30", (v) => v >= 1e-30);
    super(learningRate);
  }

  numbers(step: number): number[] {
    const { beta1, beta2, epsilon, learningRate } = this;
    const correction = Math.sqrt(1 - beta2 ** step); // TensorFlow adds ε before it, Adam after it
    return [beta1 ** step, beta2 ** step, learningRate, beta1, beta2, epsilon * correction];
  }

  getConfig(): { learningRate: number; beta1: number; beta2: number; epsilon: number } {
    return {
      learningRate: this.learningRate,
      beta1: this.beta1,
      beta2: this.beta2,
      epsilon: this.epsilon,
    };
  }
}
