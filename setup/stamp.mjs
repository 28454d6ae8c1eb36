// A step is done when its stamp holds the key of its inputs. A stamp is taken away first and written last, atomically, so a killed step runs again.
import { createHash } from "node:crypto";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

const folder = join(".cache", "setup");
const file = (name) => join(folder, name.replaceAll(" ", "-"));

export function isStamped(name, key) {
  try {
    return readFileSync(file(name), "utf8") === key;
  } catch {
    return false;
  }
}

export function stamp(name, key) {
  mkdirSync(folder, { recursive: true });
  const temporary = `${file(name)}.${process.pid}`;
  writeFileSync(temporary, key);
  renameSync(temporary, file(name));
}

/** Take a stamp away: what a step makes is not to be trusted while the step runs. */
export function unstamp(name) {
  rmSync(file(name), { force: true });
}

const generated = new Set(["__pycache__", "dist", "node_modules"]);

/** SHA-256 over the names and contents of files and folders. */
export function hashOf(...paths) {
  const hash = createHash("sha256");
  const add = (path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat) return;
    if (stat.isDirectory())
      for (const entry of readdirSync(path).sort())
        if (!generated.has(entry) && !entry.endsWith(".egg-info")) add(join(path, entry));
    if (stat.isFile()) hash.update(path).update(readFileSync(path));
  };
  for (const path of paths) add(path);
  return hash.digest("hex");
}
