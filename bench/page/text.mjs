import { byTask, table as grid, ratio, thousands } from "./table.mjs";

const megabytes = (bytes) => (bytes / 1e6).toFixed(3);

const chapterTable = (chapters) =>
  grid(
    ["chapter", "start", "in the page", "native", "cells", "claims"],
    Object.entries(chapters)
      .sort()
      .map(([number, { start, seconds, native, cells, ran, claims, held }]) => [
        ...[number, `${start.toFixed(1)} s`, `${Math.round(seconds)} s`],
        ...[native === undefined ? "" : `${native} s`, `${ran}/${cells}`, `${held}/${claims}`],
      ]),
  );

/** Sizes of the files, and of all that most pages carry together. */
function sizeTable(sizes) {
  const isBeside = (name) => name.startsWith("types.");
  const carried = Object.entries(sizes).filter(([name]) => !isBeside(name) && name !== "danfo.js");
  const sum = carried.reduce((all, [, { base64 }]) => all + base64, 0);
  return grid(
    ["", "raw", "gzip", "base64"],
    [
      ...Object.entries(sizes).map(([name, { raw, packed, base64 }]) => [
        isBeside(name) ? `${name}, beside` : name,
        ...[raw, packed, base64].map(megabytes),
      ]),
      ["together, without danfo", "", "", megabytes(sum)],
    ],
  );
}

const paintTable = (paints) =>
  grid(
    ["page", "first paint", "throttled 4×"],
    Object.entries(paints).map(([file, by]) => [file, Math.round(by[1]), Math.round(by[4])]),
  );

/** The result as a page. */
export function text(result) {
  const { machine, rounds, seconds, table, starts, sizes, chapters = {}, paints = {} } = result;
  const names = Object.keys(Object.values(table)[0]);
  const others = names.filter((name) => name !== "web engine");
  const busy =
    machine.loadBefore > machine.cores
      ? "\nThe machine was busy with other work: the rates are low, the ratios less disturbed.\n"
      : "";
  return `# Training in a page

Written by \`npm run bench -- page\`. ${machine.cpu}, ${machine.cores} cores, ${machine.memory} GB,
Node ${machine.node}; load ${machine.loadBefore} before, ${machine.loadAfter} after.
${busy}
Adam, the loss read at every step, rows shuffled every epoch, one thread each. Deep is
784-128-32-128-784. "Stock" is tfjs as a tutorial writes it, and so is the cpu backend. The web
engine, tfjs-wasm and the cpu backend run in a worker in Chromium, stock tfjs-node and the native
engine in Node. Contenders are asked in turn, ${rounds} rounds of ${seconds} s each; medians.

## Samples a second
${byTask(table, names, ({ perSecond }) => thousands(perSecond))}

## How many times faster the web engine is (median of the ratios within a round)
${byTask(table, others, ({ oursIsFaster }) => ratio(oursIsFaster))}

## The same by processor time, which a busy machine disturbs less
${byTask(table, others, ({ oursIsCheaper }) => ratio(oursIsCheaper))}

## Start
Milliseconds from the first line of the script to an engine that computes.

${grid(names, [names.map((name) => Math.round(starts[name]))])}

## Chapters
Whole, on all the data, each in its own page in Chromium, from its file, without a network; native
is the run that made the page. Other work on the machine slows both.

${chapterTable(chapters)}

## First paint
Milliseconds from the request of a page to its first text, the least of three openings; and with
the processor throttled four times.

${paintTable(paints)}

## Sizes
Megabytes of the files that a page carries: as they are, compressed by gzip, and as base64 in the
page. Only chapters that read tables carry danfo; what knows types lies beside the pages.

${sizeTable(sizes)}
`;
}
