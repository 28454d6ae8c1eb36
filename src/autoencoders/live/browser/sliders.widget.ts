import { escapeHtml } from "../../plot/markup";
import type { SlidersData } from "../data";
import { type Constants, type FormulaName, formulas, type Slider } from "../formulas";
import { drawerOf, panelCss, panelsMarkup, placesIn } from "./charts";
import { readable } from "./numbers";
import { find, readoutsMarkup, shadow } from "./shadow";

const css = `${panelCss}
.sliders{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(200px,100%),1fr));
gap:.1rem 1.4rem;margin:.2rem 0 .6rem}
label{display:grid;grid-template-columns:2.6em 1fr 4em;align-items:center;gap:.4rem}
label output{text-align:right}
.readouts,.readouts>span{display:flex;flex-wrap:wrap;gap:.2rem 1.6rem}
.readouts{margin:0 0 .7rem;font-variant-numeric:tabular-nums}
.readouts b{font-weight:600;margin-right:.4rem}
.back{margin-left:auto}
`;

/** The formula's readouts, as in the page. */
export const answer = (formula: FormulaName, values: number[], constants: Constants) =>
  formulas[formula].at(values, constants);

export function mount(host: HTMLElement, { formula, constants = {}, sliders }: SlidersData): void {
  const panels = formulas[formula].panels(constants);
  const row = ({ name, from, to, at, step }: Slider) =>
    `<label><span>${escapeHtml(name)}</span>
<input type="range" min="${from}" max="${to}" step="${step}" value="${at}">
<output></output></label>`;
  const root = shadow(
    host,
    css,
    `<div class="sliders">${sliders.map(row).join("")}</div>
<div class="readouts" aria-live="polite"><span></span>
<button type="button" class="back">Back to the start</button></div>
${panelsMarkup(panels)}`,
  );
  const inputs = [...root.querySelectorAll<HTMLInputElement>("input")];
  const outputs = [...root.querySelectorAll<HTMLOutputElement>("label output")];
  const readouts = find(root, ".readouts span");
  const places = placesIn(root);
  const go = () => {
    const values = inputs.map((input) => Number(input.value));
    values.forEach((value, i) => {
      outputs[i].textContent = readable(value);
    });
    const said = answer(formula, values, constants);
    readouts.innerHTML = readoutsMarkup(said.readouts);
    panels.forEach((panel, i) => {
      drawerOf(panel, places[i], [said.values[i]], [""], "")(0);
    });
  };
  for (const input of inputs) input.addEventListener("input", go);
  find(root, "button").addEventListener("click", () => {
    inputs.forEach((input, i) => {
      input.value = String(sliders[i].at);
    });
    go();
  });
  go();
}
