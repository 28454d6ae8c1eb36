import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
    assert.equal(existsSync(lock), false);
  }),
);

test(
  "the lock of a dead process is taken over",
  inFolder(async (lock) => {
    const dead = spawnSync(process.execPath, ["-e", ""]).pid;
    writeFileSync(lock, String(dead));
    assert.equal(await withLock(lock, async () => readFileSync(lock, "utf8"), quiet), String(process.pid));
  }),
);

test(
  "a lock whose process id now belongs to another program is taken over once it goes untouched",
  inFolder(async (lock) => {
    writeFileSync(lock, String(process.ppid));
    const old = new Date(Date.now() - 5_000);
    utimesSync(lock, old, old);
    assert.equal(await withLock(lock, async () => "mine", { ...quiet, staleAfter: 1_000 }), "mine");
  }),
);

test(
  "an error inside gives the lock back",
  inFolder(async (lock) => {
    await assert.rejects(
      withLock(lock, async () => Promise.reject(new Error("broke")), quiet),
      /broke/,
    );
    assert.equal(existsSync(lock), false);
  }),
);
