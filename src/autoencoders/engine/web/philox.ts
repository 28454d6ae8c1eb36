// TensorFlow's StatelessRandomNormal and StatelessRandomUniform in JavaScript, number by number.

/** The upper 32 bits of the product of two unsigned 32-bit integers. */
function upperProduct(a: number, b: number): number {
  const [aHigh, aLow, bHigh, bLow] = [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff];
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const other = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(other / 0x10000)) >>> 0;
}

/**
 * Philox 4×32-10: four words for a counter of four words and a key of two, into `out`.
 *
 * Source: Salmon et al. (2011), Parallel random numbers: as easy as 1, 2, 3.
 */
export function philox(
  [c0, c1, c2, c3]: readonly number[],
  [k0, k1]: readonly number[],
  out: Uint32Array,
): void {
  let [w0, w1, w2, w3, key0, key1] = [c0, c1, c2, c3, k0, k1];
  for (let round = 0; round < 10; round++) {
    const [high0, low0] = [upperProduct(0xd2511f53, w0), Math.imul(0xd2511f53, w0)];
    const [high1, low1] = [upperProduct(0xcd9e8d57, w2), Math.imul(0xcd9e8d57, w2)];
    w0 = (high1 ^ w1 ^ key0) >>> 0;
    w1 = low1 >>> 0;
    w2 = (high0 ^ w3 ^ key1) >>> 0;
    w3 = low0 >>> 0;
    key0 = (key0 + 0x9e3779b9) >>> 0;
    key1 = (key1 + 0xbb67ae85) >>> 0;
  }
  out[0] = w0;
  out[1] = w1;
  out[2] = w2;
  out[3] = w3;
}

const word = new Uint32Array(1);
const asFloat = new Float32Array(word.buffer);

/** The number in [0, 1) whose 23 digits are the lower bits of x. */
function unit(x: number): number {
  word[0] = (x & 0x7fffff) | 0x3f800000;
  return asFloat[0] - 1;
}

export type Distribution = "normal" | "uniform";

/** Writes the numbers that TensorFlow draws for the two words of a seed. */
export function fillStateless(
  numbers: Float32Array,
  [seed0, seed1]: [number, number],
  distribution: Distribution,
): void {
  const mixed = new Uint32Array(4);
  const counter = [seed0 >>> 0, (seed0 >> 31) >>> 0, seed1 >>> 0, (seed1 >> 31) >>> 0];
  philox(counter, [0x3ec8f720, 0x02461e29], mixed);
  const [k0, k1, c2, c3] = mixed;
  const words = new Uint32Array(4);
  const four = new Float32Array(4);
  for (let i = 0; i < numbers.length; i += 4) {
    philox([i / 4, 0, c2, c3], [k0, k1], words);
    if (distribution === "uniform") for (let j = 0; j < 4; j++) four[j] = unit(words[j]);
    else
      for (let j = 0; j < 4; j += 2) {
        // Box and Muller's transform; TensorFlow keeps the logarithm finite in the same way
        const radius = Math.sqrt(-2 * Math.log(Math.max(unit(words[j]), 1e-7)));
        const angle = 2 * Math.PI * unit(words[j + 1]);
        four[j] = radius * Math.sin(angle);
        four[j + 1] = radius * Math.cos(angle);
      }
    const left = numbers.length - i;
    numbers.set(left < 4 ? four.subarray(0, left) : four, i);
  }
}
