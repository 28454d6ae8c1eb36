import { evaluate, type PackedDense, unpack } from "../net";
import { clamp, escapeText, find, onWidth, paint, readable, shadow } from "./kit";

interface Data {
  layers: PackedDense[];
  shape: [number, number];
  axes: [string, string];
  bounds: [[number, number], [number, number]];
  classes: { label: string; color: string }[];
  points: [number, number, number][];
  alt: string;
}

const css = `
:host{container-type:inline-size}
.all{display:grid;grid-template-columns:minmax(0,440px) minmax(168px,1fr);grid-template-areas:"plane image" "classes classes";gap:.7rem 1.4rem;align-items:start}
.frame{grid-area:plane;display:grid;grid-template-columns:auto minmax(0,1fr);gap:.25rem .35rem}
.y,.x{display:flex;justify-content:space-between;font-size:12px;opacity:.85}
.y{writing-mode:vertical-rl;transform:rotate(180deg)}
.x{grid-column:2}
.plane{position:relative;aspect-ratio:1;border:1px solid var(--line);border-radius:4px;cursor:crosshair;touch-action:none;overflow:hidden;user-select:none}
.plane canvas{position:absolute;inset:0;width:100%;height:100%}
.point{position:absolute;width:18px;height:18px;margin:-9px;border:2px solid currentColor;border-radius:50%;pointer-events:none;box-shadow:0 0 0 1.5px Canvas}
.point::after{content:"";position:absolute;inset:5.5px;border-radius:50%;background:currentColor}
.decoded{grid-area:image}
.decoded canvas{width:168px;height:auto}
output{display:block;margin-top:.4rem;min-height:2.8em}
.classes{grid-area:classes;display:flex;flex-wrap:wrap;gap:.3rem;align-items:center}
.classes button{padding:.1rem .4rem;display:inline-flex;gap:.3rem;align-items:center}
.classes i{width:9px;height:9px;border-radius:50%}
@container (max-width:520px){.all{grid-template-columns:minmax(0,1fr);grid-template-areas:"plane" "image" "classes"}.decoded{display:flex;gap:.9rem;align-items:center}.decoded canvas{width:112px}}
`;

/** The decoder's image at the code z. */
export const decoder = (layers: PackedDense[]) => {
  const net = unpack(layers);
  return (z: ArrayLike<number>) => evaluate(net, z);
};

export function mount(host: HTMLElement, data: Data): void {
  const { bounds, classes, points, shape, axes } = data;
  const decode = decoder(data.layers);
  const end = (axis: number, side: number) => escapeText(readable(bounds[axis][side], 2));
  const root = shadow(
    host,
    css,
    `<div class="all"><div class="frame">
<div class="y"><span>${end(1, 0)}</span><span>${escapeText(axes[1])}</span><span>${end(1, 1)}</span></div>
<div class="plane" tabindex="0" role="application" aria-roledescription="code plane" aria-label="${escapeText(data.alt)} Arrow keys move the point, with shift faster."><canvas></canvas><div class="point"></div></div>
<div class="x"><span>${end(0, 0)}</span><span>${escapeText(axes[0])}</span><span>${end(0, 1)}</span></div></div>
<div class="classes" role="group" aria-label="show one class"><span class="quiet">show</span>${classes.map((c, i) => `<button type="button" aria-pressed="false" data-class="${i}"><i style="background:${c.color}"></i>${escapeText(c.label)}</button>`).join("")}</div>
<div class="decoded"><canvas class="pixels" width="${shape[1]}" height="${shape[0]}" role="img" aria-label="decoded image"></canvas><output aria-live="polite"></output></div></div>`,
  );
  const plane = find(root, ".plane");
  const scatter = find<HTMLCanvasElement>(root, ".plane canvas");
  const dot = find(root, ".point");
  const image = find<HTMLCanvasElement>(root, ".decoded canvas");
  const readout = find(root, "output");
  const buttons = [...root.querySelectorAll<HTMLButtonElement>(".classes button")];
  let only = -1;

  const place = (z: ArrayLike<number>) => [
    (z[0] - bounds[0][0]) / (bounds[0][1] - bounds[0][0]),
    (bounds[1][1] - z[1]) / (bounds[1][1] - bounds[1][0]),
  ];
  const drawPoints = () => {
    const size = plane.clientWidth;
    const ratio = Math.min(2, devicePixelRatio || 1);
    scatter.width = scatter.height = Math.round(size * ratio);
    const context = scatter.getContext("2d")!;
    context.scale(ratio, ratio);
    for (const [x, y, k] of points) {
      const [u, v] = place([x, y]);
      context.globalAlpha = only < 0 ? 0.62 : only === k ? 0.95 : 0.08;
      context.fillStyle = classes[k].color;
      context.beginPath();
      context.arc(u * size, v * size, only === k ? 2.6 : 2.1, 0, 7);
      context.fill();
    }
  };
  const nearest = (z: number[]) => {
    let best = 0;
    let least = Number.POSITIVE_INFINITY;
    const [u, v] = place(z);
    points.forEach((p, i) => {
      const [s, t] = place(p);
      const distance = (s - u) ** 2 + (t - v) ** 2;
      if (distance < least) [best, least] = [i, distance];
    });
    return classes[points[best][2]].label;
  };
  let z = [0, 0];
  const go = (next: number[]) => {
    z = next.map((value, i) => clamp(value, bounds[i][0], bounds[i][1]));
    const [u, v] = place(z);
    dot.style.left = `${100 * u}%`;
    dot.style.top = `${100 * v}%`;
    paint(image, decode(z));
    readout.innerHTML = `h = (${readable(z[0])}, ${readable(z[1])})<br>nearest code: class ${escapeText(nearest(z))}`;
  };
  const at = (event: PointerEvent) => {
    const box = plane.getBoundingClientRect();
    const [u, v] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    go([
      bounds[0][0] + u * (bounds[0][1] - bounds[0][0]),
      bounds[1][1] - v * (bounds[1][1] - bounds[1][0]),
    ]);
  };
  plane.addEventListener("pointerdown", (event) => {
    plane.setPointerCapture(event.pointerId);
    at(event);
  });
  plane.addEventListener("pointermove", (event) => {
    if (event.buttons) at(event);
  });
  plane.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[
      event.key
    ];
    if (!way) return;
    event.preventDefault();
    event.stopPropagation();
    const part = event.shiftKey ? 10 : 50;
    go(z.map((value, i) => value + (way[i] * (bounds[i][1] - bounds[i][0])) / part));
  });
  for (const button of buttons)
    button.addEventListener("click", () => {
      const k = Number(button.dataset.class);
      only = only === k ? -1 : k;
      for (const other of buttons)
        other.setAttribute("aria-pressed", String(Number(other.dataset.class) === only));
      drawPoints();
    });
  onWidth(plane, drawPoints);
  const [x, y] = points[0];
  go([x, y]);
}
