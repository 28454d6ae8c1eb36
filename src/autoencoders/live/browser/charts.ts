import { escapeHtml } from "../../plot/markup";
import { extent, ticksWithin } from "../../plot/ticks";
import type { Arrows, Bars, Curve, Lines, Panel, Points } from "../panels";
import { largest, paint, pixels, signed } from "./canvas";
import { clamp, readable } from "./numbers";
import { placesOf, type Scale, scaleOf } from "./scales";

/** The style of panels and of what is drawn in them. */
export const panelCss = `
.panels{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(224px,100%),1fr));
gap:.7rem 1.4rem}
section{min-width:0;max-width:330px}
h4{margin:0 0 .2rem;font-weight:600;font-size:13px}
canvas.pixels{width:100%;max-width:180px;height:auto}
.moving{stroke:var(--one);fill:var(--one)}
.fixed{stroke:var(--two);fill:var(--two)}
.bars rect{fill:var(--one)}
.lines path{fill:none;stroke-width:1.8}
.legend{display:flex;flex-wrap:wrap;gap:.1rem .8rem;font-size:12px;margin-top:.15rem}
.legend span{white-space:nowrap}
.legend svg{display:inline-block;width:26px;height:8px;margin-right:.3rem;vertical-align:middle}
`;

const width = 250;
const height = 190;
const box = { left: 48, right: width - 8, top: 8, bottom: height - 34 };

/** Vertical scale over values, or over the panel's own range where it has one. */
const heightOf = (panel: Pick<Bars, "range" | "log">, values: number[]): Scale => {
  const [low, high] = panel.range ?? (panel.log ? positive(values) : extent(values));
  return scaleOf(low, high, [box.bottom, box.top], panel.log);
};

const tickText = (value: number, log?: boolean) =>
  log && (value < 0.01 || value > 1000)
    ? readable(value, 1).replace(/^1 × /, "")
    : String(value).replace("-", "−");

type Attributes = Record<string, string | number>;

const attribute = ([name, value]: [string, string | number]) => {
  const isFraction = typeof value === "number" && !Number.isInteger(value);
  return ` ${name}="${isFraction ? value.toFixed(1) : value}"`;
};

/** An element of a drawing; positions to a tenth of a pixel. */
const tag = (name: string, attributes: Attributes, content = "") =>
  `<${name}${Object.entries(attributes).map(attribute).join("")}>${content}</${name}>`;

/** Words of a drawing, centered at x unless `more` says otherwise. */
const label = (x: number, y: number, words: string | number, more: Attributes = {}) =>
  tag("text", { x, y, "text-anchor": "middle", ...more }, escapeHtml(String(words)));

const across = (y: number) =>
  tag("line", { class: "axis", x1: box.left, x2: box.right, y1: y, y2: y });

const upright = (x: number, opacity: number) => {
  const ends = { x1: x, x2: x, y1: box.top, y2: box.bottom };
  return tag("line", { class: "axis", style: `stroke-opacity:${opacity}`, ...ends });
};

function yAxis(scale: Scale, title: string, log?: boolean): string {
  const lines = scale.ticks.map((tick) => {
    const y = scale(tick);
    const place = { dy: ".32em", "text-anchor": "end" };
    return across(y) + label(box.left - 6, y, tickText(tick, log), place);
  });
  const turned = `translate(11 ${(box.top + box.bottom) / 2}) rotate(-90)`;
  return lines.join("") + label(0, 0, title, { transform: turned });
}

/** Words below an x axis at its ticks. */
const tickLabels = (ticks: readonly number[], x: (tick: number) => number) =>
  ticks.map((tick) => label(x(tick), box.bottom + 14, tickText(tick))).join("");

const xTitle = (text: string) => label((box.left + box.right) / 2, height - 4, text);

type Draw = (frame: number) => string;

const strokes = [
  ["var(--one)", ""],
  ["var(--two)", "7 3"],
  ["light-dark(#007a5a,#35c79a)", "2 3"],
  ["light-dark(#a8488a,#e79bc8)", "8 3 2 3"],
  ["light-dark(#8a6d00,#e6c94d)", "12 3"],
  ["currentColor", "4 2 1 2"],
];

/** Names of a panel's curves with their color and dash. */
const legendOf = (panel: Lines) =>
  `<div class="legend">${panel.names
    .map((name, i) => {
      const [color, dash] = strokes[i % strokes.length];
      const place = { x1: 0, x2: 26, y1: 4, y2: 4 };
      const look = { stroke: color, "stroke-width": 2, "stroke-dasharray": dash };
      return `<span><svg viewBox="0 0 26 8" aria-hidden="true">
${tag("line", { ...place, ...look })}</svg>${escapeHtml(name)}</span>`;
    })
    .join("")}</div>`;

/** A panel: its title and the place to draw in. */
function panelMarkup(panel: Panel): string {
  const title = escapeHtml(panel.title);
  const place =
    panel.kind === "image"
      ? pixels(panel.shape, panel.title)
      : tag("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title });
  const legend = panel.kind === "lines" && panel.names.length > 1 ? legendOf(panel) : "";
  return `<section><h4>${title}</h4>${place}${legend}</section>`;
}

/** Markup of the panels, which `placesIn` finds again. */
export const panelsMarkup = (panels: readonly Panel[]): string =>
  `<div class="panels">${panels.map(panelMarkup).join("")}</div>`;

export const placesIn = (root: ParentNode) => [
  ...root.querySelectorAll("section>svg,section>canvas"),
];

/** Curves over a common axis, with a mark at the last value where the panel has one. */
function lines(panel: Lines, values: number[][]): Draw {
  const n = panel.x.length;
  const ys = values.flatMap((v) => v.slice(0, n * panel.names.length));
  const y = heightOf(panel, ys);
  const [first, last] = extent(panel.x);
  const x = (v: number) => box.left + ((box.right - box.left) * (v - first)) / (last - first || 1);
  const bottom = y.ticks[0];
  const top = y.ticks[y.ticks.length - 1];
  const ticks = tickLabels(ticksWithin(first, last), x);
  const inside = (v: number) => Number.isFinite(v) && v <= top && (panel.log || v >= bottom);
  // A value outside interrupts the curve, which begins again at the next one inside.
  const pathOf = (curve: number[]) =>
    curve
      .map((v, j) => {
        if (!inside(v)) return "";
        const start = j > 0 && inside(curve[j - 1]) ? "L" : "M";
        return `${start}${x(panel.x[j]).toFixed(1)} ${y(v).toFixed(1)}`;
      })
      .join("");
  return (frame) => {
    const drawn = panel.names.map((_, i) => {
      const [color, dash] = strokes[i % strokes.length];
      const d = pathOf(values[frame].slice(i * n, (i + 1) * n));
      return tag("path", { d, style: `stroke:${color}`, "stroke-dasharray": dash });
    });
    const mark = panel.mark
      ? upright(x(clamp(values[frame][n * panel.names.length], first, last)), 0.8)
      : "";
    const axes = yAxis(y, panel.yTitle, panel.log) + mark;
    return `${axes}<g class="lines">${drawn.join("")}</g>${ticks}${xTitle(panel.xTitle)}`;
  };
}

const positive = (values: number[]) => {
  const above = values.filter((v) => v > 0);
  return above.length ? extent(above) : ([1e-6, 1] as [number, number]);
};

function bars(panel: Bars, values: number[][]): Draw {
  const y = heightOf(panel, [0, ...values.flat()]);
  const inside = (v: number) => clamp(v, y.ticks[0], y.ticks[y.ticks.length - 1]);
  const zero = panel.log ? box.bottom : y(0);
  return (frame) => {
    const now = values[frame];
    const each = (box.right - box.left) / now.length;
    const rects = now.map((v, i) => {
      const x = box.left + (i + 0.12) * each;
      const top = y(panel.log ? v : inside(v));
      const size = { width: 0.76 * each, height: Math.abs(zero - top) };
      return tag("rect", { x, y: Math.min(top, zero), ...size });
    });
    const below = box.bottom + 14;
    const style = `font-size:${(panel.labels?.length ?? 0) > 8 ? 10 : 12}px`;
    const ends = panel.labels
      ? panel.labels.map((name, i) => label(box.left + (i + 0.5) * each, below, name, { style }))
      : [
          label(box.left, below, 1, { "text-anchor": "start" }),
          label(box.right, below, now.length, { "text-anchor": "end" }),
        ];
    const axis = yAxis(y, panel.yTitle, panel.log);
    return `${axis}<g class="bars">${rects.join("")}</g>${ends.join("")}${xTitle(panel.xTitle ?? "")}`;
  };
}

/** Lines and words of the ticks of an x axis. */
const xTicks = (ticks: readonly { at: number; text: string }[]) =>
  ticks
    .map(({ at, text }) => {
      const x = box.left + (box.right - box.left) * at;
      const line = { class: "axis", x1: x, x2: x, y1: box.bottom, y2: box.bottom + 4 };
      return tag("line", line) + label(x, box.bottom + 15, text);
    })
    .join("");

function curve(panel: Curve, values: number[][], labels: string[], along: string): Draw {
  const all = values.map(([v]) => v);
  const [low, high] = panel.log ? positive(all) : extent(all);
  const log = panel.log && high / low > 5;
  const y = scaleOf(low, high, [box.bottom, box.top], log);
  const places = placesOf(labels);
  const x = (i: number) => box.left + (box.right - box.left) * places.at[i];
  const path = all.map((v, i) => `${x(i).toFixed(1)},${y(v).toFixed(1)}`).join(" ");
  const line = { points: path, class: "moving", style: "fill:none", "stroke-width": 2 };
  const dot = (i: number, r: number) =>
    tag("circle", { class: "moving", cx: x(i), cy: y(all[i]), r });
  const dots = all.length > 12 ? [] : all.map((_, i) => dot(i, 2.2));
  const still = yAxis(y, panel.yTitle, log) + tag("polyline", line) + dots.join("");
  const below = xTicks(places.ticks) + xTitle(along);
  return (frame) => still + upright(x(frame), 0.7) + dot(frame, 5) + below;
}

/** Points of ``x₁, y₁, x₂, y₂, …``. */
const pairsOf = (list: readonly number[]) =>
  Array.from({ length: list.length / 2 }, (_, i) => [list[2 * i], list[2 * i + 1]]);

function arrows(panel: Arrows, values: number[][]): Draw {
  const { reference = [] } = panel;
  const [least, greatest] = extent([...values.flat(), ...reference]);
  const most = Math.max(-least, greatest, 1e-12);
  const low = least < 0 ? -most : 0;
  const side = box.bottom - box.top;
  const x = scaleOf(low, most, [box.left, box.left + side]);
  const y = scaleOf(low, most, [box.bottom, box.top]);
  const arrow = (u: number, v: number, more: Attributes) => {
    const ends = { x1: x(0), y1: y(0), x2: x(u), y2: y(v) };
    return (
      tag("line", { ...ends, "stroke-width": 1.6, ...more }) +
      tag("circle", { class: more.class, cx: x(u), cy: y(v), r: 2.6 })
    );
  };
  const each = (list: readonly number[], more: Attributes) =>
    pairsOf(list)
      .map(([u, v]) => arrow(u, v, more))
      .join("");
  const legend = (panel.names ?? []).map((name, i) => {
    const look = { class: i === 0 ? "moving" : "fixed", style: "stroke:none" };
    const place = { "text-anchor": "start", ...look };
    return label(box.left + side + 6, box.top + 10 + 16 * i, name, place);
  });
  const still =
    yAxis(y, panel.yTitle) +
    tickLabels(x.ticks, x) +
    each(reference, { class: "fixed", "stroke-dasharray": "4 3" });
  const above = legend.join("") + xTitle(panel.xTitle);
  return (frame) =>
    still + each(values[frame], { class: "moving", "stroke-opacity": ".75" }) + above;
}

function points(panel: Points, values: number[][]): Draw {
  const side = box.bottom - box.top;
  const [low, high] = panel.range;
  const x = (v: number) => box.left + (side * (v - low)) / (high - low);
  const y = Object.assign((v: number) => box.bottom - (side * (v - low)) / (high - low), {
    ticks: ticksWithin(low, high),
  });
  const dots = (list: readonly number[], r: number, more: Attributes) =>
    pairsOf(list)
      .filter((p) => p.every((v) => v >= low && v <= high))
      .map(([u, v]) => tag("circle", { cx: x(u), cy: y(v), r, ...more }))
      .join("");
  const still =
    yAxis(y, panel.yTitle) +
    tickLabels(y.ticks, x) +
    dots(panel.reference ?? [], 1.2, { fill: "currentColor", "fill-opacity": ".3" });
  const moving = { class: "moving", style: "stroke:none", "fill-opacity": ".8" };
  return (frame) => still + dots(values[frame], 2, moving) + xTitle(panel.xTitle);
}

/**
 * Drawing of frame `i` of a panel's `values` into its `place`; `labels` are those of the frames.
 */
export function drawerOf(
  panel: Panel,
  place: Element,
  values: number[][],
  labels: string[],
  along: string,
): (frame: number) => void {
  if (panel.kind === "image") {
    const colorOf = panel.signed ? signed(Math.max(...values.map(largest))) : undefined;
    return (frame) => paint(place as HTMLCanvasElement, values[frame], colorOf);
  }
  const draw = {
    bars: () => bars(panel as Bars, values),
    lines: () => lines(panel as Lines, values),
    curve: () => curve(panel as Curve, values, labels, along),
    arrows: () => arrows(panel as Arrows, values),
    points: () => points(panel as Points, values),
  }[panel.kind]();
  return (frame) => {
    place.innerHTML = draw(frame);
  };
}
