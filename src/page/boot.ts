/** The script that a page carries unpacked: the button, and the door for tests and tools. */
import type { CellResult, Notebook } from "./notebook";
import { originalPage } from "./original";
import { part, runScript } from "./parts";
import { codeCells, dropWork, type GivenNotebook, keptWork, type Work } from "./save";

const NEEDED = ["DecompressionStream", "Worker", "WebAssembly", "structuredClone"] as const;
const LABEL = "Make this page run";

const original = originalPage();
const given = JSON.parse(document.getElementById("notebook")!.textContent!) as GivenNotebook;
const code = codeCells(given);
let opening: Promise<Notebook> | undefined;

async function unpack(): Promise<Notebook> {
  const missing = NEEDED.filter((name) => !(name in globalThis));
  if (missing.length > 0)
    throw new Error(`it has no ${missing.join(", no ")}; take a newer browser`);
  runScript(await part("page-notebook"));
  const { pageNotebook } = globalThis as unknown as {
    pageNotebook: { open(given: GivenNotebook, original: HTMLElement): Notebook };
  };
  return pageNotebook.open(given, original);
}

/** Makes listings editors; no cell runs by it. */
async function open(): Promise<Notebook> {
  opening ??= unpack();
  try {
    return await opening;
  } catch (error) {
    opening = undefined;
    throw error;
  }
}

async function start(): Promise<Notebook> {
  const focused = document.activeElement === button;
  button.disabled = true;
  button.textContent = "Starting…";
  try {
    const notebook = await open();
    await notebook.start();
    button.remove();
    if (focused && document.activeElement === document.body)
      document.querySelector<HTMLElement>(".runner button")?.focus({ preventScroll: true });
    return notebook;
  } catch (error) {
    button.disabled = false;
    button.textContent = LABEL;
    const said = document.createElement("p");
    said.className = "output error cannot-run";
    said.setAttribute("role", "alert");
    said.textContent = `This browser cannot run the page: ${(error as Error).message}`;
    document.querySelector(".cannot-run")?.remove();
    document.querySelector("main")!.prepend(said);
    throw error;
  }
}

function control(text: string, act: () => unknown): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.addEventListener("click", async () => {
    try {
      await act();
    } catch {
      // `start` has said it.
    }
  });
  return made;
}

/** Asks what is to become of work that the browser kept; edits are never run by themselves. */
function offerWork(work: Work): void {
  const note = document.createElement("p");
  note.className = "output kept-edits";
  note.setAttribute("role", "note");
  const day = new Date(work.date).toLocaleString("en", { dateStyle: "long", timeStyle: "short" });
  const keep = control("Keep", async () => {
    (await open()).apply(work);
    note.remove();
  });
  const discard = control("Discard", () => {
    dropWork(given.hash);
    note.remove();
  });
  const solved = Object.values(work.solved);
  const exercises = solved.length > 0 ? `, with exercises solved (${solved.join(", ")}),` : "";
  note.append(`Your edits of ${day}${exercises} are not in this file: keep or discard them? `);
  note.append(keep, " ", discard);
  document.querySelector("main")!.prepend(note);
}

const button = control(LABEL, start);
button.id = "run-page";
document.querySelector(".bar .tools")?.prepend(button);

addEventListener("DOMContentLoaded", () => {
  if (given.saved) void open();
  const work = keptWork(given.hash);
  const differ = Object.entries(work?.sources ?? {}).some(
    ([i, source]) => code[Number(i)]?.source !== source,
  );
  if (work && differ) offerWork(work);
});

Object.assign(globalThis, {
  notebook: {
    start: async (): Promise<void> => void (await start()),
    cells: code.length,
    run: async (i: number): Promise<CellResult> => (await start()).run(i),
    edit: async (i: number, source: string): Promise<void> => (await open()).edit(i, source),
    check: async () => (await open()).check(),
    stop: async (): Promise<void> => (await opening)?.stop(),
    restart: async (): Promise<void> => (await start()).restart(),
  },
});
