import "../engine/compat";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs-node";
import fc from "fast-check";
import { affine, klBernoulli, klGaussian, marginLosses, squaredError, topK } from "../index";
import { packGray } from "./image-rows";
import {
  drawDigit,
  type FormulaName,
  type LiveActivation,
  latentEditor,
  latentPlane,
  scoreField,
  scrubber,
  sliders,
  sortableTable,
} from "./index";
import { pack, quantizationError, readLayers } from "./layers";
import { packHalves, toHalf, unpack, unpackHalves } from "./net";
import { browserCode } from "./widget";

/** The very script that goes into the page, run here. */
const inPage = (name: string) => new Function(`${browserCode(name)};return widget`)();

const layer = (d: number, m: number, activation: LiveActivation, seed: number) => ({
  W: tf.randomNormal([d, m], 0, 0.5, "float32", seed),
  b: tf.randomNormal([m], 0, 0.5, "float32", seed + 1),
  activation,
});
const html = (widget: { toBundle(): Record<string, unknown> }) =>
  String(widget.toBundle()["text/html"]);
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
      assert.ok(
        Math.abs(back - value) <= Math.max(Math.abs(value) * 2 ** -11, 2 ** -25),
        `${value} became ${back}`,
      );
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
    const decode = inPage("latent-plane").decoder(packed) as (z: number[]) => Float64Array;
    const z = [0.7, -1.3];
    const expected = tf.tidy(() => {
      let h = tf.tensor2d([z]);
      for (const { d, m, W, b, activation } of packed) {
        const a = tf.add(
          tf.matMul(h, tf.tensor2d(unpackHalves(W), [d, m])),
          tf.tensor1d(unpackHalves(b)),
        );
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
  const exact = [
    {
      d: 2,
      m: 1,
      W: Float32Array.of(0.5, 2),
      b: Float32Array.of(1),
      activation: "linear" as const,
    },
  ];
  assert.equal(quantizationError(exact, [[1, 1]]), 0);
});

test("text from data cannot leave the script or the markup", () => {
  const bad = `</script><img src=x onerror=alert(1)>`;
  const plane = latentPlane({
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

test("a plane in 8 bits is half as long, and its caption says what that changes", () => {
  const plane = (bits: 8 | 16) =>
    html(
      latentPlane({
        layers: [layer(2, 64, "relu", 1), layer(64, 784, "sigmoid", 3)],
        points: tf.tensor2d([[1, 1]]),
        labels: [3],
        bits,
        ...words,
      }),
    );
  const data = (markup: string) => markup.slice(markup.indexOf(";widget.mount(h,")).length;
  assert.ok(data(plane(8)) < 0.55 * data(plane(16)));
  assert.match(
    plane(8),
    /Weights of 8 bits: at 50 of the codes no pixel differs by more than 0\.0/,
  );
  assert.match(plane(16), /Weights of 16 bits: /);
});

test("a live figure shows a picture or a table to readers without scripts", () => {
  const plane = latentPlane({
    layers: [layer(2, 784, "linear", 1)],
    points: tf.tensor2d([[0, 0]]),
    labels: [3],
    ...words,
  });
  const still = html(plane).replace(/<script>[\s\S]*<\/script>/, "");
  assert.match(still, /<img alt="[^"]+" style="[^"]+" src="data:image\/png;base64,iVBOR/);
  assert.doesNotMatch(still, / id=/);
});

test("a dropped point takes a tenth of the way to r(x) = x + σ g(x), and Langevin's noise is √⅕ σ", () => {
  const net = [layer(2, 20, "tanh", 1), layer(20, 2, "linear", 3)];
  const packed = pack(readLayers(net, "layers"));
  const step = inPage("score-field").stepper(packed, 0.3) as (
    x: number[],
    noise?: number[],
  ) => number[];
  const x = [0.4, -0.2];
  const r = tf.tidy(() => {
    const [first, second] = unpack(packed);
    const h = tf.tanh(
      affine(tf.tensor2d([x]), tf.tensor2d(first.W, [2, 20]), tf.tensor1d(first.b)),
    );
    return affine(h, tf.tensor2d(second.W, [20, 2]), tf.tensor1d(second.b))
      .mul(0.3)
      .add(tf.tensor2d([x]))
      .dataSync();
  });
  step(x).forEach((value, i) => {
    assert.ok(Math.abs(value - (x[i] + 0.1 * (r[i] - x[i]))) < 1e-6);
  });
  step(x, [1, -2]).forEach((value, i) => {
    assert.ok(Math.abs(value - step(x)[i] - 0.3 * Math.sqrt(0.2) * [1, -2][i]) < 1e-12);
  });
});

test("a field to climb in refuses a net that is no field, a σ that is no strength, and an empty set", () => {
  const give = (more: object) => () =>
    scoreField({
      layers: [layer(2, 2, "linear", 1)],
      sigma: 0.2,
      points: tf.zeros([3, 2]),
      ...words,
      ...more,
    });
  assert.doesNotThrow(give({}));
  assert.throws(give({ layers: [layer(2, 3, "linear", 1)] }), /from 2 numbers to 2, got 2 to 3/);
  assert.throws(give({ sigma: 0 }), /sigma must be a number above 0, got 0/);
  assert.throws(give({ points: tf.zeros([0, 2]) }), /at least one point/);
});

test("what does not fit is refused with its size", () => {
  const points = tf.zeros([3, 2]);
  const give = (more: object) => () =>
    latentPlane({
      layers: [layer(2, 784, "linear", 1)],
      points,
      labels: [1, 2, 3],
      ...words,
      ...more,
    });
  assert.throws(give({ layers: [] }), /at least one layer/);
  assert.throws(
    give({ layers: [layer(2, 5, "relu", 1), layer(4, 784, "relu", 1)] }),
    /layers\[1\]\.W must have 5 rows.*got 4/,
  );
  assert.throws(
    give({ layers: [layer(3, 784, "relu", 1)] }),
    /from 2 numbers to 28 × 28 pixels, got 3 to 784/,
  );
  assert.throws(give({ layers: [{ W: tf.fill([2, 784], Number.NaN) }] }), /finite numbers/);
  assert.throws(
    give({ layers: [layer(2, 784, "gelu" as LiveActivation, 1)] }),
    /one of linear, relu.*got "gelu"/,
  );
  assert.throws(give({ labels: [1] }), /one entry a point, got 1 for 3/);
  assert.throws(give({ points: tf.zeros([3, 3]) }), /\[n, 2\], got \[3,3\]/);
  assert.throws(give({ caption: "" }), /caption must be a sentence/);
  const panel = { kind: "arrows", title: "span", xTitle: "", yTitle: "" } as const;
  const scrub = (frames: { label: string; values: number[][] }[]) => () =>
    scrubber({ panels: [panel], frames, ...words });
  assert.throws(scrub([]), /at least one recorded moment/);
  assert.throws(
    scrub([{ label: "1", values: [[1, 2, 3]] }]),
    /pairs x, y for "span", got 3 values/,
  );
  const dots = {
    kind: "points",
    title: "walk",
    xTitle: "",
    yTitle: "",
    range: [0, 1] as [number, number],
  } as const;
  const walk = () =>
    scrubber({ panels: [dots], frames: [{ label: "1", values: [[1]] }], ...words });
  assert.throws(walk, /pairs x, y for "walk", got 1 values/);
  assert.throws(scrub([{ label: "1", values: [] }]), /1 entries, one a panel, got 0/);
  assert.throws(scrub([{ label: "1", values: [[1, Number.NaN]] }]), /finite numbers/);
});

test("the browser code type-checks with the DOM's types", (t) => {
  const project = path.join(__dirname, "../../live/browser");
  if (!existsSync(project)) return t.skip("sources are not there");
  const tsc = spawnSync(process.execPath, [require.resolve("typescript/bin/tsc"), "-p", project], {
    encoding: "utf8",
  });
  assert.equal(tsc.status, 0, tsc.stdout);
});

test("every formula of the page gives the library's numbers", () => {
  const { answer } = inPage("sliders") as {
    answer: (
      f: FormulaName,
      v: number[],
      c: object,
    ) => { readouts: [string, number][]; values: number[][] };
  };
  const close = (a: number, b: number, within = 1e-12) =>
    assert.ok(Math.abs(a - b) <= within, `${a} is not ${b}`);
  fc.assert(
    fc.property(fc.double({ min: -3, max: 3, noNaN: true }), (m) => {
      const said = answer("sixLosses", [m], {});
      const names = ["zeroOne", "absolute", "squared", "log", "exponential", "hinge"] as const;
      names.forEach((name, i) => {
        close(said.readouts[i][1], marginLosses[name].value(m));
        close(said.values[1][i], marginLosses[name].derivative(m));
      });
    }),
  );
  const chance = fc.double({ min: 0.01, max: 0.99, noNaN: true });
  fc.assert(
    fc.property(chance, chance, (p, q) => {
      const { readouts, values } = answer("bernoulliDivergence", [p, q], {});
      close(readouts[0][1], klBernoulli(p, q));
      close(readouts[1][1], klBernoulli(q, p));
      const [, terms] = values;
      close(terms[0] + terms[1], klBernoulli(p, q));
      close(terms[2] + terms[3], klBernoulli(q, p));
    }),
  );
  const gaussians = answer("gaussianDivergence", [0.5, 1, -1, 2], {});
  close(gaussians.readouts[0][1], klGaussian({ mean: 0.5, sd: 1 }, { mean: -1, sd: 2 }));
  close(gaussians.readouts[1][1], klGaussian({ mean: -1, sd: 2 }, { mean: 0.5, sd: 1 }));
  const [, integrand] = gaussians.values;
  const area = integrand.slice(0, 161).reduce((sum, v) => sum + 0.1 * v, 0);
  close(area, klGaussian({ mean: 0.5, sd: 1 }, { mean: -1, sd: 2 }), 1e-6);

  const weights = [0.1, 0.4, -0.3, 0.2, 0.1, -0.1, 0.5, -0.6, 0.3, 0.7, -0.2, 0.1];
  const parts = { W: [0, 4], b: [4, 6], V: [6, 10], c: [10, 12] };
  const v = Object.fromEntries(
    Object.entries(parts).map(([name, [from, to]]) => {
      const values = weights.slice(from, to);
      return [
        name,
        tf.variable(to - from === 4 ? tf.tensor2d(values, [2, 2]) : tf.tensor1d(values)),
      ];
    }),
  );
  const x = tf.tensor2d([[0.9, 0.2]]);
  const { value, grads } = tf.variableGrads(() => {
    const h = tf.sigmoid(affine(x, v.W, v.b));
    return squaredError(x, tf.sigmoid(affine(h, v.V, v.c)));
  }, Object.values(v));
  const tiny = answer("tinyAutoencoder", weights, { x: [0.9, 0.2] });
  close(tiny.readouts[0][1], value.dataSync()[0], 1e-6);
  const gradient = Object.values(v).flatMap((variable) => [...grads[variable.name].dataSync()]);
  gradient.forEach((g, i) => {
    close(tiny.values[0][i], g, 1e-6);
  });
});

test("sliders that do not fit their formula are refused", () => {
  const slider = { name: "m", from: -2, to: 2, at: 0 };
  const give = (formula: string, list: object[]) => () =>
    sliders({ formula: formula as FormulaName, sliders: list as (typeof slider)[], ...words });
  assert.throws(give("sevenLosses", [slider]), /one of tinyAutoencoder.*got "sevenLosses"/);
  assert.throws(give("sixLosses", [slider, slider]), /must be 1 for sixLosses, got 2/);
  assert.throws(give("sixLosses", [{ ...slider, at: 5 }]), /start between its ends, got 5/);
});

test("a drawing is reconstructed in the page as by TensorFlow with the same packed weights, 8 bits or 16", () => {
  const net = [layer(784, 30, "relu", 5), layer(30, 784, "sigmoid", 7)];
  for (const bits of [8, 16] as const) {
    const packed = pack(readLayers(net, "layers"), bits);
    const [first, second] = unpack(packed);
    const x = tf.randomUniform([1, 784], 0, 1, "float32", 9);
    const expected = tf.tidy(() => {
      const h = tf.relu(affine(x, tf.tensor2d(first.W, [784, 30]), tf.tensor1d(first.b)));
      return tf
        .sigmoid(affine(h, tf.tensor2d(second.W, [30, 784]), tf.tensor1d(second.b)))
        .dataSync();
    });
    const got = inPage("draw-digit").reconstructor(packed)(x.dataSync()) as Float64Array;
    got.forEach((value, i) => {
      assert.ok(Math.abs(value - expected[i]) < 1e-4, `${value} is not ${expected[i]}`);
    });
    first.W.forEach((w, i) => {
      assert.ok(Math.abs(w - net[0].W.dataSync()[i]) < (bits === 8 ? 0.02 : 2e-3));
    });
  }
});

test("noise in the page is what its name says, and the same for the same seed", () => {
  const { dirty } = inPage("draw-digit") as {
    dirty: (x: number[], kind: string, strength: number, seed: number) => Float64Array;
  };
  const x = Array.from({ length: 20_000 }, () => 0.5);
  const mean = (values: ArrayLike<number>) =>
    Array.from(values).reduce((a, b) => a + b, 0) / values.length;
  const noisy = dirty(x, "gaussian", 0.3, 1);
  assert.deepEqual(dirty(x, "gaussian", 0.3, 1), noisy);
  assert.notDeepEqual(dirty(x, "gaussian", 0.3, 2), noisy);
  assert.ok(Math.abs(mean(noisy) - 0.5) < 0.01);
  assert.ok(Math.abs(Math.sqrt(mean(noisy.map((v) => (v - 0.5) ** 2))) - 0.3) < 0.01);
  assert.ok(Math.abs(mean(dirty(x, "masking", 0.2, 1).map((v) => Number(v === 0))) - 0.2) < 0.01);
  const peppered = dirty(x, "saltAndPepper", 0.2, 1);
  for (const end of [0, 1])
    assert.ok(Math.abs(mean(peppered.map((v) => Number(v === end))) - 0.1) < 0.01);
});

test("an image whose values leave [0, 1] is cut to black and white", () => {
  assert.deepEqual(
    [...Buffer.from(packGray([-0.5, 0, 0.5, 1, 1.7]), "base64")],
    [0, 0, 128, 255, 255],
  );
});

test("a canvas to draw on refuses models and samples that do not fit", () => {
  const net = [layer(784, 784, "linear", 1)];
  const give = (more: object) => () =>
    drawDigit({ models: { net }, samples: tf.zeros([2, 784]), ...words, ...more });
  assert.doesNotThrow(give({}));
  assert.throws(give({ models: {} }), /at least one model/);
  assert.throws(
    give({ models: { small: [layer(784, 5, "relu", 1)] } }),
    /"small".*784 pixels to 784, got 784 to 5/,
  );
  assert.throws(give({ samples: tf.zeros([2, 100]) }), /\[n, 784\], got \[2,100\]/);
});

const strip =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==";

test("a column orders its rows by text, number or mean, with nothing last either way", () => {
  const { order } = inPage("sortable-table") as {
    order: (rows: unknown[][], column: number, to: string) => number[];
  };
  const rows = [
    ["b", 2, [5, 1]],
    ["a", null, [1, 9]],
    ["c", -1, null],
  ];
  assert.deepEqual(order(rows, 0, "ascending"), [1, 0, 2]);
  assert.deepEqual(order(rows, 1, "ascending"), [2, 0, 1]);
  assert.deepEqual(order(rows, 1, "descending"), [0, 2, 1]);
  assert.deepEqual(order(rows, 2, "descending"), [0, 1, 2]);
});

test("a table that can be sorted stands as a table without scripts, and refuses what does not fit", () => {
  const columns = [{ name: "model" }, { name: "error", decimals: 3 }];
  const good = {
    cells: ["<plain>", [0.0123, 0.001]],
    pictures: [{ label: "seed 1", png: strip }],
  } as const;
  const still = html(sortableTable({ columns, rows: [good], ...words })).replace(
    /<script>[\s\S]*<\/script>/,
    "",
  );
  assert.match(still, /<td>&#60;plain&#62;<\/td><td>0\.012 ± 0\.001<\/td>/);
  const give = (row: object) => () =>
    sortableTable({ columns, rows: [{ ...good, ...row }], ...words });
  assert.throws(
    give({ cells: ["plain"] }),
    /rows\[0\]\.cells must have 2 entries, one a column, got 1/,
  );
  assert.throws(give({ cells: ["plain", Number.NaN] }), /rows\[0\]\.cells\[1\] must be finite/);
  assert.throws(give({ pictures: [{ label: "x", png: "PHN2Zz4=" }] }), /must be a PNG in base 64/);
  assert.throws(
    () => sortableTable({ columns, rows: [], ...words }),
    /must not be empty, got 0 and 2/,
  );
});

test("a grid of two sliders shows the frame of their stops, the last axis fastest", () => {
  const axes = [
    { name: "ρ", stops: [0.05, 0.2] },
    { name: "β", stops: [0, 1, 10] },
  ];
  const { frameAt } = inPage("scrubber") as {
    frameAt: (a: typeof axes, stops: number[]) => number;
  };
  const order = axes[0].stops.flatMap((_, i) => axes[1].stops.map((_, j) => frameAt(axes, [i, j])));
  assert.deepEqual(order, [0, 1, 2, 3, 4, 5]);
  const panel = { kind: "bars", title: "h", yTitle: "h" } as const;
  const frames = order.map((i) => ({ label: `${i}`, values: [[i]] }));
  assert.match(
    html(scrubber({ panels: [panel], frames, along: axes, ...words })),
    /"axes":\[\{"name":"ρ"/,
  );
  const five = frames.slice(1);
  assert.throws(
    () => scrubber({ panels: [panel], frames: five, along: axes, ...words }),
    /each of the 6 combinations.*got 5/,
  );
  const curve = { kind: "curve", title: "error", yTitle: "error" } as const;
  assert.throws(
    () => scrubber({ panels: [curve], frames, along: axes, ...words }),
    /panel "error" must not be a curve.*lines with a mark/,
  );
});

test("a scrubber opens where it is told, else at the end of a training or in the middle", () => {
  const panel = { kind: "bars", title: "h", yTitle: "h" } as const;
  const frames = ["0", "0.1", "0.2", "0.5", "1"].map((label) => ({ label, values: [[1]] }));
  const startOf = (more: object) =>
    /"start":(\d+)/.exec(html(scrubber({ panels: [panel], frames, ...words, ...more })))?.[1];
  assert.equal(startOf({}), "4");
  assert.equal(startOf({ along: "epochs" }), "4");
  assert.equal(startOf({ along: "λ =" }), "2");
  assert.equal(startOf({ along: "λ", start: 1 }), "1");
  assert.equal(startOf({ along: [{ name: "ρ", stops: [1, 2, 3, 4, 5] }] }), "2");
  for (const start of [5, -1, 0.5]) assert.throws(() => startOf({ start }), /start must be/);
});

test("frames stand at the number of their label, linear or logarithmic; words stand evenly", () => {
  const { placesOf } = inPage("scrubber") as {
    placesOf: (labels: string[]) => { at: number[]; ticks: { at: number; text: string }[] };
  };
  const rounded = (labels: string[]) => placesOf(labels).at.map((v) => Number(v.toFixed(3)));
  assert.deepEqual(rounded(["0", "0.1", "0.2", "0.5", "1"]), [0, 0.1, 0.2, 0.5, 1]);
  assert.deepEqual(rounded(["λ = 0.5", "λ = 1.5"]), [0, 1]);
  assert.deepEqual(rounded(["1", "10", "100", "1,000"]), [0, 0.333, 0.667, 1]);
  for (const words of [
    ["a", "b", "c"],
    ["3", "1", "2"],
    ["0", "0.0001", "1"],
    ["1", "b", "3"],
  ])
    assert.deepEqual(rounded(words), [0, 0.5, 1], String(words));
  assert.deepEqual(rounded(["5"]), [0]);
  assert.deepEqual(
    placesOf(["0", "0.0001", "1"]).ticks.map(({ text }) => text),
    ["0", "0.0001", "1"],
  );
  fc.assert(
    fc.property(
      fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }), {
        minLength: 2,
        maxLength: 40,
      }),
      (values) => {
        const labels = values.map((value) => String(value));
        const { at, ticks } = placesOf(labels);
        assert.equal(at.length, labels.length);
        assert.ok([...at, ...ticks.map((tick) => tick.at)].every((v) => v > -1e-6 && v < 1 + 1e-6));
        assert.ok(
          at.every((v, i) => i === 0 || v > at[i - 1]),
          "no two frames in one place",
        );
        assert.ok(ticks.length >= 2 && ticks.length <= 45, `${ticks.length} ticks`);
      },
    ),
  );
});

test("a logarithmic axis names from two to eight numbers, however many decades it spans", () => {
  const { drawerOf } = inPage("scrubber");
  const panel = { kind: "bars", title: "", yTitle: "", log: true, labels: [""] };
  const size = fc.double({ min: -9, max: 9, noNaN: true });
  fc.assert(
    fc.property(size, size, (a, b) => {
      const place = { innerHTML: "" };
      drawerOf(panel, place, [[10 ** a, 10 ** b]], [""], "")(0);
      const names = place.innerHTML.match(/text-anchor="end"/g) ?? [];
      assert.ok(names.length >= 2 && names.length <= 8, `${names.length} from 1e${a} to 1e${b}`);
    }),
  );
});

test("ticks of small numbers are told apart", () => {
  const { placesOf } = inPage("scrubber") as {
    placesOf: (labels: string[]) => { ticks: { text: string }[] };
  };
  const texts = (labels: string[]) => placesOf(labels).ticks.map(({ text }) => text);
  assert.deepEqual(texts(["0.0001", "0.001", "0.01"]), ["0.0001", "0.001", "0.01"]);
  assert.deepEqual(texts(["0.0001", "0.0002", "0.0003"]), [
    "0.0001",
    "0.00015",
    "0.0002",
    "0.00025",
    "0.0003",
  ]);
});

test("bars, curves and arrows of a long run are drawn, however many values they hold", () => {
  const { drawerOf } = inPage("scrubber");
  const values = Array.from({ length: 200 }, (_, i) =>
    Array.from({ length: 1000 }, (_, j) => (i * j) / 1e5 - 1),
  );
  for (const panel of [
    { kind: "bars", title: "", yTitle: "" },
    { kind: "lines", title: "", xTitle: "", yTitle: "", x: values[1], names: ["a"] },
    { kind: "arrows", title: "", xTitle: "", yTitle: "" },
  ]) {
    const place = { innerHTML: "" };
    drawerOf(panel, place, values, [], "")(199);
    assert.match(place.innerHTML, />-?−?1<\/text>/, panel.kind);
  }
});

test("an edited code is decoded in the page as by TensorFlow with the same packed weights, 8 bits or 16", () => {
  const net = [layer(12, 784, "linear", 11)];
  for (const bits of [8, 16] as const) {
    const packed = pack(readLayers(net, "layers"), bits);
    const [{ W, b }] = unpack(packed);
    const decode = inPage("latent-editor").decoder(packed) as (
      code: [number, number][],
    ) => Float64Array;
    const expected = tf
      .tidy(() =>
        affine(
          tf.tensor2d([[0, 0, 1.5, 0, 0, 0, 0, -0.25, 0, 0, 0, 0]]),
          tf.tensor2d(W, [12, 784]),
          tf.tensor1d(b),
        ),
      )
      .dataSync();
    const got = decode([
      [2, 1.5],
      [7, -0.25],
    ]);
    got.forEach((value, i) => {
      assert.ok(Math.abs(value - expected[i]) < 1e-5, `${value} is not ${expected[i]}`);
    });
    assert.deepEqual([...decode([])], [...b]);
  }
});

test("a drawn digit is coded in the page by the k largest units above zero, as by TensorFlow", () => {
  const layers = pack(readLayers([layer(784, 12, "relu", 13)], "encoder"));
  const [{ W, b }] = unpack(layers);
  const x = tf.randomUniform([1, 784], 0, 1, "float32", 17);
  const z = affine(x, tf.tensor2d(W, [784, 12]), tf.tensor1d(b));
  for (const k of [1, 4, 12]) {
    const expected = topK(tf.relu(z), k).dataSync();
    const code = inPage("latent-editor").encoder({ layers, k })(x.dataSync()) as [number, number][];
    assert.equal(code.length, expected.filter((value) => value > 0).length);
    for (const [unit, value] of code)
      assert.ok(Math.abs(value - expected[unit]) < 1e-3, `${value} is not ${expected[unit]}`);
  }
});

test("a code editor that does not fit is refused with its size", () => {
  const decoder = layer(3, 784, "linear", 1);
  const fits = {
    decoder,
    codes: tf.ones([2, 3]),
    samples: tf.zeros([2, 784]),
    strengths: [1, 1, 1],
    ...words,
  };
  const give = (more: object) => () => latentEditor({ ...fits, ...more });
  assert.doesNotThrow(give({}));
  assert.throws(give({ decoder: layer(3, 784, "relu", 1) }), /decoder must be linear.*got "relu"/);
  assert.throws(give({ decoder: layer(3, 10, "linear", 1) }), /28 × 28 pixels, got 10/);
  assert.throws(give({ codes: tf.ones([2, 4]) }), /codes must have shape \[n, 3\], got \[2,4\]/);
  assert.throws(
    give({ codes: tf.zeros([0, 3]), samples: tf.zeros([0, 784]) }),
    /at least one code/,
  );
  assert.throws(give({ samples: tf.zeros([1, 784]) }), /one row a code, got 1 for 2/);
  assert.throws(give({ strengths: [1, 1] }), /each of the 3 units, got 2/);
  const encoder = layer(784, 3, "relu", 1);
  assert.doesNotThrow(give({ encoder: { ...encoder, k: 2 } }));
  for (const k of [0, 1.5, 4])
    assert.throws(give({ encoder: { ...encoder, k } }), /encoder.k must be .* 1 to 3, got/);
  assert.throws(give({ encoder: layer(784, 4, "relu", 1) }), /784 pixels to 3 units, got 784 to 4/);
});
