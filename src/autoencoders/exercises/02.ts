import { exercise } from "./exercise";

/** d/dw max(0, 1 − y w x), off the kink: −y x where y w x < 1, else 0. */
export const hingeSlope = exercise<(w: number, x: number, y: number) => number>({
  name: "02 slope of the hinge",
  given: ["w", "x", "y"],
  cases: () => [
    [0, 1, 1],
    [0, 2, -1],
    [0.5, -3, 1],
    [0.25, 2, 1],
    [2, 3, 1],
    [2, 3, -1],
    [-1, 2, -1],
    [-0.5, 4, 1],
    [3, -1, -1],
  ],
  answer: (w, x, y) => (y * w * x < 1 ? -y * x : 0),
  lesson: "a point on the right side of its margin has no say: only the others move w",
  mistakes: {
    "this is the slope in the margin; m = y w x, so w has a factor y x": (w, x, y) =>
      y * w * x < 1 ? -1 : 0,
    "this is the slope in the answer f; f = w x, so w has a factor x": (w, x, y) =>
      y * w * x < 1 ? -y : 0,
    "this leaves out the class y": (w, x, y) => (y * w * x < 1 ? -x : 0),
    "this has the wrong sign: a larger margin costs less": (w, x, y) => (y * w * x < 1 ? y * x : 0),
    "this is silent as soon as the answer is right; the hinge wants a margin of 1": (w, x, y) =>
      y * w * x < 0 ? -y * x : 0,
    "this never stops; a margin above 1 costs nothing": (_, x, y) => -y * x,
    "this is the value of the hinge, not its slope": (w, x, y) => Math.max(0, 1 - y * w * x),
    "this is the slope of the squared loss": (w, x, y) => -2 * (1 - y * w * x) * y * x,
  },
});
