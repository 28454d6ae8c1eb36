import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { nodeProblem } from "./npm.mjs";
import { bindingArguments, isUnpacked, platforms, tensorFlowProblem } from "./tensorflow.mjs";

const home = process.cwd();
const folder = mkdtempSync(join(tmpdir(), "native é "));
before(() => process.chdir(folder));
after(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true });
});

const write = (path, content) => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
};

test("each platform has a wheel and a compiler by hash, and sizes of its own", () => {
  assert.deepEqual(Object.keys(platforms), ["linux x64", "linux arm64", "darwin arm64"]);
  const all = Object.values(platforms).flatMap((one) => [one.sha256, one.zig.sha256]);
  for (const hash of all) assert.match(hash, /^[0-9a-f]{64}$/);
  assert.equal(new Set(all).size, all.length);
  for (const { bytes } of Object.values(platforms))
    assert.ok(bytes.wheel > 2e8 && bytes.unpacked > 2 * bytes.wheel);
});

test("the binding is linked as its platform loads libraries, by zig without symbols", () => {
  const given = { sources: ["a.cc"], output: "a.node", headers: "headers" };
  for (const [name, { zig }] of Object.entries(platforms)) {
    const own = bindingArguments(name, given);
    const byZig = bindingArguments(name, { ...given, target: zig.target }).join(" ");
    assert.equal(byZig, `-target ${zig.target} -s ${own.join(" ")}`);
    const mac = name.startsWith("darwin");
    assert.equal(own.join(" ").includes("-undefined dynamic_lookup"), mac);
    const rpath = `-Wl,-rpath,${mac ? "@loader_path" : "$ORIGIN"}/../../deps/lib`;
    assert.ok(own.includes(rpath), own.join(" "));
  }
});

test("libraries that are cut off or missing are unpacked again", {
  skip: !platforms[`${process.platform} ${process.arch}`] && "upstream's addon here",
}, () => {
  assert.equal(isUnpacked(), false);
  const at = (name) => join(".native/tensorflow-2.21.0", name);
  const files = ["cc", "framework"].map((name) =>
    process.platform === "darwin" ? `libtensorflow_${name}.2.dylib` : `libtensorflow_${name}.so.2`,
  );
  for (const file of files) write(at(file), "library");
  mkdirSync(at("include"));
  assert.equal(isUnpacked(), false, "sizes that nobody recorded");
  write(at("sizes.json"), JSON.stringify(Object.fromEntries(files.map((file) => [file, 7]))));
  assert.equal(isUnpacked(), true);
  truncateSync(at(files[1]), 3);
  assert.equal(isUnpacked(), false);
  write(at(files[1]), "library");
  rmSync(at(files[0]));
  assert.equal(isUnpacked(), false);
});

test("a binding that is missing, damaged or multiplies wrongly is a problem in words", () => {
  const addon = "tfjs/lib/napi-v8/tfjs_binding.node";
  assert.equal(tensorFlowProblem("tfjs"), `${addon} must exist, got nothing there`);
  write(addon, "ELF, cut off");
  write("tfjs/index.js", `require("./lib/napi-v8/tfjs_binding.node")`);
  assert.match(tensorFlowProblem("tfjs"), /^native TensorFlow must load and multiply, got \S/);
  write(
    "tfjs/index.js",
    "module.exports = { tensor2d: (x) => x, matMul: () => ({ dataSync: () => [1] }) }",
  );
  assert.match(tensorFlowProblem("tfjs"), /got Error: a wrong product$/);
});

test("a package that is missing, emptied or of another version is named", () => {
  const packages = { "node_modules/a": { version: "1.2.3" }, "node_modules/b": { optional: true } };
  write("package-lock.json", JSON.stringify({ packages }));
  const file = join("node_modules", "a", "package.json");
  assert.equal(nodeProblem(), `${file} must be of version 1.2.3, got nothing there`);
  write(file, "");
  assert.equal(nodeProblem(), `${file} must be of version 1.2.3, got nothing there`);
  write(file, `{"version":"1.2.4"}`);
  assert.equal(nodeProblem(), `${file} must be of version 1.2.3, got 1.2.4`);
  write(file, `{"version":"1.2.3"}`);
  assert.equal(nodeProblem(), undefined);
});
