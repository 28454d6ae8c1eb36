import { readFileSync } from "node:fs";
import type { Debugger } from "node:inspector";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Source, type SourceText, sourceBySourceMap } from "../convert/source";
import type { Position } from "../convert/source-position";
import { Catches } from "./catches";
import type { Inspector } from "./inspector";

const KERNEL = path.resolve(__dirname, "..");
const TSLAB = path.dirname(require.resolve("tslab/package.json"));
const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const inFolder = (folder: string): string => `^(file://)?${escaped(folder)}/`;
const CELL_URL = /^(cell|silent)\[\d+\]$/;

/** Scripts that the debugger passes over: Node's own, tslab and the kernel. */
export const HIDDEN_SCRIPTS = ["^node:", "^evalmachine", inFolder(KERNEL), inFolder(TSLAB)];
/** Scripts that may have a source of the reader's. */
export const READERS_FILES = `^(?!${inFolder(KERNEL).slice(1)})file://(?!.*/node_modules/)`;
const hidden = HIDDEN_SCRIPTS.map((pattern) => new RegExp(pattern));

/** A place in a script where V8 can pause. */
interface Stop {
  at: Debugger.Location;
  original: Position;
}

/** A script that V8 has compiled. */
export class Script {
  readonly hidden: boolean;
  readonly file: string | undefined;
  readonly source: Promise<Source | undefined>;
  #stops: Promise<Stop[]> | undefined;
  #catches: Promise<Catches> | undefined;

  constructor(
    readonly id: string,
    readonly url: string,
    sourceMapUrl: string,
    private readonly inspector: Inspector,
  ) {
    this.hidden = url === "" || hidden.some((pattern) => pattern.test(url));
    this.file = url.startsWith("file:")
      ? fileURLToPath(url)
      : path.isAbsolute(url)
        ? url
        : undefined;
    this.source = this.#find(sourceMapUrl);
  }

  get isCell(): boolean {
    return CELL_URL.test(this.url);
  }

  async #find(sourceMapUrl: string): Promise<Source | undefined> {
    if (this.hidden || sourceMapUrl === "") return undefined;
    const name = this.isCell ? this.url : this.file;
    if (name === undefined || name.includes("/node_modules/")) return undefined;
    const text = await this.inspector.call<SourceText | undefined>("source", name);
    return text ? new Source(text) : sourceBySourceMap(this.url, sourceMapUrl);
  }

  async text(): Promise<string> {
    const { scriptSource } = await this.inspector.post<Debugger.GetScriptSourceReturnType>(
      "Debugger.getScriptSource",
      { scriptId: this.id },
    );
    return scriptSource;
  }

  /**
   * First place at or after a place of the source where V8 can pause; a later line only where this
   * one has none.
   */
  async stopAt(line: number, column = 1): Promise<Stop | undefined> {
    this.#stops ??= this.#findStops();
    let found: Stop | undefined;
    for (const stop of await this.#stops) {
      const { original } = stop;
      if (original.line < line || (original.line === line && original.column < column)) continue;
      if (!found || original.line < found.original.line) found = stop;
    }
    return found;
  }

  async #findStops(): Promise<Stop[]> {
    const source = await this.source;
    const start = { scriptId: this.id, lineNumber: 0, columnNumber: 0 };
    const { locations } = await this.inspector.post<Debugger.GetPossibleBreakpointsReturnType>(
      "Debugger.getPossibleBreakpoints",
      { start },
    );
    return locations.flatMap(({ scriptId, lineNumber, columnNumber = 0 }) => {
      const original = source
        ? source.original(lineNumber, columnNumber)
        : { line: lineNumber + 1, column: columnNumber + 1 };
      return original ? [{ at: { scriptId, lineNumber, columnNumber }, original }] : [];
    });
  }

  /** The script's `try` statements. */
  catches(): Promise<Catches> {
    this.#catches ??= this.text().then((text) => new Catches(text));
    return this.#catches;
  }
}

/** Scripts of a cell or a file, by a path of it. */
export async function scriptsAt(scripts: Iterable<Script>, place: string): Promise<Script[]> {
  const found: Script[] = [];
  for (const script of scripts) {
    const source = await script.source;
    if (source ? source.paths.includes(place) : script.file === place) found.push(script);
  }
  return found;
}

/** Text of a script or of a file, by its path. */
export async function contentAt(
  scripts: Iterable<Script>,
  place: string,
): Promise<string | undefined> {
  const [script] = await scriptsAt(scripts, place);
  if (script) return (await script.source)?.code ?? script.text();
  try {
    return readFileSync(place, "utf8");
  } catch {
    return undefined;
  }
}

/** Files of the scripts, without those of packages. */
export async function filesOf(scripts: Iterable<Script>): Promise<string[]> {
  const files = new Set<string>();
  for (const script of scripts) {
    const { path: file = script.file } = script.isCell ? {} : ((await script.source) ?? {});
    if (file !== undefined && !file.includes("/node_modules/")) files.add(file);
  }
  return [...files];
}
