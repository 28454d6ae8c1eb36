// Chapters run whole in their own pages, on all the data, and their claims are judged there.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { launch, openOffline } from "./offline-page";
import { python, root } from "./trial-page";

interface Result {
  ok: boolean;
  text: string;
  claims: { text: string; holds: boolean }[];
}

const reports = path.join(root, "reports");
const chapters = ["00", "04", "08", "12"];

const FORMULA = /^(eigenvalue|gradient(, formula| in W1)|loss, 784 rows|not centered)/;

let browser: Browser;
before(async () => {
  const command = ["-m", "autoencoder_report", "build", ...chapters];
  const built = spawnSync(python, command, { cwd: root, encoding: "utf8" });
  assert.equal(built.status, 0, `the pages must be written:\n${built.stdout}\n${built.stderr}`);
  browser = await launch();
});
after(() => browser?.close());

/** Runs all cells of a chapter's page, each as `change` leaves it. */
async function runChapter(number: string, change = (source: string) => source): Promise<Result[]> {
  const file = readdirSync(reports).find(
    (name) => name.startsWith(`${number}-`) && name.endsWith(".html"),
  );
  const { page } = await openOffline(browser, path.join(reports, file!), {});
  page.setDefaultTimeout(0);
  const sources = (await page.evaluate(
    'JSON.parse(document.getElementById("notebook").textContent).cells.filter((one) => one.type === "code" && one.source.trim()).map((one) => one.source)',
  )) as string[];
  const results: Result[] = [];
  for (const [i, source] of sources.entries()) {
    const changed = change(source);
    if (changed !== source) await page.evaluate(`notebook.edit(${i}, ${JSON.stringify(changed)})`);
    results.push(await page.evaluate(`notebook.run(${i})`));
  }
  await page.context().close();
  return results;
}

for (const number of ["00", "08", "12"])
  test(`chapter ${number} in its page: every cell runs, and every claim holds`, async () => {
    const results = await runChapter(number);
    assert.deepEqual(
      results.filter(({ ok }) => !ok).map(({ text }) => text),
      [],
    );
    assert.ok(results.flatMap(({ claims }) => claims).length > 10);
  });

test("chapter 04 in its page with a tenth of its steps: every cell runs, and the claims of formulas hold", async () => {
  const tenth = (source: string) =>
    source
      .replace(
        /\b(steps8?|epochs|steps) ?(=|:) ?(\d{3,})\b/g,
        (_, name, sign, n) => `${name} ${sign} ${n / 10}`,
      )
      .replace("step % 100 !== 0", "step % 10 !== 0");
  const results = await runChapter("04", tenth);
  const failed = results.filter(({ ok, claims }) => !ok && claims.every(({ holds }) => holds));
  assert.deepEqual(
    failed.map(({ text }) => text),
    [],
  );
  // The others measure how far training has come.
  const formulas = results.flatMap(({ claims }) => claims).filter(({ text }) => FORMULA.test(text));
  assert.equal(formulas.length, 8);
  assert.deepEqual(
    formulas.filter(({ holds }) => !holds),
    [],
  );
});
