import { logScale, text } from "../train/drawing.mjs";
import { exponents } from "./curve.mjs";

const columns = 4;
const [panelWidth, panelHeight, margin] = [190, 150, { left: 40, right: 14, top: 34, bottom: 34 }];
const style = `<style>
.ground{fill:#fff}.ink{fill:#222}.faint{fill:#666}.grid{stroke:#ddd}.even{stroke:#999;stroke-dasharray:3 3}
.line{stroke:#b3261e;fill:none;stroke-width:1.5}.mark{fill:#b3261e}
@media (prefers-color-scheme:dark){.ground{fill:#161616}.ink{fill:#eee}.faint{fill:#aaa}.grid{stroke:#444}
.even{stroke:#888}.line{stroke:#ff8a80}.mark{fill:#ff8a80}}
</style>`;

const short = (value) =>
  value >= 1000
    ? `${Number((value / 1000).toPrecision(2))}k`
    : String(Number(value.toPrecision(2)));

/** One curve on logarithmic axes; the dashed line grows as fast as what it is drawn against. */
function panel(curve, left, top) {
  const { of, by, unit, points } = curve;
  const [x0, x1] = [left + margin.left, left + panelWidth - margin.right];
  const [y0, y1] = [top + panelHeight - margin.bottom, top + margin.top];
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  // Three times as high as low at least: noise must not look like growth.
  const spread = Math.max(1.05, Math.sqrt(3 / (high / low)));
  const x = logScale([xs[0], xs.at(-1)], [x0 + 6, x1 - 6]);
  const y = logScale([low / spread, high * spread], [y0, y1]);
  const path = points.map(([a, b]) => `${x(a).toFixed(1)} ${y(b).toFixed(1)}`);
  const clip = `clip${left}-${top}`;
  const even = [xs[0], xs.at(-1)].map((a) => [x(a), y((ys[0] * a) / xs[0])]);
  const labels = y(low) - y(high) > 12 ? [low, high] : [high];
  const middle = (x0 + x1) / 2;
  return `<clipPath id="${clip}"><rect x="${x0}" y="${y1}" width="${x1 - x0}" height="${y0 - y1}"/></clipPath>
<path class="grid" fill="none" d="M${x0} ${y1}V${y0}H${x1}"/>
<line class="even" clip-path="url(#${clip})" x1="${even[0][0].toFixed(1)}" y1="${even[0][1].toFixed(1)}" x2="${even[1][0].toFixed(1)}" y2="${even[1][1].toFixed(1)}"/>
<path class="line" d="M${path.join("L")}"/>${path.map((at) => `<circle class="mark" r="3" cx="${at.split(" ")[0]}" cy="${at.split(" ")[1]}"/>`).join("")}
${text(left + 6, top + 14, `${of}, ${unit}`, 'class="ink" font-weight="600"')}${text(left + 6, top + 27, `at the end ∝ ${by.split(" ")[0]}^${exponents(curve).end.toFixed(2)}`, 'class="faint" font-size="10"')}
${labels.map((value) => text(x0 - 4, y(value) + 4, short(value), 'class="faint" text-anchor="end"')).join("")}
${[xs[0], xs.at(-1)].map((value) => text(x(value), y0 + 13, short(value), 'class="faint" text-anchor="middle"')).join("")}${text(middle, y0 + 26, by, 'class="ink" text-anchor="middle"')}`;
}

/** Every curve as a small panel. */
export function drawing({ curves }) {
  const all = Object.values(curves).flat();
  const [width, height] = [columns * panelWidth, Math.ceil(all.length / columns) * panelHeight + 8];
  const panels = all.map((curve, i) =>
    panel(curve, panelWidth * (i % columns), panelHeight * Math.floor(i / columns)),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11" role="img" aria-label="Growth of time and memory, on logarithmic axes">
${style}
<rect class="ground" width="${width}" height="${height}"/>
${panels.join("\n")}
</svg>
`;
}
