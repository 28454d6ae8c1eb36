import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { requireCompiled, saveCompiled } from "./compile-cache";

const textOf = (answer: number): string => `
  const path = require("node:path");
  const sums = Array.from({ length: 200 }, (_, i) => new Function("a", "return a + " + i));
  exports.answer = () => ${answer};
  exports.name = path.basename(__filename);
  exports.sum = sums.reduce((sum, each) => each(sum), 0);`;

/** A module in a folder of packages of its own, and the folder that keeps its code. */
function somePackage(answer: number): { file: string; kept: string } {
  const modules = path.join(mkdtempSync(path.join(tmpdir(), "compiled-")), "node_modules");
  mkdirSync(path.join(modules, "some"), { recursive: true });
  const file = path.join(modules, "some/index.js");
  writeFileSync(file, textOf(answer));
  return { file, kept: path.join(modules, ".cache/jupyter-typescript") };
}

/** Loads the module as a new process would, then keeps its code; returns its answer. */
function run(file: string): number {
  delete require.cache[file];
  const { answer, name, sum } = requireCompiled(file) as {
    answer(): number;
    name: string;
    sum: number;
  };
  assert.deepEqual([name, sum], ["index.js", 19900]);
  const found = answer();
  saveCompiled();
  return found;
}

const onlyFile = (folder: string): string => {
  const names = readdirSync(folder);
  assert.equal(names.length, 1, names.join());
  return path.join(folder, names[0]!);
};

test("code is kept once and taken until the text changes", () => {
  const { file, kept } = somePackage(1);
  assert.equal(run(file), 1);
  const before = statSync(onlyFile(kept));
  assert.ok(before.size > 1000);
  assert.equal(run(file), 1);
  assert.equal(statSync(onlyFile(kept)).ino, before.ino);
  writeFileSync(file, `${textOf(2)} // longer`);
  assert.equal(run(file), 2);
  assert.notEqual(statSync(onlyFile(kept)).ino, before.ino);
  assert.equal(run(file), 2);
});

test("a damaged file is written anew, at whatever byte it is damaged or cut", () => {
  const { file, kept } = somePackage(3);
  run(file);
  const code = onlyFile(kept);
  const whole = readFileSync(code);
  const places = Array.from({ length: 40 }, (_, i) => Math.floor((i * whole.length) / 40));
  for (const place of places) {
    const damaged = Buffer.from(whole);
    damaged[place]! ^= 1;
    for (const bytes of [damaged, whole.subarray(0, place)]) {
      writeFileSync(code, bytes);
      assert.equal(run(file), 3);
      assert.notDeepEqual(readFileSync(code), bytes);
    }
  }
});

test("a folder that cannot be written leaves the module as it is", () => {
  const { file, kept } = somePackage(4);
  writeFileSync(path.dirname(kept), "no folder");
  assert.equal(run(file), 4);
  assert.equal(run(file), 4);
  assert.ok(!existsSync(kept));
});
