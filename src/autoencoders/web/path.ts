// Node's `path` in a browser, for the names that the library makes.

/** The path without `.` and `..`. */
function normalized(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/"))
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  return `${path.startsWith("/") ? "/" : ""}${parts.join("/")}`;
}

export function join(...parts: string[]): string {
  for (const part of parts)
    if (typeof part !== "string")
      throw new TypeError(`a path must be of type string, got ${typeof part}`);
  return normalized(parts.join("/"));
}
export const resolve = (...parts: string[]): string => join("/", ...parts);
export const dirname = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf("/")));
export const basename = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
export const extname = (path: string): string => /.(\.[^.]*)$/.exec(basename(path))?.[1] ?? "";
export const relative = (_from: string, to: string): string => to;
export default { join, resolve, dirname, basename, extname, relative };
