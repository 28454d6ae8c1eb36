import * as tf from "@tensorflow/tfjs-node";

/** A function of tensors with a derivative of its own, one by each input. */
export const withGradient = <T extends tf.Tensor>(
  value: (...inputs: tf.Tensor[]) => T,
  gradient: (dy: tf.Tensor, inputs: tf.Tensor[]) => tf.Tensor[],
): ((...inputs: tf.Tensor[]) => T) =>
  tf.customGrad((...given) => {
    const inputs = given.slice(0, -1) as tf.Tensor[];
    const save = given[given.length - 1] as tf.GradSaveFunc;
    save(inputs);
    return { value: value(...inputs), gradFunc: gradient };
  });
