import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs-node";
import { chapters } from "./chapters";
import { todo } from "./exercise";
import { judge } from "./judge";

for (const exercise of chapters) {
  const { name, answer, mistakes, cases, given } = exercise;

  test(`${name}: the answer is right, and leaves no tensor behind`, () => {
    const count = tf.tidy(() => cases().length);
    const before = tf.memory().numTensors;
    assert.deepEqual(judge(exercise, answer), { is: "right", cases: count });
    assert.equal(tf.memory().numTensors, before);
  });

  for (const [sentence, mistake] of Object.entries(mistakes)) {
    test(`${name}: told of its own mistake and no other: ${sentence}`, () => {
      const verdict = judge(exercise, mistake);
      assert.equal(verdict.is, "not yet");
      assert.equal(verdict.is === "not yet" && verdict.why[0], sentence);
      assert.match(
        (verdict.is === "not yet" && verdict.why[1]) || "",
        /^with .*: yours (gives|throws) /,
      );
    });
  }

  test(`${name}: each of its sentences fits a line, without its period`, () => {
    for (const sentence of [exercise.lesson, ...Object.keys(mistakes)])
      assert.match(sentence, /^.{8,96}(?<![.!])$/);
  });

  test(`${name}: a constant is not taken for a known mistake`, () => {
    const constants = [
      () => 0,
      () => 1,
      () => -1,
      () => tf.scalar(0),
      () => tf.scalar(0.5),
      () => tf.scalar(1),
    ];
    for (const constant of constants) {
      const verdict = judge(exercise, constant);
      assert.match(verdict.is === "not yet" ? verdict.why[0] : "", /^with /, String(constant));
    }
  });

  test(`${name}: unfinished it is to do, and what is no answer is told without a known mistake`, () => {
    const why = (f: () => unknown) => {
      const verdict = judge(exercise, f);
      assert.equal(verdict.is, "not yet");
      return verdict.is === "not yet" ? verdict.why.join("\n") : "";
    };
    assert.deepEqual(
      judge(exercise, () => todo()),
      { is: "to do" },
    );
    const withAll = `^with ${given.map((letter) => `${letter} = .+`).join(", ")}: yours`;
    assert.match(
      why(() => assert.fail("so be it")),
      new RegExp(`${withAll} throws so be it$`),
    );
    assert.match(
      why(() => Promise.reject(new Error("late"))),
      new RegExp(`${withAll} gives a promise; write it without`),
    );
    assert.match(
      why(() => undefined),
      new RegExp(`${withAll} gives undefined, expected an? (number|array|tensor|matrix)`),
    );
    assert.match(
      why(() => tf.ones([2, 3, 4, 5])),
      new RegExp(`${withAll} gives a tensor of shape \\[2, 3, 4, 5\\], expected`),
    );
  });
}

test("every exercise stands in its chapter: once unfinished, once solved, and the two in one order", () => {
  const folder = "notebooks";
  type Cell = { cell_type: string; source: string[]; metadata: { tags?: string[] } };
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".ipynb"))) {
    const { cells } = JSON.parse(readFileSync(`${folder}/${file}`, "utf8")) as { cells: Cell[] };
    const calls = cells.flatMap(({ cell_type, source, metadata }) => {
      const code = source.join("");
      const name =
        cell_type === "code" && code.match(/^check\("([^"]+)", \w+(, \{ solution: true \})?\);$/m);
      if (!name) return [];
      const solved = metadata.tags?.includes("solution") ?? false;
      assert.equal(
        name[2] !== undefined,
        solved,
        `${name[1]}: a solution's check says so, and only that`,
      );
      assert.equal(code.includes("todo();"), !solved, `${name[1]}: unfinished as committed`);
      return [name[1]];
    });
    const expected = chapters
      .filter(({ name }) => file.startsWith(name.slice(0, 2)))
      .flatMap(({ name }) => [name, name]);
    assert.deepEqual(calls, expected, file);
  }
});
