// Jupyter in a virtual environment of the project's own, from pinned and hashed packages.
import { spawnSync } from "node:child_process";
import { fail, run } from "./say.mjs";

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

/** The first Python 3.10 or later on the PATH. */
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
  "--progress-bar=off",
];

/** What pip is at, from a line that says no more than that. */
export function pipDoing(line) {
  if (/^Installing collected packages/.test(line)) return "installing";
  if (/^ *(Looking in|Requirement already|Saved|Successfully) /.test(line)) return "";
  return line
    .match(/^(?: *(?:Downloading|Using cached)|Collecting) (\S+)/)?.[1]
    .split("/")
    .at(-1);
}

/** A new virtual environment of pinned and hashed packages. */
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
      doing: pipDoing,
    },
  );
}

export const installPython = () => makeVenv(".venv", "setup/requirements.txt");

/** The nbconvert exporter of src/report, without its dependencies: those are pinned above. */
export async function installReport() {
  await run(python, [...pip, "--no-deps", "--no-build-isolation", "--editable", "./src/report"]);
  return undefined;
}
