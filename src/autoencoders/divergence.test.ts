import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { kl, klBernoulli, klContinuous, klGaussian } from "./divergence";
import { assertClose, fixture } from "./fixtures/fixtures";

const numbers = fixture("divergence");
const probability = fc.double({ min: 0, max: 1, noNaN: true });
const distribution = fc
  .array(fc.double({ min: 0.001, max: 1, noNaN: true }), { minLength: 5, maxLength: 5 })
  .map((weights) => weights.map((w) => w / weights.reduce((a, b) => a + b, 0)));
const gaussian = fc.record({
  mean: fc.double({ min: -2, max: 2, noNaN: true }),
  sd: fc.double({ min: 0.5, max: 2, noNaN: true }),
});
const density =
  ({ mean, sd }: { mean: number; sd: number }) =>
  (s: number) =>
    Math.exp(-(((s - mean) / sd) ** 2) / 2) / (sd * Math.sqrt(2 * Math.PI));

test("kl and klBernoulli equal SciPy's", () => {
  assertClose(kl(numbers.p, numbers.q), numbers.kl, 1e-13);
  for (const [p, q, expected] of numbers.bernoulli) assertClose(klBernoulli(p, q), expected, 1e-13);
});

test("the series' numbers: KL(.05‖.1) = .0167, KL(.1‖.05) = .0207, and .3 and .7 are the same both ways", () => {
  assert.equal(klBernoulli(0.05, 0.1).toFixed(4), "0.0167");
  assert.equal(klBernoulli(0.1, 0.05).toFixed(4), "0.0207");
  assertClose(klBernoulli(0.3, 0.7), klBernoulli(0.7, 0.3), 1e-14);
});

test("0 ln 0 = 0, and the divergence is ∞ where q is 0 and p is not", () => {
  assert.equal(kl([1, 0], [0.5, 0.5]), Math.LN2);
  assert.equal(kl([0.5, 0.5], [1, 0]), Number.POSITIVE_INFINITY);
  assert.equal(kl([0, 1], [0, 1]), 0);
  assert.equal(klBernoulli(0, 0.5), Math.LN2);
  assert.equal(klBernoulli(0, 0), 0);
  assert.equal(klBernoulli(1, 1), 0);
  assert.equal(klBernoulli(0.5, 0), Number.POSITIVE_INFINITY);
  assert.equal(klBernoulli(0.5, 1), Number.POSITIVE_INFINITY);
});

test("a divergence is at least 0, and 0 of a distribution from itself", () => {
  fc.assert(
    fc.property(
      distribution,
      distribution,
      probability,
      probability,
      gaussian,
      gaussian,
      (p, q, a, b, f, g) => {
        for (const value of [kl(p, q), klBernoulli(a, b), klGaussian(f, g)]) assert.ok(value >= 0);
        assert.equal(kl(p, p), 0);
        assert.equal(klBernoulli(a, a), 0);
        assert.equal(klGaussian(f, f), 0);
      },
    ),
  );
});

test("klBernoulli is kl of two outcomes, and grows with the distance on each side", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.01, max: 0.99, noNaN: true }),
      fc.double({ min: 0.01, max: 0.99, noNaN: true }),
      (p, q) => {
        assertClose(klBernoulli(p, q), kl([p, 1 - p], [q, 1 - q]), 1e-12);
        const further = q + (q > p ? (1 - q) / 2 : -q / 2);
        assert.ok(klBernoulli(p, further) >= klBernoulli(p, q));
      },
    ),
  );
});

test("klGaussian equals the integral, over a finite and an infinite range", () => {
  fc.assert(
    fc.property(gaussian, gaussian, (a, b) => {
      const expected = klGaussian(a, b);
      assertClose(klContinuous(density(a), density(b), [-40, 40]), expected, 1e-9, 1);
      assertClose(
        klContinuous(density(a), density(b), [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]),
        expected,
        1e-9,
        1,
      );
    }),
    { numRuns: 40 },
  );
});

test("klGaussian keeps its digits where the two nearly agree: t²/2 of a shift by t, t² of a spread by 1 + t", () => {
  const standard = { mean: 0, sd: 1 };
  assertClose(klGaussian({ mean: 1e-8, sd: 1 }, standard), 5e-17, 1e-12, 0);
  const sd = 1 + 3e-9;
  assertClose(klGaussian({ mean: 0, sd }, standard), (sd - 1) ** 2, 1e-5, 0);
});

test("klContinuous handles jumps, half-infinite ranges and tails that underflow", () => {
  const uniform = (from: number, to: number) => (s: number) =>
    s >= from && s <= to ? 1 / (to - from) : 0;
  assertClose(klContinuous(uniform(0, 0.7), uniform(0, 1), [-1, 2]), -Math.log(0.7), 1e-9);
  assert.equal(klContinuous(uniform(0, 1), uniform(0, 0.7), [-1, 2]), Number.POSITIVE_INFINITY);
  assert.equal(klContinuous(uniform(0, 1), uniform(0, 0.999), [-1, 2]), Number.POSITIVE_INFINITY);
  const exponential = (rate: number) => (s: number) => rate * Math.exp(-rate * s);
  assertClose(
    klContinuous(exponential(2), exponential(1), [0, Number.POSITIVE_INFINITY]),
    Math.LN2 - 0.5,
    1e-9,
  );
  const [wide, narrow] = [
    { mean: 0, sd: 2 },
    { mean: 0, sd: 0.4 },
  ]; // narrow is 0 in float64 from 15.5 on
  assertClose(
    klContinuous(density(wide), density(narrow), [-100, 100]),
    klGaussian(wide, narrow),
    1e-6,
  );
});

test("distributions that are none are refused", () => {
  assert.throws(() => kl([0.5, 0.4], [0.5, 0.5]), /p must sum to 1, got 0.9; divide it by its sum/);
  assert.throws(() => kl([0.5, 0.5], [0.5, 0.6]), /q must sum to 1, got 1.1/);
  assert.throws(() => kl([0.5, 0.500001], [0.5, 0.5]), /p must sum to 1, got 1.000001/);
  assert.throws(() => kl([0.5, 0.5], [1]), /p and q must have the same length, got 2 and 1/);
  assert.throws(
    () => kl([1.5, -0.5], [0.5, 0.5]),
    /p\[1\] must be a probability of at least 0, got -0.5/,
  );
  assert.throws(() => kl([Number.NaN, 1], [0.5, 0.5]), /p\[0\] must be a probability/);
  assert.throws(() => kl([], []), /p must be an array of probabilities, got none/);
  assert.throws(() => kl(undefined as never, [1]), /p must be an array/);
  assert.throws(() => klBernoulli(-0.1, 0.5), /p must be a probability from 0 to 1, got -0.1/);
  assert.throws(() => klBernoulli(0.5, Number.NaN), /q must be a probability from 0 to 1, got NaN/);
  assert.throws(
    () => klGaussian({ mean: 0, sd: 0 }, { mean: 0, sd: 1 }),
    /a.sd must be a finite number above 0, got 0/,
  );
  assert.throws(
    () => klGaussian({ mean: 0, sd: 1 }, undefined as never),
    /b must be \{ mean, sd \}/,
  );
  const normal = density({ mean: 0, sd: 1 });
  assert.throws(
    () => klContinuous(normal, normal, [0, 3]),
    /p must integrate to 1 over \[0, 3\], got 0.49/,
  );
  assert.throws(
    () => klContinuous((s) => 0.999 * normal(s), normal, [-9, 9]),
    /p must integrate to 1 .*, got 0.99/,
  );
  assert.throws(
    () => klContinuous(normal, (s) => 2 * normal(s), [-9, 9]),
    /q must integrate to 1 at most .* got 2/,
  );
  assert.throws(
    () => klContinuous((s) => -normal(s), normal, [-9, 9]),
    /p\(.*\) must be a density, finite and at least 0/,
  );
  assert.throws(() => klContinuous(normal, normal, [9, -9]), /must have from < to/);
  assert.throws(() => klContinuous(normal, 3 as never, [-9, 9]), /q must be a function/);
});

test("standard deviations whose ratio leaves float64 give a number or infinity, never NaN", () => {
  const narrow = { mean: 0, sd: Number.MIN_VALUE };
  const wide = { mean: 0, sd: 1e308 };
  assert.equal(klGaussian(wide, narrow), Number.POSITIVE_INFINITY);
  assertClose(klGaussian(narrow, wide), Math.log(1e308) - Math.log(Number.MIN_VALUE) - 0.5, 1e-12);
});
