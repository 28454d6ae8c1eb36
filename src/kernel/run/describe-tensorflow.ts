// Words by which `console.log` and a cell's last value show tensors, models and layers: shapes and
// values instead of the insides of TensorFlow.js's objects.
import { type InspectOptions, inspect } from "node:util";

interface Tensor {
  dtype: string;
  shape: number[];
  isDisposed?: boolean;
  name?: string;
}

interface SymbolicTensor {
  shape: (number | null)[];
}

interface Layer {
  name: string;
  input: SymbolicTensor | SymbolicTensor[];
  output: SymbolicTensor | SymbolicTensor[];
  layers?: Layer[];
  countParams(): number;
}

type Describe<T> = (value: T, isNested: boolean) => string;

function defineInspect<T>(prototype: object, describe: Describe<T>): void {
  Object.defineProperty(prototype, inspect.custom, {
    configurable: true,
    value(this: T, depth: number | null, options: InspectOptions): string {
      return describe(this, depth !== (options.depth ?? null));
    },
  });
}

/** Shows the values and shape of a tensor, and the shape alone of one inside of another value. */
export function describeTensors(tensor: Tensor): void {
  let prototype: object = Object.getPrototypeOf(tensor);
  while (!Object.hasOwn(prototype, "toString")) prototype = Object.getPrototypeOf(prototype);
  defineInspect<Tensor>(prototype, (shown, isNested) => {
    const name = shown.name === undefined ? "Tensor" : `Variable ${shown.name}`;
    const words = `${name} ${shown.dtype} [${shown.shape.join(", ")}]`;
    if (shown.isDisposed) return `${words}, disposed`;
    return isNested ? words : `${words}${String(shown).replace(/^Tensor/, "")}`;
  });
}

const shapesText = (tensors: SymbolicTensor | SymbolicTensor[]): string =>
  [tensors]
    .flat()
    .map(({ shape }) => `[${shape.map(String).join(", ")}]`)
    .join(", ");

/** Result of the function; undefined where TensorFlow.js throws, since the layer is not built. */
function ifBuilt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function layerLine(layer: Layer): string {
  const words = `${layer.constructor.name} ${layer.name}`;
  const shapes = ifBuilt(() => `${shapesText(layer.input)} → ${shapesText(layer.output)}`);
  const parameters = ifBuilt(() => layer.countParams());
  if (shapes === undefined || parameters === undefined) return `${words}, not built`;
  return `${words} ${shapes}, ${parameters} parameter${parameters === 1 ? "" : "s"}`;
}

/** Shows a model by its layers, each in a line with shapes and number of parameters. */
export function describeModels(module: unknown): void {
  const { layers } = (module ?? {}) as { layers?: { Layer?: NewableFunction } };
  if (layers?.Layer === undefined) return;
  defineInspect<Layer>(layers.Layer.prototype, (shown, isNested) => {
    const inner = isNested ? [] : (ifBuilt(() => shown.layers) ?? []);
    return [layerLine(shown), ...inner.map((layer) => `  ${layerLine(layer)}`)].join("\n");
  });
}
