import { fileURLToPath } from "node:url";
import { commands } from "./commands.mjs";
import { fail, SetupError } from "./say.mjs";
import { setUp } from "./set-up.mjs";

/** Set up what is missing, then run a command; the exit code says whether all went well. */
export async function main([name, ...args]) {
  process.chdir(fileURLToPath(new URL("..", import.meta.url)));
  try {
    const command = commands[name];
    if (name && !Object.hasOwn(commands, name))
      fail(`the command must be one of ${Object.keys(commands).join(", ")}, got "${name}"`);
    const broken = await setUp({ keepGoing: command?.reportsBuildErrors ?? false });
    process.exitCode = command ? await command.run(args, broken) : 0;
  } catch (error) {
    console.error(error instanceof SetupError ? `\nset-up stopped: ${error.message}` : error);
    process.exitCode = 1;
  }
}
