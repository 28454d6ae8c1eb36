/** The script that a page carries unpacked: the button, and the door for tests and tools. */
import type { CellResult, GivenCell, Notebook } from "./notebook";
import { runPart } from "./parts";

const NEEDED = ["DecompressionStream", "Worker", "WebAssembly", "structuredClone"] as const;

const given = JSON.parse(document.getElementById("notebook")!.textContent!) as {
  cells: GivenCell[];
};
let opening: Promise<Notebook> | undefined;

async function open(): Promise<Notebook> {
  const missing = NEEDED.filter((name) => !(name in globalThis));
  if (missing.length > 0)
    throw new Error(`it has no ${missing.join(", no ")}; take a newer browser`);
  await runPart("page-notebook");
  const { pageNotebook } = globalThis as unknown as {
    pageNotebook: { open(cells: readonly GivenCell[]): Notebook };
  };
  return pageNotebook.open(given.cells);
}

async function start(): Promise<void> {
  button.disabled = true;
  button.textContent = "Starting…";
  try {
    opening ??= open();
    await (await opening).start();
    button.remove();
  } catch (error) {
    opening = undefined;
    button.disabled = false;
    button.textContent = "Make this page run";
    const said = document.createElement("p");
    said.className = "output error cannot-run";
    said.setAttribute("role", "alert");
    said.textContent = `This browser cannot run the page: ${(error as Error).message}`;
    document.querySelector(".cannot-run")?.remove();
    document.querySelector("main")!.prepend(said);
    throw error;
  }
}

const started = async (): Promise<Notebook> => {
  await start();
  return opening!;
};

const button = document.createElement("button");
button.type = "button";
button.id = "run-page";
button.textContent = "Make this page run";
button.addEventListener("click", () => void start().catch(() => {}));
document.querySelector(".bar .tools")?.prepend(button);

Object.assign(globalThis, {
  notebook: {
    start,
    cells: given.cells.filter(({ type, source }) => type === "code" && source.trim()).length,
    run: async (i: number): Promise<CellResult> => (await started()).run(i),
    edit: async (i: number, source: string): Promise<void> => (await started()).edit(i, source),
    stop: async (): Promise<void> => (await opening)?.stop(),
    restart: async (): Promise<void> => (await started()).restart(),
  },
});
