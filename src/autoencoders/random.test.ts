import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { assertClose, assertLeaves, assertRefuses } from "./fixtures/fixtures";
import { defaultSeed, random } from "./random";

test("the same seed gives these numbers on every machine", () => {
  const draw = random(1);
  assert.deepEqual(
    [draw.next(), draw.next(), draw.next()],
    [0.4373321962302492, 0.03795790327306736, 0.4519862924249377],
  );
  assertClose(
    [draw.nextNormal(), draw.nextNormal()],
    [-2.504676570841416, 1.5106409611583733],
    1e-14,
    0,
  );
  assert.deepEqual([...draw.permutation(6)], [4, 3, 5, 1, 0, 2]);
  assert.deepEqual([draw.integer(100), draw.integer(100), draw.integer(100)], [64, 69, 51]);
});

test("other seeds, and other streams of one seed, give other numbers", () => {
  const first = new Set<number>();
  for (let seed = 0; seed < 1000; seed++) first.add(random(seed).next());
  for (const stream of ["weights", "gradient check", "a", "b"]) first.add(random(1, stream).next());
  assert.equal(first.size, 1004);
  const mean = [...first].reduce((sum, v) => sum + v, 0) / first.size;
  assert.ok(Math.abs(mean - 0.5) < 0.04, `first numbers of neighboring seeds average ${mean}`);
});

test("uniform and normal tensors have the moments of their distribution", () => {
  const draw = random(7);
  const n = 200_000;
  for (const [tensor, mean, variance] of [
    [draw.uniform([n], -1, 3), 1, 16 / 12],
    [draw.normal([n], 2, 3), 2, 9],
  ] as const) {
    const values = tensor.dataSync() as Float32Array;
    const average = values.reduce((sum, v) => sum + v, 0) / n;
    const spread = values.reduce((sum, v) => sum + (v - average) ** 2, 0) / n;
    assert.ok(Math.abs(average - mean) < 4 * Math.sqrt(variance / n), `mean ${average}`);
    assert.ok(Math.abs(spread / variance - 1) < 0.015, `variance ${spread}`);
  }
});

test("a permutation holds every integer once, and every order is as likely", () => {
  fc.assert(
    fc.property(fc.nat(200), fc.nat(1e6), (n, seed) => {
      assert.deepEqual(
        [...random(seed).permutation(n)].sort((a, b) => a - b),
        Array.from({ length: n }, (_, i) => i),
      );
    }),
    { numRuns: 50 },
  );
  const draw = random(3);
  const counts = new Map<string, number>();
  for (let i = 0; i < 6000; i++) {
    const order = draw.permutation(3).join();
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  assert.equal(counts.size, 6);
  for (const count of counts.values()) assert.ok(Math.abs(count - 1000) < 130, `${count} of 6000`);
});

test("AE_SEED is the seed where none is given, 1 without it, and must be a whole number", () => {
  const kept = process.env.AE_SEED;
  try {
    delete process.env.AE_SEED;
    assert.equal(defaultSeed(), 1);
    assert.equal(random().next(), random(1).next());
    process.env.AE_SEED = "42";
    assert.equal(defaultSeed(), 42);
    assert.equal(random().next(), random(42).next());
    for (const wrong of ["abc", "1.5", "-1", "4294967296"]) {
      process.env.AE_SEED = wrong;
      assert.throws(() => defaultSeed(), /AE_SEED .* must be an integer from 0 to 4294967295/);
    }
  } finally {
    if (kept === undefined) delete process.env.AE_SEED;
    else process.env.AE_SEED = kept;
  }
});

test("random refuses seeds, shapes and ranges that are none, and leaks nothing", () => {
  assertRefuses(() => random(-1), /seed must be an integer from 0 to 4294967295, got -1/);
  assertRefuses(() => random(0.5), /seed must be an integer/);
  assertRefuses(() => random("1" as never), /seed must be an integer .* got "1"/);
  assertRefuses(
    () => random(1).uniform([-1]),
    /every size of a shape must be an integer of at least 0, got -1/,
  );
  assertRefuses(
    () => random(1).uniform([2], 1, 0),
    /high must be a number of at least low = 1 that float32 holds, got 0/,
  );
  assertRefuses(() => random(1).normal([2], 0, -1), /sd must be a number from 0 to 1e37, got -1/);
  assertRefuses(() => random(1).integer(0), /below must be an integer from 1/);
  assertLeaves(1, () => random(1).normal([3, 4]));
});
