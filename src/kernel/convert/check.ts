/** Strictness of type checking: "strict", or "off" for syntax alone. */
export type Check = "strict" | "off";

/** "off" if the cell's first line is the comment `@ts-nocheck`, or its metadata says `typecheck: "off"`. */
export function checkOf(code: string, metadata: Record<string, unknown>): Check {
  return metadata.typecheck === "off" || /^\s*\/\/\s*@ts-nocheck\b/.test(code) ? "off" : "strict";
}
