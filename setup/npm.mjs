import { existsSync } from "node:fs";
import { run } from "./say.mjs";

const cure =
  "npm must be installed and reach its registry; check the connection or the proxy and run the command again";

/** The program that npm is and its first arguments: the npm that called us, where one did, else the one on the PATH. */
export function npmProgram() {
  const script = process.env.npm_execpath;
  return script?.endsWith("npm-cli.js") && existsSync(script) ? [process.execPath, script] : ["npm"];
}

/** Run npm. */
export function npm(args, options = {}) {
  const [program, ...first] = npmProgram();
  const shell = program === "npm" && process.platform === "win32";
  return run(program, [...first, ...args], { cure, shell, ...options });
}
