// Internals of tfjs-node that the engine uses. If one of these fails after an upgrade, mend
// src/autoencoders/engine/backend.ts.
import "./compat";
import assert from "node:assert/strict";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs-node";
import { backend, dataOf, idOf, op, tensorOf, tensorOver, typeAttribute } from "./backend";
import { type GraphNode, openSession } from "./graph";

test("the binding has the functions and the codes that a recorded step needs", () => {
  const { binding } = backend();
  for (const name of [
    ...["executeOp", "createTensor", "tensorDataSync", "deleteTensor"],
    ...["loadSavedModel", "runSavedModel", "deleteSavedModel"],
  ] as const)
    assert.equal(typeof binding[name as keyof typeof binding], "function", `binding.${name}`);
  const { TF_ATTR_STRING, TF_ATTR_INT, TF_ATTR_FLOAT, TF_ATTR_BOOL, TF_ATTR_TYPE, TF_ATTR_SHAPE } =
    binding;
  const kinds = [
    TF_ATTR_STRING,
    TF_ATTR_INT,
    TF_ATTR_FLOAT,
    TF_ATTR_BOOL,
    TF_ATTR_TYPE,
    TF_ATTR_SHAPE,
  ];
  assert.equal(new Set(kinds.map(Number)).size, 6, `kinds of attributes: ${kinds}`);
  const { TF_FLOAT, TF_INT32, TF_INT64, TF_BOOL } = binding;
  assert.deepEqual([TF_FLOAT, TF_INT32, TF_INT64, TF_BOOL], [1, 3, 9, 10]);
});

test("every kernel runs its ops through binding.executeOp, and finds its inputs by backend.getInputTensorIds", () => {
  const active = backend();
  const { binding, getInputTensorIds } = active;
  const seen: string[] = [];
  const inputs: number[] = [];
  const [a, b] = [tf.ones([2, 3]), tf.ones([3, 2])];
  active.binding = Object.create(binding, {
    executeOp: {
      value: (...args: Parameters<typeof binding.executeOp>) => {
        seen.push(args[0]);
        return binding.executeOp(...args);
      },
    },
  });
  active.getInputTensorIds = (tensors) => {
    const ids = getInputTensorIds.call(active, tensors);
    inputs.push(...ids);
    return ids;
  };
  try {
    tf.tidy(() => tf.matMul(a, b).square());
  } finally {
    active.binding = binding;
    delete (active as Partial<typeof active>).getInputTensorIds;
  }
  assert.match(seen.join(" "), /^(Batch)?MatMul\w* Square$/);
  assert.deepEqual(inputs.slice(0, 2), [idOf(a), idOf(b)]);
});

test("numbers that JavaScript writes stay in the backend's map until an op needs them; the map counts their holders", () => {
  const x = tf.tensor1d([1, 2]);
  assert.deepEqual(dataOf(x).values, Float32Array.of(1, 2));
  assert.equal(dataOf(x).refCount, 1);
  const y = x.clone();
  assert.equal(y.dataId, x.dataId);
  assert.equal(dataOf(x).refCount, 2);
  y.dispose();
  assert.ok(idOf(x) >= 0);
  assert.equal(dataOf(x).values, null);
  x.dispose();
});

test("a tensor over data of ours asks for its id at each use, and disposal frees that id", () => {
  const { binding } = backend();
  let asked = 0;
  const id = binding.createTensor([2], binding.TF_FLOAT, Float32Array.of(3, 4));
  const data = { shape: [2], dtype: binding.TF_FLOAT, values: null, refCount: 1, id };
  Object.defineProperty(data, "id", {
    get: () => {
      asked += 1;
      return id;
    },
  });
  const x = tensorOver(data);
  assert.deepEqual(x.dataSync(), Float32Array.of(3, 4));
  assert.deepEqual(x.square().dataSync(), Float32Array.of(9, 16));
  assert.equal(asked, 2);
  x.dispose();
  assert.throws(() => binding.tensorDataSync(id));
});

test("a session runs a graph of ours, and says which assertion stopped it", () => {
  const { binding } = backend();
  const node = (
    name: string,
    op: string,
    inputs: string[],
    ...attributes: GraphNode["attributes"]
  ) => ({ name, op, inputs, attributes }) as GraphNode;
  const type = (name: string, value: number | number[]) => ({
    name,
    type: binding.TF_ATTR_TYPE,
    value,
  });
  const session = openSession([
    node("ok", "Placeholder", [], type("dtype", binding.TF_BOOL)),
    node("x", "Placeholder", [], type("dtype", binding.TF_FLOAT)),
    node("only_if", "Assert", ["ok", "x"], type("T", [binding.TF_FLOAT])),
    node("y", "Square", ["x", "^only_if"], type("T", binding.TF_FLOAT)),
  ]);
  const x = tf.tensor1d([3]);
  const run = (ok: boolean) =>
    session.run("ok:0,x:0", [idOf(tf.scalar(ok, "bool")), idOf(x)], "y:0");
  const y = tensorOf(run(true)[0]);
  assert.deepEqual(y.dataSync(), Float32Array.of(9));
  assert.throws(() => run(false), /\{\{node only_if\}\}/);
  session.close();
  assert.throws(() => run(true), /not found/);
});

test("a session counts a number below float32's smallest normal one as 0, as eager ops do", () => {
  const { binding } = backend();
  const type = (name: string) => ({ name, type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT });
  const session = openSession([
    { name: "x", op: "Placeholder", inputs: [], attributes: [type("dtype")] },
    { name: "y", op: "Square", inputs: ["x"], attributes: [type("T")] },
  ]);
  const x = tf.fill([100], 1e-20);
  const y = tensorOf(session.run("x:0", [idOf(x)], "y:0")[0]);
  assert.deepEqual([...y.dataSync()], [...x.square().dataSync()]);
  assert.equal(y.dataSync()[0], 0);
  session.close();
});

test("the engine's tape and its variables by name are where they are looked for", () => {
  const engine = tf.engine() as unknown as {
    state: object;
    registeredVariables: Record<string, tf.Variable>;
  };
  assert.ok("gradientDepth" in engine.state, "engine.state.gradientDepth");
  tf.grad((x) => {
    assert.ok("activeTape" in engine.state, "engine.state.activeTape");
    return x.square();
  })(tf.scalar(1));
  const v = tf.variable(tf.scalar(1));
  assert.equal(engine.registeredVariables[v.name], v);
  v.dispose();
});

test("TensorFlow's own ops run by name", () => {
  assert.deepEqual(
    op("L2Loss", [tf.tensor1d([3, 4])], typeAttribute("T")).dataSync(),
    Float32Array.of(12.5),
  );
});
