import { existsSync } from "node:fs";
import path from "node:path";

/** The content of a kernel.json. */
export interface KernelSpec {
  argv: string[];
  display_name: string;
  language: string;
  interrupt_mode: "message";
  env: Record<string, string>;
  metadata: Record<string, unknown>;
}

/** How Jupyter starts the kernel: `node` is the Node binary, `root` the project's folder. */
export function kernelSpec({ node, root }: { node: string; root: string }): KernelSpec {
  const compat = path.join(root, "dist/engine/compat.js");
  return {
    argv: [
      node,
      "--no-force-async-hooks-checks",
      "--no-deprecation",
      ...(existsSync(compat) ? ["-r", compat] : []),
      path.join(root, "dist/kernel/main.js"),
      "{connection_file}",
    ],
    display_name: "TypeScript (autoencoders)",
    language: "typescript",
    interrupt_mode: "message",
    env: { TF_CPP_MIN_LOG_LEVEL: "2", NODE_NO_WARNINGS: "1" },
    metadata: { debugger: false },
  };
}
