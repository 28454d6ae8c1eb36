import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/**
 * Runs one reader until it ends, dies, or says nothing for `patience` ms, upon which it is killed;
 * counts what it says into `row`.
 */
function once(command, row, patience) {
  const child = spawn(command[0], command.slice(1), { stdio: ["ignore", "pipe", "inherit"] });
  let [ended, hung] = [false, false];
  const kill = () => {
    hung = true;
    child.kill("SIGKILL");
  };
  let limit = setTimeout(kill, 10 * patience); // until it has started
  createInterface({ input: child.stdout }).on("line", (line) => {
    clearTimeout(limit);
    limit = setTimeout(kill, patience);
    const [first, second, ...rest] = line.split(" ");
    if (first === "reads") row.tried++;
    else if (first === "end") {
      ended = true;
      const { grown, left, blocks } = JSON.parse(second);
      row.blocks = Math.max(row.blocks, blocks);
      row.grown = Math.max(row.grown, grown);
      row.left += left;
    } else {
      row[second]++;
      row.slowest = Math.max(row.slowest, Number(first));
      if (second === "other" && row.other < 4) console.error(`${row.kind}: ${rest.join(" ")}`);
    }
  });
  return new Promise((resolve) =>
    child.on("close", (code, signal) => {
      clearTimeout(limit);
      if (hung) row.hung++;
      else if (!ended) {
        row.died++;
        console.error(`${row.kind}: died with ${signal ?? code} at input ${row.tried}`);
      }
      resolve(ended);
    }),
  );
}

/**
 * Outcomes of `count` inputs of a kind. `command(seed, count)` starts a reader; after one that was
 * killed or died the next goes on, with another seed.
 */
export async function watch(kind, count, command, patience = 10_000) {
  const row = {
    kind,
    tried: 0,
    answered: 0,
    refused: 0,
    other: 0,
    hung: 0,
    died: 0,
    slowest: 0,
    grown: 0,
    left: 0,
    blocks: 0,
  };
  for (let seed = 11; row.tried < count && row.hung + row.died < 5; seed++)
    await once(command(seed, count - row.tried), row, patience);
  return row;
}

/**
 * Tries the watch on a reader that hangs at its third input and then on one that dies: throws where
 * it does not notice.
 */
export async function tryTheWatch() {
  const acts = ["for (;;);", "process.exit(3)", ""];
  const act =
    () => `for (let i = 0; i < 3; i++) { console.log("reads"); if (i === 2) { ${acts.shift()} } console.log("1 answered"); }
    console.log('end {"grown":0,"left":0,"blocks":0}')`;
  const row = await watch("trial", 9, () => [process.execPath, "-e", act()], 1000);
  const { tried, answered, hung, died } = row;
  if (tried !== 9 || answered !== 7 || hung !== 1 || died !== 1)
    throw new Error(`the watch must count one hang and one death, got ${JSON.stringify(row)}`);
}
