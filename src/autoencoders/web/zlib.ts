// Node's `zlib` in a browser, as far as PNG needs it.
export { zlibSync as deflateSync } from "fflate";
/** Absent, as in early versions of Node 20. */
export const crc32 = undefined;
