import { type Displayable, displayable } from "./show";

const height = 168;
const middle = 62;
const lossY = 138;

/** A quantity: a circle with its letter. */
interface Quantity {
  letter: string;
  name: string;
}

/** A map from the quantity before it to the one after it: a box with its letter. */
interface Mapping {
  map: string;
  name: string;
}

type Part = Quantity | Mapping;

const text = (x: number, y: number, content: string, size = 15, more = "") =>
  `<text x="${x}" y="${y}" text-anchor="middle" font-size="${size}" ${more}>${content}</text>`;
const italic = 'font-style="italic" font-family="KaTeX_Math, Georgia, serif"';

/**
 * A drawing in the text's color: parts from left to right with arrows between them, and below them
 * the loss of two quantities.
 */
function drawing(
  parts: Part[],
  loss: { of: [number, number]; letter: string },
  title: string,
): Displayable {
  const step = 78;
  const width = parts.length * step;
  const x = (i: number) => (i + 0.5) * step;
  const shapes = parts.map((part, i) =>
    "map" in part
      ? `<rect x="${x(i) - 27}" y="${middle - 24}" width="54" height="48" rx="6" fill="currentColor" fill-opacity=".08" stroke="currentColor"/>${text(x(i), middle + 6, part.map, 18, italic)}${text(x(i), middle - 34, part.name, 13)}`
      : `<circle cx="${x(i)}" cy="${middle}" r="22" fill="none" stroke="currentColor"/>${text(x(i), middle + 6, part.letter, 18, italic)}${text(x(i), middle - 34, part.name, 13)}`,
  );
  const arrow = (x1: number, y1: number, x2: number, y2: number, dash = "") =>
    `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="currentColor" stroke-width="1.4" ${dash}/><path d="M${x2} ${y2} l-7 -4 v8 z" fill="currentColor" transform="rotate(${(Math.atan2(y2 - y1, x2 - x1) * 180) / Math.PI} ${x2} ${y2})"/>`;
  const reach = (part: Part) => ("map" in part ? 27 : 22);
  const arrows = parts
    .slice(1)
    .map((part, i) =>
      arrow(x(i) + reach(parts[i]) + 1, middle, x(i + 1) - reach(part) - 2, middle),
    );
  const [first, second] = loss.of.map(x);
  const at = (first + second) / 2;
  const dash = 'stroke-dasharray="5 4" fill="none"';
  const bracket = `<path d="M${first} ${middle + 22} V${lossY} H${at - 46}" stroke="currentColor" stroke-width="1.4" ${dash}/><path d="M${second} ${middle + 22} V${lossY} H${at + 46}" stroke="currentColor" stroke-width="1.4" ${dash}/>${text(at, lossY + 6, loss.letter, 17, italic)}`;
  const svg = `<svg class="ae-drawing" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}" style="display:block;width:100%;max-width:${Math.round(width * 1.15)}px;margin:.6rem 0;color:inherit;fill:currentColor;font-family:system-ui,sans-serif">${arrows.join("")}${shapes.join("")}${bracket}</svg>`;
  return displayable({ "text/html": svg, "text/plain": title });
}

const input: Quantity = { letter: "x", name: "input" };
const rest: Part[] = [
  { map: "f", name: "encoder" },
  { letter: "h", name: "code" },
  { map: "g", name: "decoder" },
  { letter: "x̂", name: "output" },
];

/**
 * The structure of an autoencoder: ``x → f → h → g → x̂``, and the loss that compares ``x̂`` with
 * ``x``.
 */
export const structureDrawing = (): Displayable =>
  drawing(
    [input, ...rest],
    { of: [0, 4], letter: "L(x, x̂)" },
    "An autoencoder: the encoder f turns the input x into the code h, the decoder g turns the code into the output x hat, and the loss compares x hat with x.",
  );

/**
 * The structure of a denoising autoencoder: ``x → C → x̃ → f → h → g → x̂``, and the loss that
 * compares ``x̂`` with the clean ``x``.
 */
export const denoisingDrawing = (): Displayable =>
  drawing(
    [input, { map: "C", name: "corruption" }, { letter: "x̃", name: "corrupted" }, ...rest],
    { of: [0, 6], letter: "L(x, x̂)" },
    "A denoising autoencoder: a corruption C turns the input x into x tilde, the encoder f turns that into the code h, the decoder g turns the code into the output x hat, and the loss compares x hat with the clean x.",
  );

/**
 * The structure of a variational autoencoder: ``x → f → (μ, v) → ε → h → g → x̂``. The encoder's
 * two heads give mean and log-variance, and ε draws the code.
 */
export const variationalDrawing = (): Displayable =>
  drawing(
    [
      input,
      { map: "f", name: "encoder" },
      { letter: "μ, v", name: "two heads" },
      { map: "ε", name: "draw" },
      ...rest.slice(1),
    ],
    { of: [0, 6], letter: "−log p(x|h)" },
    "A variational autoencoder: the encoder f turns the input x into a mean mu and a log-variance v, noise epsilon draws the code h from them, the decoder g turns the code into x hat, and the loss is minus log p of x given h, plus a charge for mu and v.",
  );
