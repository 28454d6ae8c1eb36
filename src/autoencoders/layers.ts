import * as tf from "@tensorflow/tfjs-node";
import { withGradient } from "./custom-gradient";
import {
  requireExamples,
  requireFloat,
  requireFunction,
  requireInteger,
  requireName,
  requireNumber,
  requireRank,
  shapeText,
} from "./preconditions";
import { defaultSeed, type Random, random } from "./random";

const activations = {
  linear: (z: tf.Tensor) => z,
  relu: (z: tf.Tensor) => tf.relu(z),
  sigmoid: (z: tf.Tensor) => tf.sigmoid(z),
  tanh: (z: tf.Tensor) => tf.tanh(z),
  softplus: (z: tf.Tensor) => tf.softplus(z),
  elu: (z: tf.Tensor) => tf.elu(z),
  leakyRelu: (z: tf.Tensor) => tf.leakyRelu(z, 0.01),
  gelu: (z: tf.Tensor) => tf.mul(z, tf.erf(tf.mul(z, Math.SQRT1_2)).add(1)).mul(0.5),
  swish: (z: tf.Tensor) => tf.mul(z, tf.sigmoid(z)),
};

/** The name of an activation that is applied to each entry. */
export type ActivationName = keyof typeof activations;

/** An activation: one of the names, or any function of a tensor [n, m] that keeps its shape. */
export type Activation = ActivationName | ((z: tf.Tensor2D) => tf.Tensor);

function activationOf(activation: Activation, name: string): (z: tf.Tensor2D) => tf.Tensor {
  if (typeof activation === "function") return activation;
  requireName(activation, name, Object.keys(activations));
  return activations[activation];
}

/**
 * Affine map: xW + b, the row b added to every example.
 *
 * `x` [n, d], `W` [d, m], `b` [m]; the result is [n, m]. Throws if the shapes do not chain.
 */
export function affine(x: tf.Tensor, W: tf.Tensor, b: tf.Tensor): tf.Tensor2D {
  requireExamples(x, "x");
  requireExamples(W, "W");
  requireRank(b, 1, "b");
  if (W.shape[0] !== x.shape[1]) {
    throw new RangeError(
      `W must have ${x.shape[1]} rows, one for each dimension of x ${shapeText(x.shape)}, got shape ${shapeText(W.shape)}`,
    );
  }
  if (b.shape[0] !== W.shape[1]) {
    throw new RangeError(
      `b must have ${W.shape[1]} entries, one for each column of W ${shapeText(W.shape)}, got shape ${shapeText(b.shape)}`,
    );
  }
  return tf.tidy(() => tf.matMul(x, W as tf.Tensor2D).add(b));
}

/** Options of `autoencoder` and `tied`. */
export interface AutoencoderOptions {
  /** After every hidden layer. */
  activation: Activation;
  /** After the layer that makes the code; `activation` unless given. */
  codeActivation?: Activation;
  /** After the last layer; "linear" unless given. */
  outputActivation?: Activation;
  /** Seed of the initial weights; that of `AE_SEED`, or 1, unless given. */
  seed?: number;
}

/** An encoder f, a decoder g, and the variables that both are made of. */
export interface Autoencoder {
  /** ``h = f(x)``: [n, d] → [n, m]. */
  encode(x: tf.Tensor): tf.Tensor2D;
  /** ``x̂ = g(h)``, after the output activation: [n, m] → [n, d]. */
  decode(h: tf.Tensor): tf.Tensor2D;
  /** The variables by name: W1, b1, W2, b2 … from the input on. */
  parameters: Record<string, tf.Variable>;
}

function requireWidths(widths: readonly number[]): void {
  const cure = "give every width from input to output, such as [784, 32, 784]";
  if (!Array.isArray(widths))
    throw new TypeError(`widths must be an array of numbers, got ${typeof widths}; ${cure}`);
  for (const [i, width] of widths.entries()) requireInteger(width, `widths[${i}]`, 1);
  if (widths.length < 3 || widths.length % 2 === 0) {
    throw new RangeError(
      `widths must be an odd number of widths, 3 at least, with the code in the middle, got [${widths.join(", ")}]; ${cure}`,
    );
  }
  const [first, last] = [widths[0], widths[widths.length - 1]];
  if (first !== last)
    throw new RangeError(`widths must end as they begin, got ${first} and ${last}; ${cure}`);
}

/**
 * Glorot's uniform start: every entry from ``[−a, a)``, ``a = √(6 / (d + m))``.
 *
 * A tensor [d, m]. Throws unless d and m are at least 1 and `draw` is of `random`. Source: Glorot
 * and Bengio (2010), equation 16.
 */
export function glorotUniform(d: number, m: number, draw: Random): tf.Tensor2D {
  requireInteger(d, "d", 1);
  requireInteger(m, "m", 1);
  requireFunction(draw?.uniform, "draw.uniform", "of random(seed)");
  const a = Math.sqrt(6 / (d + m));
  return draw.uniform<tf.Rank.R2>([d, m], -a, a);
}

interface Plan {
  half: number;
  act: (layer: number) => (z: tf.Tensor2D) => tf.Tensor;
  initial: (layer: number) => tf.Tensor2D;
}

function plan(widths: readonly number[], options: AutoencoderOptions): Plan {
  requireWidths(widths);
  if (options === null || typeof options !== "object")
    throw new TypeError('options must be an object such as { activation: "relu" }, got none');
  if (options.activation === undefined)
    throw new TypeError('activation must be given, such as { activation: "relu" }');
  const {
    activation,
    codeActivation = activation,
    outputActivation = "linear",
    seed = defaultSeed(),
  } = options;
  const hidden = activationOf(activation, "activation");
  const code = activationOf(codeActivation, "codeActivation");
  const output = activationOf(outputActivation, "outputActivation");
  const layers = widths.length - 1;
  const draw = random(seed, "weights");
  return {
    half: layers / 2,
    act: (layer) => (layer === layers ? output : layer === layers / 2 ? code : hidden),
    initial: (layer) => glorotUniform(widths[layer - 1], widths[layer], draw),
  };
}

function requireWidth(x: tf.Tensor, name: string, width: number): void {
  requireExamples(x, name);
  if (x.shape[1] !== width)
    throw new RangeError(
      `${name} must be [n, ${width}] for this autoencoder, got shape ${shapeText(x.shape)}`,
    );
}

/** Layers `from` … `to`, numbered from 1: z = x W + b, then the activation. */
function through(
  x: tf.Tensor,
  from: number,
  to: number,
  layer: (x: tf.Tensor2D, i: number) => tf.Tensor2D,
  act: Plan["act"],
): tf.Tensor2D {
  return tf.tidy(() => {
    let h = x as tf.Tensor2D;
    for (let i = from; i <= to; i++) {
      const z = layer(h, i);
      h = act(i)(z) as tf.Tensor2D;
      if (!(h instanceof tf.Tensor) || !tf.util.arraysEqual(h.shape, z.shape)) {
        const got =
          h instanceof tf.Tensor ? `shape ${shapeText((h as tf.Tensor).shape)}` : typeof h;
        throw new RangeError(
          `the activation of layer ${i} must return a tensor of shape ${shapeText(z.shape)}, got ${got}`,
        );
      }
    }
    return h === x ? (x.clone() as tf.Tensor2D) : h;
  });
}

/** `encoding` and `decoding` are the affine maps of layer i. */
function assembled(
  widths: readonly number[],
  { half, act }: Plan,
  parameters: Record<string, tf.Variable>,
  encoding: (x: tf.Tensor2D, i: number) => tf.Tensor2D,
  decoding: (h: tf.Tensor2D, i: number) => tf.Tensor2D,
): Autoencoder {
  return {
    parameters,
    encode(x) {
      requireWidth(x, "x", widths[0]);
      return through(x, 1, half, encoding, act);
    },
    decode(h) {
      requireWidth(h, "h", widths[half]);
      return through(h, half + 1, 2 * half, decoding, act);
    },
  };
}

/**
 * An autoencoder of affine layers: ``hᵢ = aᵢ(hᵢ₋₁ Wᵢ + bᵢ)`` with ``h₀ = x`` and the code in the
 * middle.
 *
 * `widths` from input to output, such as [784, 128, 32, 128, 784]: an odd number of them, the last
 * equal to the first. Layer i has ``Wᵢ`` [widths[i-1], widths[i]] and ``bᵢ`` [widths[i]]; the
 * weights start from Glorot's uniform distribution, the biases from 0. `decode` returns the output
 * **after** `outputActivation`; `binaryCrossEntropy` wants logits, so leave that linear and apply
 * `tf.sigmoid` where a picture is wanted. Throws if widths are no such list, a name is unknown, or
 * a tensor does not fit.
 */
export function autoencoder(widths: readonly number[], options: AutoencoderOptions): Autoencoder {
  const layers = plan(widths, options);
  const parameters: Record<string, tf.Variable> = {};
  tf.tidy(() => {
    for (let i = 1; i < widths.length; i++) {
      parameters[`W${i}`] = tf.variable(layers.initial(i));
      parameters[`b${i}`] = tf.variable(tf.zeros([widths[i]]));
    }
  });
  const layer = (x: tf.Tensor2D, i: number) => affine(x, parameters[`W${i}`], parameters[`b${i}`]);
  return assembled(widths, layers, parameters, layer, layer);
}

/**
 * An autoencoder with tied weights: the decoder uses the encoder's, transposed,
 * ``W_(2L + 1 − i) = Wᵢᵀ``.
 *
 * As `autoencoder`, for widths that are the same from both ends; its parameters are W1 … WL and b1
 * … b2L, ``L = (number of widths − 1)/2``. Throws as `autoencoder`, and where the widths are not
 * the same from both ends.
 */
export function tied(widths: readonly number[], options: AutoencoderOptions): Autoencoder {
  const layers = plan(widths, options);
  const { half, initial } = layers;
  if (!widths.every((width, i) => width === widths[widths.length - 1 - i])) {
    throw new RangeError(
      `widths must be the same from both ends to tie the weights, got [${widths.join(", ")}]`,
    );
  }
  const parameters: Record<string, tf.Variable> = {};
  tf.tidy(() => {
    for (let i = 1; i <= half; i++) parameters[`W${i}`] = tf.variable(initial(i));
    for (let i = 1; i <= 2 * half; i++) parameters[`b${i}`] = tf.variable(tf.zeros([widths[i]]));
  });
  const encoding = (x: tf.Tensor2D, i: number) =>
    affine(x, parameters[`W${i}`], parameters[`b${i}`]);
  const decoding = (h: tf.Tensor2D, i: number) =>
    tf
      .matMul(h, parameters[`W${2 * half + 1 - i}`] as tf.Tensor as tf.Tensor2D, false, true)
      .add(parameters[`b${i}`]) as tf.Tensor2D;
  return assembled(widths, layers, parameters, encoding, decoding);
}

/**
 * TopK activation: the k largest entries of each row are kept, the others become 0.
 *
 * `x` [n, m], ``1 ≤ k ≤ m``; the result is [n, m]. The k largest, not the k largest in magnitude:
 * put a relu before it where negative codes are not wanted. Of equal entries the ones that come
 * first are kept. The gradient flows through the kept entries only. Throws on other shapes or
 * types. Source: Makhzani and Frey (2014); Gao et al. (2024), equation
 * 2.
 */
export function topK(x: tf.Tensor, k: number): tf.Tensor2D {
  requireExamples(x, "x");
  requireInteger(k, "k", 1, x.shape[1]);
  return tf.tidy(() => keepLargest(k)(x) as tf.Tensor2D);
}

const keepLargest = (k: number) =>
  tf.customGrad((...inputs) => {
    const [x, save] = inputs as unknown as [tf.Tensor2D, tf.GradSaveFunc];
    const kth = tf.slice(tf.topk(x, k).values, [0, k - 1], [-1, 1]); // [n, 1]
    const above = tf.greater(x, kth).toFloat();
    const equal = tf.equal(x, kth).toFloat();
    const room = tf.sub(k, tf.sum(above, 1, true)); // [n, 1]: how many of the equal ones are kept
    const kept = tf.add(above, tf.mul(equal, tf.lessEqual(tf.cumsum(equal, 1), room).toFloat()));
    save([kept]);
    return {
      value: tf.mul(x, kept),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => [tf.mul(dy, saved[0])],
    };
  });

const gate = (z: tf.Tensor, theta: tf.Tensor) => tf.sign(tf.relu(tf.sub(z, theta))); // 1 where z > θ
/** 1 where |z − θ| < ε/2: the rectangular kernel K((z − θ)/ε). */
const near = (z: tf.Tensor, theta: tf.Tensor, bandwidth: number) =>
  tf.sign(tf.relu(tf.sub(bandwidth / 2, tf.abs(tf.sub(z, theta)))));

type Threshold = number | tf.Tensor;

function requireThreshold(theta: Threshold, bandwidth: number): void {
  if (typeof theta === "number") requireNumber(theta, "theta", "a finite number");
  else {
    requireFloat(theta, "theta");
    if (theta.rank > 1)
      throw new RangeError(
        `theta must be a number or a vector with an entry for each unit, got shape ${shapeText(theta.shape)}`,
      );
  }
  requireNumber(bandwidth, "bandwidth", "a number of at least 1e-30", (v) => v >= 1e-30);
}

/**
 * A function of `z` [n, m] at a threshold: `value`, its derivative by ``z``, and by ``θ`` the
 * kernel's `near` times a factor, summed over what shares the threshold.
 */
function onThreshold(
  theta: Threshold,
  bandwidth: number,
  value: (z: tf.Tensor, theta: tf.Tensor) => tf.Tensor,
  byZ: (dy: tf.Tensor, z: tf.Tensor, theta: tf.Tensor) => tf.Tensor,
  byTheta: (near: tf.Tensor, theta: tf.Tensor) => tf.Tensor = (near) => near,
): (z: tf.Tensor) => tf.Tensor2D {
  requireThreshold(theta, bandwidth);
  const apply = withGradient(value, (dy, [z, theta]) => {
    const onTheta = byTheta(tf.mul(dy, near(z, theta, bandwidth)), theta).mul(-1 / bandwidth);
    const summed = theta.rank === 0 ? tf.sum(onTheta) : tf.sum(onTheta, 0).reshape(theta.shape);
    return [byZ(dy, z, theta), summed];
  });
  return (z) => {
    requireExamples(z, "z");
    if (typeof theta !== "number" && theta.rank === 1 && theta.shape[0] !== z.shape[1]) {
      throw new RangeError(
        `theta must have ${z.shape[1]} entries, one for each unit of z ${shapeText(z.shape)}, got shape ${shapeText(theta.shape)}`,
      );
    }
    const shared = () => (typeof theta === "number" ? tf.scalar(theta) : theta);
    return tf.tidy(() => apply(z, shared()) as tf.Tensor2D);
  };
}

/**
 * JumpReLU activation: ``z`` where ``z > θ``, else 0, with a straight-through gradient for ``θ``.
 *
 * `theta` a number, a scalar or a vector [m] (a variable, to train it); returns a function of z [n,
 * m]. The derivative by ``z`` is 1 where ``z > θ``, else 0; by ``θ`` it is ``−(θ/ε) K((z − θ)/ε)``
 * with ``K = 1`` on ``(−½, ½)``, else 0, and ``ε`` = `bandwidth`. Throws on other shapes or types,
 * and unless ``ε ≥ 10⁻³⁰``. Source: Rajamanoharan et al. (2024), equations 4 and 11.
 */
export function jumpReLU(theta: Threshold, bandwidth: number): (z: tf.Tensor) => tf.Tensor2D {
  return onThreshold(
    theta,
    bandwidth,
    (z, theta) => tf.mul(z, gate(z, theta)),
    (dy, z, theta) => tf.mul(dy, gate(z, theta)),
    (near, theta) => near.mul(theta),
  );
}

/**
 * Heaviside step at a threshold: 1 where ``z > θ``, else 0, with a straight-through gradient for
 * ``θ``; its sum over units is JumpReLU's L0.
 *
 * Arguments as `jumpReLU`. The derivative by ``z`` is 0; by ``θ`` it is ``−(1/ε) K((z − θ)/ε)``.
 * Throws as `jumpReLU`. Source: Rajamanoharan et al. (2024), equations 9 and 12.
 */
export function heaviside(theta: Threshold, bandwidth: number): (z: tf.Tensor) => tf.Tensor2D {
  return onThreshold(theta, bandwidth, gate, (dy) => tf.mul(dy, 0));
}
