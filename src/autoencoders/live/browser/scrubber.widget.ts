import { escapeHtml } from "../../plot/markup";
import type { ScrubberData } from "../data";
import type { Axis } from "../panels";
import { drawerOf, panelCss, panelsMarkup, placesIn } from "./charts";
import { clamp } from "./numbers";
import { find, shadow } from "./shadow";

const css = `${panelCss}
.bar{display:flex;gap:.6rem;align-items:flex-start;margin:.2rem 0 .7rem}
.bar>span{flex:1;min-width:0}
.stops{display:block;position:relative;height:14px;margin:0 8px;font-size:11px}
.stops i{position:absolute;transform:translateX(-50%);font-style:normal;white-space:nowrap;
opacity:.75;line-height:1.2}
.bar output{line-height:28px;min-width:7.5em;text-align:right;white-space:nowrap}
.bar.axis{margin:0}
.bar.axis+.panels{margin-top:.6rem}
`;

export { drawerOf } from "./charts";
export { placesOf } from "./scales";

/** Stops of the axes at a frame. */
function stopsAt(axes: readonly Axis[], frame: number): number[] {
  const stops: number[] = [];
  let rest = frame;
  for (const { stops: all } of [...axes].reverse()) {
    stops.unshift(rest % all.length);
    rest = Math.floor(rest / all.length);
  }
  return stops;
}

/** Index of the frame at these stops of the axes, the last axis fastest. */
export const frameAt = (axes: readonly Axis[], stops: readonly number[]): number =>
  axes.reduce((index, { stops: all }, i) => index * all.length + stops[i], 0);

/** Labels under a slider that moves from stop to stop: as many as do not run into each other. */
function stopLabels(stops: readonly string[]): string {
  const last = stops.length - 1;
  const longest = Math.max(...stops.map((stop) => stop.length));
  const every = Math.ceil(stops.length / clamp(Math.floor(42 / (longest + 1)), 2, 11));
  const shown = stops.map((text, i) => ({ text, i })).filter(({ i }) => (last - i) % every === 0);
  return shown
    .map(
      ({ text, i }) =>
        `<i style="left:${((100 * i) / Math.max(1, last)).toFixed(2)}%">${escapeHtml(text)}</i>`,
    )
    .join("");
}

const range = (name: string, stops: readonly string[], start: number) =>
  `<span><input type="range" min="0" max="${stops.length - 1}" value="${start}" step="1"
aria-label="${escapeHtml(name)}">
<span class="stops" aria-hidden="true">${stopLabels(stops)}</span></span><output></output>`;

export function mount(host: HTMLElement, data: ScrubberData): void {
  const { panels, frames, along, axes, start } = data;
  const labels = frames.map(({ label }) => label);
  const opened = stopsAt(axes ?? [], start);
  const bars = axes
    ? axes
        .map(
          ({ name, stops }, i) =>
            `<div class="bar axis">${range(name, stops.map(String), opened[i])}</div>`,
        )
        .join("")
    : `<div class="bar"><button type="button">Play</button>${range(along, labels, start)}</div>`;
  const root = shadow(host, css, bars + panelsMarkup(panels));
  const places = placesIn(root);
  const show = panels.map((panel, j) => {
    const values = frames.map((frame) => frame.values[j]);
    return drawerOf(panel, places[j], values, labels, along);
  });
  const draw = (frame: number) => {
    for (const each of show) each(frame);
  };
  if (axes) overGrid(root, axes, draw);
  else alongTime(root, data, draw);
}

/** A slider for each axis. */
function overGrid(root: ShadowRoot, axes: readonly Axis[], show: (frame: number) => void): void {
  const inputs = [...root.querySelectorAll<HTMLInputElement>("input")];
  const go = () => {
    const stops = inputs.map((input) => Number(input.value));
    axes.forEach(({ name, stops: all }, i) => {
      const label = `${name} ${all[stops[i]]}`;
      find(inputs[i].closest(".bar")!, "output").textContent = label;
      inputs[i].setAttribute("aria-valuetext", label);
    });
    show(frameAt(axes, stops));
  };
  for (const input of inputs) input.addEventListener("input", go);
  go();
}

/** One slider, and a button that moves it. */
function alongTime(
  root: ShadowRoot,
  { frames, along, start }: ScrubberData,
  show: (frame: number) => void,
): void {
  const last = frames.length - 1;
  const slider = find<HTMLInputElement>(root, "input");
  const button = find<HTMLButtonElement>(root, "button");
  const readout = find(root, "output");
  const go = (frame: number) => {
    slider.value = String(frame);
    const label = `${along} ${frames[frame].label}`;
    readout.textContent = label;
    slider.setAttribute("aria-valuetext", label);
    show(frame);
  };
  let timer = 0;
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    button.textContent = "Play";
  };
  slider.addEventListener("input", () => {
    stop();
    go(Number(slider.value));
  });
  button.addEventListener("click", () => {
    if (timer) return stop();
    if (Number(slider.value) === last) go(0);
    button.textContent = "Pause";
    timer = window.setInterval(
      () => {
        const next = Number(slider.value) + 1;
        if (next > last) stop();
        else go(next);
      },
      clamp(6000 / frames.length, 60, 400),
    );
  });
  go(start);
}
