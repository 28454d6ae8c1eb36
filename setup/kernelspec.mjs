// The kernelspec `tslab` of this project's .venv: the kernel, and what TensorFlow needs of its
// process. Beside it our extension of JupyterLab.
import { cpSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const MB = 2 ** 20;

/**
 * Returns memory that TensorFlow frees to the system. TensorFlow's own allocator never shrinks. The
 * C library returns blocks above its mmap threshold, fixed here just above the 12.5 MB of a block
 * of digits, which training gathers again and again; smaller blocks come from the heap, trimmed
 * once 64 MB at its end are free.
 *
 * TensorFlow's blocks are aligned. Versions of glibc before 2.39 put the up to 96 bytes beside an
 * aligned block into their caches of small pieces, the thread cache and the fast bins, where they
 * keep freed blocks from being joined and used again (glibc bug 30723); so both are turned off.
 */
const allocation = {
  TF_ONEDNN_USE_SYSTEM_ALLOCATOR: "1",
  MALLOC_MMAP_THRESHOLD_: String(13 * MB),
  MALLOC_TRIM_THRESHOLD_: String(64 * MB),
  GLIBC_TUNABLES: "glibc.malloc.tcache_count=0:glibc.malloc.mxfast=0",
};

const inProject = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** The kernel package, which must be built. */
const kernel = () => createRequire(import.meta.url)("../src/kernel/dist/install.js");

const options = () => ({
  displayName: "TypeScript (autoencoders)",
  root: inProject("").replace(/\/$/, ""),
  preload: [inProject("src/autoencoders/dist/engine/compat.js")],
  env: { TF_CPP_MIN_LOG_LEVEL: "2", ...allocation },
});

/** The content of this project's kernel.json. */
export const projectSpec = () => kernel().kernelSpec(options());

export async function installKernel() {
  kernel().install({ ...options(), name: "tslab", prefix: ".venv", force: true });
  cpSync("setup/lab", labFolder, { recursive: true });
}

const labFolder = ".venv/share/jupyter/labextensions/autoencoders-lab";
const labFiles = ["package.json", "static/remoteEntry.js"].map((name) => `${labFolder}/${name}`);
export const kernelFiles = [".venv/share/jupyter/kernels/tslab/kernel.json", ...labFiles];
