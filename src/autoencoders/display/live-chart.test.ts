import assert from "node:assert/strict";
import { mock, test } from "node:test";
import type { Step } from "../objective";
import { liveChart } from "./live-chart";
import type { Bundle } from "./show";

const symbol = Symbol.for("jupyter.kernel");
const step = (number: number, terms: Record<string, number>): Step => ({
  step: number,
  epoch: 0,
  terms,
  loss: Object.values(terms).reduce((a, b) => a + b, 0),
  gradientNorm: 1,
  examplesPerSecond: 12_345,
});

/**
 * Messages that the chart publishes while `work` runs on a clock that stands still but for
 * `mock.timers.tick`.
 */
function published(work: () => void) {
  const said: { bundle: Bundle; options: { display_id?: string; update?: boolean } }[] = [];
  const global = globalThis as Record<symbol, unknown>;
  global[symbol] = { publish: (bundle: Bundle, options = {}) => said.push({ bundle, options }) };
  mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
  try {
    work();
  } finally {
    delete global[symbol];
    mock.timers.reset();
  }
  return said;
}

test("steps every 5 ms for ten seconds draw at most four frames a second, each an update of the first", () => {
  const said = published(() => {
    const chart = liveChart({ title: "run", steps: 2000 });
    for (let i = 1; i <= 2000; i++) {
      chart.push(step(i, { squaredError: 1 / i }));
      mock.timers.tick(5);
    }
  });
  assert.ok(said.length > 32 && said.length <= 41, `${said.length} frames`);
  assert.equal(new Set(said.map(({ options }) => options.display_id)).size, 1);
  assert.deepEqual(
    said.map(({ options }) => options.update),
    said.map((_, i) => i > 0),
  );
});

test("a chart that is restarted draws each run in the same place and ends there", () => {
  const said = published(() => {
    const chart = liveChart({ title: "run", steps: 2 });
    for (const title of ["first", "second"]) {
      chart.restart(title);
      for (const number of [1, 2]) chart.push(step(number, { squaredError: 1 / number }));
      chart.end();
    }
  });
  assert.equal(new Set(said.map(({ options }) => options.display_id)).size, 1);
  assert.deepEqual(
    said.map(({ options }) => options.update),
    said.map((_, i) => i > 0),
  );
  const last = String(said[said.length - 1].bundle["text/html"]);
  assert.match(last, /second.*step 2 of 2/s);
});

test("an interrupted cell leaves a chart that says so instead of the time left, unless it had ended", () => {
  const signal = Symbol.for("autoencoders.signal");
  const cell = new AbortController();
  Reflect.set(globalThis, signal, cell.signal);
  try {
    const said = published(() => {
      const [open, done] = ["open", "done"].map((title) => liveChart({ title, steps: 40 }));
      for (const chart of [open, done]) chart.push(step(1, { squaredError: 50 }));
      done.end();
      mock.timers.tick(3000);
      cell.abort();
    });
    const last = said[said.length - 1];
    assert.match(String(last.bundle["text/html"]), /<b>open<\/b>.*interrupted after 3 s/);
    assert.doesNotMatch(String(last.bundle["text/html"]), /s left/);
    assert.equal(
      said.filter(({ bundle }) => /interrupted/.test(String(bundle["text/html"]))).length,
      1,
    );
  } finally {
    Reflect.deleteProperty(globalThis, signal);
  }
});

test("a frame shows the loss and each of its terms with its last value, the speed and the time left", () => {
  const [, { bundle }] = published(() => {
    const chart = liveChart({ title: "a < b", steps: 40 });
    chart.push(step(1, { squaredError: 50, L1: 3 }));
    mock.timers.tick(1000);
    chart.push(step(10, { squaredError: 20, L1: 2.5 }));
  });
  const shown = String(bundle["text/html"]);
  assert.equal(shown.match(/<polyline/g)?.length, 3);
  for (const part of [
    "loss 22.500",
    "squaredError 20.000",
    "L1 2.5000",
    "12,000 examples/s",
    "3 s left",
    "a &#60; b",
  ])
    assert.ok(shown.includes(part), `${part} in ${shown}`);
});

test("the axis spans all planned steps, names round numbers, and no two lines have one color", () => {
  const [, { bundle }] = published(() => {
    const chart = liveChart({ title: "run", steps: 1000 });
    chart.push(step(1, { squaredError: 50, sparsity: 3 }));
    mock.timers.tick(1000);
    chart.push(step(251, { squaredError: 5, sparsity: 0.5 }));
  });
  const shown = String(bundle["text/html"]);
  const ends = [...shown.matchAll(/points="[^"]* ([\d.]+),[\d.]+"/g)].map(([, x]) => Number(x));
  const share = (ends[0] - 58) / (628 - 58);
  assert.ok(Math.abs(share - 250 / 999) < 0.01, `step 251 of 1000 at ${share} of the width`);
  const words = [...shown.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, word]) => word);
  assert.deepEqual(words, ["0.5", "2", "10", "50", "step 1", "500", "1,000"]);
  const colors = [...shown.matchAll(/<polyline[^>]*stroke="([^"]+)"/g)].map(([, color]) => color);
  assert.equal(new Set(colors).size, 3);
});

test("any run has an axis of two numbers or more", () => {
  for (const values of [[7], [7, 7], [1e-9, 1e9], [-3, 5], [0, 0], [1e5, 1.00001e5], [2, 3]]) {
    const said = published(() => {
      const chart = liveChart({ title: "run", steps: 3 });
      values.forEach((value, i) => {
        mock.timers.tick(1000);
        chart.push(step(i + 1, { error: value }));
      });
    });
    const shown = String(said[said.length - 1].bundle["text/html"]);
    const words = [...shown.matchAll(/text-anchor="end">([^<]*)</g)].map(([, word]) => word);
    assert.ok(words.length >= 3 && words.length <= 8, `${values}: ${words}`);
    assert.doesNotMatch(shown, /NaN|Infinity|undefined/, String(values));
  }
});

test("it ends as a figure of loss by term; the moving frame is emptied; terms below zero have a linear axis", () => {
  for (const [sparsity, type] of [
    [1, "log"],
    [-1, undefined],
  ] as const) {
    const said = published(() => {
      const chart = liveChart({ title: "run", steps: 2 });
      for (const i of [1, 2]) chart.push(step(i, { squaredError: 10, sparsity }));
      chart.end();
    });
    assert.equal(said[1].bundle["text/html"], "");
    const { data, layout } = said[2].bundle["application/vnd.plotly.v1+json"] as {
      data: { name: string }[];
      layout: { yaxis: { type?: string } };
    };
    assert.deepEqual(
      data.map(({ name }) => name),
      ["loss", "squaredError", "sparsity"],
    );
    assert.equal(layout.yaxis.type, type);
  }
});

test("a chart that saw no step shows nothing", () => {
  assert.deepEqual(
    published(() => liveChart({ title: "run", steps: 1 }).end()),
    [],
  );
});
