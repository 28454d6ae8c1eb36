// A contender in a worker of a page in Chromium, as a cell finds it.
import { readFileSync } from "node:fs";
import { bundleEngines } from "../train/engines.mjs";

/** Way to start each kind, and the steps that it takes. */
const kinds = {
  web: ["engines.start(wasm)", "replay"],
  "web eager": ["engines.start(wasm)", "eager"],
  wasm: ["engines.startBackend(wasm)", "stock"],
  cpu: ['engines.tf.setBackend("cpu")', "stock"],
};

/** The script of the worker: the engines, and what answers a task with what it measured. */
const script = (kind, engines, wasm) => `
  const begun = performance.now();
  ${engines}
  const wasm = Uint8Array.from(atob("${wasm}"), (c) => c.charCodeAt(0));
  const ready = Promise.resolve(${kinds[kind][0]}).then(() => {
    const { tf, library } = engines;
    return { started: performance.now() - begun, steps: engines.stepper(tf, library, "${kinds[kind][1]}") };
  });
  onmessage = async ({ data: { seconds, ...task } }) => {
    const { started, steps } = await ready;
    postMessage({ started, ...(await engines.measured(steps(task), task.batch, seconds)) });
  };`;

/** Contender in a page of its own; answers by tasks as one in Node does. */
export async function pageContender(browser, kind) {
  const { file, wasm } = await bundleEngines();
  const text = script(kind, readFileSync(file, "utf8"), readFileSync(wasm).toString("base64"));
  const page = await browser.newPage();
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Performance.enable");
  const processTime = async () => {
    const { metrics } = await devtools.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "ProcessTime").value;
  };
  await page.evaluate((text) => {
    globalThis.contender = new Worker(URL.createObjectURL(new Blob([text])));
  }, text);
  const ask = async (line) => {
    const before = await processTime();
    const { samples, elapsed, ...rest } = await page.evaluate(
      (task) =>
        new Promise((resolve, reject) => {
          contender.onmessage = ({ data }) => resolve(data);
          contender.onerror = ({ message }) => reject(new Error(message));
          contender.postMessage(task);
        }),
      JSON.parse(line),
    );
    const perCpuSecond = samples / ((await processTime()) - before);
    return { perSecond: samples / elapsed, perCpuSecond, ...rest };
  };
  return { ask, end: () => page.close() };
}
