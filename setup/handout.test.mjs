import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { withoutSolutions } from "./handout.mjs";

const chapters = readdirSync("notebooks").filter((name) => /^\d\d-.*\.ipynb$/.test(name));
const read = (name) => JSON.parse(readFileSync(`notebooks/${name}`, "utf8"));
const isSolution = (cell) => cell.metadata?.tags?.includes("solution");

test("a handout holds no solution, every other cell, and unique cell ids", () => {
  for (const name of chapters) {
    const [before, after] = [read(name), withoutSolutions(read(name))];
    assert.equal(after.cells.some(isSolution), false, name);
    const kept = before.cells.filter((cell) => !isSolution(cell));
    const ids = new Set(after.cells.map(({ id }) => id));
    assert.equal(ids.size, after.cells.length, name);
    assert.ok(
      kept.every(({ id }) => ids.has(id)),
      name,
    );
  }
});

test("every exercise of a handout is followed by a cell to write in", () => {
  for (const name of chapters) {
    const { cells } = withoutSolutions(read(name));
    const solved = read(name).cells;
    for (const [i, cell] of solved.entries()) {
      if (!isSolution(cell)) continue;
      const exercise = solved.slice(0, i).findLast((one) => !isSolution(one));
      const at = cells.findIndex(({ id }) => id === exercise.id);
      assert.ok(
        [cells[at], cells[at + 1]].some((one) => one?.cell_type === "code"),
        exercise.id,
      );
    }
  }
});

test("a cell of code to fill in is not doubled, and several solutions make one cell", () => {
  const cell = (id, cell_type, tags = []) => ({ id, cell_type, metadata: { tags }, source: [] });
  const solution = ["solution"];
  const { cells } = withoutSolutions({
    cells: [
      cell("words", "markdown"),
      cell("a", "markdown", solution),
      cell("b", "code", solution),
      cell("yours", "code"),
      cell("c", "code", solution),
    ],
  });
  assert.deepEqual(
    cells.map(({ id, cell_type }) => [id, cell_type]),
    [
      ["words", "markdown"],
      ["a-yours", "code"],
      ["yours", "code"],
    ],
  );
  assert.ok(
    existsSync("docs/teaching.md") && readFileSync(".gitignore", "utf8").includes("\nhandout/\n"),
  );
});
