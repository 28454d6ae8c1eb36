import { deflateSync, crc32 as zlibCrc32 } from "node:zlib";

const table = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});
/**
 * Node 20.15 and 22.2 brought zlib.crc32; earlier ones and browsers get the same sum from a table.
 */
const crc32: (data: Uint8Array) => number =
  zlibCrc32 ??
  ((data) => ~data.reduce((c, byte) => table[(c ^ byte) & 255] ^ (c >>> 8), 0xffffffff) >>> 0);

/** A chunk of a PNG: length, type, data, and the sum of type and data. */
function chunk(type: string, data: Uint8Array): Uint8Array {
  const framed = new Uint8Array(data.length + 12);
  const view = new DataView(framed.buffer);
  view.setUint32(0, data.length);
  framed.set(new TextEncoder().encode(type), 4);
  framed.set(data, 8);
  view.setUint32(data.length + 8, crc32(framed.subarray(4, data.length + 8)));
  return framed;
}

/** Channels of RGBA that a picture needs and the color type of a PNG for them. */
function channelsOf(rgba: Uint8Array): { type: number; channels: readonly number[] } {
  let [gray, opaque] = [true, true];
  for (let i = 0; i < rgba.length && (gray || opaque); i += 4) {
    gray &&= rgba[i] === rgba[i + 1] && rgba[i] === rgba[i + 2];
    opaque &&= rgba[i + 3] === 255;
  }
  const color = gray ? [0] : [0, 1, 2];
  return { type: (gray ? 0 : 2) + (opaque ? 0 : 4), channels: opaque ? color : [...color, 3] };
}

/**
 * A PNG of 8-bit RGBA pixels [height, width, 4], stored as gray or without alpha where that holds
 * the same. Source: W3C, Portable Network Graphics, sections 5 and 11.
 */
export function encodePng(rgba: Uint8Array, height: number, width: number): Uint8Array {
  if (rgba.length !== 4 * height * width)
    throw new RangeError(
      `rgba must hold ${4 * height * width} bytes for ${height} × ${width} pixels, got ${rgba.length}`,
    );
  const { type, channels } = channelsOf(rgba);
  const lines = new Uint8Array(height * (1 + channels.length * width));
  let to = 0;
  for (let i = 0; i < height; i++) {
    lines[to++] = 0; // no filter
    for (let j = 0; j < width; j++)
      for (const channel of channels) lines[to++] = rgba[4 * (width * i + j) + channel];
  }
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, type, 0, 0, 0], 8);
  const parts = [
    Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(lines, { level: 9 })),
    chunk("IEND", new Uint8Array(0)),
  ];
  const png = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    png.set(part, at);
    at += part.length;
  }
  return png;
}
