// Native TensorFlow under tfjs-node. Linux x64: the library inside PyPI's wheel, and tfjs-node's own two binding sources compiled against it.
// Elsewhere: upstream's prebuilt addon, by upstream's own install script.
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { python } from "./python.mjs";
import { fail, run } from "./say.mjs";

const version = "2.21.0";
const wheelHash = "2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c";
const home = resolve(`.native/tensorflow-${version}`);
const tfjs = resolve("node_modules/@tensorflow/tfjs-node");

async function unpackWheel() {
  if (existsSync(join(home, "libtensorflow_cc.so.2")) && existsSync(join(home, "include"))) return;
  const scratch = resolve(".native/wheel");
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true });
  const pip = existsSync(python) ? python : "python3";
  await run(
    pip,
    [
      "-m",
      "pip",
      "download",
      "--quiet",
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
    { cure: "pip must reach the package index (274 MB); python3 with pip is needed" },
  );
  const wheel = join(scratch, readdirSync(scratch).find((name) => name.endsWith(".whl")) ?? "missing");
  const got = createHash("sha256").update(readFileSync(wheel)).digest("hex");
  if (got !== wheelHash) fail(`the TensorFlow wheel must have SHA-256 ${wheelHash}, got ${got}; run the command again`);
  const unzip =
    "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); z.extractall(sys.argv[2], [n for n in z.namelist() if n.startswith(('tensorflow/libtensorflow_', 'tensorflow/include/tensorflow/c/', 'tensorflow/include/tensorflow/core/', 'tensorflow/include/tsl/', 'tensorflow/include/xla/tsl/'))])";
  await run(pip, ["-c", unzip, wheel, scratch], { cure: "about 1.2 GB of disk must be free" });
  rmSync(home, { recursive: true, force: true });
  renameSync(join(scratch, "tensorflow"), home);
  rmSync(scratch, { recursive: true, force: true });
}

async function compileBinding() {
  const binding = join(home, "tfjs_binding.node");
  if (existsSync(binding)) return binding;
  const compiler = process.env.CXX ?? "g++";
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

function link(target, path) {
  rmSync(path, { recursive: true, force: true });
  symlinkSync(target, path);
}

export async function linkTensorFlow() {
  if (process.platform !== "linux" || process.arch !== "x64") {
    await run(process.execPath, ["scripts/install.js"], {
      cwd: tfjs,
      cure: "upstream's prebuilt addon must be downloadable",
    });
    return "upstream's prebuilt addon";
  }
  await unpackWheel();
  const lib = join(tfjs, "deps/lib");
  mkdirSync(lib, { recursive: true });
  for (const name of ["cc", "framework"])
    link(join(home, `libtensorflow_${name}.so.2`), join(lib, `libtensorflow_${name}.so.2`));
  link("libtensorflow_cc.so.2", join(lib, "libtensorflow.so"));
  link("libtensorflow_framework.so.2", join(lib, "libtensorflow_framework.so"));
  link(join(home, "include"), join(tfjs, "deps/include"));
  const binding = await compileBinding();
  mkdirSync(join(tfjs, "lib/napi-v8"), { recursive: true });
  copyFileSync(binding, join(tfjs, "lib/napi-v8/tfjs_binding.node"));
  return `PyPI's wheel ${version}, binding compiled here`;
}
