import { significant } from "../plot/format";
import { requireInteger } from "../preconditions";
import type { ScrubberData } from "./data";
import type { Axis, Frame, Panel } from "./panels";
import { escapeHtml, type Widget, type Words, widget } from "./widget";

/** Panels, frames and options of a scrubber. */
export interface Scrubber extends Words {
  panels: readonly Panel[];
  /** In the order of time, or of the grid; `values[i]` belongs to `panels[i]`. */
  frames: readonly Frame[];
  /**
   * Name of the slider, "step" unless given; or several axes, a slider each, with a frame for every
   * combination of stops, the last axis fastest.
   */
  along?: string | readonly Axis[];
  /**
   * Index of the frame that the figure opens at. Unless given: the last moment of a training, along
   * "step" or "epoch", and the middle of anything else.
   */
  start?: number;
}

const digits = (value: number) => significant(value, 4);
const coarse = (value: number) => significant(value, 3);

/** Form of a panel's values in words, and true if so many values have it. */
function wanted(panel: Panel, count: number): [form: string, fits: boolean] {
  switch (panel.kind) {
    case "bars":
      return ["at least one value", count > 0];
    case "lines": {
      const [curves, each] = [panel.names.length, panel.x.length];
      const form = `${curves} curves of ${each} values${panel.mark ? " and a mark" : ""}`;
      return [form, count === curves * each + Number(!!panel.mark)];
    }
    case "curve":
      return ["one value", count === 1];
    case "arrows":
    case "points":
      return ["pairs x, y", count > 0 && count % 2 === 0];
    case "image": {
      const [height, width] = panel.shape;
      return [`${height} × ${width} values`, count === height * width];
    }
    default: {
      const kinds = "bars, lines, curve, arrows, points or image";
      throw new RangeError(`panel kind must be ${kinds}, got "${(panel as Panel).kind}"`);
    }
  }
}

function requireValues(panel: Panel, values: ArrayLike<number>, where: string): void {
  const [form, fits] = wanted(panel, values.length);
  if (!fits)
    throw new RangeError(
      `${where} must hold ${form} for "${panel.title}", got ${values.length} values`,
    );
  if (!Array.prototype.every.call(values, Number.isFinite))
    throw new RangeError(`${where} must hold finite numbers only for "${panel.title}"`);
}

function requireGrid(axes: readonly Axis[], panels: readonly Panel[], frames: number): void {
  const combinations = axes.reduce((product, { stops }) => product * stops.length, 1);
  if (axes.length === 0 || combinations !== frames)
    throw new RangeError(
      `frames must hold one moment for each of the ${combinations} combinations of stops, got ${frames}; the last axis goes fastest`,
    );
  const curve = panels.find(({ kind }) => kind === "curve");
  if (curve)
    throw new TypeError(
      `panel "${curve.title}" must not be a curve, which follows one slider; draw it as lines with a mark`,
    );
}

/** One frame in words and numbers, for readers without scripts. */
const fallback = (panels: readonly Panel[], { label, values }: Frame, along: string): string => {
  const line = (panel: Panel, v: ArrayLike<number>) =>
    `<tr><th style="text-align:left">${escapeHtml(panel.title)}</th><td style="text-align:right">${
      v.length > 8 ? `${v.length} values` : Array.from(v, (x) => digits(x)).join(", ")
    }</td></tr>`;
  return `<table><caption>${escapeHtml(along)} ${escapeHtml(label)}</caption><tbody>${panels
    .map((panel, i) => line(panel, values[i]))
    .join("")}</tbody></table>`;
};

/** Index of the frame in the middle of each axis, or of the last one of a training. */
function usualStart(axes: readonly { name: string; count: number }[]): number {
  const isTime = (name: string) => /\b(step|epoch)s?\b/i.test(name);
  const stop = (name: string, count: number) => (isTime(name) ? count - 1 : count >> 1);
  return axes.reduce((index, { name, count }) => index * count + stop(name, count), 0);
}

/**
 * A slider over recorded moments of a training run, or several over a grid of trained models, with
 * small panels that follow.
 *
 * Throws where there is no frame, a frame's values do not fit its panels, the frames do not fill
 * the grid, `start` is no frame, or a grid has a `curve`, which follows one slider.
 */
export function scrubber({
  panels,
  frames,
  along = "step",
  start,
  caption,
  alt = `${caption} A slider over ${frames.length} recorded moments.`,
}: Scrubber): Widget {
  if (panels.length === 0) throw new RangeError("panels must hold at least one panel, got none");
  if (frames.length === 0)
    throw new RangeError("frames must hold at least one recorded moment, got none");
  frames.forEach(({ values }, i) => {
    if (values.length !== panels.length)
      throw new RangeError(
        `frames[${i}].values must have ${panels.length} entries, one a panel, got ${values.length}`,
      );
    panels.forEach((panel, j) => {
      requireValues(panel, values[j], `frames[${i}].values[${j}]`);
    });
  });
  const axes = typeof along === "string" ? undefined : along;
  if (axes) requireGrid(axes, panels, frames.length);
  const name = axes ? axes.map((axis) => axis.name).join(", ") : String(along);
  const sliders = axes?.map((axis) => ({ name: axis.name, count: axis.stops.length }));
  const opened = start ?? usualStart(sliders ?? [{ name, count: frames.length }]);
  requireInteger(opened, "start", 0, frames.length - 1);
  const data: ScrubberData = {
    along: name,
    start: opened,
    axes: axes?.map((axis) => ({ name: axis.name, stops: axis.stops.map(String) })),
    panels,
    frames: frames.map(({ label, values }) => ({
      label,
      values: values.map((v, i) => Array.from(v, panels[i].kind === "image" ? coarse : digits)),
    })),
  };
  const still = fallback(panels, frames[opened], name);
  return widget("scrubber", data, { caption, alt, fallback: still });
}
