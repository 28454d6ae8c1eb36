import * as tf from "@tensorflow/tfjs-node";

/** |x| entry by entry with derivative sign(x), 0 at 0; the derivative of tf.abs is −1 there. */
export const absolute = tf.customGrad((...inputs) => {
  const [x, save] = inputs as unknown as [tf.Tensor, tf.GradSaveFunc];
  save([x]);
  return {
    value: tf.abs(x),
    gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => [tf.mul(dy, tf.sign(saved[0]))],
  };
});
