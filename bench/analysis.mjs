// Analysis of codes compared with scikit-learn: `npm run bench -- analysis [--rounds 3]`, with the
// peers of `npm run bench -- train --install-peers`. Reading MNIST, PCA, nearest neighbors and a
// linear probe on 60,000 codes; writes bench/analysis.md.
import { existsSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { table, wrapped } from "./page/table.mjs";
import { contender, median, python } from "./train/contender.mjs";
import { load, machine } from "./train/machine.mjs";

const rounds = Number(
  parseArgs({ options: { rounds: { type: "string", default: "3" } } }).values.rounds,
);
const tasks = [
  "read MNIST",
  "PCA, all 784",
  "PCA, all 784, both in float64",
  "PCA, 32 components, both in float64",
  "1-nearest neighbor, 32 numbers",
  "linear probe, 32 numbers",
];
const contenders = {
  ours: [process.execPath, "bench/analysis/node.mjs"],
  "scikit-learn": [python, "bench/analysis/peer.py"],
};

const alive = Object.entries(contenders)
  .filter(([, [command]]) => existsSync(command))
  .map(([name, command]) => [name, contender(command)]);
const loadBefore = load();
const rows = [];
for (const task of tasks) {
  const seen = await asked(alive, task);
  const seconds = seen.map((answers) => median(answers.map((answer) => answer.seconds)));
  const times = seconds[1] ? `${(seconds[0] / seconds[1]).toFixed(2)}×` : "–";
  const results = seen.map(([{ result }]) => result).join(", ");
  rows.push([task, ...seconds.map((s) => s.toFixed(2)), times, results]);
}
/** Answers of each contender, asked in turn; the first round warms. */
async function asked(contenders, task) {
  const seen = contenders.map(() => []);
  for (let round = -1; round < rounds; round++)
    for (const [i, [, { ask }]] of contenders.entries()) {
      const answer = await ask(task);
      if (answer && round >= 0) seen[i].push(answer);
    }
  return seen;
}
/** Medians over the rounds of the parts' seconds. */
async function parts(components) {
  const [answers] = await asked(alive.slice(0, 1), `parts of PCA, ${components}`);
  return answers[0].result.map((_, i) => median(answers.map(({ result }) => result[i])));
}
const [ofAll, of32] = [await parts("all 784"), await parts("32 components")];
const names = ["sums of products", "covariance from them", "eigen-solver", "rest", "all"];
const partRows = names.map((name, i) => [name, ofAll[i].toFixed(3), of32[i].toFixed(3)]);
for (const [, { end }] of alive) end();
const { cpu, cores, node, loadAfter } = machine();
const page = wrapped(`# Analysis speed

Written by \`npm run bench -- analysis\`. ${cpu}, ${cores} cores, Node ${node}; load ${loadBefore} before, ${loadAfter} after. Both with all cores; medians of ${rounds} rounds, in turn.
The result is the sum of eigenvalues of the covariance, or the accuracy on the 10,000 test digits; of 32 components the largest residual ‖Cv − λv‖/λ₁, where scikit-learn's randomized solver takes the fewest iterations by which that is at most 1e-10. Both probes fit once, with scikit-learn's default ridge; without one, ours would try several.

${table(["seconds", ...alive.map(([name]) => name), "ours takes", "result of each"], rows)}

## Where the time of PCA goes

Ours; each part run by itself, so that they add up to the whole within noise.

${table(["seconds", "all 784", "32 components"], partRows)}
`);
writeFileSync("bench/analysis.md", page);
console.log(page);
