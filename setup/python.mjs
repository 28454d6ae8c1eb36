// Jupyter in a virtual environment of the project's own, from pinned and hashed packages.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fail, run } from "./say.mjs";

export const python = process.platform === "win32" ? ".venv\\Scripts\\python.exe" : ".venv/bin/python";

function systemPython() {
  for (const name of ["python3", "python3.13", "python3.12", "python3.11", "python3.10", "python"]) {
    const found = spawnSync(name, ["-c", "import sys; print(*sys.version_info[:2])"], { encoding: "utf8" });
    const [major, minor] = (found.stdout ?? "").trim().split(" ").map(Number);
    if (major === 3 && minor >= 10) return name;
  }
  return fail(
    "Python 3.10 or later was not found; install it (Debian: apt install python3 python3-venv) and run the command again",
  );
}

export async function installPython() {
  const cure = "python3 must have its venv module (Debian: apt install python3-venv)";
  await run(
    systemPython(),
    ["-m", "venv", existsSync(python) ? "--upgrade-deps" : "--clear", ".venv"].filter((a) => a !== "--upgrade-deps"),
    { cure },
  );
  await run(
    python,
    [
      "-m",
      "pip",
      "install",
      "--quiet",
      "--disable-pip-version-check",
      "--require-hashes",
      "--only-binary=:all:",
      "-r",
      "setup/requirements.txt",
    ],
    {
      cure: "pip must reach the package index; check the connection or the proxy",
    },
  );
}

/** The nbconvert exporter of src/report, without its dependencies: those are pinned above. */
export async function installReport() {
  if (existsSync("src/report/pyproject.toml"))
    await run(python, [
      "-m",
      "pip",
      "install",
      "--quiet",
      "--disable-pip-version-check",
      "--no-deps",
      "--no-build-isolation",
      "--editable",
      "src/report",
    ]);
}
