// Jupyter in a virtual environment of the project's own, from pinned and hashed packages.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fail, run } from "./process.mjs";

/** A program of a virtual environment. */
export const inVenv = (folder, program) => `${folder}/bin/${program}`;

export const python = inVenv(".venv", "python");

const minors = [14, 13, 12, 11, 10];
const names = ["python3", ...minors.map((minor) => `python3.${minor}`), "python"];

/** Name of the first Python 3.10 or later on the PATH. */
export function systemPython() {
  const old = [];
  for (const name of names) {
    const found = spawnSync(name, ["-c", "import sys; print(*sys.version_info[:2])"], {
      encoding: "utf8",
    });
    const [major, minor] = (found.stdout ?? "").trim().split(" ").map(Number);
    if (major === 3 && minor >= 10) return name;
    if (major) old.push(`${major}.${minor}`);
  }
  return fail(
    `Python must be 3.10 or later, got ${old.length ? old.join(" and ") : "none on the PATH"}; install it (Debian and Ubuntu: apt install python3 python3-venv) and run the command again`,
  );
}

const index =
  "pip must reach its package index; check the connection or the proxy and run the command again";

/** Run a command of pip. */
export const pip = (command, args, cure = index, interpreter = python) =>
  run(interpreter, ["-m", "pip", command, "--disable-pip-version-check", ...args], { cure });

const install = ["--no-input", "--no-user", "--progress-bar=off"];

/** Make a virtual environment of pinned and hashed packages. */
export async function makeVenv(folder, requirements) {
  const system = systemPython();
  const venv = spawnSync(system, ["-c", "import venv, ensurepip"]);
  if (venv.status !== 0)
    fail(
      `${system} must have its modules venv and ensurepip, got neither or one; install them (Debian and Ubuntu: apt install python3-venv) and run the command again`,
    );
  await run(system, ["-m", "venv", "--clear", folder], {
    cure: "python3 -m venv must work in this folder",
  });
  const pinned = [...install, "--require-hashes", "--only-binary=:all:", "-r", requirements];
  await pip("install", pinned, index, inVenv(folder, "python"));
}

export const installPython = () => makeVenv(".venv", "setup/requirements.txt");

/** Folder of the packages of `.venv`, if there is one. */
function sitePackages() {
  if (!existsSync(".venv/lib")) return join(".venv", "lib");
  const [version = ""] = readdirSync(".venv/lib").filter((name) => /^python3/.test(name));
  return join(".venv", "lib", version, "site-packages");
}

/** Files that exist while the packages are installed: the interpreter and the package folder. */
export const pythonFiles = () => [python, sitePackages()];

/** The first package that is missing, of another version or does not load; undefined for none. */
export function pythonProblem() {
  if (!existsSync(python)) return `${python} must exist, got nothing there`;
  const modules = ["jupyterlab", "nbconvert", "dask"];
  const check = ["setup/check_packages.py", "setup/requirements.txt", ...modules];
  const { status, stderr, error } = spawnSync(python, check, { encoding: "utf8" });
  if (status === 0) return undefined;
  const last = (error?.message ?? stderr).trim().split("\n").at(-1);
  return /must be of version/.test(last) ? last : `the packages of .venv must load, got ${last}`;
}

/**
 * Install the nbconvert exporter of src/report, without its dependencies: those are pinned above.
 */
export async function installReport() {
  const args = [...install, "--no-deps", "--no-build-isolation", "--editable", "./src/report"];
  await pip("install", args, "src/report must be a Python package that pip can install");
}
