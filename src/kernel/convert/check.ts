/** Strictness of type checking: "loose" is TypeScript without `strict`, "off" is syntax alone. */
export type Check = "strict" | "loose" | "off";

const isCheck = (value: unknown): value is Check =>
  value === "strict" || value === "loose" || value === "off";

/**
 * Strictness that a cell asks for: by a comment in its first line (`@ts-nocheck`, `@ts-check`), by
 * `typecheck` in its metadata, or by that of the notebook; undefined when none says anything.
 */
export function checkOf(
  code: string,
  ...metadata: readonly (Record<string, unknown> | undefined)[]
): Check | undefined {
  const comment = /^\s*\/\/\s*@ts-(nocheck|check)\b/.exec(code)?.[1];
  if (comment) return comment === "nocheck" ? "off" : "strict";
  return metadata.map((each) => each?.typecheck).find(isCheck);
}
