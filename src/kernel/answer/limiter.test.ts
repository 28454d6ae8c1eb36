import assert from "node:assert/strict";
import { test } from "node:test";
import { Bucket, LIMITS, OutputLimiter } from "./limiter";

test("a bucket gives its burst at once and then what has been refilled", () => {
  let now = 0;
  const bucket = new Bucket(10, 2, () => now);
  assert.equal(bucket.take(10), true);
  assert.equal(bucket.take(1), false);
  now = 500;
  assert.equal(bucket.take(1), true);
  assert.equal(bucket.take(1), false);
});

test("output of a readable size passes whole, without a note", () => {
  const limiter = new OutputLimiter();
  for (let i = 0; i < 1000; i++) assert.equal(limiter.text(`${i}\n`), `${i}\n`);
  assert.equal(limiter.note(), "");
});

/** A limiter of its own time, in which each write takes so long. */
function flooded(writes: number, msEach: number, line: (i: number) => string, kept?: string) {
  let now = 0;
  const limiter = new OutputLimiter(new Set(kept === undefined ? [] : [kept]), () => now);
  let shown = "";
  for (let i = 0; i < writes; i++, now += msEach) shown += limiter.text(line(i));
  return { shown, note: limiter.note(), limiter };
}

test("of too much output the beginning and the end are shown, and each gap is marked with its size", () => {
  const { shown, note, limiter } = flooded(200_000, 0.05, (i) => `line ${i}\n`);
  assert.ok(shown.startsWith("line 0\n"));
  assert.ok(shown.length <= LIMITS.characters.burst + LIMITS.characters.perSecond * 11);
  let next = 0;
  for (const line of shown.trimEnd().split("\n")) {
    const gap = /^… (\d+) lines/.exec(line);
    if (gap) next += Number(gap[1]);
    else assert.equal(line, `line ${next++}`);
  }
  assert.ok(/… \d+ lines/.test(shown), "it resumed");
  assert.equal(Number(/limited: (\d+) lines/.exec(note)?.[1]), 200_000 - next);
  assert.ok(note.endsWith("line 199999\n"));
  assert.equal(limiter.note(), "");
});

test("a line with a registered beginning is shown whatever is left out around it", () => {
  const line = (i: number) => (i % 1000 === 999 ? `before\n* ${i}\nafter\n` : `line ${i}\n`);
  const { shown } = flooded(100_000, 0, line, "* ");
  for (let i = 999; i < 100_000; i += 1000) assert.ok(shown.includes(`\n* ${i}\n`), `${i}`);
});

test("one huge write is cut, and no cut splits a character", () => {
  const limiter = new OutputLimiter();
  assert.equal(limiter.text("x".repeat(5_000_000)).length, LIMITS.characters.burst / 4);
  assert.match(limiter.note(), /4750000 characters/);
  for (const start of ["", "x"]) {
    const emoji = new OutputLimiter();
    assert.doesNotMatch(emoji.text(start + "😀".repeat(1_000_000)), /\p{Surrogate}/u);
    assert.doesNotMatch(emoji.note(), /\p{Surrogate}/u);
  }
});
