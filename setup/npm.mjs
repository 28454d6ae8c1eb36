import { existsSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { canWrite, freeBytes } from "./disk.mjs";
import { run, SetupError } from "./say.mjs";

const cure =
  "npm must be installed and reach its registry; check the connection or the proxy and run the command again";

/** What npm's cache takes for a first set-up. */
const cacheBytes = 0.25e9;

/** npm's cache, which it cannot do without: the usual one where that can be written and has room, else one in the project. */
export function cacheFolder(usual = process.env.npm_config_cache || join(homedir(), ".npm")) {
  const inside = join(usual, "_cacache");
  try {
    mkdirSync(inside, { recursive: true });
    if (canWrite(inside) && freeBytes(inside) >= cacheBytes) return usual;
  } catch {} // a HOME that is not there or cannot be written
  return resolve(".cache/npm");
}

/** What to spawn for npm with these arguments: the npm that called us, where one did, else the one on the PATH. */
export function npmCall(args, env = process.env) {
  const script = process.env.npm_execpath;
  const called = script?.endsWith("npm-cli.js") && existsSync(script);
  return {
    program: called ? process.execPath : "npm",
    args: called ? [script, ...args] : args,
    shell: !called && process.platform === "win32", // there it is npm.cmd
    env: {
      ...env,
      npm_config_cache: env.npm_config_cache ?? cacheFolder(),
      npm_config_update_notifier: "false",
    },
  };
}

/** Run npm and answer its output. Files that it could not unpack are a failure: npm itself only warns of them and ends with 0. */
export async function npm(args, options = {}) {
  const {
    program,
    args: all,
    ...how
  } = npmCall(args, { ...process.env, npm_config_cache: cacheFolder() });
  const output = await run(program, all, { cure, ...how, ...options });
  const lost = output.split("\n").filter((line) => line.includes("TAR_ENTRY_ERROR"));
  if (lost.length === 0) return output;
  throw Object.assign(
    new SetupError(`npm could not unpack all files; run the command again:\n  ${lost[0]}`),
    {
      output,
    },
  );
}

/** The package that a line of npm's is about, where the line only says what was fetched. */
const npmDoing = (line) =>
  line.startsWith("npm http ")
    ? (line.match(/([^/]+)\.tgz/)?.[1] ?? "asking the registry")
    : undefined;

/** The packages of the lock file. */
export const installNode = () =>
  npm(["ci", "--no-progress", "--loglevel=http"], { doing: npmDoing });
