// Wire format of protocol buffers, written. The generated classes that come with tfjs-node take ten
// times as long in a process where they are used once, on code that is not compiled yet.

/** Base-128 digits, lowest first; a negative number counts as 64 bits of two's complement. */
function varint(value: number): number[] {
  if (value >= 0 && value < 128) return [value];
  const digits: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) digits.push(Number(rest & 127n) | 128);
  return [...digits, Number(rest)];
}

const [varintKind, bytesKind, fourBytesKind] = [0, 2, 5];
const key = (field: number, kind: number) => varint((field << 3) | kind);

/** A message of these fields. */
export const message = (...fields: Uint8Array[]): Uint8Array => Buffer.concat(fields);

export const integer = (field: number, value: number): Uint8Array =>
  Buffer.from([...key(field, varintKind), ...varint(value)]);

export function float(field: number, value: number): Uint8Array {
  const number = Buffer.alloc(4);
  number.writeFloatLE(value);
  return message(Buffer.from(key(field, fourBytesKind)), number);
}

/** A field of bytes, or of a message. */
export const bytes = (field: number, content: Uint8Array): Uint8Array =>
  message(Buffer.from([...key(field, bytesKind), ...varint(content.length)]), content);

export const text = (field: number, content: string): Uint8Array =>
  bytes(field, Buffer.from(content));
