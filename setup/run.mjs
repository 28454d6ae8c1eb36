#!/usr/bin/env node
// Entry of every command: `node setup/run.mjs [report|test|start|check|…] [args]`. Sets up first.
// Plain JavaScript without dependencies: it runs before anything is installed, and an old Node must
// reach the version check.
import { nodeProblem } from "./node-version.mjs";

const problem = nodeProblem(process.versions.node);
if (problem) {
  console.error(problem);
  process.exitCode = 1;
} else {
  import("./dispatch.mjs").then(({ main }) => main(process.argv.slice(2)));
}
