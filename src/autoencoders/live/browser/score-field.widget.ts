import { climber, evaluate, type PackedDense, unpack } from "../net";
import { clamp, escapeText, find, onWidth, readable, shadow } from "./kit";

interface Data {
  layers: PackedDense[];
  sigma: number;
  axes: [string, string];
  bounds: [[number, number], [number, number]];
  points: [number, number][];
  alt: string;
}

interface Walker {
  path: number[][];
  steps: number;
}

const css = `
:host{container-type:inline-size}
.all{display:grid;grid-template-columns:minmax(0,480px) minmax(150px,1fr);gap:.7rem 1.4rem;align-items:start}
.frame{display:grid;grid-template-columns:auto minmax(0,1fr);gap:.25rem .35rem}
.y,.x{display:flex;justify-content:space-between;font-size:12px;opacity:.85}
.y{writing-mode:vertical-rl;transform:rotate(180deg)}
.x{grid-column:2}
.plane{position:relative;aspect-ratio:1;border:1px solid var(--line);border-radius:4px;cursor:crosshair;touch-action:none;overflow:hidden;user-select:none}
.plane canvas{position:absolute;inset:0;width:100%;height:100%}
.plane i{position:absolute;width:16px;height:16px;margin:-8px;border:2px solid var(--accent);border-radius:50%;pointer-events:none;visibility:hidden}
.plane:focus-visible i{visibility:visible}
.tools{display:flex;flex-wrap:wrap;gap:.35rem;margin-bottom:.6rem}
.key{display:grid;grid-template-columns:auto 1fr;gap:.15rem .5rem;align-items:center;font-size:12.5px;margin-top:.6rem}
.key svg{width:26px;height:12px}
output{display:block;min-height:4.2em}
@container (max-width:560px){.all{grid-template-columns:minmax(0,1fr)}}
`;

const longest = 80; // steps of a climb; with noise a walk goes on ten times as long
const trail = 120;
const crowd = 400;

/** A step of the page's own field, for the packed net. */
export const stepper = (layers: PackedDense[], sigma: number) => climber(unpack(layers), sigma);

const normal = () =>
  Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());

export function mount(host: HTMLElement, { layers, sigma, axes, bounds, points, alt }: Data): void {
  const net = unpack(layers);
  const step = climber(net, sigma);
  const end = (axis: number, which: number) => escapeText(readable(bounds[axis][which], 2));
  const root = shadow(
    host,
    css,
    `<div class="all"><div class="frame">
<div class="y"><span>${end(1, 0)}</span><span>${escapeText(axes[1])}</span><span>${end(1, 1)}</span></div>
<div class="plane" tabindex="0" role="application" aria-roledescription="field to drop points in" aria-label="${escapeText(alt)} Arrow keys move the cursor, space drops a point."><canvas></canvas><i></i></div>
<div class="x"><span>${end(0, 0)}</span><span>${escapeText(axes[0])}</span><span>${end(0, 1)}</span></div></div>
<div><div class="tools"><button type="button" data-do="many">Drop 50</button><button type="button" data-do="noise" aria-pressed="false">Langevin noise</button><button type="button" data-do="clear">Clear</button></div>
<output aria-live="polite"></output>
<div class="key"><svg viewBox="0 0 26 12" aria-hidden="true"><circle cx="13" cy="6" r="2" fill="currentColor" fill-opacity=".45"/></svg>data<svg viewBox="0 0 26 12" aria-hidden="true"><path d="M4 6h16m-5-4l5 4-5 4" fill="none" stroke="currentColor" stroke-opacity=".6"/></svg>learned field, r(x) − x<svg viewBox="0 0 26 12" aria-hidden="true"><path d="M2 6h20" style="stroke:var(--one)" stroke-width="1.6"/><circle cx="21" cy="6" r="4" style="fill:var(--two)"/></svg>path and point</div></div></div>`,
  );
  const plane = find(root, ".plane");
  const canvas = find<HTMLCanvasElement>(root, ".plane canvas");
  const cursor = find(root, ".plane i");
  const readout = find(root, "output");
  const noisy = find<HTMLButtonElement>(root, "[data-do=noise]");
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let walkers: Walker[] = [];
  let at = bounds.map(([low, high]) => low + 0.25 * (high - low));
  let waiting = false;
  let size = 0;

  const place = (z: ArrayLike<number>) => [
    ((z[0] - bounds[0][0]) / (bounds[0][1] - bounds[0][0])) * size,
    ((bounds[1][1] - z[1]) / (bounds[1][1] - bounds[1][0])) * size,
  ];
  const pull = (z: ArrayLike<number>) => Math.hypot(...evaluate(net, z));
  const shaken = () => noisy.getAttribute("aria-pressed") === "true";

  const drawArrows = (context: CanvasRenderingContext2D, ink: string) => {
    const across = 21;
    const cell = size / across;
    const scale = (0.9 * cell) / 3; // an arrow of 3σ fills its cell
    context.strokeStyle = ink;
    context.globalAlpha = 0.42;
    context.lineWidth = 1;
    context.beginPath();
    for (let k = 0; k < across * across; k++) {
      const part = (i: number) => (i + 0.5) / across;
      const z = [
        bounds[0][0] + part(k % across) * (bounds[0][1] - bounds[0][0]),
        bounds[1][0] + part(Math.floor(k / across)) * (bounds[1][1] - bounds[1][0]),
      ];
      const [u, v] = evaluate(net, z);
      const most = Math.min(1, 3 / (Math.hypot(u, v) || 1));
      const [x, y] = place(z);
      const [dx, dy] = [u * most * scale, -v * most * scale];
      context.moveTo(x - dx / 2, y - dy / 2);
      context.lineTo(x + dx / 2, y + dy / 2);
      for (const turn of [2.6, -2.6]) {
        context.moveTo(x + dx / 2, y + dy / 2);
        context.lineTo(
          x + dx / 2 + 0.35 * (dx * Math.cos(turn) - dy * Math.sin(turn)),
          y + dy / 2 + 0.35 * (dx * Math.sin(turn) + dy * Math.cos(turn)),
        );
      }
    }
    context.stroke();
  };

  const draw = () => {
    const ratio = Math.min(2, devicePixelRatio || 1);
    canvas.width = canvas.height = Math.round(size * ratio);
    const context = canvas.getContext("2d")!;
    context.scale(ratio, ratio);
    const ink = getComputedStyle(plane).color;
    context.fillStyle = ink;
    context.globalAlpha = 0.3;
    for (const p of points) {
      const [x, y] = place(p);
      context.fillRect(x - 1.2, y - 1.2, 2.4, 2.4);
    }
    drawArrows(context, ink);
    const [line, dot] = [".key path[style]", ".key circle[style]"].map((part) =>
      getComputedStyle(find(root, part)),
    );
    context.lineWidth = 1.5;
    context.strokeStyle = line.stroke;
    for (const { path } of walkers) {
      context.globalAlpha = 0.65;
      context.beginPath();
      path.forEach((z, i) => {
        const [x, y] = place(z);
        if (i === 0) context.moveTo(x, y);
        else context.lineTo(x, y);
      });
      context.stroke();
    }
    context.globalAlpha = 1;
    context.fillStyle = dot.fill;
    for (const { path } of walkers) {
      const [x, y] = place(path[path.length - 1]);
      context.beginPath();
      context.arc(x, y, 4, 0, 7);
      context.fill();
    }
    const last = walkers[walkers.length - 1];
    if (!last) readout.textContent = "Click in the plane to drop a point.";
    else {
      const z = last.path[last.path.length - 1];
      readout.innerHTML = `x = (${readable(z[0])}, ${readable(z[1])})<br>step ${last.steps}<br>σ‖score‖ = ${readable(pull(z), 2)}`;
    }
  };

  const advance = () => {
    let moved = false;
    const most = shaken() ? 10 * longest : longest;
    for (const walker of walkers) {
      if (walker.steps >= most) continue;
      const { path } = walker;
      path.push(step(path[path.length - 1], shaken() ? [normal(), normal()] : undefined));
      if (path.length > trail) path.shift();
      walker.steps += 1;
      moved = true;
    }
    return moved;
  };
  const frame = () => {
    waiting = false;
    let moved = advance();
    while (moved && still.matches) moved = advance();
    draw();
    if (moved) later();
  };
  const later = () => {
    if (!waiting) requestAnimationFrame(frame);
    waiting = true;
  };
  const drop = (z: number[]) => {
    walkers = [...walkers, { path: [z], steps: 0 }].slice(-crowd);
    later();
  };
  const move = (z: number[]) => {
    at = z.map((value, i) => clamp(value, bounds[i][0], bounds[i][1]));
    const [x, y] = place(at);
    cursor.style.left = `${(100 * x) / size}%`;
    cursor.style.top = `${(100 * y) / size}%`;
  };
  const pointed = (event: PointerEvent) => {
    const box = plane.getBoundingClientRect();
    const [u, v] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    move([
      bounds[0][0] + u * (bounds[0][1] - bounds[0][0]),
      bounds[1][1] - v * (bounds[1][1] - bounds[1][0]),
    ]);
    drop([...at]);
  };
  plane.addEventListener("pointerdown", pointed);
  plane.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[
      event.key
    ];
    if (!way && event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    event.stopPropagation();
    const part = event.shiftKey ? 8 : 32;
    if (way) move(at.map((value, i) => value + (way[i] * (bounds[i][1] - bounds[i][0])) / part));
    else drop([...at]);
  });
  find(root, "[data-do=many]").addEventListener("click", () => {
    for (let i = 0; i < 50; i++)
      drop(bounds.map(([low, high]) => low + Math.random() * (high - low)));
  });
  find(root, "[data-do=clear]").addEventListener("click", () => {
    walkers = [];
    later();
  });
  noisy.addEventListener("click", () => {
    noisy.setAttribute("aria-pressed", String(!shaken()));
    later();
  });
  onWidth(plane, (width) => {
    size = width;
    move(at);
    draw();
  });
  const theme = new MutationObserver(draw); // the canvas is drawn in the page's own color
  for (const element of [document.documentElement, document.body])
    theme.observe(element, { attributes: true });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}
