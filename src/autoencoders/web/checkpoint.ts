// Checkpoints in a browser: refused, because there is no disk.

function refuse(): never {
  throw new Error(
    "checkpoints must be kept on a disk, got a page in a browser; run the notebook in Jupyter, or keep the weights in a variable",
  );
}

export const save = refuse;
export const load = refuse;
