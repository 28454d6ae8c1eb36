import * as tf from "@tensorflow/tfjs-node";
import { dropTape } from "./engine";

/**
 * The gradients of a scalar function by the variables, in their order; undefined for one that it
 * does not depend on.
 */
export function gradientsBy(
  f: () => tf.Tensor,
  variables: tf.Variable[],
): (tf.Tensor | undefined)[] {
  try {
    const { grads } = tf.variableGrads(f as () => tf.Scalar, variables);
    return variables.map(({ name }) => grads[name] ?? undefined);
  } catch (error) {
    dropTape();
    if (!/Cannot find a connection/.test(String(error))) throw error;
    return variables.map(() => undefined);
  }
}
