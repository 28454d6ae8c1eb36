import { spawnSync } from "node:child_process";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** A Chrome or Chromium that starts: CHROME_PATH, else one on the PATH, else undefined. */
export function findBrowser() {
  const candidates = process.env.CHROME_PATH ? [process.env.CHROME_PATH] : names;
  const found = candidates.find(
    (name) => spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0,
  );
  if (!found || found.includes("/")) return found;
  return spawnSync("sh", ["-c", `command -v ${found}`], { encoding: "utf8" }).stdout.trim();
}
