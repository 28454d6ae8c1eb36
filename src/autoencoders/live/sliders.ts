import type { SlidersData } from "./data";
import { type Controls, formulas, type Readout } from "./formulas";
import { readoutTable, type Widget, type Words, widget } from "./widget";

/** Formula and options of a figure with sliders. */
export type Sliders = Controls & Words;

/**
 * Sliders on a formula: its numbers and its curves follow.
 *
 * The page computes the formula itself (src/autoencoders/live/formulas.ts holds them all). Throws
 * where there is no such formula, the sliders do not fit it, or a slider does not start between its
 * ends.
 */
export function sliders({
  formula,
  sliders: given,
  constants = {},
  caption,
  alt = `${caption} Sliders: ${given.map(({ name }) => name).join(", ")}.`,
}: Sliders): Widget {
  if (!Object.hasOwn(formulas, formula))
    throw new RangeError(
      `formula must be one of ${Object.keys(formulas).join(", ")}, got "${formula}"`,
    );
  const { inputs, at } = formulas[formula];
  if (given.length !== inputs)
    throw new RangeError(
      `sliders must be ${inputs} for ${formula}, got ${given.length}; give one for each of its inputs`,
    );
  for (const { name, from, to, at: start } of given)
    if (!(from <= start && start <= to && from < to))
      throw new RangeError(
        `slider ${name} must start between its ends, got ${start} for ${from} to ${to}`,
      );
  const { readouts } = at(
    given.map((slider) => slider.at),
    constants,
  );
  const rows = [...given.map(({ name, at }): Readout => [name, at]), ...readouts];
  const data: SlidersData = {
    formula,
    constants,
    sliders: given.map((slider) => ({
      step: 10 ** Math.floor(Math.log10((slider.to - slider.from) / 100)),
      ...slider,
    })),
  };
  return widget("sliders", data, { caption, alt, fallback: readoutTable(rows) });
}
