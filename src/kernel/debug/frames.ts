/** Stack frames of a pause, and errors that leave the cell. */
import type { Debugger, Runtime } from "node:inspector";
import path from "node:path";
import type { Script } from "./scripts";

type Scripts = ReadonlyMap<string, Script>;

export interface Frame {
  id: number;
  call: Debugger.CallFrame;
  script: Script;
  name: string;
  path: string;
  line: number;
  column: number;
}

/**
 * Frames of cells, of the reader's files and of packages; line 0 where the kernel put in a
 * statement. Their ids follow `lastId`: a front end tells the frames of two pauses apart by them.
 */
export async function framesOf(
  { callFrames }: Debugger.PausedEventDataType,
  scripts: Scripts,
  lastId: number,
): Promise<Frame[]> {
  const frames: Frame[] = [];
  for (const [index, call] of callFrames.entries()) {
    const { scriptId, lineNumber, columnNumber = 0 } = call.location;
    const script = scripts.get(scriptId);
    if (!script) continue;
    const source = await script.source;
    const place = source
      ? (source.original(lineNumber, columnNumber) ?? { line: 0, column: 0 })
      : { line: lineNumber + 1, column: columnNumber + 1 };
    const name = call.functionName || (script.isCell ? script.url : "(anonymous)");
    const shown = source?.path ?? script.file ?? script.url;
    frames.push({ id: lastId + index + 1, call, script, name, path: shown, ...place });
  }
  return frames;
}

/** True if an error leaves the cell, so that the debugger stops at it. */
export async function stopsAt(
  event: Debugger.PausedEventDataType,
  scripts: Scripts,
): Promise<boolean> {
  if ((event.data as { uncaught?: boolean } | undefined)?.uncaught) return true;
  for (const { location } of event.callFrames) {
    const caught = await caughtAt(location, scripts);
    if (caught !== undefined) return !caught;
  }
  for (let parent = event.asyncStackTrace; parent; parent = parent.parent) {
    if (parent.description !== "await") break;
    for (const frame of parent.callFrames) {
      const caught = await caughtAt(frame, scripts);
      if (caught !== undefined) return !caught;
    }
  }
  return true;
}

/**
 * True if a `try` catches an error at this place, false if the error leaves the cell here,
 * undefined if it propagates.
 */
async function caughtAt(place: Debugger.Location, scripts: Scripts): Promise<boolean | undefined> {
  const script = scripts.get(place.scriptId);
  if (!script) return false;
  const catches = await script.catches();
  const swallows = (await script.source) === undefined;
  return catches.around(place.lineNumber, place.columnNumber ?? 0, { swallows }) || undefined;
}

/** Number of frames that the reader wrote. */
export const depthOf = (frames: readonly Frame[]): number =>
  frames.filter(({ line }) => line > 0).length;

/** True for a pause at an error or at a promise that is rejected. */
export const isError = ({ reason }: Debugger.PausedEventDataType): boolean =>
  (reason as string) === "exception" || (reason as string) === "promiseRejection";

/** A frame in a reply to `stackTrace`. */
export const shownFrame = ({ id, name, path: place, line, column }: Frame): object => ({
  id,
  name,
  line,
  column,
  source: { name: path.basename(place), path: place },
});

/** The error of a pause, with its stack in the reader's own lines. */
export function exceptionOf(
  { data }: Debugger.PausedEventDataType,
  frames: readonly Frame[],
): object {
  const { className = "Error", description = "" } = (data ?? {}) as Runtime.RemoteObject;
  const places = frames.map(({ name, path: place, line, column }) => {
    return `    at ${name} (${path.basename(place)}:${line}:${column})`;
  });
  const [message = ""] = description.split("\n    at ", 1);
  return {
    exceptionId: className,
    description: message,
    details: { stackTrace: [message, ...places].join("\n") },
  };
}
