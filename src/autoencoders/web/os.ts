// Node's `os` and `crypto` in a browser, as far as the names of files need them.
export const hostname = (): string => "page";

export function createHash(): never {
  throw new RangeError("the name of a file in a page must have at most 128 bytes, got more");
}
