import "../engine/compat";
import assert from "node:assert/strict";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs-node";
import fc from "fast-check";
import { unitBrowser } from "./index";
import { packCodes, unitsOf } from "./units";
import { browserCode } from "./widget";

/** Codes whose entries are 0 about half of the time. */
const codesOf = (n: number, m: number) =>
  fc.array(
    fc.array(fc.oneof(fc.constant(0), fc.double({ min: 1e-6, max: 1e4, noNaN: true })), {
      minLength: m,
      maxLength: m,
    }),
    { minLength: n, maxLength: n },
  );
const sets = fc
  .tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 12 }))
  .chain(([n, m]) => codesOf(n, m));
const packed = (rows: number[][], on = 0) => ({
  n: rows.length,
  m: rows[0].length,
  ...packCodes(rows, rows[0].length),
  on,
  seed: 3,
});

test("a packed code is within half a 255th of its unit's peak, and what is on stays on", () => {
  fc.assert(
    fc.property(sets, (rows) => {
      const units = unitsOf(packed(rows));
      rows.forEach((h, i) => {
        const back = units.code(i);
        h.forEach((value, j) => {
          const peak = Math.max(...rows.map((row) => row[j]));
          assert.ok(Math.abs(back[j] - value) <= peak * (1.01 / 255), `${back[j]} for ${value}`);
          assert.equal(back[j] > 0, value > 0);
        });
      });
    }),
  );
});

test("the strongest samples are those of the largest entries, and random ones turn the unit on", () => {
  fc.assert(
    fc.property(sets, fc.nat(5), (rows, turn) => {
      const units = unitsOf(packed(rows));
      for (let j = 0; j < rows[0].length; j++) {
        const found = units.strongest(j, 5).map((i) => rows[i][j]);
        const sorted = rows.map((h) => h[j]).sort((a, b) => b - a);
        const close = (sorted[0] || 1) * (1.01 / 255);
        found.forEach((value, i) => {
          assert.ok(Math.abs(value - sorted[i]) <= 2 * close, `${value} is not ${sorted[i]}`);
        });
        const random = units.random(j, 5, turn);
        assert.ok(random.every((i) => rows[i][j] > 0));
        assert.equal(new Set(random).size, Math.min(5, units.active(j).length));
        const counts = units.histogram(j, 16);
        assert.equal(
          counts.reduce((a, b) => a + b),
          units.active(j).length,
        );
      }
    }),
  );
});

test("every unit, dead ones too, is drawn once before any is drawn again", () => {
  const units = unitsOf(packed([[0, 1, 0, 2, 0, 0, 1]]));
  const drawn = Array.from({ length: 7 }, (_, i) => units.drawn(i));
  assert.deepEqual(
    [...drawn].sort((a, b) => a - b),
    [0, 1, 2, 3, 4, 5, 6],
  );
  assert.equal(units.drawn(7), drawn[0]);
});

test("a unit counts as on above the threshold that is given", () => {
  const rows = [[0.2], [0.6], [1]];
  assert.deepEqual(unitsOf(packed(rows, 0.5)).active(0), [1, 2]);
});

test("the page answers as the library does", () => {
  const rows = [
    [0, 3],
    [2, 1],
    [1, 0],
  ];
  const inPage = new Function(`${browserCode("unit-browser")};return widget`)();
  const units = inPage.unitsOf(packed(rows));
  assert.deepEqual(units.strongest(0, 3), [1, 2, 0]);
  assert.deepEqual(units.active(1), [0, 1]);
});

const fits = {
  decoder: { W: tf.ones([3, 784]), b: tf.zeros([784]) },
  codes: tf.ones([2, 3]),
  samples: tf.zeros([2, 784]),
  caption: "A caption.",
};

test("a browser of units that does not fit is refused with its size", () => {
  const give = (more: object) => () => unitBrowser({ ...fits, ...more });
  assert.doesNotThrow(give({}));
  assert.doesNotThrow(give({ codes: tf.zeros([2, 3]) }), "all dead");
  const nonlinear = { ...fits.decoder, activation: "relu" };
  assert.throws(give({ decoder: nonlinear }), /decoder must be linear.*got "relu"/);
  assert.throws(give({ shape: [5, 5] }), /5 × 5 pixels, got 784/);
  assert.throws(give({ codes: tf.ones([2, 4]) }), /codes must have shape \[n, 3\], got \[2,4\]/);
  assert.throws(give({ samples: tf.zeros([1, 784]) }), /one row a code, got 1 for 2/);
  const none = { codes: tf.zeros([0, 3]), samples: tf.zeros([0, 784]) };
  assert.throws(give(none), /at least one code/);
  assert.throws(give({ codes: tf.fill([2, 3], -1) }), /entries of 0 or more/);
  assert.throws(give({ chosen: 3 }), /unit from 0 to 2, got 3/);
  assert.throws(give({ caption: " " }), /caption must be a sentence/);
});

test("units stand as a picture for readers without scripts", () => {
  const { "text/html": html } = unitBrowser(fits).toBundle();
  assert.match(String(html), /<img alt="A caption\.[^"]*Without scripts/);
});
