import { softThreshold } from "./07";
import type { Exercise } from "./exercise";

/** Every exercise, by chapter. */
export const chapters: readonly Exercise[] = [softThreshold];
