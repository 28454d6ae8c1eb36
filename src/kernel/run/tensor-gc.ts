import { performance } from "node:perf_hooks";
// The global timers belong to the cells.
import { setImmediate } from "node:timers";
import { describeTensors } from "./describe-tensorflow";
import { collectGarbage } from "./garbage";

/** Parts of a tensor that its disposal needs; a variable has a name. */
interface Tensor {
  dataId: object;
  dtype: string;
  size: number;
  shape: number[];
  isDisposed?: boolean;
  name?: string;
}

type Variables = Record<string, Tensor | undefined>;

/** Parts of TensorFlow.js's engine through which every tensor and variable comes and goes. */
interface Engine {
  state: {
    activeScope?: object | null;
    registeredVariables: Variables;
    kernelDepth: number;
    gradientDepth: number;
    activeTape: { saved?: { dispose(): void }[] }[] | null | undefined;
    scopeStack: unknown[];
  };
  endScope(): void;
  track<T extends Tensor>(tensor: T): T;
  incRef(variable: Tensor, backend: object): void;
  disposeTensor(tensor: Tensor): void;
}

/**
 * Bytes outside of every `tidy` at which the garbage collector is called: at `few` if the last call
 * was so long ago that calls take a tenth of the time at most, at `many` in any case.
 */
const UNCOLLECTED_BYTES = { few: 64 * 2 ** 20, many: 256 * 2 ** 20 };
const GREATEST_SHARE = 0.1;
const BYTES_PER_NUMBER = 4;

/** TensorFlow.js counts the variables that were not given a name. */
const isUnnamed = (name: string): boolean => /^\d+$/.test(name);

/** The engine's variables by name, holding those without a name of their own weakly. */
function weakVariables(): Variables {
  const alive = (entry: unknown): unknown => (entry instanceof WeakRef ? entry.deref() : entry);
  return new Proxy<Record<string, unknown>>(
    {},
    {
      get: (all, name: string) => alive(all[name]),
      set(all, name: string, variable: Tensor) {
        all[name] = isUnnamed(name) ? new WeakRef(variable) : variable;
        return true;
      },
      ownKeys: (all) => Object.keys(all).filter((name) => alive(all[name]) !== undefined),
      getOwnPropertyDescriptor(all, name: string) {
        const value = alive(all[name]);
        return value === undefined
          ? undefined
          : { value, writable: true, enumerable: true, configurable: true };
      },
    },
  ) as Variables;
}

/**
 * Disposes of unreachable tensors.
 *
 * TensorFlow.js frees the tensors of `tidy` and `dispose`; those made at a cell's top it would hold
 * until the kernel ends. Here each tensor that leaves the outermost scope, and each variable
 * without a name, is disposed of once its JavaScript object has been collected: the difference
 * shows in `tf.memory()` alone. V8 does not know of the bytes behind a tensor, so they are counted,
 * and it is asked to collect when there are many.
 */
function watchTensors(engine: Engine): void {
  const { track, incRef, disposeTensor } = engine;
  let held = 0;
  let least = 0; // of what was held since the last collection
  let asked = false;
  let due = 0; // the time from which a few bytes are enough
  const isMuch = (): boolean => {
    const { few, many } = UNCOLLECTED_BYTES;
    const grown = held - least;
    return grown >= many || (grown >= few && performance.now() >= due);
  };
  const released = ({ size }: Tensor): void => {
    held -= size * BYTES_PER_NUMBER;
    least = Math.min(least, held);
  };
  const registry = new FinalizationRegistry((tensor: Tensor) => {
    released(tensor);
    disposeTensor.call(engine, tensor);
    if (tensor.name !== undefined) delete engine.state.registeredVariables[tensor.name];
  });
  const collect = (): void => {
    asked = false;
    if (!isMuch()) return;
    const start = performance.now();
    collectGarbage();
    const end = performance.now();
    due = end + (end - start) / GREATEST_SHARE;
    least = held;
  };
  let described = false;
  const watch = (tensor: Tensor): void => {
    if (!described) describeTensors(tensor);
    described = true;
    const { dataId, dtype, size, shape, name } = tensor;
    registry.register(tensor, { dataId, dtype, size, shape, name }, tensor);
    held += size * BYTES_PER_NUMBER;
    if (asked || !isMuch()) return;
    asked = true;
    setImmediate(collect);
  };
  engine.state.registeredVariables = weakVariables();
  Object.assign(engine, {
    track(tensor: Tensor): Tensor {
      if (!engine.state.activeScope) watch(tensor);
      return track.call(engine, tensor);
    },
    /** Called with a variable that has been made or assigned to. */
    incRef(variable: Tensor, backend: object): void {
      incRef.call(engine, variable, backend);
      if (isUnnamed(variable.name ?? "")) watch(variable);
    },
    disposeTensor(tensor: Tensor): void {
      if (registry.unregister(tensor)) released(tensor);
      disposeTensor.call(engine, tensor);
    },
  });
}

/** Collects unreachable tensors from the moment that TensorFlow.js is loaded. */
export function collectTensors(): void {
  let engine: Engine | undefined;
  Object.defineProperty(globalThis, "_tfengine", {
    configurable: true,
    get: () => engine,
    set(loaded: Engine) {
      engine = loaded;
      watchTensors(loaded);
    },
  });
}

/**
 * Resets TensorFlow.js's engine after code was terminated in an operation: no `finally` block has
 * run.
 *
 * Otherwise it would record no gradients any more. Disposes of the tensors of open `tidy` scopes
 * and of the tape.
 */
export function recoverEngine(): void {
  const { _tfengine: engine } = globalThis as { _tfengine?: Engine };
  if (!engine) return;
  while (engine.state.scopeStack.length > 0) engine.endScope();
  for (const { saved = [] } of engine.state.activeTape ?? [])
    for (const tensor of saved) tensor.dispose();
  Object.assign(engine.state, { kernelDepth: 0, gradientDepth: 0, activeTape: null });
}
