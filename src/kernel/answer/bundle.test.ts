import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { bundleOf } from "./bundle";

const shown = async (value: unknown): Promise<unknown> => (await bundleOf(value, []))["text/plain"];

test("values of the language are shown as Node's inspection has them", async () => {
  const values = [
    ...[new String("s"), Object(5), Object(true), Object(5n), Object(Symbol("s"))],
    ...["a\nb", -0, 5n, null, /a/g, new Date(0), new Map([[1, { a: new Set("b") }]])],
    ...[Buffer.from("hi"), new Float32Array(2), new ArrayBuffer(1), class K {}, () => 0],
    ...[
      new Error("e"),
      [1, undefined],
      Object.create(null),
      new Proxy({ a: 1 }, {}),
      new WeakMap(),
    ],
  ];
  for (const value of values) assert.equal(await shown(value), inspect(value));
});

test("a value whose class defines its text is shown by it, one that cannot be shown says why", async () => {
  class Described {
    toString(): string {
      return "my own text";
    }
  }
  assert.equal(await shown(new Described()), "my own text");
  assert.equal(await shown(new (class extends Described {})()), "my own text");
  const throwing = {
    [inspect.custom](): never {
      throw new Error("no text");
    },
  };
  assert.equal(await shown(throwing), "(cannot be shown: no text)");
});
