import type { Figure } from "../plot";
import { captionStyle, escapeHtml } from "../plot/markup";

export type Bundle = Record<string, unknown>;
interface Kernel {
  publish(
    bundle: Bundle,
    options?: { display_id?: string; update?: boolean; metadata?: object },
  ): void;
  /** Asked in turn how to show a cell's last expression. */
  formatters?: ((value: unknown) => Bundle | undefined)[];
}

/** MIME types with their contents, offered by a value that can be shown. */
export interface Displayable {
  toBundle(): Bundle;
}

/** A value that is shown as this bundle, by `show` and as a cell's last expression. */
export const displayable = (bundle: Bundle): Displayable =>
  Object.assign({ toBundle: () => bundle }, { [Symbol.for("Jupyter.display")]: () => bundle });

export const kernel = (): Kernel | undefined =>
  (globalThis as Record<symbol, unknown>)[Symbol.for("jupyter.kernel")] as Kernel | undefined;
const isFigure = (value: unknown): value is Figure =>
  !!value &&
  typeof value === "object" &&
  "data" in value &&
  "layout" in value &&
  "caption" in value;

const plotly = ({ data, layout, config, caption }: Figure): Bundle => ({
  "application/vnd.plotly.v1+json": { data, layout, config },
  "text/plain": caption,
});
const captionHtml = (caption: string): Bundle => ({
  "text/html": `<p class="ae-caption" style="${captionStyle}">${escapeHtml(caption)}</p>`,
  "text/plain": caption,
});

/**
 * Publishes MIME bundles through our kernel; through stock tslab, one type at a time; outside
 * Jupyter, prints the plain text.
 */
export function publish(
  bundle: Bundle,
  options: { display_id?: string; update?: boolean } = {},
): void {
  const hook = kernel();
  if (hook) {
    hook.publish(bundle, options);
    return;
  }
  if (options.update) return;
  const [mime] = Object.keys(bundle);
  try {
    const { display } = require("tslab") as {
      display: { raw(mime: string, content: unknown): void };
    };
    display.raw(mime, bundle[mime]);
  } catch {
    console.log(String(bundle["text/plain"] ?? mime));
  }
}

/** Shows a figure with its caption, or anything that offers a bundle; other values are printed. */
export function show(value: Figure | Displayable | unknown): void {
  if (isFigure(value)) {
    publish(plotly(value));
    publish(captionHtml(value.caption));
  } else if (value && typeof (value as Displayable).toBundle === "function")
    publish((value as Displayable).toBundle());
  else console.log(value);
}
