// `npm pack` of the kernel, installed into an empty folder; its kernelspec in a fresh environment
// with Jupyter; a cell through jupyter_client.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { npm } from "../setup/npm.mjs";
import { foreground, run } from "../setup/process.mjs";
import { inVenv, systemPython } from "../setup/python.mjs";

/** Run the installed `jupyter-typescript`; returns code and output. */
function bin(folder, ...args) {
  const program = join(folder, "node_modules/jupyter-typescript/dist/bin.js");
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    cwd: folder,
    encoding: "utf8",
  });
  return { status, said: stdout + stderr };
}

/** Try every option of the installer; the kernel "mine" is left installed in the environment. */
function tryInstaller(folder, venv) {
  const kernels = join(venv, "share/jupyter/kernels");
  const help = bin(folder, "--help");
  assert.equal(help.status, 0);
  for (const option of ["--prefix", "--name", "--root", "--force", "--help"])
    assert.ok(help.said.includes(option), `--help must name ${option}`);
  assert.ok(!existsSync(join(folder, "--help")), "--help must install nothing");
  assert.notEqual(bin(folder, "--prefixx", venv).status, 0, "an unknown option must fail");
  assert.notEqual(bin(folder, "--prefix", venv, "--root", "none").status, 0, "no such root");

  const foreign = JSON.stringify({ argv: ["tslab"], display_name: "TypeScript", language: "ts" });
  mkdirSync(join(kernels, "tslab"), { recursive: true });
  writeFileSync(join(kernels, "tslab/kernel.json"), foreign);
  const refused = bin(folder, "--prefix", venv, "--name", "tslab");
  assert.notEqual(refused.status, 0, "a foreign kernelspec must not be replaced");
  assert.match(refused.said, /--force/);
  assert.equal(readFileSync(join(kernels, "tslab/kernel.json"), "utf8"), foreign);
  assert.equal(bin(folder, "--prefix", venv, "--name", "tslab", "--force").status, 0);
  assert.notEqual(readFileSync(join(kernels, "tslab/kernel.json"), "utf8"), foreign);

  const installed = bin(folder, "--prefix", venv, "--name", "mine", "--root", folder);
  assert.equal(installed.status, 0, installed.said);
  assert.match(installed.said, /Jupyter .*finds it/);
  assert.equal(bin(folder, "--prefix", venv, "--name", "mine", "--root", folder).status, 0);
}

const cell = `
import sys
from jupyter_client.manager import start_new_kernel

manager, client = start_new_kernel(kernel_name="mine", startup_timeout=60)
outputs = []
try:
    client.execute_interactive(sys.argv[1], timeout=60, output_hook=outputs.append)
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
texts = [m["content"].get("text") or m["content"].get("data", {}).get("text/plain") or m["content"]
         for m in outputs if m["msg_type"] in ("stream", "execute_result", "error")]
print(texts)
sys.exit(0 if "42" in "".join(map(str, texts)) else 1)
`;

/** Exit code of a cell in the installed kernel; other lacks throw. */
export async function installTheKernel() {
  const folder = resolve(".cache/kernel-package");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await npm(["pack", "--workspace", "jupyter-typescript", "--pack-destination", folder]);
  const archive = readdirSync(folder).find((name) => name.endsWith(".tgz"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "mine", private: true }));
  await npm(["install", "--ignore-scripts", "--prefer-offline", `./${archive}`], { cwd: folder });
  const venv = join(folder, "venv");
  await run(systemPython(), ["-m", "venv", venv]);
  const pins = readFileSync("setup/requirements.txt", "utf8");
  const wanted =
    /^(jupyter-client|jupyter-core|pyzmq|tornado|traitlets|python-dateutil|six|platformdirs|typing-extensions|tzdata)==/;
  const blocks = pins.split(/\n(?=\S)/).filter((block) => wanted.test(block));
  writeFileSync(join(folder, "requirements.txt"), `${blocks.join("\n")}\n`);
  const install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
  await run(inVenv(venv, "python"), [
    ...install,
    "--require-hashes",
    "-r",
    join(folder, "requirements.txt"),
  ]);
  tryInstaller(folder, venv);
  const code = "const n: number = await Promise.resolve(6);\nn * 7";
  return foreground(inVenv(venv, "python"), ["-c", cell, code], { cwd: folder });
}
