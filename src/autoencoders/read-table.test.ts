import "./engine/compat";
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type * as tf from "@tensorflow/tfjs-node";
import fc from "fast-check";
import { assertClose } from "./fixtures/fixtures";
import { pca } from "./pca";
import { readTable } from "./read-table";

const directory = mkdtempSync(join(tmpdir(), "table-"));
after(() => rmSync(directory, { recursive: true }));

const write = (text: string | Uint8Array, name = "given.csv") => {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
};
const values = async (text: string | Uint8Array, separator?: string) =>
  (await readTable(write(text), { separator })).values;

test("a table is found by its name, or any file by its path", async () => {
  write("name,height\nAda,1.65\nAlan,1.8\n", "heights.csv");
  const rows = [
    ["Ada", 1.65],
    ["Alan", 1.8],
  ];
  const path = join(directory, "heights.csv");
  for (const frame of [
    await readTable("heights", { directory }),
    await readTable("heights.csv", { directory }),
    await readTable(path),
  ]) {
    assert.deepEqual(frame.columns, ["name", "height"]);
    assert.deepEqual(frame.values, rows);
  }
  assert.deepEqual((await readTable("penguins")).shape, [333, 7]);
});

const numbers = fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }));
const texts = fc
  .string({ unit: "grapheme", maxLength: 6 })
  .map((text) => `x${text.replaceAll("\r", "").replaceAll("\0", "")}`);
const empty = fc.constant(Number.NaN);

test("any cells come back, whatever separates, quotes or ends them, with blank lines anywhere", async () => {
  const form = fc.record({
    separator: fc.constantFrom(",", ";", "\t", "|", " "),
    end: fc.constantFrom("\n", "\r\n"),
    blank: fc.array(fc.boolean(), { minLength: 9, maxLength: 9 }),
    mark: fc.boolean(),
    last: fc.boolean(),
  });
  const cells = fc.integer({ min: 2, max: 4 }).chain((width) =>
    fc.array(fc.array(fc.oneof(numbers, texts, empty), { minLength: width, maxLength: width }), {
      minLength: 1,
      maxLength: 6,
    }),
  );
  await fc.assert(
    fc.asyncProperty(cells, form, async (rows, { separator, end, blank, mark, last }) => {
      const quoted = (cell: string) => `"${cell.replaceAll('"', '""')}"`;
      const write = (cell: string | number) =>
        typeof cell === "string" ? quoted(cell) : Number.isNaN(cell) ? "" : String(cell);
      const lines = [rows[0].map((_, i) => `c${i}`), ...rows].map((row) =>
        row.map(write).join(separator),
      );
      const text =
        (mark ? "\ufeff" : "") +
        lines.map((line, i) => line + (blank[i] ? end + end : end)).join("") +
        (last ? end : "");
      const zero = (cell: string | number) => (cell === 0 ? 0 : cell);
      const read = (await values(text, separator)) as (string | number)[][];
      assert.deepEqual(
        read.map((row) => row.map(zero)),
        rows.map((row) => row.map(zero)),
      );
    }),
    { numRuns: 200 },
  );
});

test("an empty cell is NaN, in the tensor too, and pca names its row and column", async () => {
  const frame = await readTable(write("a,b,c\n1,2,3\n11,,33\n5,6,\n"));
  const tensor = frame.tensor as unknown as tf.Tensor;
  assertClose(tensor, [1, 2, 3, 11, Number.NaN, 33, 5, 6, Number.NaN], 0);
  assert.throws(() => pca(tensor, 1), /x must hold finite numbers, got NaN at row 1, column 1/);
  assert.deepEqual(frame.isNa().values, [
    [false, false, false],
    [false, true, false],
    [false, false, true],
  ]);
  assert.deepEqual(await values("a,b\n1,x\n2,\n,\n"), [
    [1, "x"],
    [2, Number.NaN],
    [Number.NaN, Number.NaN],
  ]);
});

test("a tab separates a .tsv file, and UTF-16 is read as Excel writes it", async () => {
  const frame = await readTable(write("a\tb\n1\t2,5\n", "excel.tsv"));
  assert.deepEqual(frame.values, [[1, "2,5"]]);
  const utf16 = Buffer.from("\ufeffGröße;b\n1;2\n", "utf16le");
  const large = await readTable(write(utf16), { separator: ";" });
  assert.deepEqual([large.columns, large.values], [["Größe", "b"], [[1, 2]]]);
});

test("a column without a name, as pandas and R write for the index, gets one", async () => {
  assert.deepEqual((await readTable(write(",a\n0,1\n1,2\n"))).columns, ["Unnamed: 0", "a"]);
});

test("a file that is no such table is refused, and the cure named", async () => {
  const refuses = (text: string | Uint8Array, pattern: RegExp, separator?: string) =>
    assert.rejects(() => values(text, separator), pattern);
  await refuses("", /given\.csv must be a table of separated values, got an empty file/);
  await refuses("\n \n\n", /got an empty file/);
  await refuses("a,b\n", /got a line of names and no rows/);
  await refuses("a,b\n1,2\n3\n", /got 1 cells in row 2 where the first line has 2 names/);
  await refuses("a,b\n1,2,3\n", /got 3 cells in row 1 .*; quote cells that hold the separator/);
  await refuses("a;b\n1;2\n", /got one column "a;b"; give \{ separator: ";" \}/);
  await refuses('a,b\n1,"2\n', /got a damaged quoted cell in row 1/);
  await refuses("a,a\n1,2\n", /got two columns "a"; rename one/);
  await refuses(Buffer.from("Größe,b\n1,2\n", "latin1"), /not UTF-8; save it as UTF-8/);
  await refuses("a\n1\n", /separator must be one character, such as ";", got ";;"/, ";;");
  await assert.rejects(
    () => readTable("weights", { directory }),
    /name must be one of "given", "heights", got "weights"; give the path of any other file/,
  );
  await assert.rejects(() => readTable("./none.csv"), /none\.csv must be a file, got ENOENT/);
  await assert.rejects(
    () => readTable("x", { directory: "/no/such" }),
    /directory must be a folder of tables, got \/no\/such \(ENOENT\)/,
  );
});
