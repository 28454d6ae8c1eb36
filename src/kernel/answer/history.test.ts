import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { onceBelow } from "../test-waits";
import { matches } from "./history";

test("patterns match as the regular expression of the same meaning, in time that a pattern cannot blow up", async () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "*", "?", "."), maxLength: 8 });
  fc.assert(
    fc.property(letters, letters, (pattern, text) => {
      const wild: Record<string, string> = { "*": "[^]*", "?": "[^]", ".": "\\." };
      const meaning = new RegExp(`^${pattern.replace(/[*?.]/g, (each) => wild[each]!)}$`);
      assert.equal(matches(pattern, text), meaning.test(text), `${pattern} on ${text}`);
    }),
  );
  await onceBelow(1000, () => {
    const started = performance.now();
    assert.equal(matches(`${"*a".repeat(100)}b`, "a".repeat(10_000)), false);
    return performance.now() - started;
  });
});
