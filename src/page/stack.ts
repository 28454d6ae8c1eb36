/** A script of a cell: its name, and the way from its places to those of the cell's text. */
export interface CellScript {
  name: string;
  positions: { locate(at: { line: number; column: number }): Place | undefined };
}

interface Place {
  line: number;
  column: number;
}

/** Frames that V8 keeps: an error deep in a library still shows the cell that called it. */
const FRAMES = 100;
/** A frame: `name (url:1:2)` or `url:1:2` of V8, `name@url:1:2` of Firefox and Safari. */
const FRAME = /^(?:(.*?)(?: \(|@))?(?:async )?([^\s()@]+):(\d+):(\d+)\)?$/;
/** The function in which a cell runs, as each browser calls it. */
const BODY = /^(?:async )?[\w.$/<]*\bbody[/<]*$/;

type Hooked = typeof Error & {
  stackTraceLimit?: number;
  prepareStackTrace?(error: Error, sites: readonly unknown[]): string;
};

/**
 * Has every error's `stack` tell places in the cells' own text, in V8's form, without frames of the
 * page's own code.
 *
 * Answers a reader of stacks, which does so where a browser has no way to see to it.
 */
export function installStackTraces(
  scriptAt: (url: string) => CellScript | undefined,
): (error: Error) => unknown {
  const located = (text: string): string[] => {
    const [, name = "", url = "", line, column] = FRAME.exec(text) ?? [];
    const { name: cell, positions } = scriptAt(url) ?? {};
    const at = positions?.locate({ line: Number(line), column: Number(column) });
    if (!at) return [];
    const place = `${cell}:${at.line}:${at.column}`;
    return [name && !BODY.test(name) ? `    at ${name} (${place})` : `    at ${place}`];
  };
  const readable = (error: Error, frames: readonly string[]): string =>
    [Error.prototype.toString.call(error), ...frames.flatMap(located)].join("\n");
  const fromText = (error: Error, stack: unknown): unknown =>
    typeof stack === "string" ? readable(error, stack.split("\n")) : stack;

  const hooked = Error as Hooked;
  hooked.stackTraceLimit = FRAMES;
  hooked.prepareStackTrace = (error, sites) => readable(error, sites.map(String));
  const isHooked = new Error("hooked").stack === "Error: hooked"; // all its frames are the page's
  if (isHooked) return ({ stack }) => stack;
  const accessor = Object.getOwnPropertyDescriptor(Error.prototype, "stack");
  if (!accessor?.get) return (error) => fromText(error, error.stack);
  const { get } = accessor;
  Object.defineProperty(Error.prototype, "stack", {
    ...accessor,
    get(this: Error) {
      return fromText(this, get.call(this));
    },
  });
  return ({ stack }) => stack;
}
