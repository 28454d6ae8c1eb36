import type { Config, Data, Layout } from "plotly.js";

/** A figure as pure data: Plotly's traces and layout, a caption to read below it, and a text for those who do not see it. */
export interface Figure {
  data: Partial<Data>[];
  layout: Partial<Layout>;
  config: Partial<Config>;
  caption: string;
  alt: string;
}

/** What every figure takes. */
export interface Words {
  caption: string;
  /** Says in words what the picture shows; defaults to the caption. */
  alt?: string;
  title?: string;
  /** Pixels. */
  height?: number;
}

/** Text and grid that can be read on white and on near black; pages with a theme of their own restyle these keys. */
const ink = "#6b7280";
const grid = "rgba(128,128,128,0.22)";

export const axis = (title?: string, more: object = {}) => ({
  ...(title ? { title: { text: title, standoff: 8 } } : {}),
  gridcolor: grid,
  zeroline: false,
  linecolor: grid,
  ticks: "outside" as const,
  ticklen: 4,
  tickcolor: grid,
  automargin: true,
  ...more,
});

/** Assembles a figure on the series' common layout. */
export function figure(
  data: Partial<Data>[],
  layout: Partial<Layout>,
  { caption, alt = caption, title, height = 360 }: Words,
): Figure {
  if (!caption)
    throw new TypeError("caption must be a sentence that says how to read the figure, got none; give { caption }");
  return {
    data,
    layout: {
      height,
      autosize: true,
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: "system-ui, -apple-system, 'Segoe UI', sans-serif", size: 13, color: ink },
      margin: { l: 62, r: 18, t: title ? 44 : 18, b: 52 },
      hovermode: "closest",
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", bgcolor: "rgba(0,0,0,0)" },
      ...(title ? { title: { text: title, x: 0, xanchor: "left", font: { size: 15 } } } : {}),
      ...layout,
      meta: { caption, alt },
    } as Partial<Layout>,
    config: { responsive: true, displaylogo: false, displayModeBar: false },
    caption,
    alt,
  };
}

/** Five significant digits are more than a screen shows. */
export const rounded = (values: ArrayLike<number>): number[] =>
  Array.from(values, (v) => (Number.isFinite(v) ? Number(v.toPrecision(5)) : Number.NaN));
