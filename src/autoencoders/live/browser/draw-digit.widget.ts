import { escapeHtml } from "../../plot/markup";
import type { DrawDigitData } from "../data";
import { unpackGray } from "../image-rows";
import { evaluatorOf } from "../net";
import { mulberry32 } from "../random";
import { canvasIn, paint, pixels } from "./canvas";
import { digitsCss, listenToSamples, offerDigit, ownButton, sampleButtons } from "./digit-buttons";
import { onDrag, onKeys, onPress, placeOfPointer } from "./input";
import { keepDigit } from "./kept-digit";
import { clamp, readable } from "./numbers";
import { onNextFrame } from "./redraw";
import { button, find, shadow, twoColumns, wordsOn } from "./shadow";

const css = `${digitsCss}${twoColumns("minmax(0,252px) minmax(0,1fr)")}
.pad{position:relative;aspect-ratio:1;width:100%;max-width:252px;touch-action:none;cursor:crosshair;
border-radius:4px}
.pad canvas{width:100%;height:100%}
.pad i{position:absolute;width:3.572%;height:3.572%;border:2px solid var(--accent);
border-radius:50%;pointer-events:none;transform:translate(-50%,-50%) scale(2);visibility:hidden}
.pad:focus-visible i{visibility:visible}
.dirt{display:grid;grid-template-columns:auto 1fr 3.2em;gap:.5rem;align-items:center;margin:.2rem 0}
.dirt select{font:inherit;font-size:13px;color:inherit;background:Canvas;
border:1px solid var(--line);border-radius:5px;min-height:28px}
.out{display:grid;grid-template-columns:repeat(auto-fill,minmax(118px,1fr));gap:.8rem 1rem}
.out canvas{width:100%;max-width:150px;height:auto}
.out:has(>:nth-child(4):last-child){grid-template-columns:repeat(2,minmax(0,150px))}
.out b{display:block;font-weight:600;font-size:13px;margin-bottom:.15rem}
.out output{font-size:12.5px}
@container (max-width:560px){
.out:not(:has(>:nth-child(4):last-child)){grid-template-columns:repeat(auto-fill,minmax(96px,1fr))}}
`;

const side = 28;
const shape = [side, side] as const;

export { evaluatorOf as reconstructor } from "../net";

type Dirt = "gaussian" | "masking" | "saltAndPepper";

/** The drawing with noise of the given strength: σ, or the share of pixels that are hit. */
export function dirty(
  x: ArrayLike<number>,
  kind: Dirt,
  strength: number,
  seed: number,
): Float64Array {
  const draw = mulberry32(seed);
  return Float64Array.from(x, (v) => {
    const [a, b] = [draw(), draw()];
    if (kind === "gaussian")
      return v + strength * Math.sqrt(-2 * Math.log(1 - a)) * Math.cos(2 * Math.PI * b);
    if (a >= strength) return v;
    return kind === "masking" ? 0 : b < 0.5 ? 0 : 1;
  });
}

const noiseTools = `<div class="dirt"><select aria-label="kind of noise">
<option value="gaussian">Gaussian</option><option value="masking">masking</option>
<option value="saltAndPepper">salt and pepper</option></select>
<input type="range" min="0" max="1" step="0.05" value="0.4" aria-label="strength of the noise">
<output></output></div>`;

function markup({ models, samples, noise }: DrawDigitData, alt: string): string {
  const label = `${alt} Arrow keys move the pen, space draws, with shift it erases.`;
  const outputs = [...(noise ? ["Dirty"] : []), ...models.map(({ name }) => name)].map(
    (name) => `<div><b>${escapeHtml(name)}</b>${pixels(shape, name)}<output></output></div>`,
  );
  return `<div class="all"><div>
<div class="pad" tabindex="0" role="application" aria-roledescription="drawing canvas"
aria-label="${label}">${pixels(shape)}<i></i></div>
<div class="tools">${button('data-do="clear"', "Clear")}
${ownButton(samples.length, shape)}
${noise ? button('data-do="again"', "New noise") : ""}
${sampleButtons(samples, shape, "sample")}</div>${noise ? noiseTools : ""}</div>
<div class="out" aria-live="polite">${outputs.join("")}</div></div>`;
}

type Position = readonly [x: number, y: number];

/** Draws a dot of the pen, or erases one. */
function dot(drawing: Float64Array, [x, y]: Position, erase: boolean): void {
  for (let k = 0; k < drawing.length; k++) {
    const far = Math.hypot((k % side) + 0.5 - x, Math.floor(k / side) + 0.5 - y);
    const level = clamp(1.9 - far, 0, 1);
    drawing[k] = erase ? Math.min(drawing[k], 1 - level) : Math.max(drawing[k], level);
  }
}

/** Draws a straight line after its first position, in dots half a pixel apart. */
function line(drawing: Float64Array, from: Position, to: Position, erase: boolean): void {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const steps = Math.max(1, Math.ceil(2 * Math.hypot(dx, dy)));
  for (let i = 1; i <= steps; i++)
    dot(drawing, [from[0] + (dx * i) / steps, from[1] + (dy * i) / steps], erase);
}

/** Draws with the pointer, and with the arrow keys and space; keeps what was drawn. */
function listen(pad: HTMLElement, drawing: Float64Array, changed: () => void): void {
  const pen = find(pad, "i");
  let at: Position = [0, 0];
  const move = (x: number, y: number) => {
    at = [clamp(x, 0, side), clamp(y, 0, side)];
    pen.style.left = `${(100 * at[0]) / side}%`;
    pen.style.top = `${(100 * at[1]) / side}%`;
  };
  const drawTo = (event: PointerEvent, from?: Position) => {
    const [u, v] = placeOfPointer(event, pad);
    const to: Position = [u * side, v * side];
    line(drawing, from ?? to, to, event.shiftKey || event.buttons === 2);
    move(...to);
    changed();
  };
  onDrag(pad, (event, isStart) => drawTo(event, isStart ? undefined : at));
  for (const end of ["pointerup", "pointercancel"])
    pad.addEventListener(end, () => keepDigit(drawing));
  pad.addEventListener("contextmenu", (event) => event.preventDefault());
  onKeys(pad, [" "], (way, { shiftKey }) => {
    if (way) move(at[0] + way[0], at[1] - way[1]);
    else {
      dot(drawing, at, shiftKey);
      keepDigit(drawing);
    }
    changed();
  });
  move(side / 2, side / 2);
}

type Model = ReturnType<typeof evaluatorOf>;

/** Shows the noisy drawing where there is noise, and every model's answer, with their errors. */
function showOutputs(root: ShadowRoot, models: Model[], drawing: Float64Array, seed: number) {
  const kind = root.querySelector<HTMLSelectElement>("select");
  const strength = root.querySelector<HTMLInputElement>(".dirt input");
  const shown: ArrayLike<number>[] = [];
  let input: ArrayLike<number> = drawing;
  if (kind && strength) {
    find(root, ".dirt output").textContent = Number(strength.value).toFixed(2);
    input = dirty(drawing, kind.value as Dirt, Number(strength.value), seed);
    shown.push(input);
  }
  for (const reconstruct of models) shown.push(reconstruct(input));
  root.querySelectorAll<HTMLElement>(".out>div").forEach((box, i) => {
    const y = shown[i];
    const error = drawing.reduce((sum, v, j) => sum + (v - y[j]) ** 2, 0) / y.length;
    paint(canvasIn(box), y);
    find(box, "output").textContent = `error ${readable(error)}`;
  });
}

export function mount(host: HTMLElement, data: DrawDigitData): void {
  const models = data.models.map(({ layers }) => evaluatorOf(layers));
  const samples = data.samples.map(unpackGray);
  const own = samples.length; // place of the reader's own digit
  const root = shadow(host, css, markup(data, wordsOn(host)));
  const pad = find(root, ".pad");
  const drawing = new Float64Array(side * side);
  let seed = 1;
  const show = () => {
    paint(canvasIn(pad), drawing);
    showOutputs(root, models, drawing, seed);
  };
  const later = onNextFrame(show);
  const start = (image: Float64Array) => {
    drawing.set(image);
    later();
  };

  listenToSamples(root, samples, (i) => start(samples[i]));
  onPress(root, "clear", () => start(new Float64Array(side * side)));
  onPress(root, "again", () => {
    seed += 1;
    later();
  });
  root.querySelector("select")?.addEventListener("change", later);
  root.querySelector(".dirt input")?.addEventListener("input", later);
  listen(pad, drawing, later);
  offerDigit(root, (digit) => {
    samples[own] = digit;
  });
  drawing.set(samples[own] ?? samples[0]);
  show();
}
