import { escapeHtml } from "../../plot/markup";
import { type Bounds, placeOf } from "../plane";
import { clamp, readable } from "./numbers";

export const planeCss = `
.frame{display:grid;grid-template-columns:auto minmax(0,1fr);gap:.25rem .35rem}
.y,.x{display:flex;justify-content:space-between;font-size:12px;opacity:.85}
.y{writing-mode:vertical-rl;transform:rotate(180deg)}
.x{grid-column:2}
.plane{position:relative;aspect-ratio:1;border:1px solid var(--line);border-radius:4px;
cursor:crosshair;touch-action:none;overflow:hidden;user-select:none}
.plane canvas{position:absolute;inset:0;width:100%;height:100%}
`;

/** A square plane with a canvas and a mark in it, and both axes' names and ends around it. */
export function planeMarkup(
  { axes, bounds }: { axes: readonly string[]; bounds: Bounds },
  { role, label, mark }: { role: string; label: string; mark: string },
): string {
  const end = (value: number) => `<span>${escapeHtml(readable(value, 2))}</span>`;
  const [x, y] = bounds.map(
    ([low, high], i) => `${end(low)}<span>${escapeHtml(axes[i])}</span>${end(high)}`,
  );
  return `<div class="frame"><div class="y">${y}</div>
<div class="plane" tabindex="0" role="application" aria-roledescription="${role}"
aria-label="${label}"><canvas></canvas>${mark}</div>
<div class="x">${x}</div></div>`;
}

/** Point of the plane that is nearest to z. */
export const within = (bounds: Bounds, z: readonly number[]): number[] =>
  z.map((value, i) => clamp(value, ...bounds[i]));

/** Point one of so many `steps` across the plane from z. */
export const stepFrom = (bounds: Bounds, z: number[], way: readonly number[], steps: number) =>
  z.map((value, i) => value + (way[i] * (bounds[i][1] - bounds[i][0])) / steps);

/** Moves a mark to a point. */
export function putMark(mark: HTMLElement, bounds: Bounds, z: ArrayLike<number>): void {
  const [u, v] = placeOf(bounds, z);
  mark.style.left = `${100 * u}%`;
  mark.style.top = `${100 * v}%`;
}
