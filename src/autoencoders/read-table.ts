// biome-ignore-all lint/suspicious/noTsIgnore: an error only where the optional peer is missing
import { readdir, readFile } from "node:fs/promises";
import { extname, join, resolve } from "node:path";
import { parse } from "papaparse";
import { dataDirectory } from "./datasets";
import { requireName } from "./preconditions";

/** danfo's data frame; `any` in a project without danfojs-node.
 * @ts-ignore */
export type DataFrame = import("danfojs-node").DataFrame;

/** Options of `readTable`. */
export interface TableOptions {
  /** Folder of the table; unless given, `data/` for a name and the working directory for a path. */
  directory?: string;
  /** Character between two cells; a tab for `.tsv` files and a comma for all others unless given. */
  separator?: string;
}

type Cell = string | number | boolean;

/**
 * Reads a table of separated values, as a danfo DataFrame: a small table of `data/` by its name, or
 * any file by its path.
 *
 * The first line names the columns. Cells may be quoted, blank lines are skipped, a byte-order mark
 * is taken off, and an empty cell is NaN, in columns of text too. Loads danfojs-node, an optional
 * peer, on first use. Rejects a file that is missing, empty, not UTF-8, or whose rows differ in
 * length, and a table whose separator is another one. Format: RFC 4180.
 */
export async function readTable(name: string, options: TableOptions = {}): Promise<DataFrame> {
  const path = await pathOf(name, options.directory);
  const fail = (what: string): never => {
    throw new Error(`${path} must be a table of separated values, ${what}`);
  };
  const { separator = extname(path).toLowerCase() === ".tsv" ? "\t" : "," } = options;
  if (typeof separator !== "string" || separator.length !== 1 || /["\r\n\ufeff]/.test(separator))
    throw new RangeError(
      `separator must be one character, such as ";", got ${JSON.stringify(separator)}`,
    );
  const rows = rowsOf(await readText(path, fail), separator, fail);
  const header = rows[0].map((column, i) => column || `Unnamed: ${i}`);
  requireSeparator(header, options.separator, fail);
  requireDistinct(header, fail);
  if (rows.length === 1) fail("got a line of names and no rows");
  const { DataFrame } = await loadDanfo();
  return new DataFrame(rows.slice(1).map(cellsOf), { columns: header });
}

async function pathOf(name: string, directory?: string): Promise<string> {
  if (typeof name === "string" && /[\\/]|\.\w+$/.test(name)) return resolve(directory ?? ".", name);
  const folder = directory ?? dataDirectory;
  const files = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    throw new Error(`directory must be a folder of tables, got ${folder} (${cause.code})`, {
      cause,
    });
  });
  const tables = files.filter((file) => file.endsWith(".csv")).map((file) => file.slice(0, -4));
  if (tables.length === 0)
    throw new Error(`directory must hold tables, got no .csv file in ${folder}; give a path`);
  requireName(name, "name", tables.sort(), "give the path of any other file");
  return join(folder, `${name}.csv`);
}

const encodings: [mark: number, encoding: string][] = [
  [0xfffe, "utf-16le"],
  [0xfeff, "utf-16be"],
];

async function readText(path: string, fail: (what: string) => never): Promise<string> {
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw new Error(`${path} must be a file, got ${cause.code}; check its path`, { cause });
  });
  const mark = 256 * bytes[0] + bytes[1];
  const encoding = encodings.find(([bom]) => bom === mark)?.[1] ?? "utf-8";
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes); // takes a byte-order mark off
  } catch {
    return fail("got bytes that are not UTF-8; save it as UTF-8");
  }
}

/** The cells as texts, all rows of one length. */
function rowsOf(text: string, delimiter: string, fail: (what: string) => never): string[][] {
  const { data, errors } = parse<string[]>(text, { delimiter });
  const quotes = errors.find(({ type }) => type === "Quotes");
  if (quotes) fail(`got a damaged quoted cell in row ${quotes.row} (${quotes.message})`);
  const isBlank = (row: string[]) => row.length === 1 && row[0].trim() === "";
  const rows = data.filter((row) => !isBlank(row));
  if (rows.length === 0) fail("got an empty file");
  const width = rows[0].length;
  const ragged = rows.findIndex((row) => row.length !== width);
  if (ragged >= 0)
    fail(
      `got ${rows[ragged].length} cells in row ${ragged} where the first line has ${width} names; ` +
        "quote cells that hold the separator, or fill the row up",
    );
  return rows;
}

function requireSeparator(
  header: string[],
  given: string | undefined,
  fail: (what: string) => never,
): void {
  if (header.length > 1 || given !== undefined) return;
  const other = [";", "\t", "|", ","].find((separator) => header[0].includes(separator));
  if (other)
    fail(
      `got one column ${JSON.stringify(header[0])}; give { separator: ${JSON.stringify(other)} }`,
    );
}

function requireDistinct(header: string[], fail: (what: string) => never): void {
  const twice = header.find((column, i) => header.indexOf(column) !== i);
  if (twice !== undefined) fail(`got two columns ${JSON.stringify(twice)}; rename one`);
}

const isNumber = /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i;

/** Numbers and booleans of a row as such, NaN for an empty cell, any other text as it is. */
function cellsOf(row: string[]): Cell[] {
  return row.map((text) => {
    if (text.trim() === "") return Number.NaN;
    if (isNumber.test(text)) return Number(text);
    if (/^(true|false)$/i.test(text)) return text.toLowerCase() === "true";
    return text;
  });
}

function loadDanfo(): Promise<typeof import("danfojs-node")> {
  return import("danfojs-node").catch((cause: unknown) => {
    throw new Error("readTable must have danfojs-node; install it with: npm install danfojs-node", {
      cause,
    });
  });
}
