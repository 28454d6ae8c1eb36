/** Text that programs write for a terminal, as `terminal.py` of the exporter shows it. */

const COLORS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
// biome-ignore lint/suspicious/noControlCharactersInRegex: ANSI escape sequences
const ESCAPE = /\x1b\[([^@-~\n]*)([@-~])/g;
/** Titles, links and character sets of terminals. */
const OTHERS =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ANSI escape sequences
  /\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)?|\x1b[()*+#][0-9A-Za-z]|\x1b[=>78cDEHMNOZ]/g;
/** A sequence, or a character. */
const SIGN = new RegExp(`${OTHERS.source}|${ESCAPE.source}|.`, "gsu");
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are shown by signs
const UNSEEN = /[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]/g;

/** True for text that has no more than letters, tabs and line ends. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they change earlier text
export const isBare = (text: string): boolean => !/[\r\x1b]/.test(text) && text.search(UNSEEN) < 0;

/** Text without escape sequences. */
export const plain = (text: string): string => text.replace(OTHERS, "").replace(ESCAPE, "");

function withoutBackspaces(line: string): string {
  if (!line.includes("\b")) return line;
  const kept: string[] = [];
  const seen: number[] = []; // places in `kept` of what a backspace can take
  for (const [sign] of line.matchAll(SIGN)) {
    if (sign === "\b") {
      const last = seen.pop();
      if (last !== undefined) kept[last] = "";
      continue;
    }
    if (!sign.startsWith("\x1b")) seen.push(kept.length);
    kept.push(sign);
  }
  return kept.join("");
}

/** Lines as a terminal leaves them: without what a carriage return or backspaces wrote over. */
export const overwritten = (text: string): string =>
  text
    .split("\n")
    .map((line) => withoutBackspaces(line.replace(/\r+$/, "").split("\r").pop()!))
    .join("\n");

/** Signs that Unicode has for control characters; the bell is not shown. */
const visible = (text: string): string =>
  text.replace(UNSEEN, (sign) => {
    const code = sign.charCodeAt(0);
    return code === 7 ? "" : String.fromCharCode(code === 127 ? 0x2421 : 0x2400 + code);
  });

/** A color: of the terminal's sixteen by its place, or red, green and blue. */
type Color = number | [number, number, number];

interface Look {
  fg?: Color | undefined;
  bg?: Color | undefined;
  bold?: boolean;
  italic?: boolean;
  underline?: boolean;
  inverse?: boolean;
}

/** Color by the numbers after 38 or 48, of 256 or of all; nothing where they are wrong. */
function extended(codes: number[]): Color | undefined {
  const kind = codes.shift();
  if (kind === 2) {
    const color = codes.splice(0, 3) as [number, number, number];
    return color.length === 3 && color.every((part) => part < 256) ? color : undefined;
  }
  const index = kind === 5 ? (codes.shift() ?? 256) : 256;
  if (index < 16) return index;
  if (index > 255) return undefined;
  if (index > 231) return [0, 1, 2].map(() => (index - 232) * 10 + 8) as [number, number, number];
  const steps = [36, 6, 1].map((step) => Math.floor((index - 16) / step) % 6);
  return steps.map((level) => (level ? 55 + 40 * level : 0)) as [number, number, number];
}

/** The look after an escape sequence's numbers. */
function changed(before: Look, codes: number[]): Look {
  let look = { ...before };
  while (codes.length > 0) {
    const code = codes.shift()!;
    const ten = Math.floor(code / 10);
    if (code === 0) look = {};
    else if (code === 1 || code === 5) look.bold = true;
    else if (code === 21 || code === 22) look.bold = false;
    else if (code === 3 || code === 23) look.italic = code === 3;
    else if (code === 4 || code === 24) look.underline = code === 4;
    else if (code === 7 || code === 27) look.inverse = code === 7;
    else if (code === 38 || code === 48) {
      const color = extended(codes);
      if (color === undefined) codes.length = 0;
      else look[code === 38 ? "fg" : "bg"] = color;
    } else if (ten === 3) look.fg = code % 10 < 8 ? code % 10 : undefined;
    else if (ten === 4) look.bg = code % 10 < 8 ? code % 10 : undefined;
    else if (ten === 9) look.fg = 8 + (code % 10);
    else if (ten === 10) look.bg = 8 + (code % 10);
  }
  return look;
}

function dressed(text: string, look: Look): HTMLElement | string {
  const own = look.bold && typeof look.fg === "number" && look.fg < 8 ? look.fg + 8 : look.fg;
  const [fg, bg] = look.inverse ? [look.bg, own] : [own, look.bg];
  const classes: string[] = [];
  const made = document.createElement("span");
  const color = (given: Color | undefined, end: "fg" | "bg", property: string): void => {
    if (typeof given === "number")
      classes.push(`ansi-${COLORS[given % 8]}${given > 7 ? "-intense" : ""}-${end}`);
    else if (given) made.style.setProperty(property, `rgb(${given.join(",")})`);
    else if (look.inverse) classes.push(`ansi-default-inverse-${end}`);
  };
  color(fg, "fg", bg === undefined && !look.inverse ? "--ansi" : "color");
  color(bg, "bg", "background-color");
  if (typeof bg === "object" && typeof fg !== "object") color(bg, "bg", "--ground");
  for (const name of ["bold", "italic", "underline"] as const)
    if (look[name]) classes.push(`ansi-${name}`);
  if (classes.length === 0 && !made.hasAttribute("style")) return text;
  if (classes.length > 0) made.className = classes.join(" ");
  made.textContent = text;
  return made;
}

/**
 * Text with a terminal's colors as elements of the page, in the classes that the exporter gives
 * them.
 */
export function colored(text: string): DocumentFragment {
  const fragment = document.createDocumentFragment();
  const shown = visible(text.replace(OTHERS, ""));
  let look: Look = {};
  let at = 0;
  const add = (part: string): void => {
    if (part) fragment.append(dressed(part, look));
  };
  for (const { 0: whole, 1: codes, 2: kind, index } of shown.matchAll(ESCAPE)) {
    add(shown.slice(at, index));
    at = index + whole.length;
    const numbers = codes!.split(";").map(Number);
    if (kind === "m" && !numbers.some(Number.isNaN)) look = changed(look, numbers);
  }
  add(shown.slice(at));
  return fragment;
}
