/** A frame as Firefox and Safari write it: `name@url:line:column`. */
const AT = /^(.*?)@(.*):(\d+):(\d+)$/;

/**
 * A reader of stacks that knows the scripts of cells, by the addresses that they were loaded from.
 *
 * Answers V8's form in every browser. Frames of the page's own code are left out.
 */
export function stackReader(names: ReadonlyMap<string, string>) {
  const named = (line: string): string => {
    for (const [url, name] of names) if (line.includes(url)) return line.replace(url, name);
    return line;
  };
  const frame = (line: string): string | undefined => {
    const found = AT.exec(line);
    const text = found
      ? `    at ${found[1] || "<anonymous>"} (${named(line).slice(line.indexOf("@") + 1)})`
      : named(line);
    // The cell's own code has no name of its own.
    const bare = text.replace(/ at (?:async )?[\w.$/<]*\bbody[/<]* \((cell\[.*)\)$/, " at $1");
    const foreign = /^\s+at /.test(text) && !/\bcell\[\d+\]:\d+/.test(text);
    return foreign ? undefined : bare;
  };
  return ({ name, message, stack }: Error): string | undefined => {
    if (typeof stack !== "string") return undefined;
    const lines = stack.split("\n").map(frame);
    const kept = lines.filter((line) => line !== undefined);
    return /^\s+at /.test(kept[0] ?? "")
      ? [`${name}: ${message}`, ...kept].join("\n")
      : kept.join("\n");
  };
}
