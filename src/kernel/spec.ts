import path from "node:path";

/** Content of a kernel.json. */
export interface KernelSpec {
  argv: string[];
  display_name: string;
  language: string;
  interrupt_mode: "message";
  env: Record<string, string>;
  metadata: Record<string, unknown>;
}

export interface KernelSpecOptions {
  /** Node binary that runs the kernel. */
  node?: string;
  displayName?: string;
  /** Folder whose packages a cell may import when the notebook's folder lacks them. */
  root?: string;
  /** Files that Node loads before the kernel. */
  preload?: readonly string[];
  /** Environment variables of the kernel's process. */
  env?: Readonly<Record<string, string>>;
}

/** Marks a kernelspec as ours: another may be overwritten only with `--force`. */
export const OWNER = "jupyter-typescript";

/** Command and environment by which Jupyter starts the kernel. */
export function kernelSpec(options: KernelSpecOptions = {}): KernelSpec {
  const {
    node = process.execPath,
    displayName = "TypeScript",
    root,
    preload = [],
    env = {},
  } = options;
  return {
    argv: [
      node,
      "--no-force-async-hooks-checks", // terminating code inside a timer aborts Node with them
      "--no-deprecation",
      ...preload.flatMap((file) => ["-r", file]),
      path.join(__dirname, "main.js"),
      "{connection_file}",
      ...(root === undefined ? [] : ["--root", root]),
    ],
    display_name: displayName,
    language: "typescript",
    interrupt_mode: "message",
    env: { NODE_NO_WARNINGS: "1", ...env },
    metadata: { debugger: true, package: OWNER },
  };
}
