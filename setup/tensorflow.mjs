// Native TensorFlow under tfjs-node: the libraries inside PyPI's wheel, and tfjs-node's own binding
// compiled against them. Other platforms: upstream's prebuilt addon, by upstream's install script.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { sha256 } from "./data.mjs";
import { fail, run, SetupError } from "./process.mjs";
import { pip, python } from "./python.mjs";

const version = "2.21.0";
const zigVersion = "0.16.0";
const packageFolder = "node_modules/@tensorflow/tfjs-node";

/** Wheels of each platform, by hash; `bytes` are the wheel and what is unpacked of it. */
export const platforms = {
  "linux x64": {
    project: "tensorflow-cpu",
    tag: "manylinux_2_27_x86_64",
    sha256: "2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c",
    bytes: { wheel: 0.274e9, unpacked: 0.88e9 },
    zig: {
      tag: "manylinux_2_12_x86_64",
      sha256: "9fcda73f62b851dd72a54b710ad40a209896db14cfb13649e62191243556342b",
      target: "x86_64-linux-gnu.2.28",
    },
  },
  "linux arm64": {
    project: "tensorflow",
    tag: "manylinux_2_27_aarch64",
    sha256: "4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c",
    bytes: { wheel: 0.282e9, unpacked: 0.9e9 },
    zig: {
      tag: "manylinux_2_17_aarch64",
      sha256: "e27d409812b11e0fb89ed0200cf2e55b6464d43f9461553104e4a4f9a94a1fd5",
      target: "aarch64-linux-gnu.2.28",
    },
  },
  "darwin arm64": {
    project: "tensorflow",
    tag: "macosx_12_0_arm64",
    sha256: "51f46f4806139d01fc7920cc72a4c75876f80649bf40ff083ab6212ceb43ca88",
    bytes: { wheel: 0.224e9, unpacked: 0.76e9 },
    zig: {
      tag: "macosx_12_0_arm64",
      sha256: "b61e5413c49508d9d62e5dcea543e3af491594154d74a00ff52f84ed508260cc",
      target: "aarch64-macos.12.0",
    },
  },
};

/** Linker options and library names of each operating system. */
const systems = {
  linux: {
    library: (name) => [`libtensorflow_${name}.so.2`, `${linked(name)}.so`],
    flags: ["-Wl,-rpath,$ORIGIN/../../deps/lib"],
    compiler: "g++",
  },
  darwin: {
    library: (name) => [`libtensorflow_${name}.2.dylib`, `${linked(name)}.dylib`],
    flags: ["-undefined", "dynamic_lookup", "-Wl,-rpath,@loader_path/../../deps/lib"],
    compiler: "clang++",
  },
};
const linked = (name) => `libtensorflow${name === "cc" ? "" : `_${name}`}`;

const isMusl = () =>
  process.platform === "linux" && !process.report.getReport().header.glibcVersionRuntime;
const here = isMusl() ? "linux musl" : `${process.platform} ${process.arch}`;
const platform = platforms[here];

const home = `.native/tensorflow-${version}`;
const sizesFile = join(home, "sizes.json");
const system = (name = here) => systems[name.split(" ")[0]];
const libraries = (name = here) => ["cc", "framework"].map((one) => system(name).library(one));
const addonOf = (tfjs) => join(tfjs, "lib/napi-v8/tfjs_binding.node");

/** Bytes that the step needs: the wheel beside what is unpacked of it, then that alone. */
export const tensorFlowDisk = () =>
  platform
    ? { peak: platform.bytes.wheel + platform.bytes.unpacked, kept: platform.bytes.unpacked }
    : { peak: 0.6e9, kept: 0.5e9 };

const sizeOf = (path) => fs.statSync(path, { throwIfNoEntry: false })?.size;
const librarySizes = () =>
  Object.fromEntries(libraries().map(([file]) => [file, sizeOf(join(home, file))]));

/** True when the libraries lie unpacked in the project, whole: nothing is downloaded then. */
export function isUnpacked() {
  if (!platform) return fs.existsSync(addonOf(packageFolder));
  try {
    const sizes = JSON.stringify(librarySizes());
    return fs.readFileSync(sizesFile, "utf8") === sizes && fs.existsSync(join(home, "include"));
  } catch {
    return false;
  }
}

/** Files that exist while TensorFlow is installed. */
export const tensorFlowFiles = () => [
  addonOf(packageFolder),
  ...(platform ? libraries().map(([, name]) => join(packageFolder, "deps/lib", name)) : []),
];

const product = `require("util").isNullOrUndefined ??= (value) => value == null;
const tf = require(process.argv[1]);
const square = tf.tensor2d([[1, 2], [3, 4]]);
if (tf.matMul(square, square).dataSync().join() !== "7,10,15,22") throw new Error("a wrong product");`;

/** Why the tfjs-node at `tfjs` does not load and multiply; undefined when it does. */
export function tensorFlowProblem(tfjs = packageFolder) {
  if (!fs.existsSync(addonOf(tfjs))) return `${addonOf(tfjs)} must exist, got nothing there`;
  const { status, signal, stderr } = spawnSync(process.execPath, ["-e", product, resolve(tfjs)], {
    encoding: "utf8",
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "3" },
  });
  if (status === 0) return undefined;
  const reason = stderr.split("\n").find((line) => /Error: /.test(line)) ?? signal ?? status;
  return `native TensorFlow must load and multiply, got ${String(reason).trim()}`;
}

/** Download a wheel into `scratch` and return its path; fails unless it has the expected hash. */
async function wheelOf({ project, release, tag, sha256: expected }, scratch) {
  fs.rmSync(scratch, { recursive: true, force: true });
  fs.mkdirSync(scratch, { recursive: true });
  const flags = "--progress-bar=off --no-deps --only-binary=:all: --python-version 311";
  const target = [...flags.split(" "), "--implementation", "cp", "--platform", tag];
  await pip("download", [...target, "--dest", scratch, `${project}==${release}`]);
  const name = fs.readdirSync(scratch).find((file) => file.endsWith(".whl")) ?? "missing";
  const got = sha256(join(scratch, name));
  if (got !== expected)
    fail(`${name} must have SHA-256 ${expected}, got ${got}; run the command again`);
  return join(scratch, name);
}

const unzip =
  "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); z.extractall(sys.argv[2], [n for n in z.namelist() if n.startswith(tuple(sys.argv[3:]))])";
const unpack = (wheel, folder, ...prefixes) =>
  run(python, ["-c", unzip, wheel, folder, ...prefixes], { cure: "run the command again" });

const headers = ["tensorflow/c/", "tensorflow/core/", "tsl/", "xla/tsl/"];
const parts = ["libtensorflow_", ...headers.map((folder) => `include/${folder}`)];

async function unpackTensorFlow() {
  const scratch = resolve(".native/wheel");
  try {
    const wheel = await wheelOf({ ...platform, release: version }, scratch);
    await unpack(wheel, scratch, ...parts.map((part) => `tensorflow/${part}`));
    fs.rmSync(home, { recursive: true, force: true });
    fs.renameSync(join(scratch, "tensorflow"), home);
    fs.writeFileSync(sizesFile, JSON.stringify(librarySizes()));
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

/** Arguments of a C++ compiler that link the binding of a platform; run in the binding's folder. */
export function bindingArguments(name, { sources, output, target, headers }) {
  return [
    ...(target ? ["-target", target, "-s"] : []),
    ..."-shared -fPIC -O2 -std=c++17 -DNAPI_VERSION=8 -I.. -I../deps/include".split(" "),
    ...[`-I${headers}`, ...sources],
    ..."-L../deps/lib -ltensorflow -ltensorflow_framework".split(" "),
    ...[...system(name).flags, "-o", output],
  ];
}

/** C++ compiler of this machine: $CXX, else the system's; undefined for none that starts. */
function systemCompiler() {
  if (process.env.CXX) return process.env.CXX;
  const { compiler } = system();
  const starts =
    process.platform === "darwin" // its clang++ may be a stub that opens a window
      ? spawnSync("xcode-select", ["-p"]).status === 0
      : spawnSync(compiler, ["--version"]).status === 0;
  return starts ? compiler : undefined;
}

/** Run `work` with the path of zig, a C++ compiler in one wheel; nothing of it stays. */
async function withZig(work) {
  const scratch = resolve(".native/zig");
  try {
    const zig = { project: "ziglang", release: zigVersion, ...platform.zig };
    const wheel = await wheelOf(zig, scratch);
    await unpack(wheel, scratch, "ziglang/");
    fs.rmSync(wheel);
    const program = join(scratch, "ziglang/zig");
    await run("chmod", ["+x", program]);
    const cache = { ZIG_GLOBAL_CACHE_DIR: scratch, ZIG_LOCAL_CACHE_DIR: scratch };
    return await work(program, { ...process.env, ...cache });
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

/** Compile the binding of the tfjs-node at `tfjs` into a file; returns the compiler that did. */
async function compileBinding(tfjs, binding) {
  const cwd = join(tfjs, "binding");
  const cure = "a C++17 compiler is needed (Debian: apt install g++)";
  const common = {
    sources: fs.readdirSync(cwd).filter((name) => name.endsWith(".cc")),
    output: binding,
    headers: resolve("node_modules/node-api-headers/include"),
  };
  const compiler = systemCompiler();
  if (compiler)
    try {
      await run(compiler, bindingArguments(here, common), { cwd, cure });
      return compiler;
    } catch (error) {
      if (process.env.CXX || !(error instanceof SetupError)) throw error;
      console.log(`\n${compiler} did not compile the binding; trying the ziglang wheel`);
    }
  return withZig(async (zig, env) => {
    const args = bindingArguments(here, { ...common, target: platform.zig.target });
    await run(zig, ["c++", ...args], { cwd, env, cure });
    return `ziglang ${zigVersion}, for want of a C++ compiler`;
  });
}

/** A relative link, so that the project's folder can be moved. */
function link(target, path) {
  fs.mkdirSync(dirname(path), { recursive: true });
  fs.rmSync(path, { recursive: true, force: true });
  fs.symlinkSync(relative(fs.realpathSync(dirname(path)), fs.realpathSync(target)), path);
}

function linkLibraries(tfjs) {
  for (const [file, name] of libraries()) {
    link(join(home, file), join(tfjs, "deps/lib", file));
    link(join(home, file), join(tfjs, "deps/lib", name));
  }
  link(join(home, "include"), join(tfjs, "deps/include"));
}

/** Put the compiled binding into the tfjs-node at `tfjs`, atomically. */
function place(binding, tfjs) {
  const addon = addonOf(tfjs);
  fs.mkdirSync(dirname(addon), { recursive: true });
  fs.copyFileSync(binding, `${addon}.part`);
  fs.renameSync(`${addon}.part`, addon);
}

async function prebuilt(tfjs) {
  await run(process.execPath, ["scripts/install.js"], {
    cwd: tfjs,
    cure: "upstream's prebuilt addon must be downloadable; check the connection or the proxy",
  });
  return "upstream's prebuilt addon";
}

/**
 * Give the tfjs-node at `tfjs` its native half; returns the way taken. A kept binding that does
 * not load is compiled again, and libraries that do not load are downloaded again.
 */
export async function linkTensorFlow(tfjs = packageFolder) {
  if (!platform) return prebuilt(tfjs);
  const binding = resolve(home, "tfjs_binding.node");
  let compiler = "kept";
  for (const attempt of ["kept", "compile", "download"]) {
    if (attempt === "download") fs.rmSync(home, { recursive: true, force: true });
    if (!isUnpacked()) await unpackTensorFlow();
    linkLibraries(tfjs);
    if (attempt === "compile") fs.rmSync(binding, { force: true });
    if (!fs.existsSync(binding)) {
      compiler = await compileBinding(tfjs, `${binding}.part`);
      fs.renameSync(`${binding}.part`, binding);
    }
    place(binding, tfjs);
    if (!tensorFlowProblem(tfjs)) break;
  }
  const how = compiler === "kept" ? "" : `, binding compiled with ${compiler}`;
  return `${platform.project} ${version} from PyPI${how}`;
}
