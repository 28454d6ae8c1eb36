/** Numbers of one tensor as tfjs holds them; `lost` is the first one that does not fit. */
interface Numbers {
  dtype: "float32" | "int32" | "bool";
  values: Float32Array | Int32Array | Uint8Array;
  lost?: number | bigint;
}

/** A number type of the safetensors format. */
export interface NumberType {
  /** Bytes a number. */
  bytes: number;
  /** Reads little-endian bytes. */
  read(buffer: ArrayBuffer): Numbers;
}

const float = (values: Float32Array): Numbers => ({ dtype: "float32", values });

/** float16: a sign bit, 5 bits of exponent, 10 of fraction (IEEE 754 binary16). */
function half(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const size =
    exponent === 31
      ? fraction === 0
        ? Number.POSITIVE_INFINITY
        : Number.NaN
      : exponent === 0
        ? fraction * 2 ** -24
        : (1024 + fraction) * 2 ** (exponent - 25);
  return bits & 0x8000 ? -size : size;
}

/** bfloat16: the upper half of a float32. */
const brainFloats = (bits: Uint16Array): Float32Array =>
  new Float32Array(Uint32Array.from(bits, (upper) => upper * 2 ** 16).buffer);

function rounded(numbers: Float64Array): Numbers {
  const values = Float32Array.from(numbers);
  const lost = numbers.find((v, i) => Number.isFinite(v) && !Number.isFinite(values[i]));
  return { dtype: "float32", values, lost };
}

function integers(numbers: ArrayLike<number | bigint>): Numbers {
  const whole = Array.from(numbers, Number);
  const lost = whole.findIndex((v) => v < -(2 ** 31) || v >= 2 ** 31);
  return {
    dtype: "int32",
    values: Int32Array.from(whole),
    lost: lost < 0 ? undefined : numbers[lost],
  };
}

/** The number types of safetensors by their codes; the 8-bit floats are left out. */
export const numberTypes = new Map<string, NumberType>([
  ["F32", { bytes: 4, read: (b) => float(new Float32Array(b)) }],
  ["F16", { bytes: 2, read: (b) => float(Float32Array.from(new Uint16Array(b), half)) }],
  ["BF16", { bytes: 2, read: (b) => float(brainFloats(new Uint16Array(b))) }],
  ["F64", { bytes: 8, read: (b) => rounded(new Float64Array(b)) }],
  ["BOOL", { bytes: 1, read: (b) => ({ dtype: "bool", values: new Uint8Array(b) }) }],
  ["U8", { bytes: 1, read: (b) => integers(new Uint8Array(b)) }],
  ["I8", { bytes: 1, read: (b) => integers(new Int8Array(b)) }],
  ["U16", { bytes: 2, read: (b) => integers(new Uint16Array(b)) }],
  ["I16", { bytes: 2, read: (b) => integers(new Int16Array(b)) }],
  ["U32", { bytes: 4, read: (b) => integers(new Uint32Array(b)) }],
  ["I32", { bytes: 4, read: (b) => ({ dtype: "int32", values: new Int32Array(b) }) }],
  ["U64", { bytes: 8, read: (b) => integers(new BigUint64Array(b)) }],
  ["I64", { bytes: 8, read: (b) => integers(new BigInt64Array(b)) }],
]);
