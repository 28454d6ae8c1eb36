// Endless inputs for a reader: documents by fast-check, or sound bytes changed again and again,
// where an input that reached code that none before it did is kept and changed in its turn. What
// was reached is Node's own block coverage, asked for after every few inputs.
import { Session } from "node:inspector";
import fc from "fast-check";

const tokens = [
  "{",
  "}",
  "[",
  "]",
  '"',
  ",",
  "\n",
  "null",
  "-1",
  "1e999",
  "NaN",
  "\0",
  "\ud800",
  "__proto__",
].map(Buffer.from);
const longest = 4096;

/** One to three changes: a bit, a cut, or bytes in place of others. */
function changed(parent, draw) {
  let bytes = parent;
  for (let left = 1 + draw.integer(3); left > 0; left--) {
    const at = draw.integer(bytes.length + 1);
    const kind = draw.integer(8);
    if (kind === 0) bytes = bytes.subarray(0, at);
    else if (kind < 3 && at < bytes.length) {
      bytes = Buffer.from(bytes);
      bytes[at] ^= 1 << draw.integer(8);
    } else {
      const own = draw.integer(bytes.length + 1);
      const put = [
        tokens[draw.integer(tokens.length)],
        Buffer.from(Array.from({ length: 1 + draw.integer(12) }, () => draw.integer(256))),
        bytes.subarray(own, own + draw.integer(64)),
      ][draw.integer(3)];
      bytes = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + draw.integer(9))]);
    }
  }
  return bytes.subarray(0, longest);
}

const seen = new Set();
/** Number of code blocks entered so far. */
export const blocks = () => seen.size;

/** Asks which blocks of the code were entered since the last time; answers how many were new. */
function coverage(code) {
  const session = new Session();
  session.connect();
  session.post("Profiler.enable");
  session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  return () => {
    const before = seen.size;
    session.post("Profiler.takePreciseCoverage", (_error, { result }) => {
      for (const { url, functions } of result.filter(({ url }) => code.test(url)))
        for (const { ranges } of functions)
          for (const { startOffset, endOffset, count } of ranges)
            if (count > 0) seen.add(`${url} ${startOffset} ${endOffset}`);
    });
    return seen.size - before;
  };
}

const [together, most] = [10, 1000];

function* guided(sound, code, draw) {
  const fresh = coverage(code);
  const corpus = [sound];
  yield sound;
  fresh();
  for (;;) {
    const tried = Array.from({ length: together }, () =>
      changed(draw.integer(2) ? sound : corpus[draw.integer(corpus.length)], draw),
    );
    yield* tried;
    if (fresh() > 0 && corpus.length < most) corpus.push(...tried);
  }
}

function* documented(documents, draw) {
  for (;;) yield* fc.sample(documents, { numRuns: 500, seed: draw.integer(2 ** 31) });
}

export const inputsOf = ({ sound, code, documents }, draw) =>
  documents ? documented(documents, draw) : guided(sound, code, draw);
