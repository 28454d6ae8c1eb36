// Runs one stage of a list in this process: `one-stage.mjs LIST NAME`, with its context as a
// message.
import { runStage } from "./run-stages.mjs";
import { lists } from "./stages.mjs";

const [list, name] = process.argv.slice(2);
process.once("message", async (context) => {
  const stage = lists[list].find((one) => one.name === name);
  process.send(await runStage(stage, context), () => process.disconnect());
});
