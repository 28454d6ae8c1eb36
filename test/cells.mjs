// Lint and format of the TypeScript in notebook cells, by Biome, and names that no cell uses.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import ts from "typescript";
import { foreground } from "../setup/process.mjs";

const folder = ".cache/cells";

/** Code cells of a notebook, in order. */
export const codeCells = (path) =>
  JSON.parse(readFileSync(path, "utf8"))
    .cells.filter((cell) => cell.cell_type === "code")
    .map(({ source }) => (Array.isArray(source) ? source.join("") : source));

/** Write each cell as a file of its own, `NN-chapter/cell-03.ts`, counted from 1. */
function writeCells(notebooks) {
  rmSync(folder, { recursive: true, force: true });
  for (const path of notebooks) {
    const chapter = join(folder, basename(path, ".ipynb"));
    mkdirSync(chapter, { recursive: true });
    for (const [i, code] of codeCells(path).entries())
      writeFileSync(join(chapter, `cell-${String(i + 1).padStart(2, "0")}.ts`), `${code}\n`);
  }
}

const biome = (verb, paths, options = {}) =>
  foreground(
    process.execPath,
    [
      "node_modules/@biomejs/biome/bin/biome",
      verb,
      "--config-path=test/cells.json",
      "--error-on-warnings",
      ...paths,
    ],
    options,
  );

/** Names that a declaration brings into scope. */
function* declared(name) {
  if (ts.isIdentifier(name)) yield name;
  else for (const element of name.elements) if (element.name) yield* declared(element.name);
}

/** Identifiers that the top level of a cell declares. */
function* declarations(source) {
  for (const statement of source.statements)
    if (ts.isVariableStatement(statement))
      for (const { name } of statement.declarationList.declarations) yield* declared(name);
    else if (ts.isImportDeclaration(statement)) {
      const { name, namedBindings } = statement.importClause ?? {};
      if (name) yield name;
      if (namedBindings && ts.isNamespaceImport(namedBindings)) yield namedBindings.name;
      else for (const { name } of namedBindings?.elements ?? []) yield name;
    } else if (statement.name && ts.isIdentifier(statement.name)) yield statement.name;
}

/**
 * Names used in a cell: every identifier but declarations of its top level and names after a dot.
 */
function uses(source) {
  const own = new Set(declarations(source));
  const names = new Set();
  const visit = (node) => {
    const afterDot =
      ts.isPropertyAccessExpression(node.parent ?? node) && node.parent.name === node;
    if (ts.isIdentifier(node) && !own.has(node) && !afterDot) names.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return names;
}

/** `cell 3: name` for each name that the cells of a notebook declare and no cell uses. */
export function unusedNames(cells) {
  const sources = cells.map((code) =>
    ts.createSourceFile("cell.ts", code, ts.ScriptTarget.ES2022, true),
  );
  const used = new Set(sources.flatMap((source) => [...uses(source)]));
  return sources.flatMap((source, i) =>
    [...declarations(source)]
      .filter(({ text }) => !used.has(text) && !text.startsWith("_"))
      .map(({ text }) => `cell ${i + 1}: ${text}`),
  );
}

/** Chapters whose cells are not yet formatted, or hold unused names; the lists may only shrink. */
export const exempt = () => JSON.parse(readFileSync("test/exempt.json", "utf8"));

/** Lint all cells, check the format of chapters that are not exempt, and find unused names. */
export async function lintCells(notebooks) {
  writeCells(notebooks);
  const { unformattedCells, unusedNames: known } = exempt();
  let code = await biome("lint", [folder]);
  for (const path of notebooks) {
    const name = basename(path, ".ipynb");
    const chapter = join(folder, name);
    const quiet = unformattedCells.includes(name) ? { stdio: "ignore" } : {};
    const unformatted = await biome("format", [chapter], quiet);
    if (unformatted && !quiet.stdio) code = 1;
    if (!unformatted && quiet.stdio) {
      console.log(`${name}: its cells are formatted; remove it from test/exempt.json`);
      code = 1;
    }
    const unused = unusedNames(codeCells(path)).map((found) => `${name}, ${found}`);
    for (const found of unused.filter((one) => !known.includes(one))) {
      console.log(`${found} is never used; remove it`);
      code = 1;
    }
  }
  return code;
}
