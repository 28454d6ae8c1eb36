import type { Formatter } from "../answer/bundle";
import { RUNTIME } from "../convert/runtime-names";
import type { Evaluator } from "../run/evaluator";
import type { Inspection } from "./inspection";

/** Lets the debugger reach its code on the main thread, which is loaded on first use. */
export function offerInspection(evaluator: Evaluator, formatters: readonly Formatter[]): void {
  let inspection: Inspection | undefined;
  Object.defineProperty(Reflect.get(globalThis, RUNTIME), "inspection", {
    get: () => {
      const { Inspection } = require("./inspection") as typeof import("./inspection");
      inspection ??= new Inspection(evaluator, formatters);
      return inspection;
    },
  });
}
