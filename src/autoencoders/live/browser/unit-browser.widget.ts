import type { Shape, UnitBrowserData } from "../data";
import { atomsOf, type Dense, evaluate, unpack } from "../net";
import { unitsOf } from "../units";
import { canvasIn, paint, paintSigned, pixels } from "./canvas";
import { onKeys, onPress } from "./input";
import { clamp, readable } from "./numbers";
import { onWidth } from "./redraw";
import { button, find, shadow, twoColumns, wordsOn } from "./shadow";

export { unitsOf } from "../units";

const tile = 56; // CSS pixels of an atom or a sample
const gap = 4;
const bins = 16;

const css = `${twoColumns("172px minmax(0,1fr)", ".4rem 1.6rem")}
.atom canvas{width:168px;height:168px}
h4{margin:.1rem 0 .3rem;font-weight:600;font-size:13px}
p{margin:.35rem 0}
.tiles{display:flex;align-items:center;flex-wrap:wrap;gap:2px;min-height:${tile}px}
.tiles button{padding:0;border:0;min-height:0;line-height:0;border-radius:3px}
.tiles button[aria-pressed=true]{outline:3px solid var(--two);outline-offset:-3px}
.tiles canvas{width:${tile}px;height:${tile}px}
.row{display:flex;flex-wrap:wrap;gap:.2rem 1.6rem;align-items:end}
.effect{display:flex;flex-wrap:wrap;gap:.3rem .9rem;margin-top:.5rem}
.effect div{width:92px}
.effect canvas{width:84px;height:84px}
.more{align-items:center;margin-top:.6rem}
.effect span{display:block;font-size:12px;margin-top:.15rem}
.histogram{width:172px}
.histogram rect{fill:var(--one)}
.histogram text{font-size:11px}
.shelf{max-height:${4.5 * (tile + gap)}px;overflow-y:auto;border-top:1px solid var(--line);
padding:4px 0;touch-action:manipulation}
.grid{position:relative;cursor:pointer}
.grid i{position:absolute;width:${tile + 4}px;height:${tile + 4}px;border:3px solid var(--two);
border-radius:4px;pointer-events:none}
.grid canvas{display:block;image-rendering:pixelated}
@container (max-width:560px){.side{display:flex;gap:1rem;
flex-wrap:wrap}.atom canvas{width:112px;height:112px}}
`;

/** Labels of the canvases that a press on a digit fills. */
const effects = ["digit", "decoded", "decoded without it", "what the unit adds"];

function markup({ shape, codes: { n, m } }: UnitBrowserData, alt: string): string {
  const effect = (label: string) => `<div>${pixels(shape, label)}<span>${label}</span></div>`;
  return `<div class="all"><div class="side"><div class="atom"><h4 class="name" aria-live="polite"></h4>
${pixels(shape, "its atom")}</div>
<div><p class="quiet told"></p><svg class="histogram" viewBox="0 0 172 74"
role="img" aria-label="histogram of the unit's values"></svg></div></div>
<div><h4>Excite it most, of ${n}</h4><div class="tiles most"></div>
<div class="row more"><h4>Turn it on, drawn at random</h4>
${button('data-do="others"', "Draw others")}</div><div class="tiles some"></div>
<h4 style="margin-top:.6rem">A digit without the unit: press one above</h4>
<div class="effect">${effects.map(effect).join("")}</div></div></div>
<div class="row" style="margin:.7rem 0 .3rem"><h4>All ${m} atoms: press one</h4>
${button('data-do="random"', "A unit at random")}</div>
<div class="shelf"><div class="grid" tabindex="0" role="application"
aria-roledescription="grid of atoms"
aria-label="${alt} Arrow keys move from unit to unit."><canvas></canvas><i></i></div>
</div>`;
}

/** Draws the histogram of a unit over the samples that turn it on. */
function drawHistogram(svg: SVGElement, counts: number[], peak: number): void {
  const most = Math.max(1, ...counts);
  const width = 168 / bins;
  const bars = counts.map((count, i) => {
    const height = (48 * count) / most;
    const place = `x="${2 + i * width}" y="${54 - height}"`;
    return `<rect ${place} width="${width - 1}" height="${height}"/>`;
  });
  svg.innerHTML = `${bars.join("")}<line class="axis" x1="2" x2="170" y1="54.5" y2="54.5"/>
<text x="2" y="68">0</text><text x="86" y="68" text-anchor="middle">values above 0</text>
<text x="170" y="68" text-anchor="end">${readable(peak)}</text>`;
}

/** The atoms of all units in rows that fill the width; calls `press` with the unit pressed. */
function shelf(
  grid: HTMLElement,
  atoms: Float32Array[],
  dead: boolean[],
  [height, width]: Shape,
  press: (unit: number) => void,
) {
  const canvas = canvasIn(grid);
  const mark = find(grid, "i");
  let across = 1;
  let at = 0;
  const small = document.createElement("canvas");
  [small.width, small.height] = [width, height];
  const place = (unit: number) => [
    (unit % across) * (tile + gap),
    Math.floor(unit / across) * (tile + gap),
  ];
  const draw = () => {
    [canvas.width, canvas.height] = [
      across * (tile + gap),
      Math.ceil(atoms.length / across) * (tile + gap),
    ];
    const context = canvas.getContext("2d")!;
    context.imageSmoothingEnabled = false;
    atoms.forEach((atom, unit) => {
      const [left, top] = place(unit);
      paintSigned(small, atom);
      context.globalAlpha = dead[unit] ? 0.3 : 1;
      context.drawImage(small, left, top, tile, tile);
    });
  };
  const select = (unit: number, follow = true) => {
    at = unit;
    const [left, top] = place(unit);
    mark.style.cssText = `left:${left - 2}px;top:${top - 2}px`;
    const box = grid.parentElement!;
    if (follow && (top < box.scrollTop || top + tile > box.scrollTop + box.clientHeight))
      box.scrollTop = top - tile;
  };
  onWidth(grid, (wide) => {
    across = Math.max(1, Math.floor((wide + gap) / (tile + gap)));
    draw();
    select(at, false);
  });
  grid.addEventListener("click", (event) => {
    const box = grid.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left) / (tile + gap));
    const unit = Math.floor((event.clientY - box.top) / (tile + gap)) * across + column;
    if (column < across && unit < atoms.length) press(unit);
  });
  onKeys(grid, [], (way) => {
    if (way) press(clamp(at + way[0] - across * way[1], 0, atoms.length - 1));
  });
  return select;
}

/** A button that shows a sample and calls `press`. */
function sampleButton(i: number, value: number, shape: Shape, press: () => void) {
  const button = document.createElement("button");
  button.type = "button";
  button.title = `h = ${readable(value)}`;
  button.dataset.sample = String(i);
  button.setAttribute("aria-label", `test image ${i}, ${button.title}`);
  button.innerHTML = pixels(shape);
  button.addEventListener("click", press);
  return button;
}

/** Text on a unit: the number of samples that activate it, and how much. */
function told(units: ReturnType<typeof unitsOf>, unit: number, n: number): string {
  const active = units.active(unit);
  if (active.length === 0) return `Dead: none of the ${n} digits turns it on.`;
  const mean = active.reduce((sum, i) => sum + units.value(i, unit), 0) / active.length;
  return `On for ${active.length} of ${n} digits, at ${readable(mean)} on average.`;
}

/** Paints a code decoded with and without a unit, and what the unit adds. */
function paintEffect(
  [decoded, without, added]: HTMLCanvasElement[],
  net: Dense[],
  h: Float64Array,
  unit: number,
  atom: Float32Array,
): void {
  const alone = atom.map((w) => w * h[unit]);
  paintSigned(added, alone, 1);
  paint(decoded, evaluate(net, h));
  h[unit] = 0;
  paint(without, evaluate(net, h));
}

export function mount(host: HTMLElement, data: UnitBrowserData): void {
  const { shape, codes } = data;
  const root = shadow(host, css, markup(data, wordsOn(host)));
  const net = unpack(data.layers);
  const units = unitsOf(codes);
  const atoms = atomsOf(net[0]);
  const dead = atoms.map((_, unit) => units.active(unit).length === 0);
  const sprite = new Image();
  const paintSample = (canvas: HTMLCanvasElement, i: number) => {
    const [height, width] = shape;
    const [x, y] = [(i % data.columns) * width, Math.floor(i / data.columns) * height];
    canvas.getContext("2d")!.drawImage(sprite, x, y, width, height, 0, 0, width, height);
  };
  const [original, ...views] = root.querySelectorAll<HTMLCanvasElement>(".effect canvas");
  let [shown, turn, draws, sample] = [0, 0, 0, 0];

  const effect = (i: number) => {
    sample = i;
    paintSample(original, i);
    paintEffect(views, net, units.code(i), shown, atoms[shown]);
    for (const button of root.querySelectorAll<HTMLElement>("[data-sample]"))
      button.setAttribute("aria-pressed", String(Number(button.dataset.sample) === i));
  };
  const fill = (place: HTMLElement, samples: number[]) => {
    const buttons = samples.map((i) => {
      const button = sampleButton(i, units.value(i, shown), shape, () => effect(i));
      paintSample(canvasIn(button), i);
      return button;
    });
    place.replaceChildren(...(samples.length ? buttons : ["No digit of these turns it on."]));
  };
  const others = () => fill(find(root, ".some"), units.random(shown, 5, turn));
  const show = (unit: number, how = "") => {
    [shown, turn] = [unit, 0];
    const strongest = units.strongest(unit, Math.min(10, units.active(unit).length));
    find(root, ".name").textContent = `Unit ${unit}${how}`;
    find(root, ".told").textContent = told(units, unit, codes.n);
    paintSigned(canvasIn(root, ".atom canvas"), atoms[unit]);
    const svg = root.querySelector<SVGElement>(".histogram")!;
    svg.style.visibility = strongest.length ? "visible" : "hidden";
    drawHistogram(svg, units.histogram(unit, bins), codes.peaks[unit]);
    fill(find(root, ".most"), strongest);
    others();
    select(unit);
    effect(strongest[0] ?? sample);
  };
  const select = shelf(find(root, ".grid"), atoms, dead, shape, show);
  onPress(root, "random", () => show(units.drawn(++draws), ", drawn at random"));
  onPress(root, "others", () => {
    turn++;
    others();
    effect(sample);
  });
  sprite.addEventListener("load", () => {
    if (data.chosen === undefined) show(units.drawn(0), ", drawn at random");
    else show(data.chosen, ", chosen");
  });
  sprite.src = `data:image/png;base64,${data.sprite}`;
}
