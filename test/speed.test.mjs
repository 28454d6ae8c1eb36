import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
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
    /JAX jit\s1\.02× to\s1\.02×,\seven or behind/,
  );
});
