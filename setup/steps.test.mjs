import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { retryOptional, runSteps } from "./steps.mjs";

const home = process.cwd();
const folder = mkdtempSync(join(tmpdir(), "steps é "));
let ran = 0;

/** A step that makes one file; its check reads it. */
const step = (key = "1") => ({
  name: "one file",
  key: () => key,
  made: () => ["made"],
  problem: () =>
    existsSync("made") && readFileSync("made", "utf8") === "good" ? undefined : "it is bad",
  run: () => {
    ran += 1;
    writeFileSync("made", "good");
  },
});

beforeEach((t) => {
  t.mock?.method(process.stdout, "write", () => true);
  const project = mkdtempSync(join(folder, "project "));
  mkdirSync(join(project, ".cache"));
  process.chdir(project);
  ran = 0;
});
after(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true });
});

test("a step runs once, and again only when its inputs change", async () => {
  for (const key of ["1", "1", "2", "2"]) await runSteps([step(key)]);
  assert.equal(ran, 1, "what works for the new inputs is kept");
});

test("a result that is removed, emptied, truncated or overwritten is made again", async () => {
  await runSteps([step()]);
  const damages = [
    () => rmSync("made"),
    () => writeFileSync("made", ""),
    () => writeFileSync("made", "go"),
    () => writeFileSync("made", "evil"),
  ];
  for (const [i, damage] of damages.entries()) {
    await sleep(20); // file systems tell times by ticks of some milliseconds
    damage();
    await runSteps([step()]);
    assert.equal(ran, i + 2);
    assert.equal(readFileSync("made", "utf8"), "good");
  }
});

test("a result that works is kept when only its time changed, or its record is lost", async () => {
  await runSteps([step()]);
  utimesSync("made", new Date(), new Date(0));
  await runSteps([step()]);
  rmSync(".cache/setup", { recursive: true });
  mkdirSync(".cache/setup/one-file.json", { recursive: true }); // and a folder stands in its place
  await runSteps([step()]);
  assert.equal(ran, 1);
});

test("what an optional step could not get is tried again when asked, or when it appears", async () => {
  const run = () => {
    ran += 1;
  };
  const optional = { ...step(), optional: true, problem: undefined, run };
  await runSteps([optional]);
  await runSteps([optional]);
  assert.equal(ran, 1);
  retryOptional([optional]);
  await runSteps([optional]);
  assert.equal(ran, 2);
  writeFileSync("made", "by hand");
  await runSteps([optional]);
  assert.equal(ran, 3, "and is then verified");
});

test("a step whose result does not work is not done, and says why", async () => {
  const lazy = { ...step(), run: () => writeFileSync("made", "bad") };
  for (let i = 0; i < 2; i++)
    await assert.rejects(runSteps([lazy]), /^Error: one file: installed, but it is bad; run the/);
  await runSteps([step()]);
  assert.equal(ran, 1);
});

test("a step that is killed runs again, though its result looks whole", async () => {
  const module = JSON.stringify(new URL("./steps.mjs", import.meta.url).href);
  const script = `import { writeFileSync } from "node:fs"; import { runSteps } from ${module};
    const run = () => { writeFileSync("made", "good"); return new Promise(() => setInterval(() => {}, 1000)); };
    await runSteps([{ name: "one file", key: () => "1", run }]);`;
  const killed = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: "ignore",
  });
  while (!existsSync("made")) await sleep(20);
  killed.kill("SIGKILL");
  await once(killed, "exit");
  await runSteps([step()]);
  assert.equal(ran, 1);
});
