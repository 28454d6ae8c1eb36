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

const MB = 2 ** 20;
/**
 * Has memory that TensorFlow frees go back to the system.
 *
 * The allocator that TensorFlow brings for oneDNN never gives any back; the C library's does for what is above a threshold, which it
 * raises to 32 MB as it goes unless one is set. Here it is just above the 12.5 MB of a block of digits, which a training gathers again and again. What
 * is below goes back from the heap's end, where a training step would fetch it again.
 */
const allocation = {
  TF_ONEDNN_USE_SYSTEM_ALLOCATOR: "1",
  MALLOC_MMAP_THRESHOLD_: String(13 * MB),
  MALLOC_TRIM_THRESHOLD_: String(256 * MB),
};

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
    env: { TF_CPP_MIN_LOG_LEVEL: "2", NODE_NO_WARNINGS: "1", ...allocation },
    metadata: { debugger: false },
  };
}
