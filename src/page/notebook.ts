import type { EditorView } from "@codemirror/view";
import { editor } from "./editor";
import { element, forgetDisplays, OutputArea, type Result } from "./outputs";
import { MissingFile, takePicked } from "./parts";
import {
  codeCells,
  dropWork,
  type GivenNotebook,
  giveFile,
  ipynb,
  keepWork,
  pageFile,
  type Work,
} from "./save";
import { type Ended, Session } from "./session";
import { duration, Estimate } from "./times";
import { type Ask, mark, Types, typed } from "./types";
import type { Finding } from "./types/requests";

export interface CellResult extends Result {
  ok: boolean;
}

type State = "new" | "waiting" | "running" | "ok" | "failed" | "lost";

const STATES: Record<State, string> = {
  new: "",
  waiting: "waits",
  running: "runs",
  ok: "your run",
  failed: "your run: failed",
  lost: "not run",
};

/** Errors by which browsers refuse memory. */
const NO_MEMORY =
  /allocation failed|out of memory|Cannot enlarge memory|invalid array length|the heap must have/i;
const FEWER_EXAMPLES = 10_000;
const KEEP_MS = 400;
/** Said where a file is missing, as where a page was mailed alone. */
const SENDER =
  "It is in the folder that the page comes from; who made the page can put it inside: npm run report -- --standalone.";
/** Cells with type errors that the bar names. */
const MOST_NAMED = 8;
const SOLVED = /^✓ right \| (.+?) \|/m;

/** A listing in the place of one that the author hid. */
const HIDDEN =
  '<details class="code" hidden><summary></summary><div class="listing"><pre><code></code></pre></div></details>';

/**
 * Places of as many code cells, in order. A cell that the author hid with its outputs gets one
 * after the cell before it, where its error is seen.
 */
function placesOf(count: number): HTMLElement[] {
  const shown = [...document.querySelectorAll<HTMLElement>("main .cell[data-cell]")];
  const byNumber = new Map(shown.map((place) => [Number(place.dataset.cell), place]));
  const places: HTMLElement[] = [];
  for (let number = 1; number <= count; number++) {
    let place = byNumber.get(number);
    if (!place) {
      place = element("div", "cell removed");
      place.dataset.cell = String(number);
      const before = places.at(-1);
      if (before) before.after(place);
      else if (shown[0]) shown[0].before(place);
      else document.querySelector("main")!.append(place);
    }
    if (!place.querySelector("details.code")) place.insertAdjacentHTML("afterbegin", HIDDEN);
    places.push(place);
  }
  return places;
}

/** A code cell on the page: its listing or editor, its buttons, its outputs. */
class PageCell {
  readonly outputs: OutputArea;
  readonly tools = element("div", "cell-tools");
  readonly #status = element("span", "cell-status");
  readonly #typeErrors = element("span", "type-errors");
  readonly #details: HTMLElement;
  readonly #listing: HTMLElement;
  readonly #code: HTMLElement;
  #view: EditorView | undefined;
  #state: State = "new";

  constructor(
    readonly number: number,
    readonly place: HTMLElement,
    public source: string,
    readonly seconds: number | undefined,
    private readonly actions: {
      run(cell: PageCell): void;
      runTo(cell: PageCell): void;
      changed(): void;
      asker(cell: PageCell): Ask;
    },
  ) {
    this.#details = place.querySelector<HTMLElement>("details.code")!;
    this.#listing = place.querySelector<HTMLElement>(".listing")!;
    Object.assign(this.#listing, { written: () => this.source });
    this.#code = this.#listing.querySelector("pre")!;
    const [run, to] = [element("button", "run", "Run"), element("button", "run-to", "Run to here")];
    run.setAttribute("aria-label", `Run cell ${number}`);
    to.setAttribute("aria-label", `Run to here, cell ${number}`);
    run.addEventListener("click", () => actions.run(this));
    to.addEventListener("click", () => actions.runTo(this));
    for (const button of [run, to]) button.type = "button";
    this.tools.append(run, to, this.#status, this.#typeErrors);
    this.#details.after(this.tools);
    this.outputs = new OutputArea(place);
    this.#becomeEditable();
    this.#hide();
  }

  get state(): State {
    return this.#state;
  }

  mark(state: State, said = STATES[state]): void {
    this.#state = state;
    this.place.dataset.ran = state;
    this.#status.textContent = said;
    this.#hide();
  }

  /** Keeps out of sight what the author hid, unless it fails. */
  #hide(): void {
    this.tools.hidden = this.#details.hidden && this.#state !== "failed";
    this.place.hidden = this.tools.hidden && this.place.matches(".removed");
  }

  #edited(text: string): void {
    this.source = text;
    this.place.dataset.edited = "1";
    const folded = this.#details.querySelector("summary .folded");
    const lines = text.split("\n").filter((line) => line.trim());
    const code = element("code", "", lines[0]?.trim());
    folded?.replaceChildren(`${lines.length} line${lines.length === 1 ? "" : "s"} of code: `, code);
    this.actions.changed();
  }

  /** The listing takes the focus; then the editor is made in its place. */
  #becomeEditable(): void {
    const code = this.#code;
    code.tabIndex = 0;
    code.setAttribute("role", "textbox");
    code.setAttribute("aria-multiline", "true");
    code.setAttribute("aria-label", `Code of cell ${this.number}; Shift+Enter runs it`);
    let pressed: PointerEvent | undefined;
    code.addEventListener("pointerdown", (event) => {
      pressed = event;
    });
    code.addEventListener("focus", () => this.edit(pressed));
  }

  edit(at?: { clientX: number; clientY: number }): void {
    const view = this.#editor();
    view.focus();
    const position = at && view.posAtCoords({ x: at.clientX, y: at.clientY });
    if (typeof position === "number") view.dispatch({ selection: { anchor: position } });
  }

  #editor(): EditorView {
    if (this.#view) return this.#view;
    this.#view = editor({
      label: `Code of cell ${this.number}; Shift+Enter runs it, Escape leaves it`,
      text: this.source,
      changed: (text) => this.#edited(text),
      leave: () => this.#leave(),
      run: () => this.actions.run(this),
      more: typed(this.actions.asker(this)),
    });
    this.#code.replaceWith(this.#view.dom);
    this.#listing.addEventListener("keydown", (event) => this.#command(event));
    return this.#view;
  }

  /** Marks type errors in the editor, which is made for them, and counts them beside the buttons. */
  showTypeErrors(findings: readonly Finding[]): void {
    const n = findings.length;
    this.#typeErrors.textContent = n === 0 ? "" : `${n} type error${n > 1 ? "s" : ""}`;
    if (n > 0 || this.#view) mark(this.#editor(), findings);
  }

  /** Out of the editor, to the cell, where Enter goes back in. */
  #leave(): void {
    this.#listing.tabIndex = -1;
    this.#listing.focus();
  }

  #command(event: KeyboardEvent): void {
    if (event.target !== this.#listing || event.key !== "Enter") return;
    event.preventDefault();
    if (event.shiftKey || event.ctrlKey || event.metaKey) this.actions.run(this);
    else this.edit();
  }

  write(source: string): void {
    if (this.#view) {
      const { length } = this.#view.state.doc;
      this.#view.dispatch({ changes: { from: 0, to: length, insert: source } });
    } else this.#code.querySelector("code")!.textContent = source;
    this.#edited(source);
  }
}

/** All cells of a page, and the kernel that runs them. */
export class Notebook {
  readonly #given: GivenNotebook;
  readonly #original: HTMLElement;
  readonly #solved: Work["solved"] = {};
  #keeping: ReturnType<typeof setTimeout> | undefined;
  readonly #cells: PageCell[];
  readonly #session: Session;
  readonly #bar = element("div", "runner");
  readonly #status = element("span", "runner-status");
  readonly #said = element("span", "announced");
  readonly #typesNote = element("span", "runner-types", "Types are stripped, not checked.");
  #types: Promise<Types> | undefined;
  #checks = 0;
  readonly #estimate = new Estimate();
  /** Grows with each Stop and Restart: what was queued before is not run. */
  #era = 0;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(given: GivenNotebook, original: HTMLElement) {
    this.#given = given;
    this.#original = original;
    const code = codeCells(given);
    const actions = {
      changed: () => this.#changed(),
      run: (cell: PageCell) => void this.#runSome([cell]),
      runTo: (cell: PageCell) => void this.#runSome(this.#cells.slice(0, cell.number)),
      asker:
        (cell: PageCell): Ask =>
        (method, index) =>
          this.#types?.then((types) =>
            types.ask({ method, cells: this.#typedCells, cell: cell.number - 1, index }),
          ),
    };
    this.#cells = placesOf(code.length).map((place, i) => {
      const { source, seconds } = code[i]!;
      return new PageCell(i + 1, place, source, seconds, actions);
    });
    for (const cell of this.#cells) {
      const { source, outputs } = code[cell.number - 1]!;
      const listed = cell.place.querySelector(".listing code")!.textContent!;
      if (given.saved && listed.trim() !== source.trim()) cell.write(source);
      if (!outputs) continue;
      cell.outputs.restore(outputs);
      cell.mark("lost", "your saved run");
    }
    this.#session = new Session({
      shown: (number, output) => this.#cell(number).outputs.show(output),
      lost: (reason) => this.#lost(reason),
      missing: (file) => this.#ask(file, this.#cell(this.#session.running ?? 1).tools),
    });
    this.#makeBar();
  }

  get size(): number {
    return this.#cells.length;
  }

  start(): Promise<void> {
    return this.#session.start();
  }

  #cell(number: number): PageCell {
    return this.#cells[number - 1]!;
  }

  #makeBar(): void {
    const button = (text: string, act: () => void, short?: string): HTMLButtonElement => {
      const made = element("button");
      made.append(element("span", "", text));
      made.type = "button";
      if (short) Object.assign(made, { ariaLabel: text }).dataset.short = short;
      made.addEventListener("click", act);
      return made;
    };
    this.#bar.setAttribute("role", "toolbar");
    this.#bar.setAttribute("aria-label", "Run this page");
    this.#said.setAttribute("role", "status");
    this.#bar.append(
      button("Run all", () => void this.#runSome(this.#cells)),
      button("Stop", () => this.stop()),
      button("Restart", () => void this.restart()),
      button("Save", () => void this.#save()),
      button("Download as .ipynb", () => void this.#download(), ".ipynb"),
      button("Check types", () => void this.check().catch(() => {}), "Types"),
      this.#typesNote,
      this.#status,
      this.#said,
    );
    document.querySelector("header.bar")!.after(this.#bar);
    addEventListener("pagehide", () => this.#keeping && this.#keep());
    this.#status.textContent = "Click a listing to edit it; Shift+Enter runs it.";
  }

  /** Words beside the buttons, which are not announced; a narrow bar shows the latest alone. */
  #tell(words: string, place = this.#status): void {
    place.textContent = words;
    this.#bar.dataset.latest = place === this.#status ? "status" : "types";
  }

  /** Words for a screen reader, and nothing else. */
  #announce(words: string): void {
    this.#said.textContent = words;
  }

  /** Runs cells one after the other until one fails; those of an earlier wish come first. */
  #runSome(some: readonly PageCell[]): Promise<void> {
    const era = this.#era;
    for (const cell of some) cell.mark("waiting");
    const ran = this.#queue.then(() => this.#runAll(some, era));
    this.#queue = ran.catch(() => {});
    return ran;
  }

  async #runAll(some: readonly PageCell[], era: number): Promise<void> {
    const many = some.length > 1;
    this.#announce(many ? `Running ${some.length} cells` : `Running cell ${some[0]!.number}`);
    const began = performance.now();
    let done = 0;
    let failed: PageCell | undefined;
    for (const cell of some) {
      if (era !== this.#era) break;
      const left = some.slice(done).map(({ seconds }) => seconds);
      const soon = this.#estimate.words(left);
      this.#tell(`${many ? `Cell ${done + 1} of ${some.length}` : `Cell ${cell.number}`}${soon}`);
      const { ok, alone, stopped } = await this.#runOne(cell);
      if (!ok && !alone) {
        if (many && !stopped) failed = cell;
        break;
      }
      done++;
    }
    for (const cell of some) if (cell.state === "waiting") cell.mark("lost");
    const took = duration((performance.now() - began) / 1000);
    const words = this.#summary(some, done, took);
    this.#tell(words);
    this.#announce(words);
    if (failed) this.#offerToGo(failed);
  }

  /** Button in the bar that leads to a cell. */
  #offerToGo(cell: PageCell): void {
    const go = element("button", "go", `Go to cell ${cell.number}, which failed`);
    go.addEventListener("click", () => {
      let around = cell.place.closest("details");
      for (; around; around = around.parentElement!.closest("details")) around.open = true;
      cell.place.scrollIntoView();
      cell.tools.querySelector("button")!.focus({ preventScroll: true });
    });
    this.#status.append(" ", go);
  }

  #summary(some: readonly PageCell[], done: number, took: string): string {
    const claims = some.flatMap(({ outputs }) => outputs.result.claims);
    const held = claims.filter(({ holds }) => holds).length;
    const one = some.length === 1;
    const part = done === some.length ? `${done}` : `${done} of ${some.length}`;
    const ran = one && done === 0 ? "failed" : "ran";
    return `${one ? `Cell ${some[0]!.number}` : `${part} cells`} ${ran} in ${took}${claims.length > 0 ? `; ${held} of ${claims.length} claims hold` : ""}`;
  }

  async #runOne(cell: PageCell): Promise<Ended> {
    cell.mark("running", `runs${this.#estimate.words([cell.seconds])}`);
    cell.outputs.begin();
    let ended: Ended;
    try {
      ended = await this.#session.run(cell.number, cell.source);
    } catch (error) {
      ended = { ok: false, alone: false, stopped: false, ms: 0 };
      const evalue = `the kernel of this page could not start: ${(error as Error).message}`;
      const traceback = [evalue];
      cell.outputs.show({ kind: "error", ename: "Error", evalue, traceback, alone: false });
    }
    const seconds = ended.ms / 1000;
    if (ended.ok) this.#estimate.learn(cell.seconds, seconds);
    cell.outputs.end(ended.stopped && !ended.ok && cell.outputs.result.text === "");
    if (ended.ok) this.#noteSolved(cell);
    if (ended.ok || ended.alone) cell.mark("ok", `your run: ${duration(seconds)}`);
    else if (cell.state === "running") cell.mark("failed");
    if (!ended.ok && !ended.alone && !ended.stopped) this.#offerCure(cell);
    return ended;
  }

  /** Offers what most often cures an error: to run the cells above, or to read fewer digits. */
  #offerCure(cell: PageCell): void {
    const { text } = cell.outputs.result;
    const upTo = this.#cells.slice(0, cell.number);
    const above = upTo.slice(0, -1).filter(({ state }) => state !== "ok");
    if (above.length > 0 && /is not defined/.test(text))
      this.#offer(cell, "Run the cells above, then this one", [...above, cell]);
    if (this.#session.mostExamples || !NO_MEMORY.test(text)) return;
    this.#offer(cell, "Start again with 10,000 digits; claims are not judged then", upTo, () => {
      this.#session.mostExamples = FEWER_EXAMPLES;
      for (const { outputs } of this.#cells) outputs.unjudged = true;
      return this.restart();
    });
  }

  #offer(
    cell: PageCell,
    words: string,
    some: readonly PageCell[],
    first?: () => Promise<void>,
  ): void {
    const offer = element("button", "offer", words);
    offer.type = "button";
    offer.addEventListener("click", async () => {
      offer.remove();
      await first?.();
      void this.#runSome(some);
    });
    for (const old of cell.tools.querySelectorAll(".offer")) old.remove();
    cell.tools.append(offer);
  }

  /** The worker is gone: nothing that cells defined is left. */
  #lost(reason: string): void {
    this.#era++;
    const running = this.#session.running;
    forgetDisplays();
    for (const cell of this.#cells) if (cell.state !== "new") cell.mark("lost");
    if (running === undefined) return;
    const cell = this.#cell(running);
    const evalue = `${reason}, so its worker was ended; what the cells above defined is gone`;
    const traceback = [`Stopped: ${evalue}`];
    cell.outputs.show({ kind: "error", ename: "Stopped", evalue, traceback, alone: false });
    const above = this.#cells.slice(0, running - 1).filter(({ state }) => state === "lost");
    if (above.length > 0) this.#offer(cell, "Run the cells above", above);
  }

  /** Asks for a file that is not beside the page. */
  #ask(file: string, after: HTMLElement): Promise<void> {
    const box = element("div", "output ask");
    const label = element(
      "label",
      "",
      `${file} must lie beside this page. ${SENDER} Pick it here: `,
    );
    const picker = element("input");
    picker.type = "file";
    picker.accept = ".js";
    label.append(picker);
    const without = element("button", "", "Go on without it");
    without.type = "button";
    box.append(label, without);
    after.after(box);
    this.#announce(`${file} is missing`);
    return new Promise((resolve, reject) => {
      const end = (act: () => void): void => {
        box.remove();
        act();
      };
      picker.addEventListener("change", async () => {
        const picked = picker.files?.[0];
        if (picked && (await takePicked(picked, file))) end(resolve);
      });
      const refused = `${file} must lie beside this page, found none; copy it there from the folder of the reports`;
      without.addEventListener("click", () => end(() => reject(new Error(refused))));
    });
  }

  // ---- types

  get #typedCells() {
    const { metadata } = this.#given;
    const code = codeCells(this.#given);
    return this.#cells.map(({ number, source }) => ({
      source,
      metadata: [code[number - 1]!.metadata, metadata],
    }));
  }

  /** Loads what knows types from beside the page; the reader may pick it where it is missing. */
  async #loadTypes(): Promise<Types> {
    for (;;)
      try {
        return await Types.open();
      } catch (error) {
        if (!(error instanceof MissingFile)) throw error;
        await this.#ask(error.file, this.#bar);
      }
  }

  /** Checks the types of all cells, each below those above it; answers their errors. */
  async check(): Promise<Finding[][]> {
    const turn = ++this.#checks;
    this.#tell("Loading TypeScript…", this.#typesNote);
    try {
      this.#types ??= this.#loadTypes();
      const types = await this.#types;
      this.#tell("Checking types…", this.#typesNote);
      const cells = this.#typedCells;
      const found: Finding[][] = [];
      for (const cell of cells.keys()) {
        found.push(await types.ask({ method: "check", cells, cell }));
        if (this.#cells[cell]!.source === cells[cell]!.source)
          this.#cells[cell]!.showTypeErrors(found[cell]!);
      }
      if (turn !== this.#checks) return found;
      const broken = found.flatMap(({ length }, i) => (length > 0 ? [i + 1] : []));
      const more = broken.length > MOST_NAMED ? ", …" : "";
      const named = `errors in ${broken.length} cells: ${broken.slice(0, MOST_NAMED).join(", ")}${more}`;
      const words = broken.length > 0 ? named : "no errors";
      this.#tell(`Types checked: ${words}.`, this.#typesNote);
      this.#typesNote.append(element("span", "wide", " Cells run all the same."));
      this.#announce(`Types checked: ${words}`);
      return found;
    } catch (error) {
      this.#types = undefined;
      const why = (error as Error).message;
      this.#tell(`Types are stripped, not checked: ${why}.`, this.#typesNote);
      throw error;
    }
  }

  // ---- what is kept

  /** The notebook with the reader's sources and outputs. */
  get #content(): GivenNotebook {
    let number = 0;
    const cells = this.#given.cells.map((given) => {
      if (given.type !== "code" || !given.source.trim()) return given;
      const { source, outputs } = this.#cell(++number);
      return outputs.record.length > 0
        ? { ...given, source, outputs: outputs.record }
        : { ...given, source };
    });
    return { ...this.#given, cells, saved: new Date().toISOString() };
  }

  /** One file with edits and outputs, which opens and runs like this one. */
  async #save(): Promise<void> {
    const name = `${this.#given.name}.html`;
    const text = pageFile(this.#original, this.#content);
    if (await giveFile(name, "text/html", text)) this.#tell(`Saved as ${name}.`);
  }

  async #download(): Promise<void> {
    const name = `${this.#given.name}.ipynb`;
    if (await giveFile(name, "application/x-ipynb+json", ipynb(this.#content)))
      this.#tell(`${name} runs in JupyterLab with the kernel of this project.`);
  }

  /** Keeps work in the browser a moment after the last change, or when the page is left before. */
  #changed(): void {
    clearTimeout(this.#keeping);
    this.#keeping = setTimeout(() => {
      this.#keep();
      if (this.#types) void this.check().catch(() => {});
    }, KEEP_MS);
  }

  #keep(): void {
    this.#keeping = undefined;
    const code = codeCells(this.#given);
    const edited = this.#cells.filter(({ number, source }) => code[number - 1]!.source !== source);
    const sources = Object.fromEntries(edited.map(({ number, source }) => [number - 1, source]));
    if (edited.length === 0) dropWork(this.#given.hash);
    else if (!keepWork(this.#given.hash, { sources, solved: this.#solved }))
      this.#tell("This browser keeps no edits of a file over a reload; Save writes them into one.");
  }

  /** Notes an exercise that the cell solved; a solution of the book is no reader's. */
  #noteSolved({ number, outputs }: PageCell): void {
    const [, name] = SOLVED.exec(outputs.result.text) ?? [];
    const { tags = [] } = (codeCells(this.#given)[number - 1]!.metadata ?? {}) as {
      tags?: string[];
    };
    if (!name || tags.includes("solution")) return;
    this.#solved[number - 1] = name;
    this.#changed();
  }

  /** Takes up work that the browser kept. */
  apply({ sources, solved }: Work): void {
    for (const [i, source] of Object.entries(sources)) this.#cells[Number(i)]?.write(source);
    for (const i of Object.keys(solved)) this.#cells[Number(i)]?.mark("new", "✓ solved before");
    Object.assign(this.#solved, solved);
  }

  // ---- what tools and tests call

  /** Runs one cell, counted from 0; always resolves. */
  async run(i: number): Promise<CellResult> {
    const cell = this.#cells[i];
    if (!cell) throw new RangeError(`a cell must be from 0 to ${this.size - 1}, got ${i}`);
    await this.#runSome([cell]);
    const { text, claims } = cell.outputs.result;
    return { ok: cell.state === "ok" && claims.every(({ holds }) => holds), text, claims };
  }

  edit(i: number, source: string): void {
    const cell = this.#cells[i];
    if (!cell) throw new RangeError(`a cell must be from 0 to ${this.size - 1}, got ${i}`);
    cell.write(source);
  }

  /** Ends the running cell; those that wait are not run. */
  stop(): void {
    this.#era++;
    this.#session.stop();
  }

  /** A new kernel, in which no cell has run. */
  async restart(): Promise<void> {
    this.#era++;
    this.#session.end();
    await this.#queue;
    forgetDisplays();
    for (const cell of this.#cells) if (cell.state !== "new") cell.mark("lost");
    this.#tell("A new kernel; no cell has run in it.");
    await this.#session.start();
  }
}

/** Makes the page a notebook; called by the script that the page carries unpacked. */
export function open(given: GivenNotebook, original: HTMLElement): Notebook {
  return new Notebook(given, original);
}
