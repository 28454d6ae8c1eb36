// Growth of a replayed step's cost with batch, width, depth and rows, and of the time before the
// first one.
import { engine, inOwnProcess, isRun, lowestTenth } from "./replayed.mjs";

const cases = {
  batch: [16, 64, 256, 1024, 4096].map((batch) => ({ batch, widths: [784, 128, 32, 128, 784] })),
  width: [32, 128, 512, 2048].map((width) => ({
    batch: 256,
    widths: [784, width, 784],
    at: width,
  })),
  depth: [2, 4, 6, 8].map((layers) => ({
    batch: 256,
    widths: [784, ...new Array(layers - 1).fill(128), 784],
    at: layers,
  })),
  rows: [2000, 8000, 20_000, 60_000].map((examples) => ({
    batch: 256,
    widths: [784, 128, 32, 128, 784],
    examples,
    at: examples,
  })),
};

/** Milliseconds a step and before the first replayed one, by what grows. */
export const growth = () => inOwnProcess(import.meta.url, 2);

async function measure({ tf, start }, { batch, widths, examples = 4 * batch, at = batch }) {
  const { x, parameters, steps } = start({ widths, batch, examples });
  const begin = performance.now();
  await steps.next();
  const first = performance.now() - begin;
  const seen = [];
  for (let i = 0; i < 40; i++) {
    const from = performance.now();
    await steps.next();
    seen.push(performance.now() - from);
  }
  await steps.return();
  tf.dispose([x, ...Object.values(parameters)]);
  return { at, step: lowestTenth(seen), start: first };
}

if (isRun(import.meta.url)) {
  const loaded = engine();
  const result = {};
  for (const [name, list] of Object.entries(cases)) {
    result[name] = [];
    for (const one of list) result[name].push(await measure(loaded, one));
  }
  console.log(JSON.stringify(result));
}
