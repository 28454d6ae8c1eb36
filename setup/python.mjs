// Jupyter in a virtual environment of the project's own, from pinned and hashed packages.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fail, run } from "./process.mjs";

/** A program of a virtual environment. */
export const inVenv = (folder, program) =>
  process.platform === "win32" ? `${folder}\\Scripts\\${program}.exe` : `${folder}/bin/${program}`;

export const python = inVenv(".venv", "python");

const names = [
  "python3",
  "python3.14",
  "python3.13",
  "python3.12",
  "python3.11",
  "python3.10",
  "python",
];

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

const pip = [
  "-m",
  "pip",
  "install",
  "--disable-pip-version-check",
  "--no-input",
  "--no-user",
  "--progress-bar=off",
];

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
  await run(
    inVenv(folder, "python"),
    [...pip, "--require-hashes", "--only-binary=:all:", "-r", requirements],
    {
      cure: "pip must reach its package index; check the connection or the proxy and run the command again",
    },
  );
}

export const installPython = () => makeVenv(".venv", "setup/requirements.txt");

/** Folder of the packages of `.venv`, if there is one. */
function sitePackages() {
  if (process.platform === "win32") return join(".venv", "Lib", "site-packages");
  if (!existsSync(".venv/lib")) return join(".venv", "lib");
  const [version = ""] = readdirSync(".venv/lib").filter((name) => /^python3/.test(name));
  return join(".venv", "lib", version, "site-packages");
}

/** Files that exist while the packages are installed: the interpreter and the package folder. */
export const pythonFiles = () => [python, sitePackages()];

/** The first package that is missing, of another version or does not load; undefined for none. */
export function pythonProblem() {
  if (!existsSync(python)) return `${python} must exist, got nothing there`;
  const { status, stderr, error } = spawnSync(
    python,
    ["setup/check_packages.py", "setup/requirements.txt", "jupyterlab", "nbconvert", "dask"],
    { encoding: "utf8" },
  );
  if (status === 0) return undefined;
  const last = (error?.message ?? stderr).trim().split("\n").at(-1);
  return /must be of version/.test(last) ? last : `the packages of .venv must load, got ${last}`;
}

/**
 * Install the nbconvert exporter of src/report, without its dependencies: those are pinned above.
 */
export async function installReport() {
  await run(python, [...pip, "--no-deps", "--no-build-isolation", "--editable", "./src/report"], {
    cure: "src/report must be a Python package that pip can install",
  });
  return undefined;
}
