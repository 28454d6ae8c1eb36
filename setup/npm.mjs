import { existsSync } from "node:fs";
import { run } from "./say.mjs";

const cure =
  "npm must be installed and reach its registry; check the connection or the proxy and run the command again";

/** Run npm: the one that called us, where it did, else the one on the PATH. */
export function npm(args, options = {}) {
  const script = process.env.npm_execpath;
  if (script?.endsWith("npm-cli.js") && existsSync(script))
    return run(process.execPath, [script, ...args], { cure, ...options });
  return run("npm", args, { cure, shell: process.platform === "win32", ...options });
}
