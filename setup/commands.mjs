// Commands of npm, once everything is set up.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { runList, runStages } from "../test/run-stages.mjs";
import { lists } from "../test/stages.mjs";
import { auditStages } from "./audit.mjs";
import { findBrowser } from "./browser.mjs";
import { writeHandout } from "./handout.mjs";
import { printLicenses } from "./licenses.mjs";
import { fail, foreground } from "./process.mjs";
import { python } from "./python.mjs";

/** Run a Python module in the foreground, ours or Jupyter's; it ends when we are killed. */
const attached = (module, args, options) =>
  foreground(python, ["setup/run_tied_to_parent.py", module, ...args], options);

/** Folders in the repository for JupyterLab's own state. */
const jupyterFolders = () => ({
  JUPYTER_CONFIG_DIR: resolve(".cache/jupyter/config"),
  JUPYTER_DATA_DIR: resolve(".cache/jupyter/data"),
  JUPYTERLAB_SETTINGS_DIR: resolve(".cache/jupyter/settings"),
  JUPYTERLAB_WORKSPACES_DIR: resolve(".cache/jupyter/workspaces"),
});

/** Turn off the question about news and the check for updates. */
function quietJupyter() {
  const file = resolve(
    ".cache/jupyter/settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings",
  );
  if (existsSync(file)) return; // what the reader chose since
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify({ fetchNews: "false", checkForUpdates: false }));
}

/** Functions of the arguments and of a failed build's message; they return the exit code. */
export const commands = {
  report: (args) => attached("autoencoder_report", ["build", ...args]),
  start: (args) => {
    quietJupyter();
    console.log("JupyterLab prints its address; Control-C, twice, ends it.");
    const options = [
      "--ServerApp.ip=127.0.0.1",
      "--ServerApp.root_dir=.",
      "--LabApp.default_url=/lab/tree/notebooks",
      "--KernelSpecManager.allowed_kernelspecs=tslab", // a new notebook would take Python first
      "--log-level=WARN", // what stays is the address
      "--LabApp.log_level=WARN",
      ...(process.stdout.isTTY ? [] : ["--no-browser"]),
      ...(process.getuid?.() === 0 ? ["--allow-root"] : []), // as in a container
    ];
    const env = { ...process.env, ...jupyterFolders() };
    return attached("jupyterlab", [...options, ...args], { env });
  },
  docs: (args) => foreground(process.execPath, ["node_modules/typedoc/bin/typedoc", ...args]),
  check: (_, broken) => runList(lists, "check", { broken }),
  test: (_, broken) => runList(lists, "test", { broken, browser: findBrowser() }),
  seeds: (args) => attached("autoencoder_report", ["seeds", ...args]),
  sweep: (args) => {
    const ours = { PYTHONPATH: resolve("src/sweep"), npm_node_execpath: process.execPath };
    return attached("autoencoder_sweep", args, { env: { ...process.env, ...ours } });
  },
  handout: () => writeHandout(),
  licenses: printLicenses,
  audit: () => runStages(auditStages({ strict: true })),
  bench: async ([chosen, ...args]) => {
    const names = readdirSync("bench", { withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(".mjs"))
      .map((entry) => entry.name.slice(0, -".mjs".length));
    if (chosen && !names.includes(chosen))
      fail(`the benchmark must be one of ${names.join(", ")}, got "${chosen}"`);
    let code = 0;
    for (const name of chosen ? [chosen] : names)
      code ||= await foreground(process.execPath, [`bench/${name}.mjs`, ...args]);
    return code;
  },
};

/** Commands that report build errors themselves; they also run after a failed build. */
export const reportBuildErrors = ["check", "test"];
