import assert from "node:assert/strict";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs-node";
import { Matrix } from "ml-matrix";
import { printed } from "../fixtures/printed";
import { check } from "./check";
import { exercise, todo } from "./exercise";
import { judge } from "./judge";
import { equal, named, valueIn, written } from "./value";

const { abs, max, sign } = Math;
const name = "07 soft threshold";
const isRight = `✓ right | ${name} | all 9 cases\n  a longer atom lets h be smaller and pay less: the cheat that atoms of norm 1 forbid\n`;
const right = (c: number, lambda: number, a: number) =>
  (sign(c) * max(0, abs(c) - lambda / 2)) / a ** 2;
const wrong = (c: number, lambda: number, a: number) => max(0, c - lambda / 2) / a ** 2;

test("check says what follows from a right function, which known mistake a wrong one is and where, and throws for none", () => {
  assert.equal(
    printed(() => check(name, right)),
    isRight,
  );
  assert.match(
    printed(() => check(name, () => todo())),
    /^○ to do \| 07 soft threshold \| .*todo\(\).*\n$/,
  );
  const lines = printed(() => check(name, wrong)).split("\n");
  assert.equal(lines[0], `✗ not yet | ${name}`);
  assert.match(lines[1], /^ {2}this is one-sided/);
  assert.match(lines[2], /^ {2}with c = -0\.9, λ = 1, a = 1: yours gives 0, expected -0\.4$/);
});

test("of two mistakes at once one is told, as one among others; a constant is none of them", () => {
  const told = (f: typeof right) => printed(() => check(name, f)).split("\n")[1];
  assert.equal(
    told((c, lambda) => max(0, c - lambda)),
    "  among other things, this takes off λ; the derivative of h² is 2h, so half of that is due",
  );
  assert.match(
    told((c, lambda, a) => (abs(c) > lambda / 2 ? abs(c) / a ** 2 : 0)),
    /^ {2}among other things, this keeps what is above the threshold whole/,
  );
  for (const constant of [0, 0.4, 1])
    assert.match(
      told(() => constant),
      /^ {2}with c = /,
    );
});

test("a solution that is not right ends the run", () => {
  assert.equal(
    printed(() => check(name, right, { solution: true })),
    isRight,
  );
  assert.throws(
    () => check(name, wrong, { solution: true }),
    /the solution must be right, got\n✗ not yet \| 07 soft/,
  );
  assert.throws(
    () => check(name, () => todo(), { solution: true }),
    /the solution must be right, got\n○ to do/,
  );
});

test("an unknown exercise is named with its neighbors, and what is no function is refused", () => {
  assert.throws(
    () => check("7 soft treshold", right),
    /^RangeError: name must be that of an exercise, got "7 soft treshold"; the nearest are "07 soft threshold"/,
  );
  assert.throws(
    () => check(undefined as never, right),
    /name must be that of an exercise, got undefined; the nearest/,
  );
  assert.throws(
    () => check(name, 0.4 as never),
    /yours must be a function \(c, λ, a\) => …, got number 0\.4/,
  );
  assert.throws(
    () => todo(),
    /this function must be written before it is called; put its body in place of todo\(\)/,
  );
});

test("a function that was stopped by hand gets no verdict", () => {
  const stopped = () => {
    throw Object.assign(new Error("stopped"), { name: "KeyboardInterrupt" });
  };
  assert.equal(
    printed(() => assert.throws(() => check(name, stopped), /^KeyboardInterrupt: stopped$/)),
    "",
  );
});

const sorted = exercise<(row: number[]) => number[]>({
  name: "sorted",
  given: ["row"],
  cases: () => [[[1, 2]], [[3, 1, 2]]],
  answer: (row) => [...row].sort(),
  lesson: "it is in order",
  mistakes: { "this sorts the other way": (row) => [...row].sort().reverse() },
});
const why = (f: (row: number[]) => unknown, of = sorted) => {
  const verdict = judge(of, f);
  return verdict.is === "not yet" ? verdict.why : verdict.is;
};

test("a function that changes its argument is told so, and cannot spoil the cases of another", () => {
  assert.deepEqual(
    why((row) => row.sort()),
    ["with row = [3, 1, 2]: yours is right, but changes its argument row; let it work on a copy"],
  );
  assert.equal(judge(sorted, sorted.answer).is, "right");
});

test("NaN, a wrong length, a mixed array, a thrown nothing: each is named at the first case where it shows", () => {
  assert.deepEqual(
    why((row) => row.map(() => Number.NaN)),
    ["with row = [1, 2]: yours gives [NaN, NaN], expected [1, 2]"],
  );
  assert.deepEqual(
    why((row) => row.slice(0, 2)),
    ["with row = [3, 1, 2]: yours gives an array of shape [2], expected an array of shape [3]"],
  );
  assert.deepEqual(
    why(() => [1, "2"]),
    [
      "with row = [1, 2]: yours gives an array of number and string, expected an array of shape [2]",
    ],
  );
  assert.deepEqual(
    why(() => {
      throw undefined;
    }),
    ["with row = [1, 2]: yours throws undefined"],
  );
  assert.deepEqual(why((row) => [...row].sort().reverse())[0], "this sorts the other way");
});

test("a mistake whose result is NaN is known as such", () => {
  const logarithm = exercise<(p: number) => number>({
    name: "p log p",
    given: ["p"],
    cases: () => [[0.5], [0]],
    answer: (p) => (p === 0 ? 0 : p * Math.log(p)),
    lesson: "",
    mistakes: { "0 log 0 is 0, here": (p) => p * Math.log(p) },
  });
  const verdict = judge(logarithm, (p: number) => Math.log(p) * p);
  assert.deepEqual(verdict, {
    is: "not yet",
    why: ["0 log 0 is 0, here", "with p = 0: yours gives NaN, expected 0"],
  });
});

test("tensors are compared and told before they are disposed of, and none is left", () => {
  const twice = exercise<(x: tf.Tensor) => tf.Tensor>({
    name: "twice",
    given: ["x"],
    cases: () => [
      [
        tf.tensor2d([
          [1, 2],
          [3, 4],
        ]),
      ],
    ],
    answer: (x) => x.mul(2),
    lesson: "",
    mistakes: {},
  });
  const before = tf.memory().numTensors;
  const told = (f: (x: tf.Tensor) => unknown) => why(f as never, twice as never)[0];
  assert.equal(judge(twice, (x: tf.Tensor) => x.add(x)).is, "right");
  assert.equal(
    told((x) => x),
    "with x = [[1, 2], [3, 4]]: yours gives [[1, 2], [3, 4]], expected [[2, 4], [6, 8]]",
  );
  assert.match(
    told((x) => x.sum()),
    /yours gives a tensor of shape \[\], expected a tensor of shape \[2, 2\]$/,
  );
  assert.match(
    told((x) => x.mul(2).arraySync()),
    /yours gives an array of shape \[2, 2\], expected a tensor of/,
  );
  assert.match(
    told((x) => {
      const y = x.mul(2);
      x.dispose();
      return y;
    }),
    /yours is right, but changes its argument x; let it work on a copy$/,
  );
  assert.match(
    told((x) => x.matMul(tf.ones([3, 3]))),
    /yours throws .*Matrix size-incompatible/,
  );
  assert.equal(tf.memory().numTensors, before);
});

test("values are equal within 1e-5 of 1 + their size, NaN to NaN, and only in one kind and shape", () => {
  assert.ok(equal(valueIn(1), valueIn(1 + 1e-5)));
  assert.ok(!equal(valueIn(1), valueIn(1 + 3e-5)));
  assert.ok(
    equal(
      valueIn([0, Number.NaN, Number.POSITIVE_INFINITY]),
      valueIn([-0, Number.NaN, Number.POSITIVE_INFINITY]),
    ),
  );
  assert.ok(!equal(valueIn(Number.POSITIVE_INFINITY), valueIn(Number.NEGATIVE_INFINITY)));
  assert.ok(!equal(valueIn(1), valueIn(Number.POSITIVE_INFINITY)));
  assert.ok(!equal(valueIn(Number.POSITIVE_INFINITY), valueIn(1)));
  assert.ok(!equal(valueIn(1), valueIn(Number.NaN)));
  assert.ok(!equal(valueIn(Number.NaN), valueIn(1)));
  assert.ok(!equal(valueIn([1]), valueIn([[1]])));
  assert.ok(!equal(valueIn(1), valueIn([1])));
  assert.equal(named(valueIn(new Matrix([[1, 2]]))), "matrix of shape [1, 2]");
  assert.equal(named(valueIn(new Float64Array(3))), "array of shape [3]");
  assert.equal(named(valueIn([])), "array of shape [0]");
  assert.equal(named(valueIn([[1], [1, 2]])), "array of array of shape [1] and array of shape [2]");
  assert.equal(named(valueIn(null)), "null");
  assert.equal(
    tf.tidy(() => named(valueIn(tf.tensor(["a"])))),
    "tensor of string",
  );
  assert.equal(
    written(
      valueIn([
        [1 / 3, -1e-9],
        [2, 1e7],
      ]),
    ),
    "[[0.333333, -1e-9], [2, 10000000]]",
  );
  assert.equal(written(valueIn(Array(17).fill(0))), "array of shape [17]");
});
