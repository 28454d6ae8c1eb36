import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { exponents } from "../bench/growth/curve.mjs";
import { drawing } from "../bench/growth/drawing.mjs";
import { page } from "../bench/growth/page.mjs";
import { withSentence } from "../bench/train/sentence.mjs";

const read = (path) => readFileSync(path, "utf8");

test("the README's sentence on speed is the one that the benchmark's numbers make", () => {
  const readme = read("README.md");
  assert.equal(withSentence(readme, JSON.parse(read("bench/train.json"))), readme);
});

test("the sentence follows the numbers", () => {
  const result = JSON.parse(read("bench/train.json"));
  for (const task of Object.values(result.table)) task["JAX jit"].oursIsFaster = 1.02;
  assert.match(
    withSentence(read("README.md"), result),
    /JAX jit\s1\.02× to\s1\.02×\s\(less\sthan\s5\s%\sahead\son/,
  );
});

test("the page and the drawing of growth are those that the benchmark's numbers make", () => {
  const result = JSON.parse(read("bench/growth.json"));
  assert.equal(page(result), read("bench/growth.md"));
  assert.equal(drawing(result), read("bench/growth.svg"));
});

test("an exponent is that of the part above the fixed one", () => {
  const points = [1, 2, 4, 8].map((x) => [x, 5 + 3 * x ** 1.5]);
  const { all, end } = exponents({ unit: "MB", fixed: 5, points });
  assert.ok(Math.abs(all - 1.5) < 1e-12 && Math.abs(end - 1.5) < 1e-12);
  assert.ok(exponents({ unit: "ms", points }).end < 1.4);
  assert.deepEqual(
    exponents({
      unit: "s",
      fixed: 5,
      points: [
        [1, 5.1],
        [9, 4.9],
      ],
    }),
    { all: 0, end: 0 },
  );
});

test("the page of growth names a curve that grows faster than its work explains", () => {
  const result = JSON.parse(read("bench/growth.json"));
  const batch = result.curves.training.find(({ by }) => by === "batch");
  assert.doesNotMatch(page(result), /explains: .*against batch/);
  batch.points = batch.points.map(([x]) => [x, x ** 1.5]);
  assert.match(page(result).replaceAll("\n", " "), /explains: .*a step \(ms\) against batch/);
});
