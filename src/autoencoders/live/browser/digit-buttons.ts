import type { Shape } from "../data";
import { canvasIn, paint, pixels } from "./canvas";
import { keptDigit, onKeptDigit } from "./kept-digit";
import { button, find } from "./shadow";

export const digitsCss = `
.tools{display:flex;flex-wrap:wrap;gap:.35rem;align-items:center;margin:.5rem 0}
.tools .sample{padding:2px;min-height:0;line-height:0}
.tools .sample canvas,.tools .yours canvas{width:30px;height:30px}
.tools .yours:not([hidden]){display:inline-flex;align-items:center;gap:.4rem;
padding:2px 3px 2px .55rem}
`;

/** Markup of a button for each sample. */
export const sampleButtons = (samples: readonly string[], shape: Shape, name: string): string =>
  samples
    .map((_, i) =>
      button(`class="sample" data-sample="${i}" aria-label="${name} ${i + 1}"`, pixels(shape)),
    )
    .join("");

/** Markup of the button for the reader's own digit, which stands behind `count` samples. */
export const ownButton = (count: number, shape: Shape): string =>
  button(`class="yours" data-sample="${count}" hidden`, `Your digit\n${pixels(shape)}`);

/** Paints the samples on their buttons; calls `start` with the index of the one that is pressed. */
export function listenToSamples(
  root: ShadowRoot,
  samples: readonly ArrayLike<number>[],
  start: (sample: number) => void,
): void {
  for (const button of root.querySelectorAll<HTMLElement>("[data-sample]")) {
    const i = Number(button.dataset.sample);
    if (i < samples.length) paint(canvasIn(button), samples[i]);
    button.addEventListener("click", () => start(i));
  }
}

/**
 * Shows the reader's own button while a digit is kept, by any figure or page, with the digit on its
 * canvas; calls `use` with each.
 */
export function offerDigit(root: ShadowRoot, use: (digit: Float64Array) => void): void {
  const button = find(root, ".yours");
  onKeptDigit(() => {
    const digit = keptDigit();
    button.hidden = !digit;
    if (!digit) return;
    paint(canvasIn(button), digit);
    use(digit);
  });
}
