// One color a name in every chapter: Okabe and Ito's set, which readers with any color vision can tell apart; dash and marker repeat the difference.
const okabeIto = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F", "#B8A800"];
const dashes = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"] as const;
const markers = ["circle", "square", "diamond", "triangle-up", "x", "star", "cross", "triangle-down"] as const;

const fixed: Record<string, number> = {
  "deep autoencoder": 0,
  autoencoder: 0,
  loss: 0,
  squaredError: 0,
  train: 0,
  ours: 0,
  PCA: 1,
  test: 1,
  gradientNorm: 1,
  "linear autoencoder": 2,
  crossEntropy: 2,
  denoising: 3,
  sparse: 4,
  validation: 4,
  TopK: 5,
  raw: 6,
};

export interface Style {
  color: string;
  dash: (typeof dashes)[number];
  marker: (typeof markers)[number];
}

/** The styles of the given names: fixed ones where the series fixes them, the next free ones elsewhere. */
export function stylesOf(names: string[]): Style[] {
  const taken = new Set(names.map((name) => fixed[name]).filter((i) => i !== undefined));
  let next = 0;
  return names.map((name) => {
    let i = fixed[name];
    if (i === undefined) {
      while (taken.has(next) && taken.size < okabeIto.length) next++;
      i = next++;
    }
    return {
      color: okabeIto[i % okabeIto.length],
      dash: dashes[i % dashes.length],
      marker: markers[i % markers.length],
    };
  });
}

/** Ten colors for ten classes. */
export const classColors = [
  "#0072B2",
  "#D55E00",
  "#009E73",
  "#CC79A7",
  "#E69F00",
  "#56B4E9",
  "#7F7F7F",
  "#B8A800",
  "#8A4FBF",
  "#8B5A2B",
];

/** Signed numbers: blue below zero, near white at zero, orange above. */
export const diverging: [number, string][] = [
  [0, "#0b4f8a"],
  [0.25, "#6aaed6"],
  [0.5, "#f7f7f5"],
  [0.75, "#f0a05a"],
  [1, "#a63c06"],
];
