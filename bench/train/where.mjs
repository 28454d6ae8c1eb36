// Profile of one replayed step: parts of the recorded graph are fetched alone, and differences are
// taken.
import { engine, inOwnProcess, isRun, milliseconds } from "./replayed.mjs";
import { deep } from "./task.mjs";

/** Microseconds by part, for batches of 64 and 256. */
export const whereTimeGoes = () => inOwnProcess(import.meta.url, 1);

/** Microseconds of some work. */
const time = async (work, repeats) => 1000 * (await milliseconds(work, repeats));

/** Training whose steps are recorded, with the nodes of its graph and the session that runs it. */
async function recorded(batch) {
  const { tf, start, graphs } = engine();
  const found = {};
  const open = graphs.openSession;
  graphs.openSession = (nodes) => {
    found.nodes = nodes;
    found.session = open(nodes);
    return found.session;
  };
  const { x, steps } = start({ widths: deep, batch, examples: 4096 });
  for (let i = 0; i < 10; i++) await steps.next();
  return { tf, x, steps, ...found };
}

/** Functions that feed a step, and that fetch outputs of its graph alone. */
function feeding({ tf, x, session }, batch) {
  const { binding } = tf.backend();
  const { TF_INT32, TF_FLOAT, createTensor } = binding;
  const adam = Float32Array.of(0.9, 0.999, 1e-3, 0.9, 0.999, 1e-7);
  const feeds = () => [
    createTensor([4], TF_INT32, Int32Array.of(3, 0, 0, 0)),
    createTensor([6], TF_FLOAT, adam),
  ];
  const block = tf.backend().getInputTensorIds([x.slice([0, 0], [batch, -1])])[0];
  const inputs = [block, ...feeds()];
  const fetch = (outputs) => () => {
    for (const { id } of session.run("block:0,counters:0,numbers:0", inputs, outputs))
      binding.deleteTensor(id);
  };
  return { feed: () => feeds().map(binding.deleteTensor), fetch };
}

/** Microseconds of the parts of a step. */
async function parts(batch) {
  const training = await recorded(batch);
  const { tf, nodes, steps } = training;
  const { feed, fetch } = feeding(training, batch);
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const p = `rows${batch}_`;
  const [loss] = byName.get(byName.get(`${p}done`).inputs[0]).inputs;
  const full = (name) => (name.includes(":") ? name : `${name}:0`);
  const indices = Int32Array.from({ length: 4096 }, (_, i) => (i * 1031) % 4096);
  const order = tf.tensor1d(indices, "int32");

  const call = await time(fetch("zero:0"));
  const batchOnly = await time(fetch(full(`${p}x`)));
  const forward = await time(fetch(full(loss)));
  const whole = await time(fetch(`${p}done:0`));
  const feeds = await time(feed);
  const gather = ((await time(() => tf.gather(training.x, order).dispose())) * batch) / 4096;
  const turn = await time(() => new Promise((next) => setImmediate(next)));
  const step = await time(() => steps.next(), 120);
  await steps.return();
  return {
    "session call, nothing in it": call,
    "take the batch": Math.max(0, batchOnly - call),
    "forward pass and loss": forward - Math.max(call, batchOnly),
    "backward pass, norms, finite check, Adam": whole - forward,
    "feed the step's numbers": feeds,
    "gather the rows (its share)": gather,
    "one turn of the event loop": turn,
    "the rest of train, in JavaScript": Math.max(0, step - whole - feeds - gather - turn),
    "a step, as the reader sees it": step,
  };
}

if (isRun(import.meta.url)) {
  const result = {};
  for (const batch of [64, 256]) result[batch] = await parts(batch);
  console.log(JSON.stringify(result));
}
