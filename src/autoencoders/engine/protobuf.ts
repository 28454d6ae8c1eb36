// As much of the protocol buffers' wire format as a SavedModel needs: a message is a list of
// encoded fields. Source: https://protobuf.dev/programming-guides/encoding

/** The fields of a message, encoded. */
export type Message = Uint8Array[];

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value)); // a negative number takes ten bytes
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return Uint8Array.of(...bytes, Number(rest));
}
const [asVarint, asBytes, asFloat] = [0, 2, 5];
const tag = (field: number, kind: number) => varint(field * 8 + kind);

/** An integer, a boolean or an enumeration. */
export const integer = (field: number, value: number | boolean): Message => [
  tag(field, asVarint),
  varint(Number(value)),
];

/** A 32-bit floating-point number. */
export const float = (field: number, value: number): Message => [
  tag(field, asFloat),
  new Uint8Array(Float32Array.of(value).buffer),
];

/** Bytes, a text, or a message within the message. */
export function bytes(field: number, value: Uint8Array | string | Message): Message {
  const parts =
    typeof value === "string" ? [Buffer.from(value)] : Array.isArray(value) ? value : [value];
  return [tag(field, asBytes), varint(parts.reduce((sum, part) => sum + part.length, 0)), ...parts];
}
