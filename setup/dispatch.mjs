import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { commands, reportBuildErrors } from "./commands.mjs";
import { ensureWritableFolders, refusal } from "./disk.mjs";
import { cleanEnvironment } from "./environment.mjs";
import { processState } from "./lock.mjs";
import { fail, SetupError } from "./process.mjs";
import { setUp } from "./steps.mjs";

/** End when npm, which started us, is killed. A shell may stand between npm and us. */
function followNpm() {
  if (!process.env.npm_lifecycle_event) return;
  const shell =
    existsSync("/proc") &&
    readFileSync(`/proc/${process.ppid}/cmdline`, "utf8").includes("setup/run.mjs");
  const above = () => `${process.ppid} ${shell ? processState(process.ppid).parent : ""}`;
  const first = above();
  setInterval(() => above() === first || process.kill(process.pid, "SIGTERM"), 500).unref();
}

/** Set up everything missing, then run a command and set the exit code. */
export async function main([name, ...args]) {
  process.chdir(fileURLToPath(new URL("..", import.meta.url)));
  cleanEnvironment();
  ensureWritableFolders();
  // Not in HOME, which may be read-only.
  process.env.JUPYTER_RUNTIME_DIR = resolve(".cache/jupyter/runtime");
  process.env.IPYTHONDIR ??= resolve(".cache/ipython");
  followNpm();
  try {
    const command = commands[name];
    if (name && !Object.hasOwn(commands, name))
      fail(`the command must be one of ${Object.keys(commands).join(", ")}, got "${name}"`);
    const broken = await setUp({ keepGoing: reportBuildErrors.includes(name), retry: !command });
    process.exitCode = command ? await command(args, broken) : 0;
  } catch (error) {
    const sentence = error instanceof SetupError ? error.message : refusal(name ?? "set-up", error);
    console.error(sentence ? `\nset-up stopped: ${sentence}` : error);
    process.exitCode = 1;
  }
}
