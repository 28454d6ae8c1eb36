import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

let run: (() => void) | undefined;

/** Collects garbage now: V8 alone lets a kernel on a big machine grow by hundreds of megabytes first. */
export function collectGarbage(): void {
  if (!run) {
    setFlagsFromString("--expose-gc");
    run = runInNewContext("gc") as () => void;
  }
  run();
}

/** By how much JavaScript's objects, with the numbers that they hold outside of the heap, may grow before garbage is collected. */
const GROWN_BYTES = 256 * 2 ** 20;

const held = (): number => {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return used_heap_size + external_memory;
};
let least = Number.POSITIVE_INFINITY;

/** Collects garbage when much has come together; call it when no cell runs. V8 alone waits until the next cells have need of room. */
export function collectGrown(): void {
  least = Math.min(least, held());
  if (held() - least < GROWN_BYTES) return;
  collectGarbage();
  least = held();
}
