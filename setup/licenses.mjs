// The license of every package that set-up installs, by license: Node packages from the lock file,
// Python's from the `.venv`.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { python } from "./python.mjs";

const listPython = `
import importlib.metadata as m, json
print(json.dumps([[d.metadata["Name"], d.version, d.metadata.get("License-Expression") or next((c.split(" :: ")[-1]
    for c in d.metadata.get_all("Classifier") or [] if c.startswith("License ::")), (d.metadata.get("License") or "").split("\\n")[0][:60])]
    for d in m.distributions()]))`;

/** [name@version, license] of every package of a lock file. */
export const nodeLicenses = (lock) =>
  Object.entries(lock.packages)
    .filter(([path, { link }]) => path.includes("node_modules/") && !link)
    .map(([path, one]) => [`${path.split("node_modules/").pop()}@${one.version}`, one.license]);

/**
 * Lines `license (count): packages`, the most frequent first; what names no license comes under
 * "not stated".
 */
export function byLicense(packages) {
  const all = new Map();
  for (const [name, license] of packages) {
    const key = license || "not stated";
    all.set(key, [...(all.get(key) ?? []), name]);
  }
  const line = ([license, names]) =>
    `${license} (${names.length}): ${[...new Set(names)].sort().join(", ")}`;
  return [...all].sort(([, a], [, b]) => b.length - a.length).map(line);
}

export function printLicenses() {
  const node = nodeLicenses(JSON.parse(readFileSync("package-lock.json", "utf8")));
  const listed = JSON.parse(execFileSync(python, ["-c", listPython], { encoding: "utf8" }));
  const ofPython = listed.map(([name, version, license]) => [`${name}@${version}`, license]);
  console.log(["Node packages", "", ...byLicense(node)].join("\n"));
  console.log(["", "Python packages", "", ...byLicense(ofPython)].join("\n"));
  console.log("\nData: data/README.md");
  return 0;
}
