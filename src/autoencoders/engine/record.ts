import * as tf from "@tensorflow/tfjs-node";
import {
  type Attribute,
  type Binding,
  backend,
  type Handle,
  idOf,
  type NodeBackend,
  shapeAttribute,
  typeAttribute,
} from "./backend";
import { isConstant } from "./constants";
import type { GraphNode } from "./graph";
import type { Output } from "./parts";

const { arraysEqual, sizeFromShape } = tf.util;

/** A recorded computation: its nodes, and the shape and dtype of each of their outputs. */
export interface Recording<R> {
  /** Reason why the graph cannot replace the computation, if any. */
  refusal?: string;
  nodes: GraphNode[];
  /** Shape and dtype by name of an output, placeholders and constants included. */
  outputs: Map<string, Output>;
  /** Tensors from outside, by the name of the placeholder of each. */
  captured: Map<string, tf.TensorInfo>;
  result: R;
  nameOf(tensor: tf.TensorInfo): string;
}

/** Writes down the ops that the backend executes, with the names of their inputs and outputs. */
class GraphRecorder {
  readonly nodes: GraphNode[] = [];
  readonly outputs = new Map<string, Output>();
  readonly captured = new Map<string, tf.TensorInfo>();
  refusal: string | undefined;
  readonly #names = new Map<number, string>(); // by TensorFlow's id
  readonly #tensors = new Map<number, tf.TensorInfo>();
  readonly #written = new WeakSet<object>(); // data that JavaScript wrote during the recording
  /** Scalar behind each tensor that repeats it, as the gradient of a sum does. */
  readonly #scalarOf = new Map<string, string>();

  constructor(
    private readonly prefix: string,
    private readonly known: Map<object, string>,
    private readonly stock: NodeBackend,
    private readonly binding: Binding,
  ) {
    this.outputs.set("refused", { shape: [], dtype: binding.TF_FLOAT });
  }

  #refuse(reason: string): string {
    this.refusal ??= reason;
    return "refused";
  }

  #add(
    kind: string,
    op: string,
    inputs: string[],
    attributes: Attribute[],
    value?: GraphNode["value"],
  ): string {
    const name = `${this.prefix}${kind}${this.nodes.length}`;
    this.nodes.push({ name, op, inputs, attributes, ...(value && { value }) });
    return name;
  }

  /** Name of a tensor by its id; one from outside gets a placeholder or a constant. */
  #nameOf(id: number, op: string): string {
    const given = this.#names.get(id);
    if (given) return given;
    const tensor = this.#tensors.get(id);
    if (!tensor) return this.#refuse(`${op} uses a tensor that tfjs does not know`);
    const { shape, dtype } = this.stock.tensorMap.get(tensor.dataId);
    const isConstantData = this.#written.has(tensor.dataId) || isConstant(tensor.dataId);
    const { TF_FLOAT, TF_INT32, TF_BOOL } = this.binding;
    const name = this.known.get(tensor.dataId);
    if (!name && isConstantData && ![TF_FLOAT, TF_INT32, TF_BOOL].includes(dtype))
      return this.#refuse(`${op} uses a constant of type ${tensor.dtype}`);
    const found =
      name ??
      (isConstantData ? this.#constant(id, shape, dtype) : this.#placeholder(tensor, shape, dtype));
    this.#names.set(id, found);
    this.outputs.set(found, { shape, dtype });
    return found;
  }

  #constant(id: number, shape: number[], dtype: number): string {
    const { buffer, byteOffset, byteLength } = this.binding.tensorDataSync(id);
    const bytes = new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
    const type = typeAttribute("dtype", dtype);
    return this.#add("constant", "Const", [], [type], { dtype, shape, bytes });
  }

  #placeholder(tensor: tf.TensorInfo, shape: number[], dtype: number): string {
    const attributes = [typeAttribute("dtype", dtype), shapeAttribute("shape", shape)];
    const name = this.#add("outer", "Placeholder", [], attributes);
    this.captured.set(name, tensor);
    return name;
  }

  nameOfResult(tensor: tf.TensorInfo): string {
    const id = idOf(tensor);
    this.#tensors.set(id, tensor);
    return this.#nameOf(id, "the result");
  }

  /**
   * Adds a product. A factor that repeats a scalar is replaced by the scalar, where the other
   * factor has the shape of the product; where both repeat one, so does the product.
   */
  #product(inputs: string[], shapes: number[][], shape: number[], attributes: Attribute[]): string {
    const replaced = inputs.findIndex(
      (input, i) => this.#scalarOf.has(input) && arraysEqual(shapes[1 - i], shape),
    );
    const factors = inputs.map((input, i) => (i === replaced ? this.#scalarOf.get(input)! : input));
    const name = this.#add("n", "Mul", factors, attributes);
    const scalars = inputs.map(
      (input, i) => this.#scalarOf.get(input) ?? (sizeFromShape(shapes[i]) === 1 && input),
    );
    if (sizeFromShape(shape) > 1 && scalars.every((input) => input !== false)) {
      const scalar = this.#add("n", "Mul", scalars, attributes);
      this.outputs.set(scalar, { shape: [], dtype: this.outputs.get(scalars[0])!.dtype });
      this.#scalarOf.set(name, scalar);
    }
    return name;
  }

  #execute(op: string, attributes: Attribute[], ids: number[], outputs: number): Handle[] {
    const inputs = ids.map((id) => this.#nameOf(id, op));
    const made = this.binding.executeOp(op, attributes, ids, outputs);
    const shapes = ids.map((id) => this.#tensors.get(id)?.shape ?? []);
    const name =
      op === "Mul"
        ? this.#product(inputs, shapes, made[0].shape, attributes)
        : this.#add("n", op, inputs, attributes);
    if (op === "BroadcastTo" && sizeFromShape(shapes[0]) === 1) this.#scalarOf.set(name, inputs[0]);
    made.forEach(({ id, shape, dtype }, i) => {
      const output = i ? `${name}:${i}` : name;
      this.#names.set(id, output);
      this.outputs.set(output, { shape, dtype });
    });
    return made;
  }

  /** Methods of the backend that record while they do their work. */
  interceptors(): object {
    const { stock, binding } = this;
    const { getInputTensorIds, write } = stock;
    return {
      binding: Object.create(binding, {
        executeOp: { value: this.#execute.bind(this) },
        tensorDataSync: {
          value: (id: number) => {
            this.#refuse("the step reads the value of a tensor (dataSync, arraySync, print)");
            return binding.tensorDataSync(id);
          },
        },
      }),
      write: (...args: Parameters<typeof write>) => {
        const dataId = write.apply(stock, args);
        this.#written.add(dataId);
        return dataId;
      },
      getInputTensorIds: (inputs: tf.TensorInfo[]) => {
        const ids = getInputTensorIds.call(stock, inputs);
        inputs.forEach((tensor, i) => {
          this.#tensors.set(ids[i], tensor);
        });
        return ids;
      },
    };
  }
}

/**
 * Runs a computation as usual and writes down each TensorFlow op that it executes.
 *
 * `known` maps the data ids of existing tensors to the names of their nodes; other tensors from
 * outside become placeholders; numbers that JavaScript made on the way become constants. `prefix`
 * begins the name of every node. The computation runs to its end even if it cannot be recorded;
 * `refusal` then says why.
 */
export function record<R>(prefix: string, known: Map<object, string>, work: () => R): Recording<R> {
  const stock = backend();
  const { binding } = stock;
  const recorder = new GraphRecorder(prefix, known, stock, binding);
  const restore = () => {
    const own = stock as unknown as Record<string, unknown>;
    own.binding = binding;
    delete own.write;
    delete own.getInputTensorIds;
  };
  const later = setImmediate(restore); // an interrupt from outside skips what is under finally
  try {
    Object.assign(stock, recorder.interceptors());
    const result = work();
    const { nodes, outputs, captured } = recorder;
    return {
      get refusal() {
        return recorder.refusal;
      },
      nodes,
      outputs,
      captured,
      result,
      nameOf: (tensor) => recorder.nameOfResult(tensor),
    };
  } finally {
    restore();
    clearImmediate(later);
  }
}
