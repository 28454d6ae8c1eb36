// Growth of a replayed step's cost with batch, width, depth and rows, and of the time before the
// first one.
import { engine, inOwnProcess, isRun, milliseconds } from "./replayed.mjs";
import { deep } from "./task.mjs";

const cases = {
  batch: [16, 64, 256, 1024, 4096].map((at) => ({ at, batch: at })),
  width: [32, 128, 512, 2048].map((at) => ({ at, widths: [784, at, 784] })),
  depth: [2, 4, 6, 8].map((at) => ({ at, widths: [784, ...new Array(at - 1).fill(128), 784] })),
  rows: [2000, 8000, 20_000, 60_000].map((at) => ({ at, examples: at })),
};

/** Milliseconds a step and before the first replayed one, by what grows. */
export const growth = () => inOwnProcess(import.meta.url, 2);

async function measure({ tf, start }, { at, batch = 256, widths = deep, examples = 4 * batch }) {
  const { x, parameters, steps } = start({ widths, batch, examples });
  const begin = performance.now();
  await steps.next();
  const first = performance.now() - begin;
  const step = await milliseconds(() => steps.next());
  await steps.return();
  tf.dispose([x, ...Object.values(parameters)]);
  return { at, step, start: first };
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
