// Read by any Node that knows modules: only old syntax here.
/** The sentence for a Node that is too old for the project, or undefined. */
export function nodeProblem(version) {
  if (Number(version.split(".")[0]) >= 20) return undefined;
  return `Node must be 20 or later, got ${version}; install Node 20, 22 or 24 and run the command again.`;
}
