// `node main.js list SWEEP` prints its experiments, one JSON document a line; `node main.js run`
// reads one document from a line of standard input and prints its result as one line. `--attached`
// ends it when its standard input does: a killed worker leaves nothing running.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { estimatedSeconds } from "./cost";
import { experimentsOf } from "./expand";
import { readExperiment } from "./experiment";

function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(`${what} must be JSON: ${(error as Error).message}`);
  }
}

function list(path: string | undefined): void {
  if (!path)
    throw new RangeError("list must be given a sweep, such as data/sweeps/small.json, got nothing");
  for (const { id, experiment } of experimentsOf(parse(readFileSync(path, "utf8"), path)))
    console.log(JSON.stringify({ id, seconds: estimatedSeconds(experiment), experiment }));
}

/** TensorFlow and the objective may print: the result must be the only line on standard output. */
function printOnlyTheResult(): (line: string) => void {
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write.bind(process.stderr) as typeof process.stdout.write;
  return (line) => write(`${line}\n`);
}

async function answer(attached: boolean): Promise<void> {
  const print = printOnlyTheResult();
  const lines = createInterface({ input: process.stdin });
  for await (const line of lines) {
    if (attached) lines.on("close", () => process.exit(3));
    const experiment = readExperiment(parse(line, "an experiment"));
    const { run } = await import("./run.js"); // loads TensorFlow: not before the document is known to be good
    print(JSON.stringify(await run(experiment)));
    lines.removeAllListeners("close");
    process.stdin.destroy();
    return;
  }
  throw new RangeError("run must be given one JSON document on standard input, got nothing");
}

async function main([command, path]: string[]): Promise<void> {
  if (command === "list") list(path);
  else if (command === "run") await answer(path === "--attached");
  else throw new RangeError(`the command must be list or run, got ${command ?? "nothing"}`);
}

main(process.argv.slice(2)).catch((error: Error) => {
  const known = error instanceof RangeError || error instanceof SyntaxError || "code" in error;
  console.error(known ? error.message : error.stack);
  process.exit(1);
});
