// The trained tasks: the same networks and objectives for every contender.
export const deep = [784, 128, 32, 128, 784];
export const wide = [784, 1000, 784];

/** Name, widths, batch, objective. */
export const tasks = [
  { name: "deep, 64", widths: deep, batch: 64, objective: "plain" },
  { name: "deep, 256", widths: deep, batch: 256, objective: "plain" },
  { name: "deep, 1024", widths: deep, batch: 1024, objective: "plain" },
  { name: "wide, 256", widths: wide, batch: 256, objective: "plain" },
  { name: "deep + L1, 256", widths: deep, batch: 256, objective: "l1" },
  { name: "deep + KL, 256", widths: deep, batch: 256, objective: "kl" },
  { name: "deep + noise, 256", widths: deep, batch: 256, objective: "noise" },
];
export const examples = 15360;
export const rate = 1e-3;
