import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import * as tf from "@tensorflow/tfjs-node";
import fc from "fast-check";
import { fashionMnist, mnist, readIdx } from "./datasets";
import { assertClose } from "./fixtures/fixtures";

const directory = mkdtempSync(join(tmpdir(), "idx-"));
after(() => rmSync(directory, { recursive: true }));

const path = join(directory, "file");
const write = (bytes: Uint8Array | number[]) => {
  writeFileSync(path, Uint8Array.from(bytes));
  return path;
};
const header = (type: number, shape: number[]) => {
  const bytes = Buffer.alloc(4 + 4 * shape.length);
  bytes[2] = type;
  bytes[3] = shape.length;
  for (const [i, size] of shape.entries()) bytes.writeUInt32BE(size, 4 + 4 * i);
  return bytes;
};
const idx = (type: number, shape: number[], data: Uint8Array) =>
  Buffer.concat([header(type, shape), data]);

/** Asserts that the promise is rejected with such a message, and that no tensor is left. */
async function refuses(promise: () => Promise<unknown>, ...patterns: RegExp[]): Promise<void> {
  const before = tf.memory().numTensors;
  await assert.rejects(promise, (error: Error) => {
    for (const pattern of patterns) assert.match(error.message, pattern);
    return true;
  });
  assert.equal(tf.memory().numTensors, before);
}

test("readIdx reads every number type, big-endian", async () => {
  const cases: [number, number[], string][] = [
    [0x08, [0, 7, 255], "0007ff"],
    [0x09, [0, -1, 127], "00ff7f"],
    [0x0b, [1, -2, 300], "0001fffe012c"],
    [0x0c, [1, -2, 70000], "00000001fffffffe00011170"],
    [0x0d, [1, -0.5, 0], "3f800000bf00000000000000"],
    [0x0e, [1, -0.5, 0], "3ff0000000000000bfe00000000000000000000000000000"],
  ];
  for (const [type, numbers, hex] of cases) {
    const { shape, data } = await readIdx(write(idx(type, [3], Buffer.from(hex, "hex"))));
    assert.deepEqual(shape, [3]);
    assert.deepEqual(Array.from(data), numbers);
  }
});

test("readIdx gives back any bytes of any shape", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
      fc.nat(1e6),
      async (shape, seed) => {
        const bytes = Uint8Array.from(
          { length: shape.reduce((a, b) => a * b) },
          (_, i) => (i * 31 + seed) % 256,
        );
        assert.deepEqual(await readIdx(write(idx(8, shape, bytes))), { shape, data: bytes });
      },
    ),
    { numRuns: 30 },
  );
});

test("readIdx says what is wrong with a file that is no IDX file", async () => {
  const good = idx(8, [2, 3], new Uint8Array(6));
  await refuses(
    () => readIdx(write(good.subarray(0, 15))),
    /file must be an IDX file, whose header says shape \[2, 3\], 18 bytes, got 15 bytes \(cut off\); fetch it again/,
  );
  await refuses(() => readIdx(write([...good, 0])), /18 bytes, got 19 bytes \(too long\)/);
  await refuses(() => readIdx(write([])), /got an empty file/);
  await refuses(() => readIdx(write([0, 0])), /got 2 bytes, too few for a header/);
  await refuses(
    () => readIdx(write(good.subarray(0, 9))),
    /got 9 bytes, cut off inside the header of 12/,
  );
  await refuses(() => readIdx(write(gzipSync(good))), /got a gzip archive; unpack it with gunzip/);
  await refuses(
    () => readIdx(write(Buffer.from("PK\u0003\u0004 and more"))),
    /begins with 00 00 and a type, got 50 4b 03 04/,
  );
  await refuses(
    () => readIdx(write([0, 0, 7, 1, 0, 0, 0, 1, 5])),
    /begins with 00 00 and a type, got 00 00 07 01/,
  );
  await refuses(() => readIdx(write([0, 0, 8, 0, 5])), /which has at least one axis, got 0 axes/);
  await refuses(
    () => readIdx(write(idx(8, [0, 28], new Uint8Array(0)))),
    /got shape \[0, 28\], no numbers/,
  );
  await refuses(() => readIdx(join(directory, "missing")), /ENOENT/);
  await refuses(() => readIdx(directory), /something that is not a file/);
});

test("readIdx refuses a file that claims 3 GB, or more than there are numbers for, before it takes memory", async () => {
  const before = process.memoryUsage().rss;
  await refuses(
    () => readIdx(write(header(8, [3_000_000_000]))),
    /header says shape \[3000000000\], 3000000008 bytes, got 8 bytes \(cut off\)/,
  );
  const most = 2 ** 32 - 1;
  await refuses(() => readIdx(write(header(14, [most, most, most, most]))), /cut off/);
  await refuses(() => readIdx(write([0, 0, 8, 255, ...new Array(1020).fill(255)])), /cut off/);
  assert.ok(process.memoryUsage().rss - before < 200e6, "memory grew");
});

test("mnist has 60,000 and 10,000 pictures in [0, 1] with their labels, wherever it is called from", async () => {
  const { images, labels } = await mnist("test");
  assert.deepEqual(
    [images.shape, labels.shape, images.dtype, labels.dtype],
    [[10000, 784], [10000], "float32", "int32"],
  );
  assert.deepEqual(Array.from(labels.slice(0, 10).dataSync()), [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
  assertClose([images.min().arraySync() as number, images.max().arraySync() as number], [0, 1], 0);
  assertClose(images.mean(), 0.13251460584233699, 1e-5); // by NumPy, of the file
  assertClose(
    images.slice([0, 202], [1, 5]),
    [84 / 255, 185 / 255, 159 / 255, 151 / 255, 60 / 255],
    1e-7,
  );
  const elsewhere = `require(${JSON.stringify(join(__dirname, "datasets.js"))}).mnist("train").then(({ images, labels }) => console.log(images.shape, labels.shape))`;
  const { stdout } = spawnSync(process.execPath, ["-e", elsewhere], {
    cwd: directory,
    encoding: "utf8",
  });
  assert.match(stdout, /\[ 60000, 784 \] \[ 60000 \]/);
  tf.dispose([images, labels]);
});

const images = "t10k-images-idx3-ubyte";
const labels = "t10k-labels-idx1-ubyte";
test("a set whose files are missing, or do not fit each other, is refused with the cure", async () => {
  await refuses(
    () => mnist("test", { directory }),
    /^MNIST must be in .*, got no file t10k-images-idx3-ubyte or t10k-images\.idx3-ubyte; fetch it with: npm run setup/,
  );
  await refuses(
    () => fashionMnist("train", { directory }),
    /^Fashion-MNIST must be in .*, got no file train-images-idx3-ubyte/,
  );
  await refuses(
    () => mnist("validation" as never),
    /split must be one of "train", "test", got "validation"/,
  );
  writeFileSync(join(directory, images), idx(8, [2, 28, 28], new Uint8Array(2 * 784)));
  await refuses(() => mnist("test", { directory }), /got no file t10k-labels-idx1-ubyte/);
  writeFileSync(join(directory, labels), idx(8, [3], new Uint8Array(3)));
  await refuses(
    () => mnist("test", { directory }),
    /the test labels of MNIST must be 2 bytes, one for each image, got Uint8Array of shape \[3\]/,
  );
  writeFileSync(join(directory, labels), idx(8, [2], Uint8Array.of(7, 10)));
  await refuses(
    () => mnist("test", { directory }),
    /the test labels of MNIST must be from 0 to 9, got 10 for image 1/,
  );
  writeFileSync(join(directory, labels), idx(8, [2], Uint8Array.of(7, 9)));
  writeFileSync(join(directory, images), idx(8, [2, 27, 28], new Uint8Array(2 * 27 * 28)));
  await refuses(
    () => mnist("test", { directory }),
    /the test images of MNIST must be bytes of shape \[n, 28, 28\], got Uint8Array of shape \[2, 27, 28\]/,
  );
  truncateSync(join(directory, images), 100);
  await refuses(
    () => mnist("test", { directory }),
    /t10k-images-idx3-ubyte must be an IDX file, .*cut off/,
  );
  writeFileSync(join(directory, images), idx(8, [2, 28, 28], new Uint8Array(2 * 784).fill(51)));
  const set = await mnist("test", { directory });
  assertClose(set.images, new Array(2 * 784).fill(0.2), 1e-7);
  tf.dispose([set.images, set.labels]);
});

test("each pixel is the float32 number nearest to its byte over 255, in the file's order, and two tensors are made", async () => {
  const bytes = Uint8Array.from({ length: 2 * 784 }, (_, i) => (i * 37) % 256);
  writeFileSync(join(directory, images), idx(8, [2, 28, 28], bytes));
  writeFileSync(join(directory, labels), idx(8, [2], Uint8Array.of(7, 9)));
  const before = tf.memory().numTensors;
  const set = await mnist("test", { directory });
  assert.equal(tf.memory().numTensors, before + 2);
  assert.deepEqual(
    set.images.dataSync(),
    Float32Array.from(bytes, (byte) => byte / 255),
  );
  tf.dispose([set.images, set.labels]);
});

/** Writes a test set of two images whose bytes all are `byte`. */
function writePair(byte: number): void {
  writeFileSync(join(directory, images), idx(8, [2, 28, 28], Buffer.alloc(2 * 784, byte)));
  writeFileSync(join(directory, labels), idx(8, [2], Uint8Array.of(7, 9)));
}

test("images of a file in use are held once, each set stays as it was whatever is done to another, and nothing is held after the last", async () => {
  writePair(51);
  const before = tf.memory();
  const [first, second] = [await mnist("test", { directory }), await mnist("test", { directory })];
  const now = tf.memory();
  assert.equal(now.numTensors, before.numTensors + 4);
  assert.equal(now.numDataBuffers, before.numDataBuffers + 3);
  first.images.dataSync().fill(0);
  first.labels.dataSync().fill(0);
  const variable = tf.variable(first.images);
  const zeros = tf.zerosLike(variable);
  variable.assign(zeros);
  tf.dispose([zeros, first.images, first.labels]);
  const third = await mnist("test", { directory });
  assert.equal(third.images.dataId, second.images.dataId);
  second.images.dispose();
  assert.deepEqual([...third.images.dataSync()], Array(2 * 784).fill(Math.fround(0.2)));
  assert.deepEqual([...second.labels.dataSync()], [7, 9]);
  variable.dispose();
  tf.dispose([second.labels, third.images, third.labels]);
  const fourth = await mnist("test", { directory });
  assert.deepEqual([...fourth.images.dataSync()], Array(2 * 784).fill(Math.fround(0.2)));
  tf.dispose([fourth.images, fourth.labels]);
  assert.equal(tf.memory().numDataBuffers, before.numDataBuffers);
});

test("a file that was written again is read again, while images of the old one are in use", async () => {
  writePair(51);
  const old = await mnist("test", { directory });
  await sleep(20); // the file system counts time in steps of a few ms
  writePair(102);
  const set = await mnist("test", { directory });
  assert.deepEqual(
    [old, set].map(({ images }) => images.dataSync()[0]),
    [0.2, 0.4].map(Math.fround),
  );
  tf.dispose([old.images, old.labels, set.images, set.labels]);
});

test("sets asked for at once are whole, each", async () => {
  writePair(51);
  const sets = await Promise.all([1, 2, 3].map(() => mnist("test", { directory })));
  for (const { images, labels } of sets) {
    assertClose(images, new Array(2 * 784).fill(0.2), 1e-7);
    assert.deepEqual([...labels.dataSync()], [7, 9]);
    tf.dispose([images, labels]);
  }
});

test("a set whose files have a dot in their names, as Kaggle gives them, is read", async () => {
  const dotted = (name: string) => join(directory, name.replace("-idx", ".idx"));
  writeFileSync(dotted(images), idx(8, [2, 28, 28], new Uint8Array(2 * 784).fill(51)));
  writeFileSync(dotted(labels), idx(8, [2], Uint8Array.of(7, 9)));
  for (const name of [images, labels]) rmSync(join(directory, name));
  const set = await mnist("test", { directory });
  assert.deepEqual(Array.from(set.labels.dataSync()), [7, 9]);
  tf.dispose([set.images, set.labels]);
  for (const name of [images, labels]) renameSync(dotted(name), join(directory, name));
});
