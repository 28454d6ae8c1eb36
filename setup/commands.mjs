// What each npm command does once everything is set up. A command that reports build errors itself also runs after a failed build.
import { existsSync, readdirSync } from "node:fs";
import { findBrowser } from "./browser.mjs";
import { python } from "./python.mjs";
import { fail, foreground } from "./say.mjs";
import { checkStages, testStages } from "./stages.mjs";
import { runStages } from "./test.mjs";

const readsTheBuild = { reportsBuildErrors: true };

export const commands = {
  report: {
    run: (args) => foreground(python, ["-m", "autoencoder_report", "build", ...args]),
  },
  start: {
    run: (args) =>
      foreground(python, [
        "-m",
        "jupyterlab",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.root_dir=.",
        "--LabApp.default_url=/lab/tree/notebooks",
        ...(process.stdout.isTTY ? [] : ["--no-browser"]),
        ...args,
      ]),
  },
  check: { ...readsTheBuild, run: (_args, broken) => runStages(checkStages, { broken }) },
  test: { ...readsTheBuild, run: (_args, broken) => runStages(testStages, { broken, browser: findBrowser() }) },
  bench: {
    run: async (args) => {
      const files = existsSync("dist/bench")
        ? readdirSync("dist/bench").filter((name) => name.endsWith(".bench.js"))
        : [];
      if (files.length === 0) fail("npm run bench must find dist/bench/*.bench.js, got none; build the library first");
      let code = 0;
      for (const file of files) code ||= await foreground(process.execPath, [`dist/bench/${file}`, ...args]);
      return code;
    },
  },
};
