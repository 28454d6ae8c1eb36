import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import * as tf from "@tensorflow/tfjs-node";
import fc from "fast-check";
import { load, save } from "./checkpoint";
import {
  assertClose,
  assertLeaves,
  assertRefuses,
  fixture,
  fixtures,
  matrix,
} from "./fixtures/fixtures";
import { autoencoder } from "./layers";

const directory = mkdtempSync(join(tmpdir(), "checkpoint-"));
after(() => rmSync(directory, { recursive: true }));
const path = join(directory, "model.safetensors");

test("what is saved is loaded: parameters as variables, optimizer, step and seed, bit for bit", () => {
  const { parameters } = autoencoder([5, 3, 5], { activation: "relu", seed: 2 });
  const odd = tf.tensor1d([Number.NaN, Number.POSITIVE_INFINITY, -0, 1e-45]);
  const optimizer = {
    "W1/mean": matrix([[1, 2]]),
    count: tf.scalar(7, "int32"),
    on: tf.tensor1d([true, false], "bool"),
    odd,
    none: tf.zeros([0, 3]),
  };
  assertLeaves(0, () => save(path, { parameters, optimizer, step: 2 ** 53 - 1, seed: 9 }));
  const loaded = assertLeaves(9, () => load(path));
  assert.deepEqual(Object.keys(loaded), ["parameters", "step", "optimizer", "seed"]);
  assert.equal(loaded.step, 2 ** 53 - 1);
  assert.equal(loaded.seed, 9);
  assert.deepEqual(Object.keys(loaded.parameters), ["W1", "b1", "W2", "b2"]);
  for (const [name, variable] of Object.entries(loaded.parameters)) {
    assert.ok(variable instanceof tf.Variable && variable.trainable);
    assert.deepEqual(variable.arraySync(), parameters[name].arraySync());
  }
  for (const [name, tensor] of Object.entries(loaded.optimizer!)) {
    const saved = optimizer[name as keyof typeof optimizer];
    assert.deepEqual([tensor.dtype, tensor.shape], [saved.dtype, saved.shape]);
    assert.ok(Buffer.from(tensor.dataSync().buffer).equals(Buffer.from(saved.dataSync().buffer)));
  }
});

test("a file of Python's safetensors is read, and ours is what Python writes", () => {
  const { parameters, step, seed, optimizer } = load(join(fixtures, "python.safetensors"));
  assert.deepEqual([step, seed, optimizer], [12, 5, undefined]);
  assertClose(
    parameters.W1,
    [0, 1, 2, 3, 4, 5].map((v) => Math.fround(v / 7)),
    0,
  );
  assert.deepEqual(parameters.W1.shape, [2, 3]);
  assert.deepEqual(parameters.count.arraySync(), [1, -2]);
  assert.deepEqual(Array.from(parameters.on.dataSync()), [1, 0, 1]);
});

test("any shapes and names survive", () => {
  const name = fc
    .string({ minLength: 1, maxLength: 8, unit: "grapheme" })
    .filter((n) => n !== "__metadata__" && !n.startsWith("optimizer/"));
  const shape = fc.array(fc.nat(3), { maxLength: 4 });
  fc.assert(
    fc.property(fc.dictionary(name, shape, { minKeys: 1, maxKeys: 5 }), (shapes) => {
      tf.engine().startScope();
      const parameters = Object.fromEntries(
        Object.entries(shapes).map(([n, s], i) => [n, tf.fill(s, i + 0.5)]),
      );
      save(path, { parameters });
      const loaded = load(path);
      assert.deepEqual(Object.keys(loaded.parameters).sort(), Object.keys(parameters).sort());
      for (const [n, tensor] of Object.entries(parameters))
        assert.deepEqual(loaded.parameters[n].arraySync(), tensor.arraySync());
      for (const variable of Object.values(loaded.parameters)) variable.dispose();
      tf.engine().endScope();
    }),
    { numRuns: 50 },
  );
});

test("a save that fails leaves the old file and nothing else", () => {
  const good = { w: tf.tensor1d([1]) };
  save(path, { parameters: good });
  const before = readFileSync(path);
  const gone = tf.tensor1d([1]);
  gone.dispose();
  assertRefuses(
    () => save(path, { parameters: { ...good, gone } }),
    /"gone" must be a live tensor/,
  );
  const secret = {
    ...good,
    bad: Object.assign(tf.tensor1d([2]), {
      dataSync: () => {
        throw new Error("disk full");
      },
    }),
  };
  assertRefuses(() => save(path, { parameters: secret }), /disk full/);
  assert.ok(readFileSync(path).equals(before));
  assert.deepEqual(readdirSync(directory), ["model.safetensors"]);
  assertRefuses(
    () => save(join(directory, "nowhere", "x"), { parameters: good }),
    /must be written whole, got ENOENT.*Make its folder first/,
  );
});

test("what a killed process left of a save is removed by the next one; what may still be written stays", () => {
  const folder = mkdtempSync(join(directory, "left-"));
  const gone = spawnSync(process.execPath, ["-e", ""]).pid;
  const left = (machine: string, pid: number, name = "a") => `.${name}.${machine}.${pid}.1.tmp`;
  const stay = [
    left(hostname(), process.ppid),
    left("elsewhere", gone),
    left(hostname(), gone, "b"),
    ".a.tmp",
  ];
  for (const name of [left(hostname(), gone), ...stay]) writeFileSync(join(folder, name), "part");
  save(join(folder, "a"), { parameters: { x: tf.scalar(1) } });
  assert.deepEqual(readdirSync(folder).sort(), [...stay, "a"].sort());
});

test("what is no checkpoint is not saved", () => {
  const w = tf.tensor1d([1]);
  assertRefuses(() => save(path, { parameters: {} }), /a checkpoint must hold at least one tensor/);
  assertRefuses(
    () => save(path, { parameters: undefined as never }),
    /parameters must be a record of tensors by name, got undefined/,
  );
  assertRefuses(
    () => save(path, { parameters: { w: [1] as never } }),
    /"w" must be a tensor, got object/,
  );
  const text = tf.tensor1d(["a"]);
  assertRefuses(
    () => save(path, { parameters: { text } }),
    /"text" must be float32, int32 or bool, got string/,
  );
  assertRefuses(
    () => save(path, { parameters: { "optimizer/w": w } }),
    /parameter "optimizer\/w" must have another name/,
  );
  assertRefuses(() => save(path, { parameters: { __metadata__: w } }), /must have another name/);
  assertRefuses(
    () => save(path, { parameters: { w }, step: 1.5 }),
    /step must be an integer of at least 0, got 1.5/,
  );
  assertRefuses(
    () => save(path, { parameters: { w }, seed: -1 }),
    /seed must be an integer of at least 0, got -1/,
  );
});

/** A file with this header, said to be `length` bytes long, and this many bytes of data. */
function file(header: unknown, bytes: number, length?: bigint): string {
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(length ?? BigInt(json.length));
  writeFileSync(path, Buffer.concat([prefix, json, Buffer.alloc(bytes)]));
  return path;
}
const f32 = (shape: number[], begin: number, end: number) => ({
  dtype: "F32",
  shape,
  data_offsets: [begin, end],
});

test("load says what is wrong with a damaged file, before it takes memory", () => {
  const good = { a: f32([2], 0, 8), b: f32([1], 8, 12) };
  assert.equal(Object.keys(load(file(good, 12)).parameters).length, 2);
  const before = process.memoryUsage().rss;
  const refuses = (made: string, pattern: RegExp) =>
    assertRefuses(() => load(made), pattern, /model\.safetensors/);
  refuses(file(good, 11), /whose header says .* bytes, got .* \(cut off\)/);
  refuses(file(good, 13), /\(too long\)/);
  refuses(
    file(good, 12, 10n ** 15n),
    /got a header of 1000000000000000 bytes where 100000000 is the most/,
  );
  refuses(file(good, 12, 5000n), /got a header of 5000 bytes in a file of .*; it was cut off/);
  refuses(file(good, 12, 20n), /got a header that is no JSON/);
  refuses(file("[1]", 0), /got a header that is no JSON object/);
  refuses(file("null", 0), /got a header that is no JSON object/);
  writeFileSync(path, "");
  refuses(path, /got 0 bytes, too few for the length of a header/);
  refuses(
    file({ a: f32([2], 0, 8), b: f32([2], 4, 12) }, 12),
    /got tensor "b" overlapping the one before it, at byte 4/,
  );
  refuses(
    file({ a: f32([2], 0, 8), b: f32([1], 12, 16) }, 16),
    /got a gap of 4 bytes before tensor "b"/,
  );
  refuses(file({ a: f32([3], 0, 8) }, 8), /got 8 bytes for tensor "a", whose shape \[3\] takes 12/);
  refuses(file({ a: f32([2 ** 40, 2 ** 40], 0, 8) }, 8), /got 8 bytes for tensor "a"/);
  refuses(file({ a: f32([10 ** 9], 0, 4 * 10 ** 9) }, 8), /whose header says .*cut off/);
  refuses(
    file({ a: { ...f32([1], 0, 8), dtype: "F8_E4M3" } }, 8),
    /with tensors of type F32, .*I64, got "F8_E4M3" for "a"; convert it/,
  );
  refuses(file({ a: { ...f32([1], 0, 4), dtype: "toString" } }, 4), /got "toString" for "a"/);
  refuses(file({ a: f32([-1], 0, 4) }, 4), /got shape \[-1\] for tensor "a"/);
  refuses(
    file({ a: { dtype: "F32", shape: [1], data_offsets: [4, 0] } }, 4),
    /got data_offsets \[4,0\] for tensor "a"/,
  );
  refuses(file({ a: null }, 0), /got undefined for "a"/);
  refuses(file({ ...good, __metadata__: { step: "many" } }, 12), /got step "many" in its metadata/);
  refuses(
    file({ ...good, __metadata__: { step: "9007199254740992" } }, 12),
    /got step "9007199254740992" in/,
  );
  assert.ok(process.memoryUsage().rss - before < 200e6);
  assertRefuses(() => load(join(directory, "missing")), /ENOENT/);
  assertRefuses(() => load(directory), /EISDIR|something that is not a file/);
});

test("a disk that takes no more is told by the file's name, and the old checkpoint stays, alone", () => {
  const full = join(mkdtempSync(join(directory, "full-")), "model.safetensors");
  save(full, { parameters: { w: tf.tensor1d([1, 2]) } });
  const old = readFileSync(full);
  const program = `require(${JSON.stringify(join(__dirname, "engine/compat.js"))});
    const tf = require("@tensorflow/tfjs-node");
    require(${JSON.stringify(join(__dirname, "checkpoint.js"))}).save(process.env.FULL, { parameters: { w: tf.zeros([100_000]) } });`;
  const limited = 'ulimit -f 64; exec "$NODE" -e "$PROGRAM"';
  const env = { ...process.env, NODE: process.execPath, PROGRAM: program, FULL: full };
  const { status, stderr } = spawnSync("bash", ["-c", limited], { env, encoding: "utf8" });
  assert.equal(status, 1, stderr);
  assert.match(
    stderr,
    /model\.safetensors must be written whole, got EFBIG.*what was there is kept/,
  );
  assert.deepEqual(readFileSync(full), old);
  assert.deepEqual(readdirSync(dirname(full)), ["model.safetensors"]);
});

test("a file cut off at any byte is refused, and so is one with any brace or quote of its header damaged", () => {
  save(path, { parameters: { w: tf.tensor1d([1, 2, 3]) }, step: 3 });
  const whole = readFileSync(path);
  for (let length = 0; length < whole.length; length++) {
    writeFileSync(path, whole.subarray(0, length));
    assertRefuses(() => load(path), /must (be|hold)/);
  }
  const header = Number(whole.readBigUInt64LE());
  for (let i = 8; i < 8 + header; i++) {
    if (!'{}[]":'.includes(String.fromCharCode(whole[i]))) continue;
    const damaged = Buffer.from(whole);
    damaged[i] = 0x21;
    writeFileSync(path, damaged);
    assertRefuses(() => load(path), /must be a safetensors file/);
  }
});

test("every number type of Python's safetensors is read, special numbers too", () => {
  const { parameters } = load(join(fixtures, "types.safetensors"));
  const expected = fixture("types") as Record<string, { dtype: string; values: string[] }>;
  assert.deepEqual(Object.keys(parameters).sort(), Object.keys(expected).sort());
  for (const [name, { dtype, values }] of Object.entries(expected)) {
    assert.equal(parameters[name].dtype, dtype, name);
    assert.deepEqual(
      Array.from(parameters[name].dataSync(), String),
      values.map((value) => String(Number(value))),
      name,
    );
  }
});

test("a number that int32 or float32 cannot hold is refused, and its tensor named", () => {
  const of = (dtype: string, bytes: Uint8Array) => {
    const entry = { dtype, shape: [1], data_offsets: [0, bytes.length] };
    const made = file({ count: entry }, 0);
    writeFileSync(made, Buffer.concat([readFileSync(made), bytes]));
    return made;
  };
  const int64 = (value: bigint) => new Uint8Array(BigInt64Array.of(value).buffer);
  assert.deepEqual(load(of("I64", int64(-(2n ** 31n)))).parameters.count.arraySync(), [-(2 ** 31)]);
  assertRefuses(
    () => load(of("I64", int64(2n ** 31n))),
    /numbers that int32 can hold, got 2147483648 in tensor "count"; convert it/,
  );
  assertRefuses(
    () => load(of("U32", new Uint8Array(Uint32Array.of(2 ** 32 - 1).buffer))),
    /int32 can hold, got 4294967295/,
  );
  assertRefuses(
    () => load(of("F64", new Uint8Array(Float64Array.of(1e300).buffer))),
    /float32 can hold, got 1e\+300/,
  );
});

test("save follows symbolic links, dangling ones too, and keeps the mode of a file", () => {
  const folder = mkdtempSync(join(directory, "link-"));
  const at = (name: string) => join(folder, name);
  mkdirSync(at("real"));
  symlinkSync("real/target", at("link"));
  symlinkSync("link", at("link-to-link"));
  for (const value of [1, 2]) {
    save(at("link-to-link"), { parameters: { w: tf.scalar(value) } });
    assert.equal(load(at("real/target")).parameters.w.arraySync(), value);
    for (const link of ["link", "link-to-link"]) assert.ok(lstatSync(at(link)).isSymbolicLink());
    chmodSync(at("real/target"), 0o600);
  }
  assert.equal(statSync(at("real/target")).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(at("real")), ["target"]);
  const long = at("n".repeat(230));
  save(long, { parameters: { w: tf.scalar(3) } });
  assert.equal(load(long).parameters.w.arraySync(), 3);
});
