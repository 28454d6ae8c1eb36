import assert from "node:assert/strict";
import { test } from "node:test";
import { table } from "./table";

const cells = (rows: Record<string, number | string | null>[], digits?: number) =>
  [
    ...String(table(rows, { digits }).toBundle()["text/html"]).matchAll(/<td[^>]*>(.*?)<\/td>/g),
  ].map(([, text]) => text);

test("the numbers of a column have as many decimals as its largest needs for `digits` digits", () => {
  assert.deepEqual(cells([{ a: 346.31234 }, { a: 0.63091 }, { a: 12 }]), [
    "346.31",
    "0.63",
    "12.00",
  ]);
  assert.deepEqual(cells([{ a: 1.5 }, { a: 3 }]), ["1.5", "3.0"]);
});

test("whole numbers stay whole, and numbers of very different size are each written for themselves", () => {
  assert.deepEqual(cells([{ a: 60000 }, { a: 7 }]), ["60000", "7"]);
  assert.deepEqual(cells([{ a: 12.3456 }, { a: 1.5e-7 }]), ["12.346", "1.500e-7"]);
});

test("columns of numbers stand to the right, text and missing values to the left, all escaped", () => {
  const markup = String(table([{ "<b>": "<i>", n: 1, gap: null }]).toBundle()["text/html"]);
  assert.match(
    markup,
    /<th style="text-align:left">&#60;b&#62;<\/th><th style="text-align:right">n<\/th>/,
  );
  assert.match(
    markup,
    /<td style="text-align:left">&#60;i&#62;<\/td><td style="text-align:right">1<\/td>/,
  );
});

test("a value stands below its own key, whatever the order of a record's keys, and a missing one is empty", () => {
  const rows: Record<string, number>[] = [
    { a: 1, b: 2 },
    { b: 3, a: 4 },
    { b: 5, c: 6 },
  ];
  assert.deepEqual(cells(rows), ["1", "2", "", "4", "3", "", "", "5", "6"]);
});

test("a table is shown as a cell's last expression too", () => {
  const shown = table([{ a: 1 }]);
  const display = Reflect.get(shown, Symbol.for("Jupyter.display")) as () => unknown;
  assert.deepEqual(display(), shown.toBundle());
});

test("a table without a row is refused", () => {
  assert.throws(() => table([]), /at least one row, got none/);
});
