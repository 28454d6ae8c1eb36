import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { removeOrphans } from "../setup/build.mjs";
import { checksums, place } from "../setup/data.mjs";
import { nodeProblem } from "../setup/node-version.mjs";
import { cellsWithOutputs, stripArguments } from "../setup/notebook-filter.mjs";
import { run, SetupError } from "../setup/process.mjs";
import { installPython, python, systemPython } from "../setup/python.mjs";
import { hashOf } from "../setup/step-state.mjs";

const folder = mkdtempSync(join(tmpdir(), "set up é "));
const inFolder = (name) => join(folder, name);
after(() => rmSync(folder, { recursive: true }));

/** Run `body` with a PATH that holds only the given programs, each a line of shell. */
function withPrograms(programs, body) {
  const bin = mkdtempSync(join(folder, "bin-"));
  for (const [name, line] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${line}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  const { PATH } = process.env;
  process.env.PATH = bin;
  try {
    return body();
  } finally {
    process.env.PATH = PATH;
  }
}

test("Node 20, 22 and 24 are accepted; an older one is named with the cure", () => {
  for (const version of ["20.0.0", "22.23.3", "24.9.0"])
    assert.equal(nodeProblem(version), undefined);
  assert.match(nodeProblem("18.20.4"), /^Node must be 20 or later, got 18\.20\.4; install Node 20/);
});

test("no Python on the PATH: one sentence with the cure", () => {
  withPrograms({}, () =>
    assert.throws(systemPython, /Python must be 3\.10 or later, got none on the PATH; install it/),
  );
});

test("a Python that is too old is named, a newer one beside it is taken", () => {
  withPrograms({ python3: "echo 3 9" }, () => assert.throws(systemPython, /got 3\.9; install it/));
  withPrograms({ python3: "echo 3 9", "python3.12": "echo 3 12" }, () =>
    assert.equal(systemPython(), "python3.12"),
  );
});

test("a Python without venv or ensurepip is reported with the package to install", async () => {
  const python3 = 'case "$2" in *ensurepip*) exit 1 ;; *) echo 3 11 ;; esac';
  await withPrograms({ python3 }, () =>
    assert.rejects(
      installPython(),
      /python3 must have its modules venv and ensurepip, .*apt install python3-venv/,
    ),
  );
});

test("a program that is missing is reported with the cure", async () => {
  await assert.rejects(run("no-such-compiler", [], { cure: "a compiler is needed" }), (error) => {
    assert.ok(error instanceof SetupError);
    assert.equal(error.message, "no-such-compiler did not start (ENOENT); a compiler is needed");
    return true;
  });
});

test("a program that fails is reported with its last lines", async () => {
  const script = "for (let i = 0; i < 100; i++) console.log('line ' + i); process.exit(3)";
  await assert.rejects(run(process.execPath, ["-e", script], { cure: "look" }), (error) => {
    assert.match(error.message, /ended with 3; look:\n/);
    assert.match(error.message, /line 99$/);
    assert.doesNotMatch(error.message, /line 80\n/);
    return true;
  });
});

const sha256 = (text) => createHash("sha256").update(text).digest("hex");

test("data appear under their name only with the expected content", () => {
  const [source, path] = [inFolder("source"), inFolder("data/placed")];
  writeFileSync(source, "corrupt");
  assert.throws(
    () => place(source, path, sha256("good"), "fetch it again"),
    /must have SHA-256 .*, got .*; fetch it again/,
  );
  assert.equal(existsSync(path), false);
  assert.equal(existsSync(`${path}.part`), false);
  writeFileSync(source, "good");
  place(source, path, sha256("good"), "");
  assert.equal(readFileSync(path, "utf8"), "good");
});

test("a damaged data file is replaced, a sound one is left alone", () => {
  const [source, path] = [inFolder("again"), inFolder("damaged")];
  writeFileSync(source, "good");
  writeFileSync(path, "bad");
  place(source, path, sha256("good"), "");
  assert.equal(readFileSync(path, "utf8"), "good");
  place(inFolder("not there"), path, sha256("good"), "");
});

test("the four MNIST files have a checksum", () => {
  assert.equal(
    checksums().filter(
      ({ path, expected }) => path.startsWith("data/mnist/") && /^[0-9a-f]{64}$/.test(expected),
    ).length,
    4,
  );
});

test("a hash of sources changes with a name, a content or a new file, and not otherwise", () => {
  const source = inFolder("sources");
  mkdirSync(source);
  writeFileSync(join(source, "a.ts"), "1");
  const first = hashOf(source);
  assert.equal(hashOf(source), first);
  writeFileSync(join(source, "b.ts"), "");
  const second = hashOf(source);
  assert.notEqual(second, first);
  writeFileSync(join(source, "a.ts"), "2");
  assert.notEqual(hashOf(source), second);
});

test("compiled tests whose source is gone are removed, other files stay", () => {
  const folder = inFolder("package");
  const dist = join(folder, "dist");
  mkdirSync(dist, { recursive: true });
  writeFileSync(join(folder, "kept.ts"), "");
  for (const name of ["kept.js", "kept.d.ts", "gone.test.js", "gone.test.d.ts", "live.js"])
    writeFileSync(join(dist, name), "");
  removeOrphans(folder);
  assert.deepEqual(
    ["kept.js", "kept.d.ts", "gone.test.js", "gone.test.d.ts", "live.js"].map((name) =>
      existsSync(join(dist, name)),
    ),
    [true, true, false, false, true],
  );
});

const executed = JSON.stringify({
  cells: [
    { cell_type: "markdown", id: "words", metadata: {}, source: ["# é ∂"] },
    {
      cell_type: "code",
      id: "code",
      metadata: { tags: ["hide"], execution: {} },
      execution_count: 3,
      outputs: [{ output_type: "stream", name: "stdout", text: ["1"] }],
      source: ["1"],
    },
  ],
  metadata: {
    kernelspec: { name: "tslab" },
    language_info: {
      name: "typescript",
      codemirror_mode: { name: "javascript" },
      version: "5.0.4",
    },
  },
  nbformat: 4,
  nbformat_minor: 5,
});

/** A notebook as git stores it, through the filter that set-up installs. */
const stripped = (text) => {
  const { stdout, stderr } = spawnSync(python, stripArguments, { input: text, encoding: "utf8" });
  assert.equal(stderr, "");
  return stdout;
};

test("the git filter removes outputs and counts, keeps every other part of any cell, and is idempotent", (t) => {
  if (!existsSync(python)) return t.skip("needs the python packages of set-up");
  const chapters = readdirSync("notebooks")
    .filter((file) => file.endsWith(".ipynb"))
    .slice(0, 3)
    .flatMap((name) => JSON.parse(readFileSync(`notebooks/${name}`, "utf8")).cells)
    .map((cell, i) => ({ ...cell, id: `cell-${i}` })); // of one notebook from now on
  const whole = JSON.parse(executed);
  const before = JSON.stringify({ ...whole, cells: [...whole.cells, ...chapters] });
  assert.deepEqual(cellsWithOutputs(before), [2]);
  const once = stripped(before);
  assert.deepEqual(cellsWithOutputs(once), []);
  assert.equal(stripped(once), once);
  const { cells, metadata } = JSON.parse(once);
  assert.deepEqual(cells[0].source, ["# é ∂"]);
  assert.deepEqual(
    cells.slice(0, 2).map(({ id }) => id),
    ["words", "code"],
  );
  assert.deepEqual(cells[1].metadata, { tags: ["hide"] });
  const sources = (list) => list.map(({ id, source }) => [id, source]);
  assert.deepEqual(sources(cells.slice(2)), sources(chapters));
  assert.equal(metadata.kernelspec.name, "tslab");
  assert.deepEqual(metadata.language_info, { name: "typescript" });
});
