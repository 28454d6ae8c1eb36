import * as tf from "@tensorflow/tfjs-node";
import {
  type Attribute,
  type Binding,
  backend,
  idOf,
  shapeAttribute,
  typeAttribute,
} from "./backend";
import { isConstant } from "./constants";
import type { GraphNode } from "./graph";
import type { Output } from "./parts";

/** The graph of a computation, and the places of its tensors among the outputs. */
export interface Recording<R> {
  /** Why the graph cannot stand for the computation, if it cannot. */
  refusal?: string;
  nodes: GraphNode[];
  /** Of the nodes, and of what they take from outside. */
  outputs: Map<string, Output>;
  /** Tensors from outside, by the name of the placeholder that stands for each. */
  captured: Map<string, tf.TensorInfo>;
  result: R;
  nameOf(tensor: tf.TensorInfo): string;
}

/**
 * Runs a computation as usual and writes down each TensorFlow op that it executes.
 *
 * `known` gives nodes to tensors that exist before; other tensors from outside become placeholders;
 * numbers that JavaScript made on the way become constants. `prefix` begins the name of every node.
 * The computation runs to its end even if it cannot be recorded; `refusal` then says why.
 */
export function record<R>(prefix: string, known: Map<object, string>, work: () => R): Recording<R> {
  const stock = backend();
  const { binding, getInputTensorIds, write } = stock;
  const nodes: GraphNode[] = [];
  const outputs = new Map<string, Output>();
  const captured = new Map<string, tf.TensorInfo>();
  const names = new Map<number, string>(); // by TensorFlow's id
  const tensors = new Map<number, tf.TensorInfo>();
  const born = new WeakSet<object>(); // data that JavaScript wrote during the recording
  let refusal: string | undefined;
  outputs.set("refused", { shape: [], dtype: binding.TF_FLOAT });
  const refuse = (reason: string) => {
    refusal ??= reason;
    return "refused";
  };
  const add = (
    kind: string,
    op: string,
    inputs: string[],
    attributes: Attribute[],
    value?: GraphNode["value"],
  ) => {
    const name = `${prefix}${kind}${nodes.length}`;
    nodes.push({ name, op, inputs, attributes, ...(value && { value }) });
    return name;
  };

  function nameOf(id: number, op: string): string {
    const given = names.get(id);
    if (given) return given;
    const tensor = tensors.get(id);
    if (!tensor) return refuse(`${op} uses a tensor that tfjs does not know`);
    let name = known.get(tensor.dataId);
    const { shape, dtype } = stock.tensorMap.get(tensor.dataId);
    if (!name) {
      const type = typeAttribute("dtype", dtype);
      if (born.has(tensor.dataId) || isConstant(tensor.dataId)) {
        if (![binding.TF_FLOAT, binding.TF_INT32, binding.TF_BOOL].includes(dtype))
          return refuse(`${op} uses a constant of type ${tensor.dtype}`);
        const { buffer, byteOffset, byteLength } = binding.tensorDataSync(id);
        const bytes = new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
        name = add("constant", "Const", [], [type], { dtype, shape, bytes });
      } else {
        name = add("outer", "Placeholder", [], [type, shapeAttribute("shape", shape)]);
        captured.set(name, tensor);
      }
    }
    names.set(id, name);
    outputs.set(name, { shape, dtype });
    return name;
  }

  // The gradient of a sum repeats one number over a whole tensor: a product takes the number itself.
  const repeated = new Map<string, string>();
  const { arraysEqual, sizeFromShape } = tf.util;
  function product(
    inputs: string[],
    shapes: number[][],
    shape: number[],
    attributes: Attribute[],
  ): string {
    const factors = inputs.map(
      (input, i) => (arraysEqual(shapes[1 - i], shape) && repeated.get(input)) || input,
    );
    const name = add("n", "Mul", factors, attributes);
    const numbers = inputs.map(
      (input, i) => repeated.get(input) ?? (sizeFromShape(shapes[i]) === 1 && input),
    );
    if (sizeFromShape(shape) > 1 && numbers.every((input) => input !== false)) {
      const number = add("n", "Mul", numbers, attributes);
      outputs.set(number, { shape: [], dtype: outputs.get(numbers[0])!.dtype });
      repeated.set(name, number);
    }
    return name;
  }

  const recorder: Binding = Object.create(binding, {
    executeOp: {
      value: (op: string, attributes: Attribute[], ids: number[], count: number) => {
        const inputs = ids.map((id) => nameOf(id, op));
        const made = binding.executeOp(op, attributes, ids, count);
        const shapes = ids.map((id) => tensors.get(id)?.shape ?? []);
        const name =
          op === "Mul"
            ? product(inputs, shapes, made[0].shape, attributes)
            : add("n", op, inputs, attributes);
        if (op === "BroadcastTo" && sizeFromShape(shapes[0]) === 1) repeated.set(name, inputs[0]);
        made.forEach(({ id, shape, dtype }, i) => {
          const output = i ? `${name}:${i}` : name;
          names.set(id, output);
          outputs.set(output, { shape, dtype });
        });
        return made;
      },
    },
    tensorDataSync: {
      value: (id: number) => {
        refuse("the step reads the value of a tensor (dataSync, arraySync, print)");
        return binding.tensorDataSync(id);
      },
    },
  });
  const intercepted = {
    binding: recorder,
    write(...args: Parameters<typeof write>) {
      const dataId = write.apply(stock, args);
      born.add(dataId);
      return dataId;
    },
    getInputTensorIds(inputs: tf.TensorInfo[]) {
      const ids = getInputTensorIds.call(stock, inputs);
      inputs.forEach((tensor, i) => {
        tensors.set(ids[i], tensor);
      });
      return ids;
    },
  };
  const restore = () => {
    const own = stock as unknown as Record<string, unknown>;
    own.binding = binding;
    delete own.write;
    delete own.getInputTensorIds;
  };
  const later = setImmediate(restore); // an interrupt from outside ends the work without running what is under finally
  try {
    Object.assign(stock, intercepted);
    const result = work();
    const nameOfTensor = (tensor: tf.TensorInfo) => {
      const id = idOf(tensor);
      tensors.set(id, tensor);
      return nameOf(id, "the result");
    };
    return {
      get refusal() {
        return refusal;
      },
      nodes,
      outputs,
      captured,
      result,
      nameOf: nameOfTensor,
    };
  } finally {
    restore();
    clearImmediate(later);
  }
}
