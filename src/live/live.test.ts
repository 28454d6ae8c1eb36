import "../engine/compat";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs-node";
import fc from "fast-check";
import { codePlane, type LiveActivation, scrubber } from "./index";
import { pack, quantizationError, readLayers } from "./layers";
import { packHalves, toHalf, unpackHalves } from "./net";
import { browserCode } from "./widget";

/** The very script that goes into the page, run here. */
const inPage = (name: string) => new Function(`${browserCode(name)};return widget`)();

const layer = (d: number, m: number, activation: LiveActivation, seed: number) => ({
  W: tf.randomNormal([d, m], 0, 0.5, "float32", seed),
  b: tf.randomNormal([m], 0, 0.5, "float32", seed + 1),
  activation,
});
const html = (widget: { toBundle(): Record<string, unknown> }) => String(widget.toBundle()["text/html"]);
const reference: Record<LiveActivation, (z: tf.Tensor) => tf.Tensor> = {
  linear: (z) => z,
  relu: tf.relu,
  tanh: tf.tanh,
  sigmoid: tf.sigmoid,
  softplus: tf.softplus,
  elu: tf.elu,
  leakyRelu: (z) => tf.leakyRelu(z, 0.01),
  swish: (z) => tf.mul(z, tf.sigmoid(z)),
};
const words = { caption: "A caption." };

test("a 16-bit float is within 2^-11 of its number, and exact numbers stay", () => {
  fc.assert(
    fc.property(fc.double({ min: -60000, max: 60000, noNaN: true }), (value) => {
      const [back] = unpackHalves(packHalves([value]));
      assert.ok(Math.abs(back - value) <= Math.max(Math.abs(value) * 2 ** -11, 2 ** -25), `${value} became ${back}`);
    }),
  );
  const exact = [0, 1, -1, 0.5, 1024, 65504, 2 ** -24, 2 ** -14, -1.5];
  assert.deepEqual([...unpackHalves(packHalves(exact))], exact);
  assert.deepEqual([toHalf(1e6), toHalf(-1e6), toHalf(65519)], [0x7c00, 0xfc00, 0x7bff]);
});

test("the page's decoder gives TensorFlow's numbers for the same 16-bit weights within 1e-5", () => {
  for (const hidden of Object.keys(reference) as LiveActivation[]) {
    const layers = [layer(2, 64, hidden, 1), layer(64, 784, "sigmoid", 3)];
    const packed = pack(readLayers(layers, "layers"));
    const decode = inPage("code-plane").decoder(packed) as (z: number[]) => Float64Array;
    const z = [0.7, -1.3];
    const expected = tf.tidy(() => {
      let h = tf.tensor2d([z]);
      for (const { d, m, W, b, activation } of packed) {
        const a = tf.add(tf.matMul(h, tf.tensor2d(unpackHalves(W), [d, m])), tf.tensor1d(unpackHalves(b)));
        h = reference[activation](a) as tf.Tensor2D;
      }
      return h.dataSync();
    });
    const worst = decode(z).reduce((most, v, i) => Math.max(most, Math.abs(v - expected[i])), 0);
    assert.ok(worst < 1e-5, `${hidden}: ${worst}`);
  }
});

test("the caption's error is the largest difference that 16 bits make", () => {
  const layers = readLayers([layer(2, 32, "relu", 1), layer(32, 784, "sigmoid", 3)], "layers");
  const error = quantizationError(layers, [[1, 1]]);
  assert.ok(error > 0 && error < 2e-3, String(error));
  const exact = [{ d: 2, m: 1, W: Float32Array.of(0.5, 2), b: Float32Array.of(1), activation: "linear" as const }];
  assert.equal(quantizationError(exact, [[1, 1]]), 0);
});

test("text from data cannot leave the script or the markup", () => {
  const bad = `</script><img src=x onerror=alert(1)>`;
  const plane = codePlane({
    layers: [layer(2, 784, "linear", 1)],
    points: tf.zeros([1, 2]),
    labels: [bad as unknown as number],
    axes: [bad, bad],
    caption: bad,
  });
  const moments = scrubber({
    panels: [{ kind: "curve", title: bad, yTitle: bad }],
    frames: [{ label: bad, values: [[1]] }],
    caption: bad,
  });
  for (const widget of [plane, moments]) {
    const markup = html(widget);
    assert.equal(markup.match(/<\/script>/g)?.length, 1);
    assert.ok(!/<img src=x/.test(markup));
  }
});

test("a live figure shows a picture or a table to readers without scripts", () => {
  const plane = codePlane({
    layers: [layer(2, 784, "linear", 1)],
    points: tf.tensor2d([[0, 0]]),
    labels: [3],
    ...words,
  });
  const still = html(plane).replace(/<script>[\s\S]*<\/script>/, "");
  assert.match(still, /<img alt="[^"]+" style="[^"]+" src="data:image\/png;base64,iVBOR/);
  assert.doesNotMatch(still, / id=/);
});

test("what does not fit is refused with its size", () => {
  const points = tf.zeros([3, 2]);
  const give = (more: object) => () =>
    codePlane({ layers: [layer(2, 784, "linear", 1)], points, labels: [1, 2, 3], ...words, ...more });
  assert.throws(give({ layers: [] }), /at least one layer/);
  assert.throws(
    give({ layers: [layer(2, 5, "relu", 1), layer(4, 784, "relu", 1)] }),
    /layers\[1\]\.W must have 5 rows.*got 4/,
  );
  assert.throws(give({ layers: [layer(3, 784, "relu", 1)] }), /from 2 numbers to 28 × 28 pixels, got 3 to 784/);
  assert.throws(give({ layers: [{ W: tf.fill([2, 784], Number.NaN) }] }), /finite numbers/);
  assert.throws(give({ layers: [layer(2, 784, "gelu" as LiveActivation, 1)] }), /one of linear, relu.*got "gelu"/);
  assert.throws(give({ labels: [1] }), /one entry a point, got 1 for 3/);
  assert.throws(give({ points: tf.zeros([3, 3]) }), /\[n, 2\], got \[3,3\]/);
  assert.throws(give({ caption: "" }), /caption must be a sentence/);
  const panel = { kind: "arrows", title: "span", xTitle: "", yTitle: "" } as const;
  const scrub = (frames: { label: string; values: number[][] }[]) => () =>
    scrubber({ panels: [panel], frames, ...words });
  assert.throws(scrub([]), /at least one recorded moment/);
  assert.throws(scrub([{ label: "1", values: [[1, 2, 3]] }]), /pairs x, y for "span", got 3 values/);
  assert.throws(scrub([{ label: "1", values: [] }]), /1 entries, one a panel, got 0/);
  assert.throws(scrub([{ label: "1", values: [[1, Number.NaN]] }]), /finite numbers/);
});

test("the browser code type-checks with the DOM's types", (t) => {
  const root = path.join(__dirname, "../..");
  const project = path.join(root, "src/live/browser");
  if (!existsSync(project)) return t.skip("sources are not there");
  const tsc = spawnSync(process.execPath, [require.resolve("typescript/bin/tsc"), "-p", project], { encoding: "utf8" });
  assert.equal(tsc.status, 0, tsc.stdout);
});
