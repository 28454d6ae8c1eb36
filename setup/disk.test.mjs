import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { bytesFor, bytesUnder, canWrite, diskProblem, refusal } from "./disk.mjs";
import { npm } from "./npm.mjs";
import { SetupError } from "./say.mjs";

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

test("each way of a program to say that the disk is full, the quota used up, the disk read-only or permission denied is understood", () => {
  const file = join(folder, "a", "one");
  const said = [
    [
      "npm error code ENOSPC\nnpm error nospc ENOSPC: no space left on device, write",
      /have room free on its disk, got \d/,
    ],
    [
      "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
      /have room free on its disk/,
    ],
    ["/usr/bin/ld: final link failed: No space left on device", /have room free on its disk/],
    ["E: Write error - write (28: No space left on device)", /have room free on its disk/],
    [
      "OSError: [Errno 122] Disk quota exceeded",
      /be within your disk quota, got a quota that is used up; make room in it/,
    ],
    [
      "npm error code EROFS\nnpm error path /x",
      /be writable, got a read-only file system; move the project, or HOME/,
    ],
    [
      `PermissionError: [Errno 13] Permission denied: '${file}'`,
      /one must be readable and writable, got no permission: its owner is user \d+, its mode \d+,/,
    ],
    [
      "error: could not lock config file .git/config: Permission denied",
      /config must be readable and writable/,
    ],
  ];
  for (const [output, expected] of said) {
    const sentence = refusal("native TensorFlow", printed(output));
    assert.match(sentence, expected);
    assert.match(
      sentence,
      /^native TensorFlow: .* and run the command again, it goes on with this step:\n/,
    );
  }
});

test("a file that is not there yet is named with the folder that refused", () => {
  const error = Object.assign(new Error("ENOSPC: no space left"), {
    code: "ENOSPC",
    path: join(folder, "new", "file"),
  });
  assert.ok(
    refusal("data", error).startsWith(
      `data: ${folder}, for ${join(folder, "new", "file")}, must have room free`,
    ),
  );
});

test("a full disk is told with what the step needs, where that is known", () => {
  assert.match(
    refusal("data", printed("ENOSPC"), 1.15e9),
    /must have 1\.1 GB free on its disk, got \d/,
  );
});

test("an error of another kind is left as it is", () => {
  assert.equal(refusal("data", new SetupError("the wheel must have SHA-256 1, got 2")), undefined);
  assert.equal(refusal("data", printed("npm error code ECONNREFUSED")), undefined);
  assert.equal(
    refusal("data", Object.assign(new Error("not there"), { code: "ENOENT", path: folder })),
    undefined,
  );
});

test("npm that could not unpack a file for want of room has failed, though it ends with 0", async () => {
  const script = join(folder, "npm-cli.js");
  writeFileSync(
    script,
    "console.error('npm warn tar TAR_ENTRY_ERROR ENOSPC: no space left on device, write')",
  );
  const { npm_execpath, npm_config_cache } = process.env;
  Object.assign(process.env, { npm_execpath: script, npm_config_cache: join(folder, "cache") });
  try {
    await assert.rejects(npm(["ci"]), (error) =>
      /must have room free on its disk/.test(refusal("node packages", error)),
    );
  } finally {
    for (const [name, value] of Object.entries({ npm_execpath, npm_config_cache }))
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
  }
});

const mounts =
  process.platform === "linux" &&
  spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "tmpfs", tmpdir()]).status === 0;
const noMounts = "needs a user who may mount a file system of his own";

test("Node's words for a folder that a read-only file system refused are not taken at their word", {
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

/** A project of one step, whose npm fills node_modules; `room` in bytes, on a file system of its own. */
const trial = (room) => `set -e
mount -t tmpfs -o size=${room} tmpfs "$1"
cd "$1"
cat > npm-cli.js <<'END'
const { mkdirSync, writeFileSync } = require("node:fs");
for (const name of ["typescript/bin", "autoencoders"]) mkdirSync("node_modules/" + name, { recursive: true });
if (!process.env.SMALL) writeFileSync("node_modules/big", Buffer.alloc(2 ** 22));
for (const path of ["typescript/bin/tsc", "autoencoders/package.json"]) writeFileSync("node_modules/" + path, "");
END
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
      import { runSteps } from ${module("./set-up.mjs")};
import { SetupError } from ${module("./say.mjs")};
      const step = { name: "node packages", key: () => "1", holds: () => true, run: installNode };
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
    /^set-up: node packages … \nnode packages: .*small disk \w+ must have room free on its disk, got \d+ MB; make room there and run the command again, it goes on with this step:\n {2}.*ENOSPC/,
  );
  assert.match(stdout, /\n== 1\n(npm\n)?(setup\n)?set-up: node packages … [\d.]+ s\n/);
});
