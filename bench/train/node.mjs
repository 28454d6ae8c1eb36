// A contender in Node: `node node.mjs KIND`, of the kinds in engines.mjs. Reads a task a line and
// answers with what it measured; each task resumes from the last step.
import { createInterface } from "node:readline";
import { engines } from "./engines.mjs";
import { measured, stepper } from "./steps.mjs";

const kind = process.argv[2];
const begun = performance.now();
const { tf, library, steps: taken } = await engines[kind]();
const started = performance.now() - begun;
const stepsOf = stepper(tf, library, taken);

for await (const line of createInterface({ input: process.stdin })) {
  const { seconds, ...task } = JSON.parse(line);
  const before = process.cpuUsage();
  const { samples, elapsed, loss } = await measured(stepsOf(task), task.batch, seconds);
  const { user, system } = process.cpuUsage(before);
  console.log(
    JSON.stringify({
      perSecond: samples / elapsed,
      perCpuSecond: (1e6 * samples) / (user + system),
      loss,
      started,
      megabytes: process.memoryUsage().rss / 2 ** 20,
    }),
  );
}
process.exit(0);
