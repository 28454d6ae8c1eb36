import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { bytesFor, bytesUnder, canWrite, diskProblem, refusal } from "./disk.mjs";
import { SetupError } from "./process.mjs";

const folder = mkdtempSync(join(tmpdir(), "disk é "));
after(() => rmSync(folder, { recursive: true }));

const printed = (output) => Object.assign(new SetupError("it ended with 1"), { output });

test("steps in a row need their fullest moment: what earlier ones keep and what the one that runs takes", () => {
  assert.equal(bytesFor([]), 0);
  assert.equal(bytesFor([{ peak: 7, kept: 5 }, {}, { peak: 3, kept: 1 }]), 8);
  assert.equal(bytesFor([{ peak: 7, kept: 1 }, { peak: 3 }]), 7);
});

test("a disk too full for a step is named with both sizes", () => {
  assert.equal(diskProblem("native TensorFlow", 1.7e9, 1.7e9), undefined);
  assert.match(
    diskProblem("native TensorFlow", 1.7e9, 0.2e9),
    /^native TensorFlow: 1\.7 GB of disk must be free .*, got 200 MB in .*; make room/,
  );
});

test("the bytes under a folder are those of all its files", () => {
  mkdirSync(join(folder, "a/b"), { recursive: true });
  writeFileSync(join(folder, "a/one"), "123");
  writeFileSync(join(folder, "a/b/two"), "45");
  assert.equal(bytesUnder(join(folder, "a")), 5);
  assert.equal(bytesUnder(join(folder, "nothing here")), 0);
});

test("a folder that is not there, or is no folder, cannot be written; one that is keeps nothing of the question", () => {
  const own = mkdtempSync(join(folder, "own "));
  assert.equal(canWrite(own), true);
  assert.equal(bytesUnder(own), 0);
  assert.equal(canWrite(join(folder, "nothing here")), false);
  assert.equal(canWrite("/dev/null"), false);
});

/** Sentence for a refusal with a code, met by Node itself at a path. */
const met = (code, path, needed) =>
  refusal("data", Object.assign(new Error(`${code}: refused`), { code, path }), needed);

test("each code with which a system refuses to write has its sentence with the cure", () => {
  const path = join(folder, "a", "one");
  const sentences = {
    ENOSPC: /have room free on its disk, got \d.*; make room there/,
    EDQUOT: /be within your disk quota, got a quota that is used up; make room in it/,
    EROFS: /be writable, got a read-only file system; move the project, or HOME/,
    EACCES: /one must be readable and writable, got no permission: its owner is user \d+, its mode/,
    EPERM: /one must be readable and writable/,
  };
  for (const [code, expected] of Object.entries(sentences)) {
    assert.match(met(code, path), expected);
    assert.match(met(code, path), /^data: .* run the command again, it resumes with this step:\n/);
  }
});

test("a file that is missing is named with the folder that refused", () => {
  const file = join(folder, "new", "file");
  assert.ok(met("ENOSPC", file).startsWith(`data: ${folder}, for ${file}, must have room free`));
});

test("a full disk is named with the bytes that the step needs", () => {
  assert.match(met("ENOSPC", folder, 1.15e9), /must have 1\.1 GB free on its disk, got \d/);
});

test("an error of another kind, or a program that failed on a healthy disk, has no such sentence", () => {
  assert.equal(refusal("data", new SetupError("the wheel must have SHA-256 1, got 2")), undefined);
  assert.equal(refusal("data", printed("npm error code ECONNREFUSED")), undefined);
  assert.equal(met("ENOENT", folder), undefined);
});

const mounts =
  process.platform === "linux" &&
  spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "tmpfs", tmpdir()]).status === 0;
const noMounts = "needs a user who may mount a file system of his own";

test("a read-only file system is recognized although Node reports a missing folder", {
  skip: !mounts && noMounts,
}, () => {
  const place = mkdtempSync(join(folder, "read-only "));
  const script = `import { mkdirSync } from "node:fs";
    import { refusal } from ${JSON.stringify(new URL("./disk.mjs", import.meta.url).href)};
    try { mkdirSync("new/folder", { recursive: true }); } catch (error) { console.log(refusal("data", error)); }`;
  const { stdout } = spawnSync(
    "unshare",
    [
      "-rm",
      "sh",
      "-c",
      'mount -t tmpfs -o ro tmpfs "$1" && cd "$1" && "$2" --input-type=module -e "$3"',
      "sh",
      place,
      process.execPath,
      script,
    ],
    { encoding: "utf8" },
  );
  assert.match(
    stdout,
    /^data: .*read-only \w+, for .*new\/?\w*, must be writable, got a read-only file system; .*EROFS/s,
  );
});

/**
 * A project of one step, whose npm fills node_modules; `room` in bytes, on a file system of its
 * own.
 */
const trial = (room) => `set -e
mount -t tmpfs -o size=${room} tmpfs "$1"
cd "$1"
cat > npm-cli.js <<'END'
const { mkdirSync, writeFileSync } = require("node:fs");
for (const name of ["typescript/bin", "autoencoders"]) mkdirSync("node_modules/" + name, { recursive: true });
if (!process.env.SMALL) writeFileSync("node_modules/big", Buffer.alloc(2 ** 22));
for (const path of ["typescript/bin/tsc", "autoencoders/package.json"]) writeFileSync("node_modules/" + path, "");
END
touch package-lock.json
code=0
"$2" "$3" || code=$?
echo "== $code"; ls -A .cache
SMALL=1 "$2" "$3" || true`;

test("a disk that fills in a step: one sentence, exit 1, no lock or temporary folder left, and the next run does the step", {
  skip: !mounts && "needs a user who may mount a file system of his own",
}, () => {
  const program = join(folder, "one-step.mjs");
  const module = (name) => JSON.stringify(new URL(name, import.meta.url).href);
  writeFileSync(
    program,
    `import { installNode } from ${module("./npm.mjs")};
      import { runSteps } from ${module("./steps.mjs")};
import { SetupError } from ${module("./process.mjs")};
      const step = { name: "node packages", key: () => "1", run: installNode };
      try { await runSteps([step]); } catch (error) {
        if (!(error instanceof SetupError)) throw error;
        console.log(error.message);
        process.exitCode = 1;
      }`,
  );
  const place = mkdtempSync(join(folder, "small disk "));
  const { stdout, stderr } = spawnSync(
    "unshare",
    ["-rm", "sh", "-c", trial(2 ** 21), "sh", place, process.execPath, program],
    { encoding: "utf8", env: { PATH: process.env.PATH, npm_execpath: join(place, "npm-cli.js") } },
  );
  assert.equal(stderr, "");
  assert.match(
    stdout,
    /^set-up: node packages … \nnode packages: .*small disk \w+ must have room free on its disk, got \d+ MB; make room there and run the command again, it resumes with this step:\n/,
  );
  assert.match(stdout, /\n== 1\n(npm\n)?(setup\n)?set-up: node packages … [\d.]+ s\n/);
});
