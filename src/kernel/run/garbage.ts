import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

let run: (() => void) | undefined;

/**
 * Collects garbage now: V8 alone lets a kernel on a big machine grow by hundreds of megabytes
 * first.
 */
export function collectGarbage(): void {
  if (!run) {
    setFlagsFromString("--expose-gc");
    run = runInNewContext("gc") as () => void;
  }
  run();
}

/** Growth of the heap, typed arrays included, after which garbage is collected. */
const GROWN_BYTES = 256 * 2 ** 20;

const held = (): number => {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return used_heap_size + external_memory;
};
let least = Number.POSITIVE_INFINITY;

/**
 * Collects garbage after much growth; call it when no cell runs. V8 alone waits until cells need
 * memory.
 */
export function collectGrown(): void {
  least = Math.min(least, held());
  if (held() - least < GROWN_BYTES) return;
  collectGarbage();
  least = held();
}
