/** `node dist/kernel/install.js <prefix>` writes the kernelspec to `<prefix>/share/jupyter/kernels/tslab`. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { kernelSpec } from "./spec";

const LOGO = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><path fill="#3178c6" d="M4 4h56v56H4z"/><path fill="none" stroke="#fff" stroke-width="4" stroke-linejoin="round" d="M14 14v36l16-12V26zM50 14v36L34 38V26z"/></svg>
`;

/** Writes the file in one step; false when it already says so. */
function writeWhenDifferent(file: string, text: string): boolean {
  try {
    if (readFileSync(file, "utf8") === text) return false;
  } catch {
    // Not there yet.
  }
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text);
  renameSync(draft, file);
  return true;
}

/** Installs the kernelspec under the prefix; returns its folder and whether anything changed. */
export function install(prefix: string, options: { node: string; root: string }): { folder: string; changed: boolean } {
  const folder = path.join(prefix, "share/jupyter/kernels/tslab");
  mkdirSync(folder, { recursive: true });
  const spec = `${JSON.stringify(kernelSpec(options), null, 2)}\n`;
  const changed = [
    writeWhenDifferent(path.join(folder, "kernel.json"), spec),
    writeWhenDifferent(path.join(folder, "logo-svg.svg"), LOGO),
  ];
  return { folder, changed: changed.includes(true) };
}

if (require.main === module) {
  const [, , prefix] = process.argv;
  if (!prefix) {
    process.stderr.write("usage: node dist/kernel/install.js <prefix>\n");
    process.exit(2);
  }
  const { folder, changed } = install(path.resolve(prefix), {
    node: process.execPath,
    root: path.resolve(__dirname, "../.."),
  });
  process.stdout.write(`${changed ? "Installed" : "Unchanged"}: ${folder}\n`);
}
