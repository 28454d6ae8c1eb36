import { evaluate, type PackedDense, unpack } from "../net";
import { keptDigit, onKeptDigit } from "./kept-digit";
import { clamp, escapeText, find, largest, paint, readable, shadow, signed } from "./kit";

interface Data {
  layers: PackedDense[];
  shape: [number, number];
  codes: [unit: number, value: number][][];
  samples: string[];
  strengths: number[];
  encoder?: { layers: PackedDense[]; k: number };
  alt: string;
}

const css = `
:host{container-type:inline-size}
.all{display:grid;grid-template-columns:minmax(0,216px) minmax(0,1fr);gap:.6rem 1.6rem;align-items:start}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:.5rem}
.pair canvas{width:100%;height:auto}
.pair b{display:block;font-weight:600;font-size:13px;margin-bottom:.15rem}
.tools{display:flex;flex-wrap:wrap;gap:.35rem;margin:.5rem 0}
.tools .sample{padding:2px;min-height:0;line-height:0}
.tools .sample canvas{width:30px;height:30px}
.tools .yours:not([hidden]){display:inline-flex;align-items:center;gap:.4rem;padding:2px 3px 2px .55rem}
.tools .yours canvas{width:30px;height:30px}
.readout{margin:.2rem 0}
.units{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(200px,100%),1fr));gap:.3rem 1rem}
.unit{display:grid;grid-template-columns:auto 1fr 4em;gap:.5rem;align-items:center}
.unit[data-off] canvas{opacity:.3}
.unit button{padding:2px;min-height:0;line-height:0}
.unit button canvas{width:34px;height:34px}
.unit[data-off] output{text-decoration:line-through}
.atlas{margin-top:.9rem}
.atlas .grid{position:relative;display:inline-block;width:100%;max-width:560px;cursor:pointer;touch-action:manipulation}
.atlas .grid canvas{width:100%;height:auto;background:none}
.atlas i{position:absolute;border:2px solid var(--two);pointer-events:none;border-radius:2px}
.atlas i.cursor{border:2px dashed var(--accent);visibility:hidden}
.atlas .grid:focus-visible i.cursor{visibility:visible}
h4{margin:0 0 .3rem;font-weight:600;font-size:13px}
@container (max-width:560px){.all{grid-template-columns:minmax(0,1fr)}.pair{max-width:260px}}
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
  const net = unpack(layers);
  return (x: ArrayLike<number>) =>
    [...evaluate(net, x).entries()]
      .filter(([, value]) => value > 0)
      .sort((a, b) => b[1] - a[1])
      .slice(0, k);
};

/** Paints atoms of height × width side by side, each on a scale of its own, white at zero. */
function paintAtoms(
  canvas: HTMLCanvasElement,
  atoms: Float32Array[],
  [height, width]: [number, number],
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

export function mount(host: HTMLElement, data: Data): void {
  const { shape, codes, strengths } = data;
  const [height, width] = shape;
  const decode = decoder(data.layers);
  const [{ d: units, m: pixels, W }] = unpack(data.layers);
  const atom = (unit: number) => W.subarray(unit * pixels, (unit + 1) * pixels);
  const samples: Float64Array[] = data.samples.map((text) =>
    Float64Array.from(atob(text), (c) => c.charCodeAt(0) / 255),
  );
  const encode = data.encoder && encoder(data.encoder);
  const own = samples.length;
  const across = Math.ceil(Math.sqrt(units * 2));
  const down = Math.ceil(units / across);
  const canvas = (label: string, more = "") =>
    `<canvas class="pixels" width="${width}" height="${height}" role="img" aria-label="${label}" ${more}></canvas>`;
  const root = shadow(
    host,
    css,
    `<div class="all"><div><div class="pair"><div><b>Digit</b>${canvas("the digit")}</div><div><b>Decoded</b>${canvas("what is decoded from the edited code")}</div></div>
<p class="readout quiet" aria-live="polite"></p><div class="tools">${samples.map((_, i) => `<button type="button" class="sample" data-sample="${i}" aria-label="digit ${i + 1}">${canvas("", 'aria-hidden="true"')}</button>`).join("")}<button type="button" class="yours" data-sample="${own}" hidden>Your digit ${canvas("", 'aria-hidden="true"')}</button></div>
<div class="tools"><button type="button" data-all="off">All off</button><button type="button" data-all="on">All on</button><button type="button" data-all="back">Back to the code</button></div></div>
<div><h4>Units of the code: press an atom to switch it, slide to scale it</h4><div class="units" role="group" aria-label="${escapeText(data.alt)}"></div></div></div>
<div class="atlas"><h4>All ${units} atoms: press one to switch its unit on or off</h4><div class="grid" tabindex="0" role="application" aria-roledescription="grid of atoms" aria-label="All ${units} atoms. Arrow keys move, space switches a unit on or off."><canvas class="pixels" width="${across * width}" height="${down * height}"></canvas><i class="cursor"></i></div></div>`,
  );
  const [original, edited] = [...root.querySelectorAll<HTMLCanvasElement>(".pair canvas")];
  const readout = find(root, ".readout");
  const list = find(root, ".units");
  const grid = find(root, ".grid");
  const cursor = find(root, ".cursor");
  let chosen = 0;
  let at = 0;
  let code = new Map<number, State>();

  const draw = () => {
    const on = [...code].filter(([, { on, value }]) => on && value !== 0);
    const image = decode(on.map(([unit, { value }]) => [unit, value] as const));
    paint(edited, image);
    const error = samples[chosen].reduce((sum, v, i) => sum + (v - image[i]) ** 2, 0);
    readout.textContent = `${on.length} units on, squared error ${readable(error)}`;
    for (const mark of grid.querySelectorAll("i:not(.cursor)")) mark.remove();
    for (const [unit] of on) grid.append(placed(document.createElement("i"), unit));
  };
  const placed = (mark: HTMLElement, unit: number) => {
    mark.style.cssText = `left:${(100 * (unit % across)) / across}%;top:${(100 * Math.floor(unit / across)) / down}%;width:${100 / across}%;height:${100 / down}%`;
    return mark;
  };
  const row = (unit: number, state: State) => {
    const element = document.createElement("div");
    element.className = "unit";
    const most = 2 * Math.max(Math.abs(state.value), strengths[unit], 1e-3);
    element.innerHTML = `<button type="button" aria-label="unit ${unit + 1}">${canvas("", 'aria-hidden="true"')}</button><input type="range" min="0" max="${most}" step="${most / 100}" value="${state.value}" aria-label="value of unit ${unit + 1}"><output></output>`;
    paintAtoms(find<HTMLCanvasElement>(element, "canvas"), [atom(unit)], shape);
    const [button, slider] = [find(element, "button"), find<HTMLInputElement>(element, "input")];
    const show = () => {
      element.toggleAttribute("data-off", !state.on);
      button.setAttribute("aria-pressed", String(state.on));
      find(element, "output").textContent = readable(state.value);
    };
    button.addEventListener("click", () => {
      state.on = !state.on;
      show();
      draw();
    });
    slider.addEventListener("input", () => {
      state.value = Number(slider.value);
      state.on = true;
      show();
      draw();
    });
    show();
    return element;
  };
  const fill = () => {
    list.replaceChildren(...[...code].map(([unit, state]) => row(unit, state)));
    draw();
  };
  const start = (sample: number) => {
    chosen = sample;
    paint(original, samples[sample]);
    const sorted = [...codes[sample]].sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
    code = new Map(sorted.map(([unit, value]) => [unit, { value, on: true }]));
    root.querySelectorAll("[data-sample]").forEach((button, i) => {
      button.setAttribute("aria-pressed", String(i === sample));
    });
    fill();
  };
  const flip = (unit: number) => {
    const state = code.get(unit);
    if (state) state.on = !state.on;
    else code.set(unit, { value: strengths[unit], on: true });
    fill();
  };
  const move = (unit: number) => {
    at = clamp(unit, 0, units - 1);
    placed(cursor, at);
  };

  paintAtoms(
    find<HTMLCanvasElement>(root, ".grid canvas"),
    Array.from({ length: units }, (_, unit) => atom(unit)),
    shape,
  );
  root.querySelectorAll<HTMLCanvasElement>(".sample canvas").forEach((place, i) => {
    paint(place, samples[i]);
  });
  grid.addEventListener("click", (event) => {
    const box = grid.getBoundingClientRect();
    const column = Math.floor((across * (event.clientX - box.left)) / box.width);
    const unit = Math.floor((down * (event.clientY - box.top)) / box.height) * across + column;
    if (unit >= units) return;
    move(unit);
    flip(unit);
  });
  grid.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across }[event.key];
    if (way === undefined && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    if (way === undefined) flip(at);
    else move(at + way);
  });
  for (const button of root.querySelectorAll<HTMLButtonElement>("[data-sample]"))
    button.addEventListener("click", () => start(Number(button.dataset.sample)));
  for (const button of root.querySelectorAll<HTMLButtonElement>("[data-all]"))
    button.addEventListener("click", () => {
      if (button.dataset.all === "back") return start(chosen);
      for (const state of code.values()) state.on = button.dataset.all === "on";
      fill();
    });
  const yours = find<HTMLButtonElement>(root, ".yours");
  const offerYours = () => {
    const kept = encode && keptDigit();
    yours.hidden = !kept;
    if (!kept) return;
    samples[own] = kept;
    codes[own] = encode(kept);
    paint(find<HTMLCanvasElement>(yours, "canvas"), kept);
    if (chosen === own) start(own);
  };
  onKeptDigit(offerYours);
  offerYours();
  move(0);
  start(samples.length > own ? own : 0);
}
