// The library's own tests on the web engine: the same mathematics, whichever engine computes it.
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import nodeTest, { describe } from "node:test";
import { inWorkerScope, tensorflowWasm } from "../fixtures/web";

interface Suite {
  start(binary: Uint8Array): Promise<void>;
  offerFiles(paths: string[], read: (path: string) => Promise<Uint8Array>): void;
  /** Loads of the files with tests, by their names. */
  tests: Record<string, () => Promise<unknown>>;
}

/** Tests that write files by themselves, which a page cannot. */
const onDisk = [/^readIdx, mnist, fashionMnist/, /^readTable/, /^save, load/];

/** `node:test` without the tests that write files. */
function test(name: string, ...rest: [(context: unknown) => void]): Promise<void> {
  if (!onDisk.some((title) => title.test(name))) return nodeTest(name, ...rest);
  return nodeTest(name, { skip: "a page has no disk" });
}

const nodeRequire = createRequire(join(__dirname, "../fixtures/fixtures.js"));
const requireFrom = (name: string): unknown =>
  name === "node:test" ? Object.assign(test, nodeTest, { test }) : nodeRequire(name);
const suite = inWorkerScope(join(__dirname, "../page/tests.js"), "suite", {
  ...{ require: requireFrom, process, setImmediate },
}) as Suite;

describe("on the web engine", async () => {
  await suite.start(tensorflowWasm());
  const digits = resolve(__dirname, "../../../../data/mnist");
  suite.offerFiles(
    readdirSync(digits).map((name) => join(digits, name)),
    async (path) => readFileSync(path),
  );
  for (const load of Object.values(suite.tests)) await load();
});
