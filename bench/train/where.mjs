// Profile of one replayed step: parts of the recorded graph are fetched alone, and differences are
// taken.
import { engine, inOwnProcess, isRun, lowestTenth } from "./replayed.mjs";
import { deep } from "./task.mjs";

/** Microseconds by part, for batches of 64 and 256. */
export const whereTimeGoes = () => inOwnProcess(import.meta.url, 1);

async function parts(batch) {
  const { tf, start, graphs } = engine();
  const open = graphs.openSession;
  let nodes;
  let session;
  graphs.openSession = (given) => {
    nodes = given;
    session = open(given);
    return session;
  };
  const { x, steps } = start({ widths: deep, batch, examples: 4096 });
  const { binding } = tf.backend();
  for (let i = 0; i < 10; i++) await steps.next();

  const byName = new Map(nodes.map((node) => [node.name, node]));
  const p = `rows${batch}_`;
  const packed = byName.get(byName.get(`${p}done`).inputs[0]);
  const full = (name) => (name.includes(":") ? name : `${name}:0`);
  const counters = () => binding.createTensor([4], binding.TF_INT32, Int32Array.of(3, 0, 0, 0));
  const numbers = () =>
    binding.createTensor(
      [6],
      binding.TF_FLOAT,
      Float32Array.of(0.9, 0.999, 1e-3, 0.9, 0.999, 1e-7),
    );
  const block = tf.backend().getInputTensorIds([x.slice([0, 0], [batch, -1])])[0];
  const [c, n] = [counters(), numbers()];
  const fetch = (outputs) => () => {
    for (const { id } of session.run("block:0,counters:0,numbers:0", [block, c, n], outputs))
      binding.deleteTensor(id);
  };
  const time = async (work, repeats = 40) => {
    const seen = [];
    for (let i = 0; i < repeats; i++) {
      const begin = performance.now();
      await work();
      seen.push(1000 * (performance.now() - begin));
    }
    return lowestTenth(seen);
  };
  const call = await time(fetch("zero:0"));
  const batchOnly = await time(fetch(full(`${p}x`)));
  const forward = await time(fetch(full(packed.inputs[0])));
  const whole = await time(fetch(`${p}done:0`));
  const feeds = await time(() => [counters(), numbers()].map(binding.deleteTensor));
  const order = tf.tensor1d(
    Int32Array.from({ length: 4096 }, (_, i) => (i * 1031) % 4096),
    "int32",
  );
  const gather = ((await time(() => tf.gather(x, order).dispose(), 40)) * batch) / 4096;
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
