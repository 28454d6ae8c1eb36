// The README's sentence on training speed, made from the measured ratios.
import { readFileSync, writeFileSync } from "node:fs";
import { wrapped } from "../page/table.mjs";

const times = (ratio) => `${ratio.toFixed(ratio < 2 ? 2 : 1)}×`;

/** Least and greatest ratio of a contender over all tasks, as "2.4× to 9.1×". */
function range(table, name) {
  const ratios = Object.values(table)
    .map((task) => task[name]?.oursIsFaster)
    .filter((ratio) => ratio > 0);
  return `${times(Math.min(...ratios))} to ${times(Math.max(...ratios))}`;
}

/** Tasks on which a contender is within 5 % of ours, or ahead. */
const closeTasks = (table, name) =>
  Object.entries(table)
    .filter(([, task]) => task[name]?.oursIsFaster < 1.05)
    .map(([task]) => task);

/** One sentence per group of contenders. */
export function sentence({ table, machine }) {
  const tasks = Object.keys(table).length;
  const close = ["JAX jit", "torch.compile"].map((name) => {
    const even = closeTasks(table, name);
    const where = even.length > 0 ? ` (less than 5 % ahead on *${even.join("*, *")}*)` : "";
    return `${name} ${range(table, name)}${where}`;
  });
  return [
    `On ${machine.cores} cores without a GPU, over ${tasks} tasks, \`train\` is`,
    `${range(table, "stock tfjs-node")} as fast as stock tfjs-node,`,
    `${range(table, "Keras fit")} as fast as Keras and`,
    `${range(table, "PyTorch eager")} as fast as eager PyTorch. Against the compilers:`,
    `${close.join("; ")}.`,
  ].join(" ");
}

const marked = /(<!-- speed: .*? -->\n)[\s\S]*?(<!-- \/speed -->)/;

/** The README with the sentence in its place. */
export const withSentence = (readme, result) =>
  readme.replace(marked, (_, open, close) => `${open}${wrapped(sentence(result))}\n${close}`);

/** Writes the sentence into README.md. */
export function writeSentence(result) {
  writeFileSync("README.md", withSentence(readFileSync("README.md", "utf8"), result));
}
