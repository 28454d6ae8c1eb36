import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { codeCells } from "./typecheck-cells";

const folder = mkdtempSync(path.join(tmpdir(), "cells-"));
after(() => rmSync(folder, { recursive: true }));

test("what is no notebook, and a cell without text, is refused by name", () => {
  const file = path.join(folder, "a.ipynb");
  const read = (notebook: unknown) => {
    writeFileSync(file, JSON.stringify(notebook));
    return codeCells(file);
  };
  for (const other of [null, 3, [], {}, { cells: {} }])
    assert.throws(() => read(other), /is not a notebook: it has no/);
  for (const source of [undefined, 3, {}, ["a", 3]])
    assert.throws(
      () => read({ cells: [{ cell_type: "code", source }] }),
      /the source of code cell 1 must be text/,
    );
  assert.deepEqual(read({ cells: [null, { cell_type: "code", source: ["a\n", "b"] }] }), [
    { code: "a\nb", metadata: {} },
  ]);
});
