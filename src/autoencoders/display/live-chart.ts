import { cellSignal } from "../cell-signal";
import type { Step } from "../objective";
import { lossChart } from "../plot";
import { drawnOf } from "../plot/lines";
import { escapeHtml } from "../plot/markup";
import { termColors } from "../plot/palette";
import { extent, logTicks, ticksWithin } from "../plot/ticks";
import { publish, show } from "./show";

const frameEvery = 250; // milliseconds
const most = 150; // points of a moving curve, and up to twice as many between two thinnings

/**
 * Every so many of the steps, and the last one, so that a frame costs the same however long the run
 * is.
 */
function sampler() {
  let every = 1;
  let kept: Step[] = [];
  return {
    push(step: Step, index: number) {
      if (index % every === 0) kept.push(step);
      if (kept.length < 2 * most) return;
      every *= 2;
      kept = kept.filter((_, i) => i % 2 === 0);
    },
    with: (last: Step) => (kept[kept.length - 1] === last ? kept : [...kept, last]),
  };
}

const curvesOf = (steps: readonly Step[]): Record<string, number[]> =>
  Object.fromEntries(
    Object.entries(drawnOf(steps[0])).map(([name, value]) => [name, steps.map(value)]),
  );

const isPositive = (curves: Record<string, number[]>) =>
  Object.values(curves).every((y) => y.every((v) => v > 0));

const width = 640;
const height = 190;
const box = { left: 58, right: width - 12, top: 10, bottom: height - 26 };

/** Round numbers that a logarithmic axis or a linear one names, about five. */
function ticksOf(low: number, high: number, log: boolean): number[] {
  const ticks = log ? logTicks([low, high]) : [];
  const every = Math.ceil(ticks.length / 5);
  return ticks.length > 1 ? ticks.filter((_, i) => i % every === 0) : ticksWithin(low, high);
}

const tickWords = (value: number) =>
  value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5)
    ? value.toExponential(1)
    : Number(value.toPrecision(3)).toLocaleString("en", { maximumSignificantDigits: 3 });

/** Vertical place of a value, and the lines and words of the axis. */
function vertical(all: readonly number[], log: boolean) {
  const [low, high] = extent(all);
  const shown = (value: number) => (log ? Math.log(value) : value);
  const span = shown(high) - shown(low) || 1;
  const y = (value: number) =>
    box.bottom - 4 - ((shown(value) - shown(low)) / span) * (box.bottom - box.top - 8);
  const ticks = ticksOf(low, high, log).map((tick) => {
    const at = y(tick).toFixed(1);
    return `<line x1="${box.left}" x2="${box.right}" y1="${at}" y2="${at}" stroke="currentColor" stroke-opacity=".18"/><text x="${box.left - 6}" y="${at}" dy=".32em" text-anchor="end">${tickWords(tick)}</text>`;
  });
  return { y, axis: ticks.join("") };
}

/**
 * Curves as an SVG drawing over all planned steps, logarithmic where all numbers are above zero,
 * each with its name and last value; the loss is the thick line.
 */
function drawing(steps: readonly Step[], planned: number): string {
  const curves = curvesOf(steps);
  const names = Object.keys(curves);
  const log = isPositive(curves);
  const { y, axis } = vertical(
    names.flatMap((name) => curves[name]),
    log,
  );
  const last = Math.max(planned, steps[steps.length - 1].step, 2);
  const x = (step: number) =>
    (box.left + ((box.right - box.left) * (step - 1)) / (last - 1)).toFixed(1);
  const colors = termColors(names);
  const lines = names.map((name, j) => {
    const points = curves[name].map((value, i) => `${x(steps[i].step)},${y(value).toFixed(1)}`);
    const wide = j === 0 ? 'stroke-width="2.4"' : 'stroke-width="1.5"';
    return `<polyline points="${points.join(" ")}" fill="none" stroke="${colors[j]}" ${wide}/>`;
  });
  const words = names.map((name, j) => {
    const value = curves[name][curves[name].length - 1].toPrecision(5);
    return `<span style="white-space:nowrap"><span style="color:${colors[j]}">${j === 0 ? "━" : "─"}</span> ${escapeHtml(name)} ${value}</span>`;
  });
  const stops = [1, Math.round(last / 2), last].map(
    (step, i) =>
      `<text x="${x(step)}" y="${box.bottom + 15}" text-anchor="${["start", "middle", "end"][i]}">${i === 0 ? "step " : ""}${step.toLocaleString("en")}</text>`,
  );
  const label = `loss so far, ${log ? "logarithmic" : "linear"}`;
  return `<svg viewBox="0 0 ${width} ${height}" style="width:100%;max-width:${width}px" role="img" aria-label="${label}" font-size="12" fill="currentColor">${axis}${stops.join("")}${lines.join("")}</svg><div>${words.join(" &nbsp; ")}</div>`;
}

const rounded = (value: number) => Number(value.toPrecision(2)).toLocaleString("en");

function frame(
  title: string,
  sample: readonly Step[],
  steps: number,
  seconds: number,
  stopped: boolean,
): string {
  const last = sample[sample.length - 1];
  const left = Math.max(0, (seconds * (steps - last.step)) / last.step);
  const facts = [
    `step ${last.step} of ${steps}`,
    `epoch ${last.epoch + 1}`,
    `‖gradient‖ ${last.gradientNorm.toPrecision(3)}`,
    `${rounded(last.examplesPerSecond)} examples/s`,
    stopped ? `interrupted after ${seconds.toFixed(0)} s` : `${left.toFixed(0)} s left`,
  ];
  return `<div style="font:13px system-ui,sans-serif"><b>${escapeHtml(title)}</b><br>${drawing(sample, steps)}<div>${facts.join(" · ")}</div></div>`;
}

/** Chart of a training run; see `liveChart`. */
export interface LiveChart {
  push(step: Step): void;
  end(): void;
  /**
   * Begins another run in the same place. From then on `end` leaves a drawing there, not a figure
   * below.
   */
  restart(title: string): void;
}

/**
 * Chart that moves while training runs and ends as a figure.
 *
 * It shows the loss by term, the gradient's norm, examples a second and the time left. An
 * interrupted cell leaves it as it was, with a word. `steps` is the planned number of steps. At
 * most four frames a second are drawn; between frames `push` only keeps the step.
 */
export function liveChart({ title, steps }: { title: string; steps: number }): LiveChart {
  const id = `live-${Math.random().toString(36).slice(2)}`;
  const seen: Step[] = [];
  let sample = sampler();
  let begin = Date.now();
  let shown = 0;
  let restarted = false;
  let ended = false;
  const draw = (stopped = false) => {
    const last = seen[seen.length - 1];
    publish(
      {
        "text/html": frame(title, sample.with(last), steps, (Date.now() - begin) / 1000, stopped),
        "text/plain": `${title}: step ${last.step}, loss ${last.loss}`,
      },
      { display_id: id, update: shown > 0 },
    );
    shown = Date.now();
  };
  cellSignal()?.addEventListener("abort", () => !ended && seen.length && draw(true), {
    once: true,
  });
  return {
    push(step) {
      sample.push(step, seen.length);
      seen.push(step);
      if (Date.now() - shown >= frameEvery) draw();
    },
    end() {
      ended = true;
      if (seen.length === 0) return;
      if (restarted) return draw();
      const { examplesPerSecond, loss } = seen[seen.length - 1];
      const took = `in ${((Date.now() - begin) / 1000).toFixed(1)} s, about ${rounded(examplesPerSecond)} examples a second`;
      const caption = `${title}: loss over ${seen.length} steps, last ${loss.toPrecision(5)}, ${took}.`;
      const final = lossChart(seen, { log: isPositive(curvesOf(seen)), caption, height: 300 });
      if (shown > 0)
        publish({ "text/html": "", "text/plain": "" }, { display_id: id, update: true });
      show(final);
    },
    restart(next) {
      title = next;
      seen.length = 0;
      sample = sampler();
      begin = Date.now();
      ended = false;
      restarted = true;
    },
  };
}
