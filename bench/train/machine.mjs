// The machine of a benchmark, as its results name it.
import { cpus, loadavg, totalmem } from "node:os";

/** Processes that waited or ran in the last minute, on average. */
export const load = () => Number(loadavg()[0].toFixed(1));

/** Processor, cores, GB of memory, Node, and the load before and after. */
export const machine = (loadBefore) => ({
  cpu: cpus()[0].model.trim(),
  cores: cpus().length,
  memory: Math.round(totalmem() / 2 ** 30),
  node: process.version,
  loadBefore,
  loadAfter: load(),
});
