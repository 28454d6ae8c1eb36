import { escapeHtml } from "../../plot/markup";
import type { LatentPlaneData } from "../data";
import { evaluatorOf } from "../net";
import { placeOf, pointAt } from "../plane";
import { canvasIn, paint, pixels, sharpContext } from "./canvas";
import { onDrag, onKeys, placeOfPointer } from "./input";
import { readable } from "./numbers";
import { planeCss, planeMarkup, putMark, stepFrom, within } from "./plane";
import { onWidth } from "./redraw";
import { button, find, pressOnly, shadow, wordsOn } from "./shadow";

const css = `${planeCss}:host{container-type:inline-size}
.all{display:grid;grid-template-columns:minmax(0,440px) minmax(168px,1fr);
grid-template-areas:"plane image" "classes classes";gap:.7rem 1.4rem;align-items:start}
.frame{grid-area:plane}
.point{position:absolute;width:18px;height:18px;margin:-9px;border:2px solid currentColor;
border-radius:50%;pointer-events:none;box-shadow:0 0 0 1.5px Canvas}
.point::after{content:"";position:absolute;inset:5.5px;border-radius:50%;background:currentColor}
.decoded{grid-area:image}
.decoded canvas{width:168px;height:auto}
output{display:block;margin-top:.4rem;min-height:2.8em}
.classes{grid-area:classes;display:flex;flex-wrap:wrap;gap:.3rem;align-items:center}
.classes button{padding:.1rem .4rem;display:inline-flex;gap:.3rem;align-items:center}
.classes i{width:9px;height:9px;border-radius:50%}
@container (max-width:520px){.all{grid-template-columns:minmax(0,1fr);
grid-template-areas:"plane" "image" "classes"}.decoded{display:flex;gap:.9rem;align-items:center}
.decoded canvas{width:112px}}
`;

export { evaluatorOf as decoder } from "../net";

function markup(data: LatentPlaneData, alt: string): string {
  const plane = planeMarkup(data, {
    role: "code plane",
    label: `${alt} Arrow keys move the point, with shift faster.`,
    mark: '<div class="point"></div>',
  });
  const buttons = data.classes.map(({ label, color }) =>
    button('aria-pressed="false"', `<i style="background:${color}"></i>${escapeHtml(label)}`),
  );
  return `<div class="all">${plane}
<div class="classes" role="group" aria-label="show one class">
<span class="quiet">show</span>${buttons.join("")}</div>
<div class="decoded">${pixels(data.shape, "decoded image")}<output aria-live="polite"></output></div>
</div>`;
}

/** Draws the codes in the colors of their classes; one class alone unless `only` is below 0. */
function drawCodes(
  plane: HTMLElement,
  { bounds, classes, points }: LatentPlaneData,
  only: number,
): void {
  const size = plane.clientWidth;
  const context = sharpContext(canvasIn(plane), size);
  for (const [x, y, k] of points) {
    const [u, v] = placeOf(bounds, [x, y]);
    context.globalAlpha = only < 0 ? 0.62 : only === k ? 0.95 : 0.08;
    context.fillStyle = classes[k].color;
    context.beginPath();
    context.arc(u * size, v * size, only === k ? 2.6 : 2.1, 0, 7);
    context.fill();
  }
}

/** Class of the code that is nearest to z in the picture. */
function nearestClass({ bounds, classes, points }: LatentPlaneData, z: number[]): string {
  const [u, v] = placeOf(bounds, z);
  let nearest = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const point of points) {
    const [s, t] = placeOf(bounds, point);
    const distance = (s - u) ** 2 + (t - v) ** 2;
    if (distance < least) [nearest, least] = [point[2], distance];
  }
  return classes[nearest].label;
}

/** Moves the point by pointer and arrow keys, at first to the first code. */
function listen(
  plane: HTMLElement,
  { bounds, points }: LatentPlaneData,
  show: (z: number[]) => void,
): void {
  let z: number[] = [];
  const go = (next: number[]) => {
    z = within(bounds, next);
    putMark(find(plane, ".point"), bounds, z);
    show(z);
  };
  onDrag(plane, (event) => go(pointAt(bounds, placeOfPointer(event, plane))));
  onKeys(plane, [], (way, { shiftKey }) => {
    if (way) go(stepFrom(bounds, z, way, shiftKey ? 10 : 50));
  });
  go(points[0].slice(0, 2));
}

export function mount(host: HTMLElement, data: LatentPlaneData): void {
  const decode = evaluatorOf(data.layers);
  const root = shadow(host, css, markup(data, wordsOn(host)));
  const plane = find(root, ".plane");
  const image = canvasIn(root, ".decoded canvas");
  const readout = find(root, "output");
  const buttons = [...root.querySelectorAll(".classes button")];
  let only = -1;
  buttons.forEach((button, k) => {
    button.addEventListener("click", () => {
      only = only === k ? -1 : k;
      pressOnly(buttons, only);
      drawCodes(plane, data, only);
    });
  });
  onWidth(plane, () => drawCodes(plane, data, only));
  listen(plane, data, (z) => {
    paint(image, decode(z));
    readout.innerHTML = `h = (${readable(z[0])}, ${readable(z[1])})
<br>nearest code: class ${escapeHtml(nearestClass(data, z))}`;
  });
}
