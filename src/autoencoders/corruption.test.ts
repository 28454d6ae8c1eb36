import assert from "node:assert/strict";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs-node";
import { gaussian, masking, saltAndPepper } from "./corruption";
import { drawsOf } from "./engine";
import { assertClose, assertLeaves, assertRefuses } from "./fixtures/fixtures";

const step = tf.scalar(1, "int32");
const at = () => ({ draw: drawsOf(5, step) });
const x = tf.fill([500, 400], 0.75) as tf.Tensor2D;
const n = x.size;
const share = (values: Float32Array, is: (v: number) => boolean) => values.filter(is).length / n;
const near = (measured: number, p: number) =>
  assert.ok(Math.abs(measured - p) < 4 * Math.sqrt((p * (1 - p)) / n) + 1e-12, `${measured}, ${p}`);

test("gaussian adds noise of mean 0 and standard deviation σ, and clips only when asked to", () => {
  const noise = gaussian(0.5)(x, at()).sub(x).dataSync() as Float32Array;
  const mean = noise.reduce((sum, v) => sum + v, 0) / n;
  const variance = noise.reduce((sum, v) => sum + v * v, 0) / n;
  assert.ok(Math.abs(mean) < 4 * (0.5 / Math.sqrt(n)), `mean ${mean}`);
  assert.ok(Math.abs(variance / 0.25 - 1) < 0.02, `variance ${variance}`);
  assert.ok(share(noise, (v) => v > 0.25) > 0.25);
  const range = (clip: boolean | [number, number]) => {
    const values = gaussian(2, { clip })(x, at()).dataSync() as Float32Array;
    return [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
  };
  assert.deepEqual(range(true), [0, 1]);
  assert.deepEqual(range([-1, 0.5]), [-1, 0.5]);
  assert.ok(range(false)[0] < -5);
  assertClose(gaussian(0)(x, at()), x, 0);
});

test("masking sets a share p of the entries to 0 and leaves the others", () => {
  for (const p of [0, 0.25, 1]) {
    const values = masking(p)(x, at()).dataSync() as Float32Array;
    near(
      share(values, (v) => v === 0),
      p,
    );
    near(
      share(values, (v) => v === 0.75),
      1 - p,
    );
  }
});

test("saltAndPepper sets p/2 to 0, p/2 to 1 and leaves the others", () => {
  for (const p of [0, 0.3, 1]) {
    const values = saltAndPepper(p)(x, at()).dataSync() as Float32Array;
    near(
      share(values, (v) => v === 0),
      p / 2,
    );
    near(
      share(values, (v) => v === 1),
      p / 2,
    );
    near(
      share(values, (v) => v === 0.75),
      1 - p,
    );
  }
});

test("the same step draws the same corruption, another step another one, and only the result is left", () => {
  for (const corrupt of [gaussian(0.1), masking(0.5), saltAndPepper(0.5)]) {
    const first = assertLeaves(1, () => corrupt(x, at()));
    assertClose(corrupt(x, at()), first, 0);
    const next = tf.scalar(2, "int32");
    assert.equal(
      tf
        .equal(corrupt(x, { draw: drawsOf(5, next) }), first)
        .all()
        .dataSync()[0],
      0,
    );
  }
});

test("two draws of one step are independent, and so are those of neighboring seeds", () => {
  const { normal } = drawsOf(5, step);
  const draws = [normal([n]), normal([n]), drawsOf(6, step).normal([n])];
  for (const [i, j] of [
    [0, 1],
    [0, 2],
    [1, 2],
  ]) {
    const correlation = tf.tidy(() => tf.mul(draws[i], draws[j]).mean().dataSync()[0]);
    assert.ok(Math.abs(correlation) < 4 / Math.sqrt(n), `${correlation}`);
  }
});

test("corruptions refuse parameters out of range and a missing draw", () => {
  for (const p of [-0.1, 1.1, Number.NaN]) {
    assertRefuses(() => masking(p), /^p must be a probability from 0 to 1, got/);
    assertRefuses(() => saltAndPepper(p), /^p must be a probability from 0 to 1, got/);
  }
  assertRefuses(() => gaussian(-1), /sigma must be a number of at least 0, got -1/);
  assertRefuses(
    () => gaussian(1, { clip: [1, 0] }),
    /clip\[1\] must be a number of at least clip\[0\] = 1, got 0/,
  );
  assertRefuses(() => gaussian(1, { clip: 3 as never }), /clip must be true, false or \[lo, hi\]/);
  assertRefuses(
    () => gaussian(1)(x, undefined as never),
    /at must be what train gives to the objective/,
  );
});
