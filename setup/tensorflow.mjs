// Native TensorFlow under tfjs-node. Linux x64: the library inside PyPI's wheel, and tfjs-node's own two binding sources compiled against it.
// Elsewhere: upstream's prebuilt addon, by upstream's own install script.
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { pipDoing, python } from "./python.mjs";
import { fail, run } from "./say.mjs";

const version = "2.21.0";
const compiler = process.env.CXX || "g++";
const wheelHash = "2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c";
const home = `.native/tensorflow-${version}`;
const packageFolder = "node_modules/@tensorflow/tfjs-node";
const compilesHere = process.platform === "linux" && process.arch === "x64" && !isMusl();

function isMusl() {
  return !process.report.getReport().header.glibcVersionRuntime;
}

/** Whether tfjs-node has its binding and, where it was compiled here, the library that it is linked with. */
export function isLinked(tfjs = packageFolder) {
  return (
    existsSync(join(tfjs, "lib/napi-v8/tfjs_binding.node")) &&
    (!compilesHere || existsSync(join(tfjs, "deps/lib/libtensorflow.so")))
  );
}

/** Whether the library lies unpacked in the project, so that nothing is downloaded. */
export const isUnpacked = () =>
  compilesHere &&
  existsSync(join(home, "libtensorflow_cc.so.2")) &&
  existsSync(join(home, "include"));

async function unpackWheel(scratch) {
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true });
  await run(
    python,
    [
      "-m",
      "pip",
      "download",
      "--progress-bar=off",
      "--no-deps",
      "--only-binary=:all:",
      "--python-version",
      "311",
      "--implementation",
      "cp",
      "--platform",
      "manylinux_2_27_x86_64",
      "--dest",
      scratch,
      `tensorflow-cpu==${version}`,
    ],
    {
      cure: "pip must reach its package index (274 MB); check the connection or the proxy and run the command again",
      doing: pipDoing,
    },
  );
  const wheel = join(
    scratch,
    readdirSync(scratch).find((name) => name.endsWith(".whl")) ?? "missing",
  );
  const got = createHash("sha256").update(readFileSync(wheel)).digest("hex");
  if (got !== wheelHash)
    fail(`the TensorFlow wheel must have SHA-256 ${wheelHash}, got ${got}; run the command again`);
  const unzip =
    "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); z.extractall(sys.argv[2], [n for n in z.namelist() if n.startswith(('tensorflow/libtensorflow_', 'tensorflow/include/tensorflow/c/', 'tensorflow/include/tensorflow/core/', 'tensorflow/include/tsl/', 'tensorflow/include/xla/tsl/'))])";
  await run(python, ["-c", unzip, wheel, scratch], { cure: "run the command again" });
  rmSync(home, { recursive: true, force: true });
  renameSync(join(scratch, "tensorflow"), home);
}

async function compileBinding(tfjs) {
  const binding = resolve(home, "tfjs_binding.node");
  if (existsSync(binding)) return binding;
  const sources = readdirSync(join(tfjs, "binding")).filter((name) => name.endsWith(".cc"));
  await run(
    compiler,
    [
      "-shared",
      "-fPIC",
      "-O2",
      "-std=c++17",
      "-DNAPI_VERSION=8",
      "-I..",
      "-I../deps/include",
      `-I${resolve("node_modules/node-api-headers/include")}`,
      ...sources,
      "-L../deps/lib",
      "-ltensorflow",
      "-ltensorflow_framework",
      "-Wl,-rpath,$ORIGIN/../../deps/lib",
      "-o",
      `${binding}.part`,
    ],
    { cwd: join(tfjs, "binding"), cure: "a C++17 compiler is needed (Debian: apt install g++)" },
  );
  renameSync(`${binding}.part`, binding);
  return binding;
}

/** A relative link, so that the project's folder can be moved. */
function link(target, path) {
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { recursive: true, force: true });
  symlinkSync(relative(realpathSync(dirname(path)), realpathSync(target)), path);
}

function linkLibraries(tfjs) {
  for (const name of ["cc", "framework"])
    link(
      join(home, `libtensorflow_${name}.so.2`),
      join(tfjs, `deps/lib/libtensorflow_${name}.so.2`),
    );
  for (const [name, file] of [
    ["libtensorflow.so", "libtensorflow_cc.so.2"],
    ["libtensorflow_framework.so", "libtensorflow_framework.so.2"],
  ]) {
    const path = join(tfjs, "deps/lib", name);
    rmSync(path, { force: true });
    symlinkSync(file, path);
  }
  link(join(home, "include"), join(tfjs, "deps/include"));
}

/** Give the tfjs-node at `tfjs` its native half; answers which way was taken. */
export async function linkTensorFlow(tfjs = packageFolder) {
  if (!compilesHere) {
    await run(process.execPath, ["scripts/install.js"], {
      cwd: tfjs,
      cure: "upstream's prebuilt addon must be downloadable; check the connection or the proxy",
    });
    return "upstream's prebuilt addon";
  }
  if (!isUnpacked()) {
    const scratch = resolve(".native/wheel");
    await unpackWheel(scratch).finally(() => rmSync(scratch, { recursive: true, force: true }));
  }
  linkLibraries(tfjs);
  const binding = await compileBinding(tfjs);
  mkdirSync(join(tfjs, "lib/napi-v8"), { recursive: true });
  const part = join(tfjs, "lib/napi-v8/tfjs_binding.part");
  copyFileSync(binding, part);
  renameSync(part, join(tfjs, "lib/napi-v8/tfjs_binding.node"));
  return `tensorflow-cpu ${version} from PyPI, binding compiled with ${compiler}`;
}
