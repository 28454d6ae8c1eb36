import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Bound, ClaimError, claim, readable } from "./claim";
import { printed } from "./fixtures/printed";

const cases: [number, Bound, string][] = [
  [0.5, { below: 1 }, "measured 0.5 | below 1 | margin 0.5"],
  [3, { above: 1.25 }, "measured 3 | above 1.25 | margin 1.75"],
  [0.0931, { within: [0.09, 0.1] }, "measured 0.0931 | within [0.09, 0.1] | margin 0.0031"],
  [1, { within: [1, 1] }, "measured 1 | within [1, 1] | margin 0"],
  [2.96e-8, { below: 1e-6 }, "measured 2.96e-8 | below 0.000001 | margin 9.704e-7"],
  [Number.NEGATIVE_INFINITY, { below: 0 }, "measured -∞ | below 0 | margin ∞"],
];
for (const [measured, bound, columns] of cases) {
  test(`a claim that holds prints one line: ${columns}`, () => {
    assert.equal(
      printed(() => claim("the error is small", measured, bound)),
      `claim holds | the error is small | ${columns}\n`,
    );
  });
}

const broken: [number, Bound, string][] = [
  [1, { below: 1 }, "measured 1 | below 1 | margin 0"],
  [1, { above: 1 }, "measured 1 | above 1 | margin 0"],
  [0.2, { within: [0.09, 0.1] }, "measured 0.2 | within [0.09, 0.1] | margin -0.1"],
  [Number.NaN, { below: 1 }, "measured NaN | below 1 | margin NaN"],
  [
    Number.NaN,
    { within: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] },
    "measured NaN | within [-∞, ∞] | margin NaN",
  ],
];
for (const [measured, bound, columns] of broken) {
  test(`a claim that does not hold throws a ClaimError, says what that means and prints nothing: ${columns}`, () => {
    const text = printed(() =>
      assert.throws(
        () => claim("it is so", measured, bound),
        (error: Error) =>
          error instanceof ClaimError &&
          error.name === "ClaimError" &&
          error.message.startsWith(
            `claim does not hold | it is so | ${columns}\nThe bound is the committed chapter's.`,
          ) &&
          !error.stack?.includes("claim.js") &&
          Reflect.get(error, Symbol.for("jupyter.endsItsCellAlone")) === true,
      ),
    );
    assert.equal(text, "");
  });
}

test("a claim holds exactly when its margin is not negative, bounds of below and above excepted", () => {
  const value = fc.double({ min: -10, max: 10, noNaN: true });
  fc.assert(
    fc.property(value, value, value, (measured, a, b) => {
      const holds = (bound: Bound) => {
        try {
          printed(() => claim("x", measured, bound));
          return true;
        } catch {
          return false;
        }
      };
      assert.equal(holds({ below: a }), measured < a);
      assert.equal(holds({ above: a }), measured > a);
      const [lo, hi] = [Math.min(a, b), Math.max(a, b)];
      assert.equal(holds({ within: [lo, hi] }), measured >= lo && measured <= hi);
    }),
  );
});

test("a text keeps to one line and its own column", () => {
  assert.equal(
    printed(() => claim("a | b\n c", 0, { below: 1 })),
    "claim holds | a ∣ b c | measured 0 | below 1 | margin 1\n",
  );
});

test("a malformed claim is refused, not judged", () => {
  assert.throws(() => claim("", 1, { below: 2 }), /text must say what is claimed/);
  assert.throws(
    () => claim("x", "1" as never, { below: 2 }),
    /measured must be a number, got string/,
  );
  assert.throws(() => claim("x", 1, {} as never), /a claim must have one of .* got \{ {2}\}/);
  assert.throws(
    () => claim("x", 1, { below: 2, above: 0 } as never),
    /a claim must have one of .* got \{ below, above \}/,
  );
  assert.throws(() => claim("x", 1, { under: 2 } as never), /a claim must have one of/);
  assert.throws(() => claim("x", 1, { below: Number.NaN }), /below must be a number, got NaN/);
  assert.throws(
    () => claim("x", 1, { within: [2, 1] }),
    /within must be \[lo, hi\] with lo ≤ hi, got \[2, 1\]/,
  );
  assert.throws(() => claim("x", 1, { within: [2] as never }), /within must be \[lo, hi\]/);
  assert.throws(() => claim("x", 1, undefined as never), /a claim must have one of/);
});

test("numbers are readable: 4 significant digits, scientific where they would be long", () => {
  const cases: [number, string][] = [
    [0, "0"],
    [-0, "0"],
    [12, "12"],
    [60000, "60000"],
    [0.123456, "0.1235"],
    [-2.5, "-2.5"],
    [1234.567, "1235"],
    [99999.9, "1e5"],
    [0.00099999, "0.001"],
    [0.00012345, "1.234e-4"],
    [1.5e9, "1.5e9"],
    [3.2e-12, "3.2e-12"],
    [Number.POSITIVE_INFINITY, "∞"],
    [Number.NaN, "NaN"],
  ];
  for (const [value, text] of cases) assert.equal(readable(value), text);
});
