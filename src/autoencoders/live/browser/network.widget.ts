import type { NetworkData } from "../data";
import { tinyPass, weightNames } from "../formulas";
import { onDrag, onKeys, onPress } from "./input";
import { clamp } from "./numbers";
import { onWidth } from "./redraw";
import { button, find, readoutsMarkup, shadow, wordsOn } from "./shadow";

interface Point {
  x: number;
  y: number;
}

/** Handle of a weight, and the ends of its edge; a bias has none. */
interface Handle {
  at: Point;
  from?: Point;
  to?: Point;
}

type Layout = ReturnType<typeof layoutAt>;

const LIMIT = 8;
const PER_PIXEL = 0.02;

const css = `
.top{display:flex;flex-wrap:wrap;gap:.3rem 1.4rem;align-items:center;margin-bottom:.3rem;
font-variant-numeric:tabular-nums}
.top b{font-weight:600;margin-right:.35rem}
.top .buttons{margin-left:auto;display:flex;gap:.5rem}
svg{touch-action:none;user-select:none;max-width:680px}
svg text{font-variant-numeric:tabular-nums}
.edge{stroke-linecap:round}
.positive{stroke:var(--one)}.negative{stroke:var(--two);stroke-dasharray:9 5}
.node{fill:Canvas;stroke:currentColor;stroke-width:1.5}
.handle{cursor:ns-resize}
.handle rect{fill:Canvas;stroke:var(--line)}
.handle:focus-visible{outline:none}
.handle:focus-visible rect,.handle:hover rect{stroke:currentColor;stroke-width:2}
.name{opacity:.75;paint-order:stroke;stroke:Canvas;stroke-width:4px;stroke-linejoin:round}
.downhill{stroke:currentColor;stroke-width:2;fill:none}
`;

const between = (a: Point, b: Point, t: number): Point => ({
  x: a.x + t * (b.x - a.x),
  y: a.y + t * (b.y - a.y),
});

/**
 * Positions of the drawing at one width: nodes in three columns, and the handles of the twelve
 * weights, a third of the way along their edges, where no two meet.
 */
function layoutAt(width: number) {
  const inner = clamp(width, 330, 680);
  const narrow = inner < 500;
  const height = narrow ? 340 : 300;
  const radius = narrow ? 20 : 24;
  const column = (part: number) => [0.27, 0.7].map((row) => ({ x: part * inner, y: row * height }));
  const [inputs, codes, outputs] = [column(0.09), column(0.5), column(0.91)];
  const edges = (from: Point[], to: Point[]) =>
    from.flatMap((a) =>
      to.map((b) => ({ at: between(a, b, narrow ? 0.36 : 0.33), from: a, to: b })),
    );
  const biases = (nodes: Point[]) =>
    nodes.map(({ x, y }, i) => ({ at: { x, y: y + (i === 0 ? -1 : 1) * (radius + 22) } }));
  const first: Handle[] = [...edges(inputs, codes), ...biases(codes)];
  const handles = [...first, ...edges(codes, outputs), ...biases(outputs)];
  return { width: inner, height, radius, inputs, codes, outputs, handles };
}

const node = ({ x, y }: Point, radius: number, name: string, value: number) =>
  `<circle class="node" cx="${x}" cy="${y}" r="${radius}"/>
<text class="name" x="${x}" y="${y - 4}" text-anchor="middle">${name}</text>
<text x="${x}" y="${y + 12}" text-anchor="middle">${value.toFixed(2)}</text>`;

function edge({ from, to }: Handle, weight: number): string {
  if (!from || !to) return "";
  const sign = weight < 0 ? "negative" : "positive";
  const width = (0.6 + 1.6 * Math.sqrt(Math.abs(weight))).toFixed(1);
  return `<line class="edge ${sign}" x1="${from.x}" y1="${from.y}" x2="${to.x}" y2="${to.y}"
stroke-width="${width}"/>`;
}

/** An arrow beside a handle, against the derivative: longer where the loss falls faster. */
function arrow({ x, y }: Point, derivative: number): string {
  const length = Math.round(16 * Math.tanh(8 * Math.abs(derivative)));
  if (length < 2) return "";
  const way = derivative < 0 ? -1 : 1; // up is a larger weight
  const tip = y + way * length;
  return `<path class="downhill" d="M${x} ${y}V${tip}m-4 ${-4 * way}l4 ${4 * way}l4 ${-4 * way}"/>`;
}

function handle(
  { at: { x, y } }: Handle,
  index: number,
  { weight, derivative }: { weight: number; derivative: number },
): string {
  const name = weightNames[index];
  const value = weight.toFixed(2);
  return `<g class="handle" tabindex="0" role="slider" data-index="${index}"
aria-label="${name}" aria-valuemin="${-LIMIT}" aria-valuemax="${LIMIT}"
aria-valuenow="${value}" aria-valuetext="${value}, derivative ${derivative.toFixed(3)}">
<rect x="${x - 27}" y="${y - 17}" width="54" height="34" rx="6"/>
<text class="name" x="${x - 7}" y="${y - 3}" text-anchor="middle">${name}</text>
<text x="${x - 7}" y="${y + 11}" text-anchor="middle">${value.replace("-", "−")}</text>
${arrow({ x: x + 20, y }, derivative)}</g>`;
}

function drawing(layout: Layout, weights: number[], x: readonly number[]): string {
  const { gradient, xHat, h } = tinyPass(weights, x);
  const { radius } = layout;
  const nodes = [
    ...layout.inputs.map((at, i) => node(at, radius, `x${"₁₂"[i]}`, x[i])),
    ...layout.codes.map((at, i) => node(at, radius, `h${"₁₂"[i]}`, h[i])),
    ...layout.outputs.map((at, i) => node(at, radius, `x̂${"₁₂"[i]}`, xHat[i])),
    ...layout.outputs.map((at, i) => {
      const y = at.y + (i === 0 ? radius + 15 : -radius - 7);
      const end = Math.min(at.x + 34, layout.width); // its words never reach beyond the drawing
      return `<text class="name" x="${end}" y="${y}" text-anchor="end">target ${x[i].toFixed(2)}</text>`;
    }),
  ];
  const handles = layout.handles.map((one, i) =>
    handle(one, i, { weight: weights[i], derivative: gradient[i] }),
  );
  const edges = layout.handles.map((one, i) => edge(one, weights[i]));
  return [...edges, ...nodes, ...handles].join("");
}

/** Moves a weight by dragging its handle up or down, or by the arrow keys. */
function listen(place: HTMLElement, weights: number[], changed: () => void): void {
  let held: { index: number; y: number; before: number } | undefined;
  const indexOf = (target: EventTarget | null) => {
    const group = (target as Element | null)?.closest<SVGGElement>(".handle");
    return group ? Number(group.dataset.index) : undefined;
  };
  const set = (index: number, value: number) => {
    weights[index] = Number(clamp(value, -LIMIT, LIMIT).toFixed(2));
    changed();
    place.querySelector<SVGGElement>(`[data-index="${index}"]`)?.focus();
  };
  onDrag(place, (event, isStart) => {
    const index = isStart ? indexOf(event.target) : held?.index;
    if (index === undefined) held = undefined;
    else if (isStart || !held) held = { index, y: event.clientY, before: weights[index] };
    else if (place.hasPointerCapture(event.pointerId))
      set(index, held.before + (held.y - event.clientY) * PER_PIXEL);
  });
  onKeys(place, [], (way, { target, shiftKey }) => {
    const index = indexOf(target);
    if (way && index !== undefined)
      set(index, weights[index] + (way[0] + way[1]) * (shiftKey ? 1 : 0.1));
  });
}

export function mount(host: HTMLElement, data: NetworkData): void {
  const root = shadow(
    host,
    css,
    `<div class="top"><span class="readouts" aria-live="polite"></span><span class="buttons">
${button('data-do="step"', "One step downhill")}
${button('data-do="back"', "Back to the start")}</span></div>
<div class="net"><svg role="group" aria-label="${wordsOn(host)}"></svg></div>`,
  );
  const svg = find<SVGSVGElement>(root, "svg");
  const readouts = find(root, ".readouts");
  const weights = [...data.weights];
  let layout = layoutAt(640);
  const draw = () => {
    svg.setAttribute("viewBox", `0 0 ${layout.width} ${layout.height}`);
    svg.innerHTML = drawing(layout, weights, data.x);
    readouts.innerHTML = readoutsMarkup(tinyPass(weights, data.x).readouts);
  };
  const assign = (values: readonly number[]) => {
    values.forEach((value, i) => {
      weights[i] = clamp(value, -LIMIT, LIMIT);
    });
    draw();
  };
  listen(find(root, ".net"), weights, draw);
  onPress(root, "step", () => {
    const { gradient } = tinyPass(weights, data.x);
    assign(weights.map((w, i) => w - data.learningRate * gradient[i]));
  });
  onPress(root, "back", () => assign(data.weights));
  onWidth(host, (width) => {
    layout = layoutAt(width);
    draw();
  });
}
