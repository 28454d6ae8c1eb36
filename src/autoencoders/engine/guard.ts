// Runs an objective without arithmetic at every replayed step, to see that it would do what was
// recorded.
import * as tf from "@tensorflow/tfjs-node";
import { isConstant } from "./constants";
import {
  during,
  type ForwardFunction,
  install,
  type KernelCall,
  type Run,
  type Stock,
} from "./interception";

/**
 * The number of an output within one run, the values that JavaScript made, or what a tensor from
 * outside is.
 */
type Source = number | Constant | object;

class Constant {
  constructor(
    readonly values: ArrayLike<unknown>,
    readonly shape: readonly number[],
    readonly dtype: string,
  ) {}
}

/** `shares`: which input's data the output has, as that of a reshape. */
interface Output {
  shape: number[];
  dtype: tf.DataType;
  shares: number;
}

/** One kernel or TensorFlow op that the objective asked for. */
interface Call {
  op: string;
  attributes: object;
  sources: Source[];
  outputs: Output[];
  isList: boolean;
}

/** All that an objective asked of tfjs in one run, and what it returned. */
export interface Program {
  calls: Call[];
  /** Variables from outside that are not trained: their data may be replaced between steps. */
  variables: tf.Variable[];
  results: [name: string, source: Source][];
}

/** Thrown where a run differs from its program; the message ends "but …". */
export class Differs extends Error {}

const differs = {
  number: "a number made in JavaScript changes",
  outside: "it takes another tensor from outside",
  operations: (op?: string) => `its operations change (${op ?? "fewer of them"})`,
};

/** Sources of the tensors of one run, by their data: a reshape shares its input's. */
class Sources {
  readonly #known = new Map<object, Source>();
  #outputs = 0;

  constructor(inputs: tf.Tensor[], variables: tf.Variable[] = []) {
    for (const input of inputs) this.output(input.dataId);
    for (const variable of variables) this.variable(variable);
  }

  /** Knows the data of a variable, which a reshape of it shares. */
  variable(variable: tf.Variable): void {
    this.#known.set(variable.dataId, variable);
  }

  /** Numbers an output; one that shares the data of another tensor keeps that one's source. */
  output(dataId: object): void {
    if (!this.#known.has(dataId)) this.#known.set(dataId, this.#outputs);
    this.#outputs++;
  }

  constant(dataId: object, constant: Constant): void {
    this.#known.set(dataId, constant);
  }

  of(tensor: tf.TensorInfo): Source {
    if (isConstant(tensor.dataId)) return tensor.dataId;
    if (tensor instanceof tf.Variable) return tensor;
    return this.#known.get(tensor.dataId) ?? tensor.dataId;
  }
}

function tensorsOf(inputs: KernelCall["inputs"]): tf.Tensor[] {
  const tensors: tf.Tensor[] = [];
  for (const key in inputs) {
    const input = inputs[key];
    if (Array.isArray(input)) tensors.push(...input);
    else if (input) tensors.push(input);
  }
  return tensors;
}

const listOf = <T>(one: T | T[]): T[] => (Array.isArray(one) ? one : [one]);

/** Lets a run through to tfjs and writes its program down. */
class Recorder implements Run {
  readonly program: Program = { calls: [], variables: [], results: [] };
  #depth = 0; // within a kernel
  readonly #sources: Sources;

  constructor(
    inputs: tf.Tensor[],
    private readonly tfjs: Stock,
  ) {
    this.#sources = new Sources(inputs);
  }

  kernel(call: KernelCall) {
    if (this.#depth > 0) return this.tfjs.kernel(call);
    const { kernelName, inputs, attrs = {}, forwardFunc } = call;
    if (forwardFunc)
      return this.tfjs.kernel({
        ...call,
        forwardFunc: (native, save) =>
          forwardFunc(native, (tensors) => this.#within(() => save(tensors))),
      });
    return this.#through(kernelName!, attrs, tensorsOf(inputs), () => this.tfjs.kernel(call));
  }

  execute(op: string, attributes: object, inputs: tf.TensorInfo[]) {
    if (this.#depth > 0) return this.tfjs.execute(op, attributes, inputs);
    return this.#through(op, attributes, inputs, () => this.tfjs.execute(op, attributes, inputs));
  }

  tensor(...args: Parameters<Run["tensor"]>) {
    const tensor = this.tfjs.tensor(...args);
    const values = ArrayBuffer.isView(args[0])
      ? (args[0] as Float32Array).slice()
      : Array.from(args[0]);
    if (this.#depth === 0)
      this.#sources.constant(tensor.dataId, new Constant(values, args[1], tensor.dtype));
    return tensor;
  }

  dispose(tensor: tf.Tensor) {
    this.tfjs.dispose(tensor);
  }

  read(dataId: object) {
    return this.tfjs.read(dataId);
  }

  end(results: tf.TensorContainerObject): Program {
    for (const [name, value] of Object.entries(results))
      if (value instanceof tf.Tensor) this.program.results.push([name, this.#sourceOf(value)]);
    return this.program;
  }

  #sourceOf(tensor: tf.TensorInfo): Source {
    const source = this.#sources.of(tensor);
    if (source !== tensor.dataId) return this.#noteVariable(source);
    const owner = Object.values(tf.engine().registeredVariables).find(
      (variable) => variable.dataId === source,
    );
    return owner ? this.#noteVariable(owner) : source;
  }

  #noteVariable(source: Source): Source {
    const { variables } = this.program;
    if (source instanceof tf.Variable && !variables.includes(source)) {
      variables.push(source);
      this.#sources.variable(source);
    }
    return source;
  }

  #within<R>(work: () => R): R {
    this.#depth++;
    try {
      return work();
    } finally {
      this.#depth--;
    }
  }

  #through<R extends tf.Tensor | tf.Tensor[]>(
    op: string,
    attributes: object,
    inputs: tf.TensorInfo[],
    work: () => R,
  ): R {
    const sources = inputs.map((tensor) => this.#sourceOf(tensor));
    const made = this.#within(work);
    const outputs = listOf<tf.Tensor>(made).map(({ shape, dtype, dataId }) => {
      this.#sources.output(dataId);
      return { shape, dtype, shares: inputs.findIndex((input) => input.dataId === dataId) };
    });
    this.program.calls.push({ op, attributes, sources, outputs, isList: Array.isArray(made) });
    return made;
  }
}

/**
 * Answers the calls of a run with tensors that have no numbers; throws `Differs` at the first one
 * that differs.
 */
class Checker implements Run {
  readonly #sources: Sources;
  #next = 0;

  constructor(
    private readonly program: Program,
    inputs: tf.Tensor[],
    private readonly tfjs: Stock,
  ) {
    this.#sources = new Sources(inputs, program.variables);
  }

  kernel(call: KernelCall) {
    const { kernelName, inputs, attrs = {}, forwardFunc } = call;
    if (forwardFunc) return this.#customGradient(call, forwardFunc);
    const given = tensorsOf(inputs);
    const { outputs, isList } = this.#answer(kernelName!, attrs, given);
    const { engine } = this.tfjs;
    if (this.#isTaped()) {
      const saved = engine.getTensorsForGradient(kernelName!, inputs, outputs) ?? [];
      engine.addTapeNode(kernelName!, inputs, outputs, undefined, this.#copies(saved), attrs);
    }
    return isList ? outputs : outputs[0];
  }

  execute(op: string, attributes: object, inputs: tf.TensorInfo[]) {
    return this.#answer(op, attributes, inputs).outputs[0];
  }

  tensor(values: ArrayLike<unknown>, shape: number[], dtype: tf.DataType = "float32") {
    const tensor = this.#make(shape, dtype, {});
    this.#sources.constant(tensor.dataId, new Constant(values, shape, dtype));
    return tensor;
  }

  dispose() {}

  read(): never {
    throw new Differs("it reads the value of a tensor");
  }

  end(results: tf.TensorContainerObject): void {
    const { calls, results: expected } = this.program;
    if (this.#next < calls.length) throw new Differs(differs.operations());
    const tensors = Object.entries(results).filter(([, value]) => value instanceof tf.Tensor);
    if (tensors.length !== expected.length || tensors.some(([name], i) => name !== expected[i][0]))
      throw new Differs("the names of its terms change");
    tensors.forEach(([, tensor], i) => {
      this.#compare(this.#sources.of(tensor as tf.Tensor), expected[i][1]);
    });
  }

  #answer(op: string, attributes: object, inputs: tf.TensorInfo[]) {
    const call = this.program.calls[this.#next++];
    if (call?.op !== op || call.sources.length !== inputs.length)
      throw new Differs(differs.operations(op));
    if (!isSame(attributes, call.attributes)) throw new Differs(differs.number);
    for (let i = 0; i < inputs.length; i++)
      this.#compare(this.#sources.of(inputs[i]), call.sources[i]);
    const outputs = call.outputs.map(({ shape, dtype, shares }) => {
      const tensor = this.#make(shape, dtype, shares < 0 ? {} : inputs[shares].dataId);
      this.#sources.output(tensor.dataId);
      return tensor;
    });
    return { outputs, isList: call.isList };
  }

  #compare(source: Source, expected: Source): void {
    if (source === expected) return;
    if (source instanceof Constant && expected instanceof Constant) {
      if (!isSame(source.values, expected.values) || !isSame(source.shape, expected.shape))
        throw new Differs(differs.number);
    } else if (typeof source === "object" && typeof expected === "object")
      throw new Differs(differs.outside);
    else throw new Differs(differs.operations("of other tensors"));
  }

  #customGradient({ inputs, attrs, backwardsFunc }: KernelCall, forward: ForwardFunction) {
    const { engine } = this.tfjs;
    const isTaped = this.#isTaped();
    let saved: tf.Tensor[] = [];
    engine.state.kernelDepth++;
    const output = forward(tf.backend(), (tensors) => {
      if (isTaped) saved = this.#copies(tensors);
    });
    engine.state.kernelDepth--;
    if (isTaped) engine.addTapeNode("", inputs, [output], backwardsFunc, saved, attrs);
    return output;
  }

  /** Inside a gradient that the objective itself takes; the outermost tape is that of training. */
  #isTaped(): boolean {
    const { gradientDepth, kernelDepth } = this.tfjs.engine.state;
    return gradientDepth > 1 && kernelDepth === 0;
  }

  #make(shape: number[], dtype: tf.DataType, dataId: object): tf.Tensor {
    return new tf.Tensor(shape, dtype, dataId, this.tfjs.engine.nextTensorId());
  }

  #copies(tensors: tf.Tensor[]): tf.Tensor[] {
    return tensors.map(({ shape, dtype, dataId }) => this.#make(shape, dtype, dataId));
  }
}

function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || !a || !b) return false;
  if ("length" in a && "length" in b) {
    const [p, q] = [a as ArrayLike<unknown>, b as ArrayLike<unknown>];
    if (p.length !== q.length) return false;
    for (let i = 0; i < p.length; i++) if (!isSame(p[i], q[i])) return false;
    return true;
  }
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  const [p, q] = [a as Record<string, unknown>, b as Record<string, unknown>];
  return keys.every((key) => isSame(p[key], q[key]));
}

type Work = (x: tf.Tensor2D, step: tf.Tensor, epoch: tf.Tensor) => Record<string, tf.Tensor>;
type Inputs = [x: tf.Tensor2D, step: tf.Tensor, epoch: tf.Tensor];

/** Runs an objective as usual on `inputs` and gives its program. */
export function programOf(
  inputs: Inputs,
  work: Work,
): { program: Program; results: Record<string, tf.Tensor> } {
  const recorder = new Recorder(inputs, install());
  const results = during(recorder, () => work(...inputs));
  return { program: recorder.end(results ?? {}), results };
}

/**
 * Runs an objective without arithmetic, on inputs of these shapes; throws `Differs` if it is not
 * the program.
 */
export function checkProgram(
  program: Program,
  inputs: [shape: number[], dtype: tf.DataType][],
  work: Work,
): void {
  const tfjs = install();
  const { state } = tfjs.engine;
  const given = inputs.map(
    ([shape, dtype]) => new tf.Tensor(shape, dtype, {}, tfjs.engine.nextTensorId()),
  ) as Inputs;
  const checker = new Checker(program, given, tfjs);
  state.gradientDepth = 1; // as when it was recorded: our gradients are others under a tape
  state.activeTape = [];
  during(
    checker,
    () => tf.tidy(() => checker.end(work(...given) ?? {})),
    () => Object.assign(state, { gradientDepth: 0, kernelDepth: 0, activeTape: null }),
  );
}
