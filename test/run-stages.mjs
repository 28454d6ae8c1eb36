// Runs stages, several at a time in processes of their own, and prints a table of their results.
import { fork } from "node:child_process";
import { availableParallelism, totalmem } from "node:os";
import { SetupError } from "../setup/process.mjs";

/** A stage could not run here for an outside reason; in CI that is a failure if it is `needed`. */
export class Skip extends Error {}

/** Counts in a TAP report: `# pass 3`. */
export function tapCounts(text) {
  const count = (word) => Number(text.match(new RegExp(`^# ${word} (\\d+)`, "m"))?.[1] ?? 0);
  return {
    passed: count("pass"),
    failed: count("fail") + count("cancelled"),
    skipped: count("skipped") + count("todo"),
  };
}

/** Counts of a stage: its own if any, else one. A bad exit code is at least one failure. */
export function outcome({ code, counts }) {
  const one = { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
  if (!counts || counts.passed + counts.failed + counts.skipped === 0) return one;
  return { ...counts, failed: Math.max(counts.failed, one.failed) };
}

/** Run a stage in this process; returns its counts and, for a skip or a failure, the reason. */
export async function runStage(stage, context) {
  try {
    const answer = await stage.run(context);
    const result = typeof answer === "number" ? { code: answer } : answer;
    return { ...outcome(result), why: result.note ?? "" };
  } catch (error) {
    if (error instanceof Skip && !(stage.needed && context.ci))
      return { passed: 0, failed: 0, skipped: 1, why: error.message };
    if (!(error instanceof Skip || error instanceof SetupError)) console.error(error);
    return { passed: 0, failed: 1, skipped: 0, why: error.message.split("\n")[0] };
  }
}

const word = (row) => (row.failed ? "FAILED" : row.passed ? "passed" : "skipped");

/** Lines of the summary; the last one is plain: `N passed, N failed, N skipped`. */
export function summary(rows) {
  const width = Math.max(...rows.map((row) => row.name.length));
  const lines = rows.map((row) => {
    const counts = `${row.passed} passed${row.failed ? `, ${row.failed} failed` : ""}${row.skipped ? `, ${row.skipped} skipped` : ""}`;
    const detail = row.why || (row.passed + row.failed + row.skipped > 1 ? counts : "");
    return `${word(row).padEnd(8)}${row.name.padEnd(width)} ${row.seconds.toFixed(1).padStart(7)} s${detail ? `   ${detail}` : ""}`;
  });
  const total = (key) => rows.reduce((sum, row) => sum + row[key], 0);
  return [
    ...lines,
    "",
    `${total("passed")} passed, ${total("failed")} failed, ${total("skipped")} skipped`,
  ];
}

/** Output of stages that run side by side: one at a time is shown as it comes, others later. */
export function turns(write = (text) => process.stdout.write(text)) {
  const waiting = []; // the first one is shown
  const show = ([shown]) => {
    if (shown) write(shown.text.splice(0).join(""));
  };
  return (title) => {
    const one = { text: [`\n== ${title}\n`], ended: false };
    waiting.push(one);
    show(waiting);
    const say = (text) => {
      one.text.push(text);
      show(waiting);
    };
    const end = (text) => {
      one.text.push(text);
      one.ended = true;
      show(waiting);
      while (waiting[0]?.ended) {
        waiting.shift();
        show(waiting);
      }
    };
    return { say, end };
  };
}

const MINUTE = 60_000;
const oneStage = new URL("./one-stage.mjs", import.meta.url);

/**
 * Run the stage of a list, by its name there, in a process of its own. One that has not ended after
 * `limit` ms, five times what the longest takes, fails; it has `grace` ms to end what it started.
 */
export const inProcess =
  (list, { program = oneStage, limit = 40 * MINUTE, grace = 10_000 } = {}) =>
  (stage, context, say) =>
    new Promise((resolve) => {
      const child = fork(program, [list, stage.name], { stdio: ["ignore", "pipe", "pipe", "ipc"] });
      let result;
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding("utf8").on("data", (text) => say(text));
      const pass = (signal) => (signal === "SIGINT" && process.stdin.isTTY) || child.kill(signal);
      for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, pass);
      let late = false;
      let kill;
      const timer = setTimeout(() => {
        late = true;
        child.kill("SIGTERM");
        kill = setTimeout(() => {
          child.kill("SIGKILL");
          for (const stream of [child.stdout, child.stderr]) stream.destroy(); // others hold them
        }, grace);
      }, limit);
      child.on("message", (message) => (result = message));
      child.on("close", (code, signal) => {
        for (const each of [timer, kill]) clearTimeout(each);
        for (const signal of ["SIGINT", "SIGTERM"]) process.off(signal, pass);
        const why = late
          ? `stopped: it must end within ${limit / MINUTE} minutes`
          : `ended with ${signal ?? code}`;
        const died = { passed: 0, failed: 1, skipped: 0, why };
        resolve(late ? died : (result ?? died));
      });
      child.send(context);
    });

const memoryOfStage = 3e9; // a chapter, or a browser with its kernel

/** Number of stages to run side by side here. */
const placesHere = () =>
  Math.max(1, Math.min(2, availableParallelism(), Math.floor(totalmem() / memoryOfStage)));

/**
 * Run all stages, `places` at a time and each after those that it names in `after`; print the
 * summary. Returns 1 when anything failed.
 */
export async function runStages(stages, given = {}, { start = runStage, places = 1 } = {}) {
  const context = { ci: Boolean(process.env.CI), ...given };
  const rows = new Map();
  const running = new Map();
  const turn = turns();
  const begin = (stage) => {
    const { say, end } = turn(stage.name);
    const began = Date.now();
    const settled = start(stage, context, say).then((result) => {
      const row = { name: stage.name, ...result, seconds: (Date.now() - began) / 1000 };
      end(`${word(row)} in ${row.seconds.toFixed(1)} s${row.why ? `: ${row.why}` : ""}\n`);
      rows.set(stage.name, row);
      running.delete(stage.name);
    });
    running.set(stage.name, settled);
  };
  const waiting = [...stages];
  while (waiting.length + running.size > 0) {
    const ready = ({ after = [] }) =>
      after.every((name) => rows.has(name) || !stages.some((stage) => stage.name === name));
    for (
      let i = waiting.findIndex(ready);
      i >= 0 && running.size < places;
      i = waiting.findIndex(ready)
    )
      begin(...waiting.splice(i, 1));
    await Promise.race(running.values());
  }
  const inOrder = stages.map(({ name }) => rows.get(name));
  console.log(`\n${summary(inOrder).join("\n")}`);
  return inOrder.some((row) => row.failed > 0) ? 1 : 0;
}

/** Run a list of test/stages.mjs side by side, as many as fit this machine. */
export const runList = (lists, name, given) =>
  runStages(lists[name], given, { start: inProcess(name), places: placesHere() });
