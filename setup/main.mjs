import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { commands } from "./commands.mjs";
import { refusal, useFoldersThatHold } from "./disk.mjs";
import { processState } from "./lock.mjs";
import { fail, SetupError } from "./say.mjs";
import { setUp } from "./set-up.mjs";

/** Where npm started us and is killed, end as if we had been asked to. A shell may stand between npm and us. */
function followNpm() {
  if (!process.env.npm_lifecycle_event) return;
  const shell =
    existsSync("/proc") &&
    readFileSync(`/proc/${process.ppid}/cmdline`, "utf8").includes("setup/run.mjs");
  const above = () => `${process.ppid} ${shell ? processState(process.ppid).parent : ""}`;
  const first = above();
  setInterval(() => above() === first || process.kill(process.pid, "SIGTERM"), 500).unref();
}

/** Set up what is missing, then run a command; the exit code says whether all went well. */
export async function main([name, ...args]) {
  process.chdir(fileURLToPath(new URL("..", import.meta.url)));
  useFoldersThatHold();
  process.env.JUPYTER_RUNTIME_DIR = resolve(".cache/jupyter/runtime"); // not in HOME, which may be read-only
  process.env.IPYTHONDIR ??= resolve(".cache/ipython"); // Jupyter makes this folder where it looks for kernels
  followNpm();
  try {
    const command = commands[name];
    if (name && !Object.hasOwn(commands, name))
      fail(`the command must be one of ${Object.keys(commands).join(", ")}, got "${name}"`);
    const broken = await setUp({ keepGoing: command?.reportsBuildErrors ?? false });
    process.exitCode = command ? await command.run(args, broken) : 0;
  } catch (error) {
    const sentence = error instanceof SetupError ? error.message : refusal(name ?? "set-up", error);
    console.error(sentence ? `\nset-up stopped: ${sentence}` : error);
    process.exitCode = 1;
  }
}
