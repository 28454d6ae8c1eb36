import { byTask, table as grid, ratio, thousands, wrapped } from "../page/table.mjs";

const coldTable = (cold) =>
  grid(
    ["", "seconds", "MB"],
    Object.entries(cold).map(([name, c]) => [
      name,
      c?.seconds.toFixed(1) ?? "–",
      c ? Math.round(c.megabytes) : "–",
    ]),
  );

const partsTable = (where) =>
  grid(
    ["", ...Object.keys(where).map((batch) => `batch ${batch}`)],
    Object.keys(Object.values(where)[0]).map((part) => [
      part,
      ...Object.values(where).map((by) => Math.round(by[part])),
    ]),
  );

const growthTable = ([name, list]) =>
  grid(
    [name, ...list.map(({ at }) => at)],
    [
      ["a step", ...list.map(({ step }) => step.toFixed(2))],
      ["the first", ...list.map(({ start }) => start.toFixed(0))],
    ],
  );

/** The measurements as bench/train.md. */
export function page(measured) {
  const { machine, rounds, seconds, table, cold, where, growth, versions } = measured;
  const names = Object.keys(Object.values(table)[0]);
  const others = names.filter((name) => name !== "ours");
  return wrapped(`# Training speed

Written by \`npm run bench -- train\`. ${machine.cpu}, ${machine.cores} cores, ${machine.memory} GB, Node ${machine.node}; load ${machine.loadBefore} before, ${machine.loadAfter} after.

Adam, the loss read at every step, rows shuffled every epoch, one turn of the event loop every step in Node. Deep is 784-128-32-128-784, wide 784-1000-784. Ours runs two ops of a replayed step side by side, each with one thread; its eager steps have all cores for large products; Keras and PyTorch are tried with one and with all cores, and keep the faster; stock tfjs-node and JAX choose for themselves. Contenders stay alive and are asked in turn, ${rounds} rounds of ${seconds} s each; medians. Peers: ${versions.join(", ")}.

## Samples a second
${byTask(table, names, ({ perSecond }) => thousands(perSecond))}

## How many times faster ours is (median of the ratios within a round)
${byTask(table, others, ({ oursIsFaster }) => ratio(oursIsFaster))}

## Threads for one op
${byTask(table, names, ({ threads }) => threads ?? "its own")}

## Samples a second of processor time
Work on all threads together: a better measure on a busy machine, and a worse one on a quiet one.

${byTask(table, names, ({ perCpuSecond }) => thousands(perCpuSecond))}

![Samples a second by contender and task](train.svg)

## Cold start and memory
From the start of the process to the loss of the first step of deep, 256; resident memory then.

${coldTable(cold)}

## Where the microseconds of one step go
Deep net, one thread. Parts of the recorded graph are fetched alone; a row is the difference to the row above.

${partsTable(where)}

## How the cost grows
Milliseconds a replayed step, two ops side by side, one thread each, and milliseconds until the first replayed step is done (recording, graph, executor).

${Object.entries(growth).map(growthTable).join("\n\n")}
`);
}
