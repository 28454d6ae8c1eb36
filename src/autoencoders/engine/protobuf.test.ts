import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Attribute, backend } from "./backend";
import { type GraphNode, savedModel } from "./graph";
import { float, integer, message } from "./protobuf";

/** Google's reader, with classes that its compiler generated. */
const messages = require("@tensorflow/tfjs-node/dist/proto/api_pb.js");

test("integers of 64 bits, negative ones too, are read as they were written", () => {
  const size = (value: number) =>
    messages.TensorShape.Dim.deserializeBinary(integer(1, value)).getSize();
  fc.assert(fc.property(fc.maxSafeInteger(), (value) => assert.equal(size(value), value)));
  for (const value of [0, 1, 127, 128, -1, 2 ** 31, 2 ** 53 - 1, -(2 ** 53) + 1])
    assert.equal(size(value), value);
});

test("floats are read as they were written", () => {
  fc.assert(
    fc.property(fc.float(), (value) => {
      const read = messages.AttrValue.deserializeBinary(message(float(4, value)));
      assert.ok(Object.is(read.getF(), value));
    }),
  );
});

/** Any attribute, and what Google's reader makes of it. */
const attributes = (): fc.Arbitrary<[Attribute, unknown]>[] => {
  const { binding } = backend();
  const shape = fc.array(fc.integer({ min: -1, max: 1e9 }), { maxLength: 4 });
  const sizes = (read: { toObject(): { dimList: { size: number }[] } }) =>
    read.toObject().dimList.map(({ size }) => size);
  const kinds: [type: number, values: fc.Arbitrary<unknown>, read: (a: never) => unknown][] = [
    [
      binding.TF_ATTR_STRING,
      fc.string({ unit: "binary" }),
      (a: { getS_asU8(): Uint8Array }) => Buffer.from(a.getS_asU8()).toString(),
    ],
    [binding.TF_ATTR_INT, fc.maxSafeInteger(), (a: { getI(): number }) => a.getI()],
    [binding.TF_ATTR_BOOL, fc.boolean(), (a: { getB(): boolean }) => a.getB()],
    [binding.TF_ATTR_TYPE, fc.nat(23), (a: { getType(): number }) => a.getType()],
    [binding.TF_ATTR_SHAPE, shape, (a: { getShape(): never }) => sizes(a.getShape())],
  ];
  return kinds.map(([type, values, read]) =>
    values.map((value) => [{ name: "k", type, value }, read]),
  );
};

test("graphs of any names, inputs, attributes and constants are read as they were written", () => {
  const constant = fc.record({
    dtype: fc.nat(23),
    shape: fc.array(fc.nat(300), { maxLength: 3 }),
    bytes: fc.uint8Array({ maxLength: 300 }),
  });
  const node = fc.record({
    name: fc.string({ unit: "binary" }),
    op: fc.string(),
    inputs: fc.array(fc.string({ unit: "binary" }), { maxLength: 3 }),
    attribute: fc.oneof(...attributes()),
    value: fc.option(constant, { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(node, { maxLength: 4 }), (given) => {
      const nodes: GraphNode[] = given.map(({ attribute, ...rest }) => ({
        ...rest,
        attributes: [attribute[0]],
      }));
      const model = messages.SavedModel.deserializeBinary(savedModel(nodes));
      assert.equal(model.getSavedModelSchemaVersion(), 1);
      const [metaGraph] = model.getMetaGraphsList();
      assert.deepEqual(metaGraph.getMetaInfoDef().getTagsList(), ["serve"]);
      const read = metaGraph.getGraphDef().getNodeList();
      assert.equal(read.length, nodes.length);
      for (const [i, { attribute, name, op, inputs, value }] of given.entries()) {
        const [{ value: expected }, take] = attribute as [Attribute, (a: unknown) => unknown];
        assert.equal(read[i].getName(), name);
        assert.equal(read[i].getOp(), op);
        assert.deepEqual(read[i].getInputList(), inputs);
        assert.deepEqual(take(read[i].getAttrMap().get("k")), expected);
        const tensor = read[i].getAttrMap().get("value")?.getTensor();
        assert.equal(tensor === undefined, value === undefined);
        if (!value) continue;
        assert.equal(tensor.getDtype(), value.dtype);
        assert.deepEqual(
          tensor
            .getTensorShape()
            .getDimList()
            .map((dim: { getSize(): number }) => dim.getSize()),
          value.shape,
        );
        assert.deepEqual(Buffer.from(tensor.getTensorContent_asU8()), Buffer.from(value.bytes));
      }
    }),
  );
});
