import type { ScoreFieldData } from "../data";
import { climber, type Dense, evaluate, type PackedDense, unpack } from "../net";
import { type Bounds, placeOf, pointAt } from "../plane";
import { canvasIn, sharpContext } from "./canvas";
import { onKeys, onPress, placeOfPointer } from "./input";
import { readable } from "./numbers";
import { planeCss, planeMarkup, putMark, stepFrom, within } from "./plane";
import { onNextFrame, onTheme, onWidth } from "./redraw";
import { button, find, shadow, twoColumns, wordsOn } from "./shadow";

interface Walker {
  path: number[][];
  steps: number;
}

/** A plane to draw: its net and data, its side in CSS pixels, and the points that were dropped. */
interface Scene extends Pick<ScoreFieldData, "bounds" | "points"> {
  net: Dense[];
  size: number;
  walkers: Walker[];
}

const css = `${planeCss}${twoColumns("minmax(0,480px) minmax(150px,1fr)", ".7rem 1.4rem")}
.plane i{position:absolute;width:16px;height:16px;margin:-8px;border:2px solid var(--accent);
border-radius:50%;pointer-events:none;visibility:hidden}
.plane:focus-visible i{visibility:visible}
.tools{display:flex;flex-wrap:wrap;gap:.35rem;margin-bottom:.6rem}
.key{display:grid;grid-template-columns:auto 1fr;gap:.15rem .5rem;align-items:center;
font-size:12.5px;margin-top:.6rem}
.key svg{width:26px;height:12px}
.line{stroke:var(--one)}.dot{fill:var(--two)}
output{display:block;min-height:4.2em}
`;

const longest = 80; // steps of a climb; with noise a walk goes on ten times as long
const trail = 120;
const crowd = 400;

/** A step of the page's own field, for the packed net. */
export const stepper = (layers: PackedDense[], sigma: number) => climber(unpack(layers), sigma);

const normal = () =>
  Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());

/** Entry of the key: a small drawing and its name. */
const entry = (drawing: string, name: string) =>
  `<svg viewBox="0 0 26 12" aria-hidden="true">${drawing}</svg>${name}`;

function markup(data: ScoreFieldData, alt: string): string {
  const plane = planeMarkup(data, {
    role: "field to drop points in",
    label: `${alt} Arrow keys move the cursor, space drops a point.`,
    mark: "<i></i>",
  });
  const key = [
    entry('<circle cx="13" cy="6" r="2" fill="currentColor" fill-opacity=".45"/>', "data"),
    entry(
      '<path d="M4 6h16m-5-4l5 4-5 4" fill="none" stroke="currentColor" stroke-opacity=".6"/>',
      "learned field, r(x) − x",
    ),
    entry(
      `<path class="line" d="M2 6h20" stroke-width="1.6"/>
<circle class="dot" cx="21" cy="6" r="4"/>`,
      "path and point",
    ),
  ];
  return `<div class="all">${plane}
<div><div class="tools">${button('data-do="many"', "Drop 50")}
${button('data-do="noise" aria-pressed="false"', "Langevin noise")}
${button('data-do="clear"', "Clear")}</div>
<output aria-live="polite"></output>
<div class="key">${key.join("")}</div></div></div>`;
}

/** Position of a point in CSS pixels. */
const pixelsOf = ({ bounds, size }: Scene, z: ArrayLike<number>) =>
  placeOf(bounds, z).map((part) => part * size);

function drawPoints(context: CanvasRenderingContext2D, scene: Scene): void {
  context.globalAlpha = 0.3;
  for (const point of scene.points) {
    const [x, y] = pixelsOf(scene, point);
    context.fillRect(x - 1.2, y - 1.2, 2.4, 2.4);
  }
}

/** The learned field on a grid, an arrow a cell, no longer than the cell. */
function drawArrows(context: CanvasRenderingContext2D, scene: Scene): void {
  const across = 21;
  const scale = (0.9 * scene.size) / across / 3; // an arrow of 3σ fills its cell
  context.globalAlpha = 0.42;
  context.lineWidth = 1;
  context.beginPath();
  for (let k = 0; k < across * across; k++) {
    const cell = [(k % across) + 0.5, across - Math.floor(k / across) - 0.5];
    const z = pointAt(
      scene.bounds,
      cell.map((part) => part / across),
    );
    const [u, v] = evaluate(scene.net, z);
    const shortened = Math.min(1, 3 / (Math.hypot(u, v) || 1)) * scale;
    const [dx, dy] = [u * shortened, -v * shortened];
    const [x, y] = pixelsOf(scene, z);
    const tip = [x + dx / 2, y + dy / 2] as const;
    context.moveTo(x - dx / 2, y - dy / 2);
    context.lineTo(...tip);
    for (const turn of [2.6, -2.6]) {
      context.moveTo(...tip);
      context.lineTo(
        tip[0] + 0.35 * (dx * Math.cos(turn) - dy * Math.sin(turn)),
        tip[1] + 0.35 * (dx * Math.sin(turn) + dy * Math.cos(turn)),
      );
    }
  }
  context.stroke();
}

/** The paths of the points that were dropped, and the points over all of them. */
function drawWalkers(context: CanvasRenderingContext2D, scene: Scene): void {
  const paths = scene.walkers.map(({ path }) => path.map((z) => pixelsOf(scene, z)));
  context.globalAlpha = 0.65;
  context.lineWidth = 1.5;
  for (const path of paths) {
    context.beginPath();
    for (const [x, y] of path) context.lineTo(x, y);
    context.stroke();
  }
  context.globalAlpha = 1;
  for (const path of paths) {
    const [x, y] = path[path.length - 1];
    context.beginPath();
    context.arc(x, y, 4, 0, 7);
    context.fill();
  }
}

/** Draws the whole plane in the page's own colors. */
function draw(root: ShadowRoot, scene: Scene): void {
  const context = sharpContext(canvasIn(root, ".plane canvas"), scene.size);
  const colorOf = (part: string) => getComputedStyle(find(root, part));
  context.fillStyle = context.strokeStyle = colorOf(".plane").color;
  drawPoints(context, scene);
  drawArrows(context, scene);
  context.strokeStyle = colorOf(".line").stroke;
  context.fillStyle = colorOf(".dot").fill;
  drawWalkers(context, scene);
}

/** Readout of the point that was dropped last. */
function readoutOf({ net, walkers }: Scene): string {
  const last = walkers[walkers.length - 1];
  if (!last) return "Click in the plane to drop a point.";
  const z = last.path[last.path.length - 1];
  const pull = Math.hypot(...evaluate(net, z));
  return `x = (${readable(z[0])}, ${readable(z[1])})<br>step ${last.steps}
<br>σ‖score‖ = ${readable(pull, 2)}`;
}

/** Moves every point that still climbs by a step; false when none does. */
function advance(
  walkers: readonly Walker[],
  step: ReturnType<typeof climber>,
  noisy: boolean,
): boolean {
  const climbing = walkers.filter(({ steps }) => steps < (noisy ? 10 * longest : longest));
  for (const walker of climbing) {
    const { path } = walker;
    path.push(step(path[path.length - 1], noisy ? [normal(), normal()] : undefined));
    if (path.length > trail) path.shift();
    walker.steps += 1;
  }
  return climbing.length > 0;
}

/** Moves the cursor by pointer and arrow keys; calls `drop` where a point is dropped. */
function listen(root: ShadowRoot, bounds: Bounds, drop: (z: number[]) => void): void {
  const [plane, cursor] = [find(root, ".plane"), find(root, ".plane i")];
  let at = pointAt(bounds, [0.25, 0.75]);
  const move = (z: number[]) => {
    at = within(bounds, z);
    putMark(cursor, bounds, at);
  };
  plane.addEventListener("pointerdown", (event) => {
    move(pointAt(bounds, placeOfPointer(event, plane)));
    drop(at);
  });
  onKeys(plane, [" ", "Enter"], (way, { shiftKey }) => {
    if (way) move(stepFrom(bounds, at, way, shiftKey ? 8 : 32));
    else drop(at);
  });
  move(at);
}

export function mount(host: HTMLElement, data: ScoreFieldData): void {
  const { bounds, points } = data;
  const net = unpack(data.layers);
  const step = climber(net, data.sigma);
  const root = shadow(host, css, markup(data, wordsOn(host)));
  const readout = find(root, "output");
  const noise = find(root, "[data-do=noise]");
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const scene: Scene = { net, bounds, points, size: 0, walkers: [] };
  const redraw = () => {
    draw(root, scene);
    readout.innerHTML = readoutOf(scene);
  };

  const noisy = () => noise.getAttribute("aria-pressed") === "true";
  const later = onNextFrame(() => {
    let moved = advance(scene.walkers, step, noisy());
    while (moved && still.matches) moved = advance(scene.walkers, step, noisy());
    redraw();
    if (moved) later();
  });
  const drop = (z: number[]) => {
    scene.walkers = [...scene.walkers, { path: [z], steps: 0 }].slice(-crowd);
    later();
  };

  listen(root, bounds, drop);
  onPress(root, "many", () => {
    for (let i = 0; i < 50; i++)
      drop(bounds.map(([low, high]) => low + Math.random() * (high - low)));
  });
  onPress(root, "clear", () => {
    scene.walkers = [];
    later();
  });
  onPress(root, "noise", () => {
    noise.setAttribute("aria-pressed", String(!noisy()));
    later();
  });
  onWidth(find(root, ".plane"), (width) => {
    scene.size = width;
    redraw();
  });
  onTheme(redraw);
}
