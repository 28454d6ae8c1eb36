import type { LatentEditorData, Shape } from "../data";
import { unpackGray } from "../image-rows";
import { atomsOf, evaluate, evaluatorOf, type PackedDense, unpack } from "../net";
import { canvasIn, largest, paint, pixels, signed } from "./canvas";
import { digitsCss, listenToSamples, offerDigit, ownButton, sampleButtons } from "./digit-buttons";
import { onKeys, onPress, placeOfPointer } from "./input";
import { clamp, readable } from "./numbers";
import { button, find, pressOnly, shadow, twoColumns, wordsOn } from "./shadow";

const css = `${digitsCss}${twoColumns("minmax(0,216px) minmax(0,1fr)")}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:.5rem}
.pair canvas{width:100%;height:auto}
.pair b{display:block;font-weight:600;font-size:13px;margin-bottom:.15rem}
.readout{margin:.2rem 0}
.units{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(200px,100%),1fr));
gap:.3rem 1rem}
.unit{display:grid;grid-template-columns:auto 1fr 4em;gap:.5rem;align-items:center}
.unit[data-off] canvas{opacity:.3}
.unit button{padding:2px;min-height:0;line-height:0}
.unit button canvas{width:34px;height:34px}
.unit[data-off] output{text-decoration:line-through}
.atlas{margin-top:.9rem}
.atlas .grid{position:relative;display:inline-block;width:100%;max-width:560px;cursor:pointer;
touch-action:manipulation}
.atlas .grid canvas{width:100%;height:auto;background:none}
.atlas i{position:absolute;border:2px solid var(--two);pointer-events:none;border-radius:2px}
.atlas i.cursor{border:2px dashed var(--accent);visibility:hidden}
.atlas .grid:focus-visible i.cursor{visibility:visible}
h4{margin:0 0 .3rem;font-weight:600;font-size:13px}
@container (max-width:560px){.pair{max-width:260px}}
`;

/** The decoder's image of a code given by its active units, as in the page. */
export const decoder = (layers: PackedDense[]) => {
  const net = unpack(layers);
  return (code: Iterable<readonly [unit: number, value: number]>) => {
    const h = new Float64Array(net[0].d);
    for (const [unit, value] of code) h[unit] = value;
    return evaluate(net, h);
  };
};

/** The code of an image as in the page: its k largest units, as far as they are above zero. */
export const encoder = ({ layers, k }: { layers: PackedDense[]; k: number }) => {
  const encode = evaluatorOf(layers);
  return (x: ArrayLike<number>) =>
    [...encode(x).entries()]
      .filter(([, value]) => value > 0)
      .sort((a, b) => b[1] - a[1])
      .slice(0, k);
};

/** Paints atoms of height × width side by side, each on a scale of its own, white at zero. */
function paintAtoms(
  canvas: HTMLCanvasElement,
  atoms: Float32Array[],
  [height, width]: Shape,
): void {
  const across = canvas.width / width;
  atoms.forEach((atom, k) => {
    const [left, top] = [(k % across) * width, Math.floor(k / across) * height];
    paint(canvas, atom, signed(largest(atom)), { width, height, left, top });
  });
}

interface State {
  value: number;
  on: boolean;
}

/** The atoms of all units in rows. */
interface Grid {
  units: number;
  across: number;
  down: number;
}

function markup({ shape, samples }: LatentEditorData, alt: string, { units, across, down }: Grid) {
  const [height, width] = shape;
  return `<div class="all"><div><div class="pair"><div><b>Digit</b>${pixels(shape, "the digit")}</div>
<div><b>Decoded</b>${pixels(shape, "what is decoded from the edited code")}</div></div>
<p class="readout quiet" aria-live="polite"></p>
<div class="tools">${sampleButtons(samples, shape, "digit")}
${ownButton(samples.length, shape)}</div>
<div class="tools">${button('data-do="off"', "All off")}${button('data-do="on"', "All on")}
${button('data-do="back"', "Back to the code")}</div></div>
<div><h4>Units of the code: press an atom to switch it, slide to scale it</h4>
<div class="units" role="group" aria-label="${alt}"></div></div></div>
<div class="atlas"><h4>All ${units} atoms: press one to switch its unit on or off</h4>
<div class="grid" tabindex="0" role="application" aria-roledescription="grid of atoms"
aria-label="All ${units} atoms. Arrow keys move, space switches a unit on or off.">
${pixels([down * height, across * width])}<i class="cursor"></i></div></div>`;
}

/** Moves a mark to the tile of a unit. */
function putOnTile<M extends HTMLElement>(mark: M, unit: number, { across, down }: Grid): M {
  const [column, row] = [unit % across, Math.floor(unit / across)];
  mark.style.cssText = `left:${(100 * column) / across}%;top:${(100 * row) / down}%;
width:${100 / across}%;height:${100 / down}%`;
  return mark;
}

/** Calls `flip` with the unit that is pressed, or that the arrow keys went to before a space. */
function listen(element: HTMLElement, grid: Grid, flip: (unit: number) => void): void {
  const { units, across, down } = grid;
  let at = 0;
  const move = (unit: number) => {
    at = clamp(unit, 0, units - 1);
    putOnTile(find(element, ".cursor"), at, grid);
  };
  element.addEventListener("click", (event) => {
    const [u, v] = placeOfPointer(event, element);
    const unit = Math.floor(down * v) * across + Math.floor(across * u);
    if (unit >= units) return;
    move(unit);
    flip(unit);
  });
  onKeys(element, [" "], (way) => {
    if (way) move(at + way[0] - across * way[1]);
    else flip(at);
  });
  move(0);
}

/** Row of a unit: its atom as a switch, and its value on a slider up to `most`. */
function unitRow(
  unit: number,
  state: State,
  { most, atom, shape }: { most: number; atom: Float32Array; shape: Shape },
  changed: () => void,
): HTMLElement {
  const element = document.createElement("div");
  element.className = "unit";
  element.innerHTML = `${button(`aria-label="unit ${unit + 1}"`, pixels(shape))}
<input type="range" min="0" max="${most}" step="${most / 100}" value="${state.value}"
aria-label="value of unit ${unit + 1}"><output></output>`;
  paintAtoms(canvasIn(element), [atom], shape);
  const [toggle, slider] = [find(element, "button"), find<HTMLInputElement>(element, "input")];
  const show = () => {
    element.toggleAttribute("data-off", !state.on);
    toggle.setAttribute("aria-pressed", String(state.on));
    find(element, "output").textContent = readable(state.value);
  };
  const set = (value: number, on: boolean) => {
    Object.assign(state, { value, on });
    show();
    changed();
  };
  toggle.addEventListener("click", () => set(state.value, !state.on));
  slider.addEventListener("input", () => set(Number(slider.value), true));
  show();
  return element;
}

/** Shows the decoded image, its error, and marks on the atoms that are on. */
function showDecoded(
  root: ShadowRoot,
  original: Float64Array,
  image: Float64Array,
  on: number[],
  grid: Grid,
): void {
  const [, edited] = root.querySelectorAll<HTMLCanvasElement>(".pair canvas");
  paint(edited, image);
  const error = original.reduce((sum, v, i) => sum + (v - image[i]) ** 2, 0);
  find(root, ".readout").textContent = `${on.length} units on, squared error ${readable(error)}`;
  for (const mark of root.querySelectorAll(".grid i:not(.cursor)")) mark.remove();
  find(root, ".grid").append(
    ...on.map((unit) => putOnTile(document.createElement("i"), unit, grid)),
  );
}

export function mount(host: HTMLElement, data: LatentEditorData): void {
  const { shape, codes, strengths } = data;
  const decode = decoder(data.layers);
  const atoms = atomsOf(unpack(data.layers)[0]);
  const samples = data.samples.map(unpackGray);
  const own = samples.length; // place of the reader's own digit
  const across = Math.ceil(Math.sqrt(atoms.length * 2));
  const grid = { units: atoms.length, across, down: Math.ceil(atoms.length / across) };
  const root = shadow(host, css, markup(data, wordsOn(host), grid));
  let chosen = 0;
  let code = new Map<number, State>();

  const draw = () => {
    const on = [...code].filter(([, { on, value }]) => on && value !== 0);
    const image = decode(on.map(([unit, { value }]) => [unit, value] as const));
    const units = on.map(([unit]) => unit);
    showDecoded(root, samples[chosen], image, units, grid);
  };
  const row = ([unit, state]: [number, State]) => {
    const most = 2 * Math.max(Math.abs(state.value), strengths[unit], 1e-3);
    return unitRow(unit, state, { most, atom: atoms[unit], shape }, draw);
  };
  const fill = () => {
    find(root, ".units").replaceChildren(...[...code].map(row));
    draw();
  };
  const start = (sample: number) => {
    chosen = sample;
    paint(canvasIn(root, ".pair canvas"), samples[sample]);
    const sorted = [...codes[sample]].sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
    code = new Map(sorted.map(([unit, value]) => [unit, { value, on: true }]));
    pressOnly(root.querySelectorAll("[data-sample]"), sample);
    fill();
  };
  const switchAll = (on: boolean) => {
    for (const state of code.values()) state.on = on;
    fill();
  };
  const flip = (unit: number) => {
    const state = code.get(unit);
    if (state) state.on = !state.on;
    else code.set(unit, { value: strengths[unit], on: true });
    fill();
  };

  paintAtoms(canvasIn(root, ".grid canvas"), atoms, shape);
  listenToSamples(root, samples, start);
  onPress(root, "back", () => start(chosen));
  onPress(root, "on", () => switchAll(true));
  onPress(root, "off", () => switchAll(false));
  listen(find(root, ".grid"), grid, flip);
  const encode = data.encoder && encoder(data.encoder);
  if (encode)
    offerDigit(root, (digit) => {
      samples[own] = digit;
      codes[own] = encode(digit);
      if (chosen === own) start(own);
    });
  start(samples.length > own ? own : 0);
}
