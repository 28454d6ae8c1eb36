import { formatWithOptions, inspect } from "node-inspect-extracted";

type Write = (stream: "stdout" | "stderr", text: string) => void;

const isRow = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

/** Node's box around the cells of a table. */
function box(head: string[], rows: string[][]): string {
  const width = (text: string): number => [...text].length;
  const widths = head.map((_, j) => Math.max(...[head, ...rows].map((row) => width(row[j]!))) + 2);
  const line = (cells: string[]): string =>
    `│${cells.map((cell, j) => ` ${cell}${" ".repeat(widths[j]! - width(cell) - 1)}`).join("│")}│`;
  const rule = (a: string, b: string, c: string): string =>
    a + widths.map((one) => "─".repeat(one)).join(b) + c;
  return [
    rule("┌", "┬", "┐"),
    line(head),
    rule("├", "┼", "┤"),
    ...rows.map(line),
    rule("└", "┴", "┘"),
  ].join("\n");
}

const shown = (value: unknown): string =>
  inspect(value, { depth: isRow(value) && Object.keys(value).length > 2 ? -1 : 0 });

function tableOf(data: unknown): string | undefined {
  if (!isRow(data)) return undefined;
  const entries =
    data instanceof Map
      ? [...data].map(([key, value], i) => [String(i), { Key: key, Values: value }] as const)
      : data instanceof Set
        ? [...data].map((value, i) => [String(i), value] as const)
        : Object.entries(data);
  const keys = [...new Set(entries.flatMap(([, row]) => (isRow(row) ? Object.keys(row) : [])))];
  const plain = entries.some(([, row]) => !isRow(row));
  const index = data instanceof Map || data instanceof Set ? "(iteration index)" : "(index)";
  const rows = entries.map(([key, row]) => [
    key,
    ...keys.map((name) => (isRow(row) && name in row ? shown(row[name]) : "")),
    ...(plain ? [isRow(row) ? "" : shown(row)] : []),
  ]);
  return box([index, ...keys, ...(plain ? ["Values"] : [])], rows);
}

/** A console that writes what Node's would. */
export function nodeConsole(write: Write, now: () => number): Partial<Console> {
  let indent = "";
  const counts = new Map<string, number>();
  const begun = new Map<string, number>();
  const print = (stream: "stdout" | "stderr", ...values: unknown[]): void => {
    const text = formatWithOptions({}, ...(values as [string]));
    write(stream, `${indent}${text.replaceAll("\n", `\n${indent}`)}\n`);
  };
  const out = (...values: unknown[]): void => print("stdout", ...values);
  const err = (...values: unknown[]): void => print("stderr", ...values);
  const spent = (label: string): string => {
    const ms = now() - (begun.get(label) ?? now());
    return ms < 1000 ? `${Number(ms.toFixed(3))}ms` : `${(ms / 1000).toFixed(3)}s`;
  };
  const group = (...label: unknown[]): void => {
    if (label.length > 0) out(...label);
    indent += "  ";
  };
  return {
    log: out,
    info: out,
    debug: out,
    warn: err,
    error: err,
    trace: (...values: unknown[]) => {
      const { stack } = new Error(formatWithOptions({}, ...(values as [string])));
      err(stack!.replace(/^Error/, "Trace"));
    },
    dir: (value: unknown, options?: object) =>
      out(inspect(value, { customInspect: false, ...options })),
    table: (data: unknown, columns?: string[]) => {
      const kept = (row: unknown): unknown =>
        columns && isRow(row) ? Object.fromEntries(columns.map((name) => [name, row[name]])) : row;
      const picked = Array.isArray(data) ? data.map(kept) : data;
      out(tableOf(picked) ?? data);
    },
    group,
    groupCollapsed: group,
    groupEnd: () => {
      indent = indent.slice(2);
    },
    assert: (condition?: unknown, ...values: unknown[]) => {
      if (condition) return;
      if (typeof values[0] === "string") err(`Assertion failed: ${values[0]}`, ...values.slice(1));
      else err(...(values.length > 0 ? ["Assertion failed", ...values] : ["Assertion failed"]));
    },
    count: (label = "default") => {
      counts.set(label, (counts.get(label) ?? 0) + 1);
      out(`${label}: ${counts.get(label)}`);
    },
    countReset: (label = "default") => void counts.delete(label),
    time: (label = "default") => void begun.set(label, now()),
    timeLog: (label = "default", ...values: unknown[]) =>
      out(`${label}: ${spent(label)}`, ...values),
    timeEnd: (label = "default") => {
      out(`${label}: ${spent(label)}`);
      begun.delete(label);
    },
  };
}
