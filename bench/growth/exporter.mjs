import { spawnSync } from "node:child_process";
import { python } from "../../setup/python.mjs";

const cases = {
  cells: [10, 30, 100, 300, 1000],
  "lines of a cell": [10, 100, 1000, 10_000],
  "figures of a cell": [1, 5, 20, 50],
};

/** Milliseconds and megabytes of a page against its cells, lines and figures. */
export function exporter(quick) {
  const asked = Object.fromEntries(
    Object.entries(cases).map(([by, counts]) => [by, quick ? counts.slice(0, -1) : counts]),
  );
  const { stdout } = spawnSync(python, ["bench/growth/pages.py", JSON.stringify(asked)], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  return Object.entries(JSON.parse(stdout)).flatMap(([by, [empty, ...rows]]) =>
    ["ms", "MB"].map((unit, i) => ({
      of: "a page",
      by,
      unit,
      fixed: empty[i + 1],
      points: rows.map(([x, ...y]) => [x, y[i]]),
    })),
  );
}
