import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { printed } from "../fixtures/printed";

const folder = mkdtempSync(join(tmpdir(), "progress-"));
after(() => rmSync(folder, { recursive: true, force: true }));

type Library = typeof import("./index");
const right = (c: number, lambda: number, a: number) =>
  (Math.sign(c) * Math.max(0, Math.abs(c) - lambda / 2)) / a ** 2;

/** What a fresh kernel prints that does something, with the progress kept in `file`. */
function session(
  file: string,
  act: (tell: (yours: () => unknown) => void, library: Library) => void,
): string {
  process.env.AE_PROGRESS = file;
  for (const module of ["index", "check", "progress"])
    delete require.cache[join(__dirname, `${module}.js`)];
  const library = require("./index") as Library;
  return printed(() => act((yours) => library.check("07 soft threshold", yours), library));
}
const twoWrong: Parameters<typeof session>[1] = (tell, { progress }) => {
  tell(() => 0);
  tell(() => 1);
  progress();
};
const row = (text: string) =>
  text.split("\n").find((line) => /^. 07 soft threshold {2}/.test(line));
const path = (name: string) => join(folder, name);

test("wrong tries are counted until the first right one, from kernel to kernel; what is to do or a solution's is not", () => {
  const file = path("a.json");
  const first = session(file, (tell, { check, progress, todo }) => {
    tell(() => todo());
    check("07 soft threshold", right, { solution: true });
    progress();
  });
  assert.match(row(first) ?? "", /^○ .* {2}to do$/);
  assert.deepEqual(readdirSync(folder), []);
  const after = (...all: ((...given: never[]) => unknown)[]) =>
    row(
      session(file, (tell, { progress }) => {
        for (const yours of all) tell(yours as never);
        progress();
      }),
    ) ?? "";
  assert.match(
    after(
      () => 0,
      () => 1,
    ),
    /^✗ .* {2}not yet, 2 tries$/,
  );
  assert.match(after(right), /^✓ .* {2}right, after 2 wrong tries$/);
  assert.match(
    after(() => 0),
    /^✓ .* {2}right, after 2 wrong tries$/,
  );
  assert.deepEqual(readdirSync(folder), ["a.json"]);
});

test("a damaged file is set aside, whole, and said so; progress begins anew", () => {
  for (const [i, damage] of [
    '{"07 soft thre',
    "[]",
    '{"07 soft threshold": {"tries": "2"}}',
    "null",
    "",
  ].entries()) {
    const name = `b${i}.json`;
    writeFileSync(path(name), damage);
    const said = session(path(name), (tell) => tell(right as never));
    assert.match(
      said,
      /b\d\.json was damaged \(.+\); it is kept as .+\.damaged-\d+, and progress begins anew\n/,
    );
    const aside = readdirSync(folder).find((one) => one.startsWith(`${name}.damaged-`)) as string;
    assert.equal(readFileSync(path(aside), "utf8"), damage);
    assert.match(
      row(session(path(name), (_, { progress }) => progress())) ?? "",
      /^✓ .* {2}right$/,
    );
  }
});

test("what a newer version kept is not lost", () => {
  const file = path("c.json");
  writeFileSync(file, '{"99 of tomorrow": {"tries": 4, "right": true, "note": "x"}}');
  session(file, (tell) => tell(right as never));
  const kept = JSON.parse(readFileSync(file, "utf8"));
  assert.deepEqual(kept["99 of tomorrow"], { tries: 4, right: true, note: "x" });
  assert.deepEqual(kept["07 soft threshold"], { tries: 0, right: true });
});

test("a disk that refuses fails no cell: it is said once, and the kernel remembers until it stops", () => {
  const said = session(path("a.json/below/file.json"), twoWrong);
  assert.equal(said.match(/progress is kept until the kernel stops, no longer: /g)?.length, 1);
  assert.match(row(said) ?? "", /^✗ .* {2}not yet, 2 tries$/);
});

test("where none is kept nothing is written or said", () => {
  const said = session("off", twoWrong);
  assert.match(said, /^✗ not yet .*\n(.*\n)+0 of \d+ right; not kept on disk\n$/);
  assert.match(row(said) ?? "", /not yet, 2 tries$/);
});
