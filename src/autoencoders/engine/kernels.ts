// Cheaper kernels and gradients in tfjs's own registry: the same results from fewer TensorFlow ops.
import * as tf from "@tensorflow/tfjs-node";
import { type Attribute, backend, boolAttribute, isTapeOn, op, typeAttribute } from "./backend";
import { constant } from "./constants";

type Attributes = Record<string, unknown>;
type Kernel = (args: {
  inputs: Record<string, tf.Tensor>;
  attrs: Attributes;
  backend: unknown;
}) => tf.TensorInfo | tf.TensorInfo[];
type Gradient = (
  dy: tf.Tensor,
  saved: tf.Tensor[],
  attrs: never,
) => Record<string, () => tf.Tensor>;

const stockGradient = (kernelName: string) =>
  tf.getGradient(kernelName).gradFunc as unknown as Gradient;

const { arraysEqual: same } = tf.util;
const allFloat = (...tensors: tf.Tensor[]) => tensors.every((t) => t.dtype === "float32");

function constants() {
  const made = new Map<string, tf.Tensor>();
  const once = (key: string, make: () => tf.Tensor) => {
    const known = made.get(key);
    if (known) return known;
    const tensor = constant(make());
    made.set(key, tensor);
    return tensor;
  };
  return {
    ints: (values: number[]) => once(`i${values}`, () => tf.tensor1d(values, "int32")),
    number: (value: number) => once(`f${value}`, () => tf.scalar(value)),
  };
}

function install(): void {
  const T = typeAttribute("T");
  const Tidx = typeAttribute("Tidx", "int32");
  const float = (name: string, inputs: tf.TensorInfo[], ...more: Attribute[]) =>
    op(name, inputs, T, ...more);
  const { ints, number } = constants();
  const squaredDifference = stockGradient("SquaredDifference");
  const alias = (x: tf.Tensor, shape: number[]): tf.TensorInfo => {
    backend().incRef(x.dataId);
    return { dataId: x.dataId, shape, dtype: x.dtype };
  };
  const kernel = (
    kernelName: string,
    replace: (args: Parameters<Kernel>[0], stock: Kernel) => ReturnType<Kernel>,
  ) => {
    const stock = tf.getKernel(kernelName, "tensorflow").kernelFunc as unknown as Kernel;
    tf.unregisterKernel(kernelName, "tensorflow");
    tf.registerKernel({
      kernelName,
      backendName: "tensorflow",
      kernelFunc: ((args: Parameters<Kernel>[0]) => replace(args, stock)) as never,
    });
  };
  // TensorFlow's own ops leave no trace on tfjs's tape: a gradient that will itself be
  // differentiated is made of tfjs's ops.
  const gradient = (
    kernelName: string,
    config: { inputsToSave: string[]; outputsToSave?: boolean[]; gradFunc: Gradient },
    onTape = stockGradient(kernelName),
  ) => {
    tf.unregisterGradient(kernelName);
    const gradFunc: Gradient = (...args) => (isTapeOn() ? onTape : config.gradFunc)(...args);
    tf.registerGradient({ kernelName, ...config, gradFunc: gradFunc as never });
  };

  kernel("Reshape", (args, stock) =>
    same(args.inputs.x.shape, args.attrs.shape as number[])
      ? alias(args.inputs.x, args.inputs.x.shape)
      : stock(args),
  );
  kernel("Cast", (args, stock) =>
    args.inputs.x.dtype === args.attrs.dtype
      ? alias(args.inputs.x, args.inputs.x.shape)
      : stock(args),
  );
  kernel("BatchMatMul", (args, stock) => {
    const { a, b } = args.inputs;
    if (a.shape.length !== 2 || b.shape.length !== 2 || !allFloat(a, b)) return stock(args);
    return float(
      "MatMul",
      [a, b],
      boolAttribute("transpose_a", !!args.attrs.transposeA),
      boolAttribute("transpose_b", !!args.attrs.transposeB),
    );
  });
  for (const name of ["Sum", "Mean"]) {
    kernel(name, (args, stock) => {
      const { x } = args.inputs;
      if (!allFloat(x)) return stock(args);
      const axes = tf.util.parseAxisParam(args.attrs.axis as number[], x.shape);
      return float(name, [x, ints(axes)], boolAttribute("keep_dims", !!args.attrs.keepDims), Tidx);
    });
    gradient(name, {
      inputsToSave: ["x"],
      gradFunc: (dy, [x], { axis }: { axis: number[] }) => ({
        x: () => {
          const axes = tf.util.parseAxisParam(axis, x.shape);
          const kept = x.shape.slice();
          let count = 1;
          for (const i of axes) {
            count *= kept[i];
            kept[i] = 1;
          }
          const scaled = name === "Mean" ? float("Mul", [dy, number(1 / count)]) : dy;
          return float("BroadcastTo", [tf.reshape(scaled, kept), ints(x.shape)], Tidx);
        },
      }),
    });
  }
  gradient("SquaredDifference", {
    inputsToSave: ["a", "b"],
    gradFunc: (dy, saved, attrs) => {
      const [a, b] = saved;
      if (!allFloat(a, b) || !same(a.shape, b.shape)) return squaredDifference(dy, saved, attrs);
      const onA = () => float("Mul", [float("Mul", [dy, number(2)]), float("Sub", [a, b])]);
      return { a: onA, b: () => float("Neg", [onA()]) };
    },
  });
  gradient("Square", {
    inputsToSave: ["x"],
    gradFunc: (dy, [x]) => ({
      x: () =>
        allFloat(x)
          ? float("Mul", [dy, float("Mul", [number(2), x])])
          : tf.mul(dy, tf.mul(tf.cast(x, "float32"), 2)),
    }),
  });
  // TensorFlow's op takes the output, which tfjs does not put on the tape; the input is.
  const activation = (
    name: string,
    ofOutput: (dy: tf.Tensor, y: tf.Tensor) => tf.Tensor,
    slope: (x: tf.Tensor) => tf.Tensor,
  ) =>
    gradient(
      name,
      {
        inputsToSave: ["x"],
        outputsToSave: [true],
        gradFunc: (dy, [, y]) => ({ x: () => ofOutput(dy, y) }),
      },
      (dy, [x]) => ({ x: () => tf.mul(dy, slope(x)) }),
    );
  activation("Relu", (dy, y) => float("ReluGrad", [dy, y]), tf.step);
  activation(
    "Sigmoid",
    (dy, y) => float("SigmoidGrad", [y, dy]),
    (x) => tf.sigmoid(x).mul(tf.sigmoid(tf.neg(x))),
  );
  activation(
    "Tanh",
    (dy, y) => float("TanhGrad", [y, dy]),
    (x) => tf.sub(1, tf.square(tf.tanh(x))),
  );
  kernel("Add", (args, stock) => {
    const { a, b } = args.inputs;
    const bias =
      a.shape.length === 2 && b.shape.length === 1 && a.shape[1] === b.shape[0] && allFloat(a, b);
    return bias ? float("BiasAdd", [a, b]) : stock(args);
  });
  const add = stockGradient("Add");
  gradient("Add", {
    inputsToSave: ["a", "b"],
    gradFunc: (dy, saved, attrs) => {
      const [a, b] = saved;
      const stock = add(dy, saved, attrs);
      const bias = dy.shape.length === 2 && b.shape.length === 1 && b.shape[0] === dy.shape[1];
      return {
        a: same(a.shape, dy.shape) ? () => dy.clone() : stock.a,
        b: same(b.shape, dy.shape)
          ? () => dy.clone()
          : bias
            ? () => float("BiasAddGrad", [dy])
            : stock.b,
      };
    },
  });
}

/** Half the squared norm of a float32 tensor: ``½ Σ x²``. */
export const halfSquaredNorm = (x: tf.Tensor): tf.Tensor => op("L2Loss", [x], typeAttribute("T"));

let installed = false;

/** Puts the cheaper kernels in place, once. */
export function fastKernels(): void {
  if (installed) return;
  installed = true;
  install();
}
