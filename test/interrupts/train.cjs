// Trains and saves after every step, from where the checkpoint is; prints the last loss:
// `node train.cjs CHECKPOINT`.
require("../../src/autoencoders/dist/engine/compat.js");
const { existsSync } = require("node:fs");
const tf = require("@tensorflow/tfjs-node");
const {
  autoencoder,
  load,
  save,
  squaredError,
  train,
} = require("../../src/autoencoders/dist/index.js");
const { Adam } = require("../../src/autoencoders/dist/engine/index.js");

async function main(path) {
  const { parameters, encode, decode } = autoencoder([64, 48, 64], { activation: "tanh", seed: 3 });
  const optimizer = new Adam();
  const x = tf.randomUniform([400, 64], 0, 1, "float32", 5);
  const objective = (x) => ({ error: squaredError(x, decode(encode(x))) });
  const from = existsSync(path) ? load(path) : undefined;
  const options = {
    epochs: 20,
    batchSize: 40,
    learningRate: 0.003,
    seed: 3,
    optimizer,
    ...(from && { from }),
  };
  let last = "none";
  for await (const { step, loss } of train(objective, parameters, x, options)) {
    const state = optimizer.state(parameters);
    save(path, { parameters, optimizer: state, step, seed: 3 });
    tf.dispose(state);
    if (step === 1 || (from && step === from.step + 1)) console.log(`training from step ${step}`);
    last = loss;
  }
  console.log(`last loss ${last}`);
}

main(process.argv[2]);
