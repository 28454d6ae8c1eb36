import { deflateSync, crc32 as zlibCrc32 } from "node:zlib";

const table = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});
/** Node 20.15 and 22.2 brought zlib.crc32; earlier ones get the same sum from a table. */
const crc32: (data: Buffer) => number =
  zlibCrc32 ??
  ((data) => ~data.reduce((c, byte) => table[(c ^ byte) & 255] ^ (c >>> 8), 0xffffffff) >>> 0);

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

/** A PNG of 8-bit RGBA pixels [height, width, 4]. Source: W3C, Portable Network Graphics, sections 5 and 11. */
export function encodePng(rgba: Uint8Array, height: number, width: number): Buffer {
  if (rgba.length !== 4 * height * width)
    throw new RangeError(
      `rgba must hold ${4 * height * width} bytes for ${height} × ${width} pixels, got ${rgba.length}`,
    );
  const lines = Buffer.alloc(height * (1 + 4 * width));
  for (let i = 0; i < height; i++)
    lines.set(rgba.subarray(4 * width * i, 4 * width * (i + 1)), i * (1 + 4 * width) + 1);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 6, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(lines, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}
