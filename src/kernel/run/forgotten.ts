// The global timers belong to the cells.
import { setImmediate } from "node:timers";
import { collectGarbage } from "./collect";

/** What TensorFlow.js needs to dispose of a tensor, and the name of a variable. */
interface Tensor {
  dataId: object;
  dtype: string;
  size: number;
  name?: string;
}

type Variables = Record<string, Tensor | undefined>;

/** The part of TensorFlow.js's engine through which every tensor and variable comes and goes. */
interface Engine {
  state: { activeScope?: object | null; registeredVariables: Variables };
  track<T extends Tensor>(tensor: T): T;
  incRef(variable: Tensor, backend: object): void;
  disposeTensor(tensor: Tensor): void;
}

/** How many bytes may come to lie outside of every `tidy` before the garbage collector is called. */
const UNCOLLECTED_BYTES = 256 * 2 ** 20;
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
 * Disposes of the tensors that no code can reach any more.
 *
 * TensorFlow.js frees what `tidy` or `dispose` is told of; what a cell makes at its top it would hold until the kernel
 * ends. Here each tensor that leaves the outermost scope, and each variable without a name, is disposed of once its
 * JavaScript object has been collected: the difference shows in `tf.memory()` alone. V8 does not know of the bytes
 * behind a tensor, so they are counted, and it is asked to collect when too many have come together.
 */
function watchForgotten(engine: Engine): void {
  const { track, incRef, disposeTensor } = engine;
  let held = 0;
  let least = 0; // of what was held since the last collection
  let asked = false;
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
    if (held - least < UNCOLLECTED_BYTES) return;
    collectGarbage();
    least = held;
  };
  const watch = (tensor: Tensor): void => {
    const { dataId, dtype, size, name } = tensor;
    registry.register(tensor, { dataId, dtype, size, name }, tensor);
    held += size * BYTES_PER_NUMBER;
    if (asked || held - least < UNCOLLECTED_BYTES) return;
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

/** Has forgotten tensors disposed of from the moment that TensorFlow.js is loaded. */
export function disposeForgotten(): void {
  let engine: Engine | undefined;
  Object.defineProperty(globalThis, "_tfengine", {
    configurable: true,
    get: () => engine,
    set(loaded: Engine) {
      engine = loaded;
      watchForgotten(loaded);
    },
  });
}
