import { setFlagsFromString } from "node:v8";
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
