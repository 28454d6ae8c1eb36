import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { type KernelSpecOptions, kernelSpec, OWNER } from "./spec";

export { type KernelSpecOptions, kernelSpec } from "./spec";

const LOGO = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><path fill="#3178c6" d="M4 4h56v56H4z"/><path fill="none" stroke="#fff" stroke-width="4" stroke-linejoin="round" d="M14 14v36l16-12V26zM50 14v36L34 38V26z"/></svg>
`;

export interface InstallOptions extends KernelSpecOptions {
  /** Name of the kernel: the last folder of the kernelspec. */
  name?: string;
  /** Environment to install into; by default the user's Jupyter folder. */
  prefix?: string;
  /** Replace a kernelspec of this name that is not ours. */
  force?: boolean;
}

export interface Installed {
  folder: string;
  changed: boolean;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** Replaces the file atomically; false when it holds the text already. */
function write(file: string, text: string): boolean {
  if (read(file) === text) return false;
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text);
  renameSync(draft, file);
  return true;
}

function isOurs(text: string): boolean {
  try {
    return (JSON.parse(text) as { metadata?: { package?: unknown } }).metadata?.package === OWNER;
  } catch {
    return false;
  }
}

/**
 * The folder in which Jupyter looks for a user's own data. Source: jupyter_core,
 * `jupyter_data_dir`.
 */
function userFolder(): string {
  const { JUPYTER_DATA_DIR, APPDATA, XDG_DATA_HOME } = process.env;
  if (JUPYTER_DATA_DIR) return JUPYTER_DATA_DIR;
  if (process.platform === "darwin") return path.join(homedir(), "Library/Jupyter");
  if (process.platform === "win32") return path.join(APPDATA ?? homedir(), "jupyter");
  return path.join(XDG_DATA_HOME || path.join(homedir(), ".local/share"), "jupyter");
}

/** Folder that `jupyter` must search, and that holds `kernels/`. */
export const dataFolder = (prefix?: string): string =>
  prefix === undefined ? userFolder() : path.resolve(prefix, "share/jupyter");

/**
 * Writes the kernelspec; returns its folder and whether anything changed.
 *
 * Throws when the name is not one, or a kernelspec of another program has it and `force` is not
 * set.
 */
export function install({
  name = "typescript",
  prefix,
  force = false,
  ...spec
}: InstallOptions = {}): Installed {
  if (!/^[\w.-]+$/.test(name))
    throw new Error(
      `the kernel's name must be letters, digits, ".", "_" and "-", got "${name}"; give --name`,
    );
  const folder = path.join(dataFolder(prefix), "kernels", name);
  const file = path.join(folder, "kernel.json");
  const present = read(file);
  if (present !== undefined && !force && !isOurs(present))
    throw new Error(
      `${file} belongs to another kernel; give --name for another name, or --force to replace it`,
    );
  mkdirSync(folder, { recursive: true });
  const changed = [
    write(file, `${JSON.stringify(kernelSpec(spec), null, 2)}\n`),
    write(path.join(folder, "logo-svg.svg"), LOGO),
  ];
  return { folder, changed: changed.includes(true) };
}
