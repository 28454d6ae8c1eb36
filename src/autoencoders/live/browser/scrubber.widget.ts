import type { Panel } from "../panels";
import { drawerOf, panelCss, panelMarkup } from "./charts";
import { clamp, escapeText, find, shadow } from "./kit";

interface Moment {
  label: string;
  values: number[][];
}
interface Axis {
  name: string;
  stops: string[];
}
interface Data {
  along: string;
  axes?: Axis[];
  panels: Panel[];
  frames: Moment[];
  alt: string;
}

const css = `${panelCss}
.bar{display:flex;gap:.6rem;align-items:center;margin:.2rem 0 .7rem}
.bar input{flex:1}
.bar output{min-width:7.5em;text-align:right;white-space:nowrap}
.bar.axis{margin:0}
.bar.axis+.panels{margin-top:.6rem}
`;

export { drawerOf } from "./charts";

/** Which frame stands at these stops of the axes, the last axis fastest. */
export const frameAt = (axes: readonly Axis[], stops: readonly number[]): number =>
  axes.reduce((index, { stops: all }, i) => index * all.length + stops[i], 0);

const range = (name: string, last: number) =>
  `<input type="range" min="0" max="${last}" value="${last}" step="1" aria-label="${escapeText(name)}"><output></output>`;

export function mount(host: HTMLElement, data: Data): void {
  const { panels, frames, along, axes } = data;
  const bars = axes
    ? axes
        .map(({ name, stops }) => `<div class="bar axis">${range(name, stops.length - 1)}</div>`)
        .join("")
    : `<div class="bar"><button type="button">Play</button>${range(along, frames.length - 1)}</div>`;
  const root = shadow(
    host,
    css,
    `${bars}<div class="panels">${panels.map(panelMarkup).join("")}</div>`,
  );
  const places = [...root.querySelectorAll("section>svg,section>canvas")];
  const labels = frames.map(({ label }) => label);
  const show = panels.map((panel, j) =>
    drawerOf(
      panel,
      places[j],
      frames.map(({ values }) => values[j]),
      labels,
      along,
    ),
  );
  const draw = (frame: number) => {
    for (const each of show) each(frame);
  };
  if (axes) overGrid(root, axes, draw);
  else alongTime(root, data, draw);
}

/** A slider for each axis. */
function overGrid(root: ShadowRoot, axes: Axis[], show: (frame: number) => void): void {
  const inputs = [...root.querySelectorAll<HTMLInputElement>("input")];
  const go = () => {
    const stops = inputs.map((input) => Number(input.value));
    axes.forEach(({ name, stops: all }, i) => {
      const label = `${name} ${all[stops[i]]}`;
      find(inputs[i].parentElement!, "output").textContent = label;
      inputs[i].setAttribute("aria-valuetext", label);
    });
    show(frameAt(axes, stops));
  };
  for (const input of inputs) input.addEventListener("input", go);
  go();
}

/** One slider, and a button that moves it. */
function alongTime(root: ShadowRoot, { frames, along }: Data, show: (frame: number) => void): void {
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
  go(last);
}
