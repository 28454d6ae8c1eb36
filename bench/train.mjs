// Training speed against the peers: `npm run bench -- train [--rounds 5] [--seconds 1] [--budget
// 300] [--only "ours;PyTorch eager"]`, with the peers that `npm run bench -- train --install-peers`
// puts into .cache/peers (about 6 GB: PyTorch's wheel brings CUDA). Contenders stay alive and are
// asked in turn, so that a busy moment hits all of them. Writes bench/train.json, bench/train.md
// and bench/train.svg.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { contender, median, peers, python } from "./train/contender.mjs";
import { drawing } from "./train/drawing.mjs";
import { growth } from "./train/growth.mjs";
import { load, machine } from "./train/machine.mjs";
import { page } from "./train/page.mjs";
import { writeSentence } from "./train/sentence.mjs";
import { examples, rate, tasks } from "./train/task.mjs";
import { whereTimeGoes } from "./train/where.mjs";

function installPeers() {
  const run = (...command) => {
    const { status } = spawnSync(command[0], command.slice(1), { stdio: "inherit" });
    if (status !== 0) process.exit(status ?? 1);
  };
  run("python3", "-m", "venv", peers);
  run(python, "-m", "pip", "install", "-r", "bench/train/peers.txt");
}

/** A contender that waits for tasks. */
function trainer(command, env) {
  const begin = performance.now();
  const { ask: askLine, end } = contender(command, env);
  const ask = (task, seconds) => askLine(JSON.stringify({ ...task, seconds }));
  return {
    ask,
    /** From the start of the process to the loss of the first step, in seconds. */
    async coldStart(task) {
      const answer = await ask(task, 0);
      return answer && { seconds: (performance.now() - begin) / 1000, megabytes: answer.megabytes };
    },
    end,
  };
}

const has = (name) =>
  existsSync(python) &&
  spawnSync(python, ["-c", `import importlib.util as u; assert u.find_spec("${name}")`]).status ===
    0;
const node = (kind) => [process.execPath, "bench/train/node.mjs", kind];
const settled = [examples, rate].map(String);
const peer = (kind) => [python, "bench/train/peers.py", kind, ...settled];
const cores = cpus().length;
// Threads are taken once, when a library loads: one process a count. Ours has one for an op, as a
// reader has, since parts of a step run side by side; its eager steps, which have no parts, get all
// cores if some product of a batch and a weight matrix has 100 million multiplications. Keras and
// PyTorch are tried with one thread and with all cores, task by task, and keep the faster; stock
// tfjs-node and JAX take what they take by themselves.
const threads = (count) => ({
  TF_NUM_INTRAOP_THREADS: String(count),
  OMP_NUM_THREADS: String(count),
});
const chosen = ({ widths, batch }) => {
  const products = widths.slice(1).map((width, i) => width * widths[i] * batch);
  return [threads(Math.max(...products) < 1e8 ? 1 : cores)];
};
const either = () => [threads(1), threads(cores)];
const all = {
  ours: { command: () => node("replay"), settings: () => [threads(1)] },
  "ours, eager": { command: () => node("eager"), settings: chosen },
  "stock tfjs-node": {
    command: () => node("stock"),
    settings: () => [{ TF_NUM_INTRAOP_THREADS: "0", TF_NUM_INTEROP_THREADS: "0" }],
  },
  "Keras fit": { command: () => peer("keras"), needs: ["keras", "tensorflow"], settings: either },
  "PyTorch eager": { command: () => peer("torch"), needs: ["torch"], settings: either },
  "torch.compile": { command: () => peer("compile"), needs: ["torch"], settings: either },
  "JAX jit": { command: () => peer("jax"), needs: ["jax"], settings: () => [{}] },
};

/** A contender that has taken more than `budget` seconds is left out of the remaining tasks. */
async function measure(names, rounds, seconds, budget) {
  const taken = Object.fromEntries(names.map((name) => [name, 0]));
  const alive = new Map();
  const of = (name, task, settings) => {
    const key = `${name} ${JSON.stringify(settings)}`;
    if (!alive.has(key)) alive.set(key, trainer(all[name].command(task), settings));
    return alive.get(key);
  };
  const ask = async (name, task, settings, seconds) => {
    if (taken[name] > budget) return undefined;
    const begin = performance.now();
    const answer = await of(name, task, settings).ask(task, seconds);
    taken[name] += (performance.now() - begin) / 1000;
    return answer;
  };
  /** Compiles, warms, and answers with the settings that are fastest, by the median of three. */
  const tried = async (name, task) => {
    const choices = all[name].settings(task).map((settings) => ({ settings, speeds: [] }));
    for (const { settings } of choices) await ask(name, task, settings, 0.3);
    if (choices.length > 1)
      for (let round = 0; round < 3; round++)
        for (const { settings, speeds } of choices)
          speeds.push((await ask(name, task, settings, 0.3))?.perSecond ?? 0);
    return choices.sort((a, b) => median(b.speeds) - median(a.speeds))[0].settings;
  };
  const table = {};
  const cold = {};
  for (const name of names)
    cold[name] = await of(name, tasks[1], all[name].settings(tasks[1])[0]).coldStart(tasks[1]);
  for (const task of tasks) {
    const seen = Object.fromEntries(names.map((name) => [name, []]));
    const settings = {};
    for (const name of names) settings[name] = await tried(name, task);
    for (let round = 0; round < rounds; round++)
      for (const name of names) {
        const answer = await ask(name, task, settings[name], seconds);
        if (answer) seen[name].push(answer);
      }
    table[task.name] = Object.fromEntries(
      names.map((name) => [
        name,
        {
          perSecond: Math.round(median(seen[name].map((one) => one.perSecond)) ?? 0),
          threads: Number(settings[name].OMP_NUM_THREADS) || undefined,
          perCpuSecond: Math.round(median(seen[name].map((one) => one.perCpuSecond)) ?? 0),
          oursIsFaster: median(seen[name].map((one, i) => seen.ours[i].perSecond / one.perSecond)),
        },
      ]),
    );
    console.log(task.name, JSON.stringify(table[task.name]));
  }
  for (const one of alive.values()) one.end();
  return { table, cold };
}

const text = (otherwise) => ({ type: "string", default: otherwise });
const { values } = parseArgs({
  options: {
    "install-peers": { type: "boolean" },
    only: text(Object.keys(all).join(";")),
    rounds: text("5"),
    seconds: text("1"),
    budget: text("300"),
  },
});
if (values["install-peers"]) installPeers();
else {
  const wanted = values.only.split(";");
  const names = Object.keys(all).filter(
    (name) => wanted.includes(name) && (all[name].needs ?? []).every(has),
  );
  for (const name of Object.keys(all)) if (!names.includes(name)) console.log(`left out: ${name}`);
  const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
  const loadBefore = load();
  const { table, cold } = await measure(names, rounds, seconds, Number(values.budget));
  const result = {
    machine: machine(loadBefore),
    rounds,
    seconds,
    table,
    cold,
    where: whereTimeGoes(),
    growth: await growth(),
    versions: existsSync(python)
      ? readFileSync("bench/train/peers.txt", "utf8").trim().split("\n")
      : [],
  };
  writeFileSync("bench/train.json", `${JSON.stringify(result, undefined, 2)}\n`);
  writeFileSync("bench/train.md", page(result));
  writeFileSync("bench/train.svg", drawing(result));
  writeSentence(result);
  console.log(page(result));
}
