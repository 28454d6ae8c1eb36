import { statSync } from "node:fs";

/** Time of change and size of a file, as one text; equal texts mean an unchanged file. */
export function fileStamp(file: string): string {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats ? `${stats.mtimeMs} ${stats.size}` : "absent";
}
