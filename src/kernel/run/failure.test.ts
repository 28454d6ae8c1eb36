import assert from "node:assert/strict";
import test from "node:test";
import { stripVTControlCharacters } from "node:util";
import { runtimeFailure, type Sources } from "./failure";

const sources = {
  get: (name: string) =>
    name === "cell[1]"
      ? {
          lines: ["for await (const step of train()) {}"],
          positions: { locate: (at: object) => at },
        }
      : undefined,
} as unknown as Sources;

test("a long run through installed and linked packages is counted, and the cell's line stands", () => {
  const inside = Array.from({ length: 8 }, (_, i) => [
    `    at terms${i} (/home/a b/src/library/dist/terms.js:${i + 1}:3)`,
    `    at Engine.tidy (/home/a b/node_modules/@x/core/dist/core.js:${i + 1}:3)`,
  ]).flat();
  const stack = ["RangeError: no scalar", ...inside, "    at train.next (<anonymous>)"];
  const error = Object.assign(new RangeError("no scalar"), {
    stack: [...stack, "    at cell[1]:1:26"].join("\n"),
  });
  const shown = runtimeFailure(error, sources).traceback.join("\n");
  assert.equal(shown.match(/at (terms|Engine)/g)!.length, 3);
  assert.match(shown, /… 14 more in packages/);
  assert.match(shown, /at cell\[1\]:1:26/);
  assert.match(shown, /1 \| for await \(const step of train/);
});

test("frames of the reader's own files all stand", () => {
  const own = Array.from({ length: 6 }, (_, i) => `    at f${i} (/home/me/lib/util.ts:${i + 1}:1)`);
  const error = Object.assign(new Error("e"), { stack: ["Error: e", ...own].join("\n") });
  assert.equal(
    runtimeFailure(error, sources)
      .traceback.join("\n")
      .match(/at f\d/g)!.length,
    6,
  );
});

test("of equal frames in a row, as a recursion has them, one stands, and what called it is shown", () => {
  const own = ["f (/me/a.ts:2:3)", ...Array(97).fill("f (/me/a.ts:3:3)"), "g (/me/a.ts:5:1)"];
  const stack = ["RangeError: deep", ...own.map((each) => `    at ${each}`)].join("\n");
  const shown = runtimeFailure(Object.assign(new RangeError("deep"), { stack }), sources).traceback;
  assert.deepEqual(
    shown.slice(1).map((line) => stripVTControlCharacters(line).trim()),
    ["at f (/me/a.ts:2:3)", "at f (/me/a.ts:3:3)", "… the same again", "at g (/me/a.ts:5:1)"],
  );
});
