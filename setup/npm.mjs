// npm: the packages of the lock file, and any other call, whatever the user's settings say.
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { canWrite, freeBytes } from "./disk.mjs";
import { run } from "./process.mjs";

const cure =
  "npm must be installed and reach its registry; check the connection or the proxy and run the command again";

/** Bytes that npm's cache takes for a first set-up. */
const cacheBytes = 0.25e9;

/** npm's cache: the usual one when it is writable and has space, else one in the project. */
export function cacheFolder(usual = process.env.npm_config_cache || join(homedir(), ".npm")) {
  const inside = join(usual, "_cacache");
  try {
    mkdirSync(inside, { recursive: true });
    if (canWrite(inside) && freeBytes(inside) >= cacheBytes) return usual;
  } catch {} // a HOME that is missing or read-only
  return resolve(".cache/npm");
}

/**
 * Program, arguments and environment to spawn for npm: the npm that called us, else the PATH's.
 */
export function npmCall(args, env = process.env) {
  const script = process.env.npm_execpath;
  const called = script?.endsWith("npm-cli.js") && existsSync(script);
  return {
    program: called ? process.execPath : "npm",
    args: called ? [script, ...args] : args,
    env: {
      ...env,
      NODE_ENV: "", // "production" would leave out what the project runs on
      npm_config_cache: env.npm_config_cache ?? cacheFolder(),
      npm_config_update_notifier: "false",
    },
  };
}

/** Run npm and return its output. */
export async function npm(args, options = {}) {
  const call = npmCall(args, { ...process.env, npm_config_cache: cacheFolder() });
  return run(call.program, call.args, { cure, env: call.env, ...options });
}

/**
 * Flags that stand above a user's .npmrc: all kinds of packages, here, and no code of theirs runs.
 */
const installFlags = `--include=dev --include=optional --include=peer --ignore-scripts --no-global
  --no-dry-run --no-package-lock-only --no-install-links --install-strategy=hoisted --no-progress`;

/** Install the packages of the lock file. */
export const installNode = () => npm(["ci", ...installFlags.split(/\s+/)]);

/** [path, version] of every package that the lock file puts on every machine. */
function lockedPackages() {
  const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8"));
  return Object.entries(packages)
    .filter(([path, { optional, link }]) => path.includes("node_modules/") && !optional && !link)
    .map(([path, { version }]) => [join(path, "package.json"), version]);
}

/** Files that exist while the packages are installed. */
export const nodeFiles = () => lockedPackages().map(([file]) => file);

/** The first package that is missing or of another version, in words; undefined for none. */
export function nodeProblem() {
  for (const [file, version] of lockedPackages()) {
    let found = "nothing there";
    try {
      found = JSON.parse(readFileSync(file, "utf8")).version;
    } catch {}
    if (found !== version) return `${file} must be of version ${version}, got ${found}`;
  }
  return undefined;
}
