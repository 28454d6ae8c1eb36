import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { withLock } from "./lock.mjs";

function inFolder(body) {
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), "lock é "));
    try {
      await body(join(folder, "setup.lock"));
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
}

const quiet = { say: () => {} };

test(
  "two holders of a lock never overlap",
  inFolder(async (lock) => {
    const events = [];
    const hold = (name) =>
      withLock(
        lock,
        async () => {
          events.push(`${name} in`);
          await sleep(50);
          events.push(`${name} out`);
        },
        quiet,
      );
    await Promise.all([hold("a"), hold("b")]);
    assert.equal(events[0].slice(0, 1), events[1].slice(0, 1));
    assert.equal(events[2].slice(0, 1), events[3].slice(0, 1));
  }),
);

test(
  "the lock of a dead process is taken over",
  inFolder(async (lock) => {
    const dead = spawnSync(process.execPath, ["-e", ""]).pid;
    writeFileSync(lock, String(dead));
    assert.match(
      await withLock(lock, async () => readFileSync(lock, "utf8"), quiet),
      new RegExp(`^${process.pid}\\b`),
    );
  }),
);

test(
  "a lock whose process id now belongs to another program is taken over at once",
  inFolder(async (lock) => {
    writeFileSync(lock, String(process.ppid));
    const said = [];
    const say = (text) => said.push(text);
    assert.equal(await withLock(lock, async () => "mine", { say }), "mine");
    assert.deepEqual(said, []);
  }),
);

test(
  "a lock whose process is stopped stays its own: a closed laptop, Ctrl-Z; the one that waits names it",
  { skip: process.platform !== "linux" && "needs /proc" },
  inFolder(async (lock) => {
    const script = `import { withLock } from ${JSON.stringify(new URL("./lock.mjs", import.meta.url).href)};
      await withLock("setup.lock", () => new Promise((done) => setTimeout(done, 300)));`;
    const first = spawn(process.execPath, ["--input-type=module", "-e", script], {
      cwd: dirname(lock),
    });
    const ended = once(first, "exit");
    while (!existsSync(lock) || readFileSync(lock, "utf8") === "") await sleep(10);
    first.kill("SIGSTOP");
    let taken = false;
    const said = [];
    const second = withLock(lock, async () => (taken = true), { say: (text) => said.push(text) });
    await sleep(800);
    assert.equal(taken, false);
    assert.match(said.join(), new RegExp(`waiting for another set-up \\(process ${first.pid}\\)`));
    first.kill("SIGCONT");
    await Promise.all([ended, second]);
    assert.equal(taken, true);
  }),
);

test(
  "an error inside gives the lock back",
  inFolder(async (lock) => {
    await assert.rejects(
      withLock(lock, async () => Promise.reject(new Error("broke")), quiet),
      /broke/,
    );
    assert.equal(await withLock(lock, async () => "mine", quiet), "mine");
  }),
);

test(
  "the program of a killed set-up is ended before the next one starts",
  { skip: process.platform !== "linux" && "needs /proc" },
  inFolder(async (lock) => {
    const cwd = dirname(lock);
    const at = (name) => JSON.stringify(new URL(name, import.meta.url).href);
    const script = (work) =>
      `import { withLock } from ${at("./lock.mjs")}; import { run } from ${at("./process.mjs")};
      await withLock("setup.lock", async () => { ${work} });`;
    const sleeper = JSON.stringify("setInterval(() => {}, 1000)");
    const first = spawn(
      process.execPath,
      ["--input-type=module", "-e", script(`await run(process.execPath, ["-e", ${sleeper}])`)],
      { cwd, stdio: "ignore" },
    );
    const note = join(cwd, ".cache/setup.child");
    for (let i = 0; i < 100 && !existsSync(note); i++) await sleep(50);
    const child = Number(readFileSync(note, "utf8"));
    first.kill("SIGKILL");
    const second = spawnSync(
      process.execPath,
      ["--input-type=module", "-e", script("console.log('mine')")],
      {
        cwd,
        encoding: "utf8",
      },
    );
    assert.match(second.stdout, /mine\n$/);
    const state = spawnSync("cat", [`/proc/${child}/stat`], { encoding: "utf8" }).stdout;
    assert.match(state, /^$|\) Z/);
  }),
);
