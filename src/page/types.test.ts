import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { before, test } from "node:test";
import { createContext, Script } from "node:vm";
import type { Answers, TypedCell, TypesRequest } from "./types/requests";

const file = (name: string): string => readFileSync(path.join(__dirname, "browser", name), "utf8");

let ask: <M extends keyof Answers>(request: TypesRequest & { method: M }) => Answers[M];

/** Starts the worker's script where there is no Node, as in a browser. */
before(() => {
  let receive: (event: object) => void = () => {};
  let answered: { answer?: unknown; error?: string } = {};
  const worker = createContext({
    addEventListener: (_: string, listener: typeof receive) => {
      receive = listener;
    },
    postMessage: (message: typeof answered) => {
      answered = structuredClone(message);
    },
    console,
    performance,
  });
  new Script(file("types.js")).runInContext(worker);
  ask = (request) => {
    receive({ data: { id: 1, ...request } });
    if (answered.error) throw new Error(answered.error);
    return answered.answer as never;
  };
  ask({ method: "start", files: JSON.parse(file("types.json")) });
});

const cells: TypedCell[] = [
  'import * as tf from "@tensorflow/tfjs-node";\nimport { pca } from "autoencoders";\nconst x = tf.ones([2]);',
  "const wrong: string = x.rank;",
  "x.matM",
  "squaredErr",
  'import * as tfjs from "@tensorflow/tfjs";\nimport { display } from "tslab";\ndisplay.text(String(tfjs.ones([2])));',
].map((source) => ({ source, metadata: [] }));

test("a page's worker checks, completes and explains cells from its own declarations alone", () => {
  for (const cell of [0, 4]) assert.deepEqual(ask({ method: "check", cells, cell }), []);
  const [error, ...others] = ask({ method: "check", cells, cell: 1 });
  assert.deepEqual([error!.from, error!.to, others.length], [6, 11, 0]);
  assert.match(error!.message, /^Type 'number' is not assignable to type 'string'\. \(TS2322\)$/);
  const complete = (cell: number) =>
    ask({ method: "complete", cells, cell, index: cells[cell]!.source.length }).texts;
  assert.ok(
    complete(2).some((text) => /matMul$/.test(text)),
    String(complete(2)),
  );
  assert.ok(complete(3).includes('import { squaredError } from "autoencoders";\nsquaredError'));
  assert.match(ask({ method: "explain", cells, cell: 2, index: 0 }) ?? "", /const x: tf\.Tensor/);
});
