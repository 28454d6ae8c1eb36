import type { Panel } from "../panels";
import { drawerOf, panelCss, panelMarkup } from "./charts";
import { clamp, escapeText, find, shadow } from "./kit";

interface Moment {
  label: string;
  values: number[][];
}
interface Data {
  along: string;
  panels: Panel[];
  frames: Moment[];
  alt: string;
}

const css = `${panelCss}
.bar{display:flex;gap:.6rem;align-items:center;margin:.2rem 0 .7rem}
.bar input{flex:1}
.bar output{min-width:7.5em;text-align:right;white-space:nowrap}
`;

export function mount(host: HTMLElement, { panels, frames, along }: Data): void {
  const last = frames.length - 1;
  const root = shadow(
    host,
    css,
    `<div class="bar"><button type="button">Play</button><input type="range" min="0" max="${last}" value="${last}" step="1" aria-label="${escapeText(along)}"><output></output></div><div class="panels">${panels.map(panelMarkup).join("")}</div>`,
  );
  const slider = find<HTMLInputElement>(root, "input");
  const button = find<HTMLButtonElement>(root, "button");
  const readout = find(root, "output");
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
  const go = (frame: number) => {
    slider.value = String(frame);
    const label = `${along} ${frames[frame].label}`;
    readout.textContent = label;
    slider.setAttribute("aria-valuetext", label);
    for (const each of show) each(frame);
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
