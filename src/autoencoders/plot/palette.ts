import { grayLevel } from "./format";

// Okabe and Ito's colors, which readers with any color vision can tell apart. Dash and marker
// repeat the difference for gray paper.
const okabeIto = "#0072B2 #D55E00 #009E73 #CC79A7 #E69F00 #56B4E9 #7F7F7F #A89C00".split(" ");
const dashes = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "5px,2px", "2px,4px"];
const markers = "circle square diamond triangle-up x star cross triangle-down".split(" ");

/** Color, dash and symbol of a name, the same in every chapter. */
export interface Style {
  color: string;
  dash: string;
  marker: string;
}

/**
 * Names of the models and quantities that have each of the colors; a name that begins with one of
 * these, such as "PCA-32", has its color too.
 */
const fixed = [
  ["autoencoder", "deep autoencoder", "deep", "plain", "train", "loss", "ours", "squaredError"],
  ["PCA", "test", "gradientNorm"],
  ["linear autoencoder", "linear", "crossEntropy", "contractive"],
  ["denoising", "KL"],
  ["sparse L1", "L1", "sparsity", "sparse", "validation"],
  ["variational", "keras", "Keras", "TopK"],
  ["raw", "random", "untrained"],
];

const families = fixed
  .flatMap((names, slot) => names.map((family) => ({ family, slot })))
  .sort((a, b) => b.family.length - a.family.length);

const slotOf = (name: string): number | undefined =>
  families.find(
    ({ family }) => name.startsWith(family) && !/[a-z]/i.test(name[family.length] ?? ""),
  )?.slot;

/** From violet to yellow through red, darker to lighter: an order that stays one in gray. */
const ramp: [number, string][] = [
  [0, "#5b3f9e"],
  [0.35, "#b0478c"],
  [0.7, "#e8743b"],
  [1, "#e0b000"],
];

const parameter = /^(.*?=\s*)(-?\d*\.?\d+(?:e-?\d+)?)\D*$/i;

/** True for three or more names such as "m = 2", "m = 4", "m = 8": one parameter that grows. */
function ordered(names: readonly string[]): boolean {
  const parts = names.map((name) => parameter.exec(name));
  return names.length > 2 && parts.every((part) => part !== null && part[1] === parts[0]?.[1]);
}

/**
 * The styles of the given names: the fixed ones, a ramp where the names are one growing parameter,
 * else the next free color.
 *
 * The same name has the same color whatever stands beside it where it is fixed; two names of one
 * color differ in dash and marker.
 */
export function stylesOf(names: readonly string[]): Style[] {
  if (ordered(names))
    return names.map((_, i) => ({
      color: mix(ramp, i / (names.length - 1)),
      dash: "solid",
      marker: markers[i % markers.length],
    }));
  const taken = new Set(names.map(slotOf));
  const free = okabeIto.map((_, i) => i).filter((i) => !taken.has(i));
  const uses = new Map<number, number>();
  let next = 0;
  return names.map((name) => {
    const own = slotOf(name);
    const slot = own ?? (free.length ? free[next % free.length] : next % okabeIto.length);
    if (own === undefined) next++;
    const again = uses.get(slot) ?? 0;
    uses.set(slot, again + 1);
    return {
      color: okabeIto[slot],
      dash: dashes[(slot + 3 * again) % dashes.length],
      marker: markers[(slot + 3 * again) % markers.length],
    };
  });
}

/** Colors of a loss and its terms, all different: each name's own, unless one before it has it. */
export function termColors(names: readonly string[]): string[] {
  const used: string[] = [];
  for (const { color } of stylesOf(names))
    used.push(used.includes(color) ? okabeIto.find((other) => !used.includes(other))! : color);
  return used;
}

/** Ten colors for ten classes. */
export const classColors = [...okabeIto, "#8A4FBF", "#8B5A2B"];

/** Ten markers for ten classes. */
export const classMarkers = [...markers, "pentagon", "hexagram"];

/** Signed numbers: blue below zero, near white at zero, orange above. */
export const diverging: [number, string][] = [
  [0, "#0b4f8a"],
  [0.25, "#6aaed6"],
  [0.5, "#f7f7f5"],
  [0.75, "#f0a05a"],
  [1, "#a63c06"],
];

/** A color by its channels, 0 … 255. */
export type Color = readonly [red: number, green: number, blue: number];

const grays = /* @__PURE__ */ Array.from({ length: 256 }, (_, v): Color => [v, v, v]);
/** Gray of a value in [0, 1]; values beyond are black or white. */
export const gray = (value: number): Color => grays[grayLevel(value) || 0];

/** Channels of a color "#rrggbb". */
const channels = (color: string): Color =>
  [1, 3, 5].map((i) => Number.parseInt(color.slice(i, i + 2), 16)) as [number, number, number];

/** Color at t in [0, 1] of a scale. */
export function colorAt(scale: readonly [number, string][], t: number): Color {
  const at = Math.min(1, Math.max(0, t));
  const above = scale.findIndex(([stop]) => stop > at);
  const j = (above < 0 ? scale.length - 1 : above) - 1;
  const [[from, a], [to, b]] = [scale[j], scale[j + 1]];
  const [low, high] = [channels(a), channels(b)];
  const u = (at - from) / (to - from);
  return low.map((c, i) => Math.round(c + (high[i] - c) * u)) as [number, number, number];
}

const mix = (scale: readonly [number, string][], t: number): string =>
  `#${colorAt(scale, t)
    .map((c) => c.toString(16).padStart(2, "0"))
    .join("")}`;

/** A color as a see-through area. */
export const pale = (color: string, alpha: number): string =>
  `rgba(${channels(color).join(",")},${alpha})`;
