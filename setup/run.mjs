#!/usr/bin/env node
// The one way in: `node setup/run.mjs [report|test|start|check] [args]`. Sets up what is missing, then runs the command.
// Plain JavaScript without dependencies: it runs before anything is installed.
import { fileURLToPath } from "node:url";
import { fail } from "./say.mjs";

const major = Number(process.versions.node.split(".")[0]);
if (major < 20) {
  console.error(
    `Node must be 20 or later, got ${process.versions.node}; install Node 20, 22 or 24 and run the command again.`,
  );
  process.exit(1);
}
process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const [command, ...args] = process.argv.slice(2);
try {
  const { setUp } = await import("./set-up.mjs");
  await setUp();
  if (command) {
    const { commands } = await import("./commands.mjs");
    if (!commands[command]) fail(`command must be one of ${Object.keys(commands).join(", ")}, got "${command}"`);
    process.exitCode = await commands[command](args);
  }
} catch (error) {
  console.error(error.name === "SetupError" ? `\nset-up stopped: ${error.message}` : error);
  process.exitCode = 1;
}
