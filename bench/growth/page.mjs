import { table, wrapped } from "../page/table.mjs";
import { above, exponents } from "./curve.mjs";

const number = (value) =>
  value >= 100 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(2)));
const times = (value) => `${number(value)} times`;

/** Greatest exponent that the work itself explains, by what it is drawn against. */
const linear = new Set([
  ...["batch", "width", "depth", "cells", "lines of a cell", "figures of a cell", "experiments"],
  "the kernel against cells run", // names stay reachable
]);
const explained = ({ of, by }) => (linear.has(by) || linear.has(`${of} against ${by}`) ? 1 : 0);

/** Exponents vary by as much as this from run to run, and a flat curve by as many times. */
const [tolerance, factor] = [0.2, 1.5];
const tooFast = (curve) =>
  exponents(curve).end > explained(curve) + tolerance &&
  curve.points.at(-1)[1] > factor * curve.points[0][1];

const names = ({ of, by, unit }) => `${of} (${unit}) against ${by}`;

function grown(curves) {
  return table(
    ["", "against", "from", "to", "above", "exponent", "at the end", "explained"],
    curves.map((curve) => {
      const { of, by, unit, points, fixed } = curve;
      const { all, end } = exponents(curve);
      const at = ([x, y]) => `${number(y)} at ${number(x)}`;
      const cells = [at(points[0]), at(points.at(-1)), fixed === undefined ? "–" : number(fixed)];
      const limit = by === "workers" ? "−1, then 0" : explained(curve);
      return [`${of}, ${unit}`, by, ...cells, all.toFixed(2), end.toFixed(2), limit];
    }),
  );
}

/** Sentence about curves that grow faster than their work explains. */
function verdict(curves) {
  const fast = curves.filter(tooFast);
  return fast.length === 0
    ? "Nothing here grows faster than its work explains."
    : `**Faster than its work explains: ${fast.map(names).join("; ")}.**`;
}

const find = (curves, by, unit) =>
  curves.find((one) => one.by === by && (!unit || one.unit === unit));

/** Sentence part on a curve above its fixed part: "30 times the cells take 28 times the time". */
function shape(curve) {
  const points = above(curve);
  if (points.length < 2) return `more ${curve.by} cost nothing that can be measured`;
  const [x, y] = [0, 1].map((i) => points.at(-1)[i] / points[0][i]);
  return `${times(x)} the ${curve.by} take ${times(y)} the time`;
}

const training = (curves) =>
  `A step multiplies every row of the batch by every weight and then updates every weight: its work is a call of the session, a part for the weights and a part for rows times weights. The first two rule where batch or net is small, and the exponent rises towards 1 as they are left behind: ${shape(find(curves, "batch"))}, ${shape(find(curves, "width"))}. A layer adds 128 × 128 weights to the two large matrices at the ends, hence less than 1 against depth. A step gathers its rows by index and never looks at the others: more of them cost only misses of the processor's cache.`;

const exporter = (curves) =>
  `Every cell and every output is turned into HTML once, and the parts are joined once, so a page grows as its notebook does; above the page with a title alone, ${shape(find(curves, "cells", "ms"))}. That page has ${number(find(curves, "cells", "MB").fixed)} MB of styles, fonts and scripts. The first figure brings Plotly along, ${number(above(find(curves, "figures of a cell", "MB"))[0][1])} MB with its own data, beside which the data of further figures of 100 points weigh little: hence the flat curve.`;

function kernel(curves) {
  const [declaring, plain, , memory] = curves;
  const names = declaring.points.at(-1)[0];
  const each = memory && (1000 * (memory.points.at(-1)[1] - memory.fixed)) / names;
  const held = memory ? ` The kernel grew by ${number(each)} kB a cell, garbage included.` : "";
  return `Each cell declares an interface, a typed constant and a function, and uses those of the cell before. It took ${number(declaring.points.at(-1)[1])} ms after ${number(names)} such cells, one without names ${number(plain.points.at(-1)[1])} ms. The declarations that a cell leaves are a file of their own, parsed, bound and checked once; a later cell reads from it what it names. A cell that declares a name anew has the files that mention it bound again. The checker keeps what it knows of libraries.${held} Times include up to 1 ms of waiting in the client.`;
}

function sweep([experiments, workers], { cores }) {
  const [[x0, y0], [x1, y1]] = experiments.points.slice(-2);
  const within = workers.points.filter(([count]) => count <= cores).at(-1);
  const beyond = workers.points.filter(([count]) => count > cores).at(-1);
  const part = (one, of) => `${one[0]} take ${number(one[1] / of[1])} of the time of ${of[0]}`;
  const more = beyond
    ? ` Workers beyond the ${cores} cores of this machine share them: ${part(beyond, within)}.`
    : "";
  return `Every experiment is a process that starts Node, loads TensorFlow and reads the digits before it trains for a moment, each with one thread. With ${Math.min(2, cores)} workers a further one adds ${number((y1 - y0) / (x1 - x0))} s; the start of Dask comes once, so the exponent is below 1 where a sweep is small. Workers divide the experiments among themselves: ${part(within, workers.points[0])}.${more}`;
}

const sentences = { training, exporter, kernel, sweep };
const headings = { training: "Training", exporter: "Exporter", kernel: "Kernel", sweep: "Sweep" };

/** The measurements as bench/growth.md. */
export function page({ machine, seconds, curves }) {
  const parts = Object.entries(curves).map(
    ([name, list]) =>
      `## ${headings[name]}\n${sentences[name](list, machine)} ${verdict(list)}\n\n${grown(list)}`,
  );
  return wrapped(`# Growth

Written by \`npm run bench -- growth\` in ${seconds} s. ${machine.cpu}, ${machine.cores} cores, ${machine.memory} GB, Node ${machine.node}; load ${machine.loadBefore} before, ${machine.loadAfter} after.

The exponent is the slope of the logarithms, by least squares over all points, and between the last two "at the end"; 0 is flat, 1 linear. Where the fixed part was measured, at 0, it is subtracted first ("above"). A curve is called too fast where its exponent at the end is more than ${tolerance} over what its work explains, unless its last point is within ${factor} times its first.

![Growth of time and memory on logarithmic axes, one panel a curve](growth.svg)

The dashed line of a panel grows as fast as what it is drawn against.

${parts.join("\n\n")}
`);
}
