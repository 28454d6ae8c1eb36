// What each npm command does once everything is set up.
import { python } from "./python.mjs";
import { foreground } from "./say.mjs";
import { check, test } from "./test.mjs";

export const commands = {
  report: (args) => foreground(python, ["-m", "autoencoder_report", "build", ...args]),
  start: (args) =>
    foreground(python, [
      "-m",
      "jupyterlab",
      "--ip=127.0.0.1",
      "--LabApp.default_url=/lab/tree/notebooks",
      ...(process.stdout.isTTY ? [] : ["--no-browser"]),
      ...args,
    ]),
  check,
  test,
};
