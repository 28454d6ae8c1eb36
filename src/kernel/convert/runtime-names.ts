/**
 * Global through which compiled cells reach the kernel; tslab's executor makes it, `run/runtime.ts`
 * fills it.
 */
export const RUNTIME = "__tslab__";
/** Parameter of a compiled cell: the object that holds the variables of all cells. */
export const CELLS = "__cells__";
