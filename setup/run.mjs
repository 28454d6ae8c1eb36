#!/usr/bin/env node
// The one way in: `node setup/run.mjs [report|test|start|check] [args]`. Sets up what is missing, then runs the command.
// Plain JavaScript without dependencies: it runs before anything is installed. An old Node must reach the version check.
import { nodeProblem } from "./node-version.mjs";

const problem = nodeProblem(process.versions.node);
if (problem) {
  console.error(problem);
  process.exitCode = 1;
} else {
  import("./main.mjs").then(({ main }) => main(process.argv.slice(2)));
}
