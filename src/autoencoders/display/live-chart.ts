import { cellSignal } from "../cell-signal";
import type { Step } from "../objective";
import { lossChart } from "../plot";
import { drawnOf } from "../plot/lines";
import { escapeHtml } from "../plot/markup";
import { stylesOf } from "../plot/palette";
import { publish, show } from "./show";

const frameEvery = 250; // milliseconds
const most = 150; // points of a moving curve, and up to twice as many between two thinnings
const width = 640;
const height = 150;

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

/**
 * Curves as an SVG drawing, logarithmic where all numbers are above zero, each with its name and
 * last value.
 */
function drawing(curves: Record<string, number[]>): string {
  const names = Object.keys(curves);
  const styles = stylesOf(names);
  const log = isPositive(curves);
  const scaled = names.map((name) => (log ? curves[name].map(Math.log10) : curves[name]));
  const all = scaled.flat();
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const last = Math.max(1, scaled[0].length - 1);
  const lines = scaled.map((y, j) => {
    const points = y.map((v, i) => {
      const down = height - 6 - ((v - low) / (high - low || 1)) * (height - 12);
      return `${((i / last) * width).toFixed(1)},${down.toFixed(1)}`;
    });
    const { color, dash } = styles[j];
    const dashes = dash === "solid" ? "" : ` stroke-dasharray="${dash === "dot" ? "2 4" : "7 4"}"`;
    return `<polyline points="${points.join(" ")}" fill="none" stroke="${color}" stroke-width="2"${dashes}/>`;
  });
  const words = names.map((name, j) => {
    const value = curves[name][curves[name].length - 1].toPrecision(5);
    return `<span style="white-space:nowrap"><span style="color:${styles[j].color}">●</span> ${escapeHtml(name)} ${value}</span>`;
  });
  const label = `loss so far, ${log ? "logarithmic" : "linear"}`;
  return `<svg viewBox="0 0 ${width} ${height}" style="width:100%;max-width:${width}px" role="img" aria-label="${label}">${lines.join("")}</svg><div>${words.join(" &nbsp; ")}</div>`;
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
  return `<div style="font:13px system-ui,sans-serif"><b>${escapeHtml(title)}</b><br>${drawing(curvesOf(sample))}<div>${facts.join(" · ")}</div></div>`;
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
