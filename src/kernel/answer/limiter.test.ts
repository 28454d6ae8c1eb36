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

test("of too much output the beginning and the end are shown, and what is left out is counted", () => {
  const limiter = new OutputLimiter();
  let shown = "";
  for (let i = 0; i < 200_000; i++) shown += limiter.text(`line ${i}\n`);
  const lines = shown.split("\n").length - 1;
  const note = limiter.note();
  assert.ok(shown.startsWith("line 0\n"));
  assert.ok(shown.length <= LIMITS.characters.burst + LIMITS.characters.perSecond * 10);
  assert.equal(Number(/limited: (\d+) lines/.exec(note)?.[1]), 200_000 - lines);
  assert.ok(note.endsWith("line 199999\n"));
  assert.equal(limiter.note(), "");
});

test("one huge write is cut", () => {
  const limiter = new OutputLimiter();
  assert.equal(limiter.text("x".repeat(5_000_000)).length, LIMITS.characters.burst / 4);
  assert.match(limiter.note(), /4750000 characters/);
});
