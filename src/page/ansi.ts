const COLORS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
// biome-ignore lint/suspicious/noControlCharactersInRegex: ANSI escape sequences
const ESCAPE = /\x1b\[([\d;]*)([A-Za-z])/g;

/** Text without escape sequences. */
export const plain = (text: string): string => text.replace(ESCAPE, "");

/** Lines of which a carriage return overwrites the beginning, as a terminal shows them. */
export const overwritten = (text: string): string =>
  text.includes("\r")
    ? text
        .split("\n")
        .map((line) => line.replace(/\r$/, "").split("\r").pop()!)
        .join("\n")
    : text;

/**
 * Text with a terminal's colors as elements of the page, in the classes that the exporter gives
 * them.
 */
export function colored(text: string): DocumentFragment {
  const fragment = document.createDocumentFragment();
  let classes: string[] = [];
  let at = 0;
  const add = (part: string): void => {
    if (!part) return;
    if (classes.length === 0) return void fragment.append(part);
    const span = document.createElement("span");
    span.className = classes.join(" ");
    span.textContent = part;
    fragment.append(span);
  };
  for (const { 0: whole, 1: codes, 2: kind, index } of text.matchAll(ESCAPE)) {
    add(text.slice(at, index));
    at = index + whole.length;
    if (kind !== "m") continue;
    for (const code of (codes || "0").split(";").map(Number)) {
      if (code === 0) classes = [];
      else if (code === 1) classes.push("ansi-bold");
      else if (code === 3) classes.push("ansi-italic");
      else if (code === 4) classes.push("ansi-underline");
      else if (code >= 30 && code <= 37) classes.push(`ansi-${COLORS[code - 30]}-fg`);
      else if (code >= 90 && code <= 97) classes.push(`ansi-${COLORS[code - 90]}-intense-fg`);
    }
  }
  add(text.slice(at));
  return fragment;
}
