// Effects of signals, a closed laptop and a client that goes away on set-up, data, training, report
// and sweep: `node test/interrupts.mjs [--only training --only report …]`. Writes
// test/interrupts.json.
import { spawn } from "node:child_process";

const child = spawn(".venv/bin/python", ["test/interrupts/matrix.py", ...process.argv.slice(2)], {
  stdio: "inherit",
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.on("close", (code) => {
  process.exitCode = code ?? 1;
});
