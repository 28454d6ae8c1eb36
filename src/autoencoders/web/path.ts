// Node's `path` in a browser, for the few names of files that the library makes.
export const join = (...parts: string[]): string => parts.join("/");
export const dirname = (path: string): string => path.slice(0, path.lastIndexOf("/"));
export const relative = (_from: string, to: string): string => to;
export default { join, dirname, relative };
