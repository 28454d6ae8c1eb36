// Runs stages in order: a failing one does not hide the others, and a table at the end says what ran, what was skipped and why.
import { readFileSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { SetupError } from "../setup/process.mjs";

/** A stage could not run here for a reason that is not its fault; in CI that is a failure where the stage is `needed`. */
export class Skip extends Error {}

/** The counts in a TAP report: `# pass 3`. */
export function tapCounts(text) {
  const count = (word) => Number(text.match(new RegExp(`^# ${word} (\\d+)`, "m"))?.[1] ?? 0);
  return {
    passed: count("pass"),
    failed: count("fail") + count("cancelled"),
    skipped: count("skipped") + count("todo"),
  };
}

/** What a stage came to: its own counts where it has some, else one for the stage. A bad exit code is at least one failure. */
export function outcome({ code, counts }) {
  const one = { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
  if (!counts || counts.passed + counts.failed + counts.skipped === 0) return one;
  return { ...counts, failed: Math.max(counts.failed, one.failed) };
}

async function runStage(stage, context) {
  try {
    const answer = await stage.run(context);
    return { ...outcome(typeof answer === "number" ? { code: answer } : answer), why: "" };
  } catch (error) {
    if (error instanceof Skip && !(stage.needed && context.ci))
      return { passed: 0, failed: 0, skipped: 1, why: error.message };
    if (!(error instanceof Skip || error instanceof SetupError)) console.error(error);
    return { passed: 0, failed: 1, skipped: 0, why: error.message.split("\n")[0] };
  }
}

const word = (row) => (row.failed ? "FAILED" : row.passed ? "passed" : "skipped");

/** The lines of the summary; the last one is plain: `N passed, N failed, N skipped`. */
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

/** Run all stages and print the summary; the exit code is 1 when anything failed. */
export async function runStages(stages, given = {}) {
  const context = { ci: Boolean(process.env.CI), ...given };
  const rows = [];
  for (const stage of stages) {
    console.log(`\n== ${stage.name}`);
    const start = Date.now();
    const row = { name: stage.name, ...(await runStage(stage, context)) };
    row.seconds = (Date.now() - start) / 1000;
    if (row.why) console.log(`${word(row)}: ${row.why}`);
    rows.push(row);
    await sleep(0);
  }
  console.log(`\n${summary(rows).join("\n")}`);
  return rows.some((row) => row.failed > 0) ? 1 : 0;
}

/** Read a TAP report and remove it. */
export function takeTap(path) {
  try {
    return tapCounts(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  } finally {
    rmSync(path, { force: true });
  }
}
