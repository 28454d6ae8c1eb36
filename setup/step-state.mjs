// State of a finished step in .cache/setup/: the key of its inputs, and sizes and times of its
// files. It is removed first and written last, atomically, so that a killed step runs again.
import { createHash } from "node:crypto";
import fs from "node:fs";
import { join } from "node:path";

const folder = join(".cache", "setup");
const file = (name) => join(folder, `${name.replaceAll(" ", "-")}.json`);

/** Hash of the sizes and times of files, and of folders' entries; undefined if one is missing. */
export function fingerprint(paths) {
  if (!paths.every((path) => fs.existsSync(path))) return undefined;
  const line = (path) => {
    const stat = fs.statSync(path);
    if (stat.isDirectory()) return `${path} ${fs.readdirSync(path).sort().join(" ")}`;
    return `${path} ${stat.size} ${Math.round(stat.mtimeMs)}`;
  };
  return createHash("sha256").update(paths.map(line).join("\n")).digest("hex");
}

/** State of a step as it was recorded: `{ key, made }`, or undefined. */
export function recorded(name) {
  try {
    return JSON.parse(fs.readFileSync(file(name), "utf8"));
  } catch {
    return undefined;
  }
}

export function record(name, state) {
  fs.mkdirSync(folder, { recursive: true });
  const draft = `${file(name)}.${process.pid}`;
  fs.writeFileSync(draft, JSON.stringify(state));
  fs.rmSync(file(name), { recursive: true, force: true });
  fs.renameSync(draft, file(name));
}

/** Remove the state of a step before it runs. */
export function forget(name) {
  fs.rmSync(file(name), { recursive: true, force: true });
}

const generated = /^(__pycache__|dist|node_modules)$|\.egg-info$/;

/** SHA-256 over the names and contents of files and folders. */
export function hashOf(...paths) {
  const hash = createHash("sha256");
  const add = (path) => {
    const stat = fs.statSync(path, { throwIfNoEntry: false });
    if (!stat) return;
    if (stat.isDirectory())
      for (const entry of fs.readdirSync(path).sort())
        if (!generated.test(entry)) add(join(path, entry));
    if (stat.isFile()) hash.update(path).update(fs.readFileSync(path));
  };
  for (const path of paths) add(path);
  return hash.digest("hex");
}
