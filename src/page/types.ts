/** The page's end of the worker that knows types, and what editors show of it. */
import { autocompletion, type Completion, type CompletionContext } from "@codemirror/autocomplete";
import { lintKeymap, setDiagnostics } from "@codemirror/lint";
import type { Extension } from "@codemirror/state";
import { EditorView, hoverTooltip, keymap } from "@codemirror/view";
import { fileBytes } from "./parts";
import type { Answers, Finding, TypesRequest } from "./types/requests";

const SERVICE = "src/page/dist/browser/types.js";
const DECLARATIONS = "src/page/dist/browser/types.json";

/** Asks the worker that checks, completes and explains. */
export class Types {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, (answer: { answer?: unknown; error?: string }) => void>();
  #asked = 0;

  private constructor(script: Uint8Array) {
    const url = URL.createObjectURL(new Blob([script as BlobPart], { type: "text/javascript" }));
    this.#worker = new Worker(url);
    URL.revokeObjectURL(url);
    this.#worker.onmessage = ({ data }: MessageEvent<{ id: number; error?: string }>) => {
      this.#waiting.get(data.id)?.(data);
      this.#waiting.delete(data.id);
    };
    this.#worker.onerror = ({ message }) => {
      for (const end of this.#waiting.values()) end({ error: message });
      this.#waiting.clear();
    };
  }

  /** Starts it from the file `types.js`. Throws a MissingFile where that is not beside the page. */
  static async open(): Promise<Types> {
    const [script, declarations] = [await fileBytes(SERVICE), await fileBytes(DECLARATIONS)];
    const types = new Types(script);
    const files = JSON.parse(new TextDecoder().decode(declarations)) as Record<string, string>;
    await types.ask({ method: "start", files });
    return types;
  }

  ask<M extends keyof Answers>(request: TypesRequest & { method: M }): Promise<Answers[M]> {
    const id = ++this.#asked;
    this.#worker.postMessage({ id, ...request });
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ answer, error }) =>
        error === undefined ? resolve(answer as Answers[M]) : reject(new Error(error)),
      );
    });
  }
}

/** Asks about the cell of one editor; undefined as long as types are not loaded. */
export type Ask = <M extends "complete" | "explain">(
  method: M,
  index: number,
) => Promise<Answers[M]> | undefined;

/** A completion that adds an import before the cell, or the text alone. */
function completion(text: string, before: string): Completion {
  const end = text.indexOf("\n");
  if (end < 0) return { label: text };
  return {
    label: text.slice(end + 1 + before.length),
    detail: text.slice(0, end),
    apply: (view, _, __, to) =>
      view.dispatch({ changes: { from: 0, to, insert: text }, selection: { anchor: text.length } }),
  };
}

async function completions(ask: Ask, context: CompletionContext) {
  const word = context.matchBefore(/[\p{ID_Continue}$]+/u);
  const member = context.matchBefore(/\.|["'`][@\w/.-]*/);
  if (!word && !member && !context.explicit) return null;
  const found = await ask("complete", context.pos);
  if (!found || found.texts.length === 0) return null;
  const begins = found.texts[0]!.includes("\n") ? (word?.from ?? context.pos) : found.from;
  const before = context.state.sliceDoc(0, begins);
  const options = found.texts.map((text) => completion(text, before));
  return { from: begins, options, validFor: /^[\p{ID_Continue}$]*$/u };
}

/** Extensions that complete a cell and explain the name under the pointer. */
export const typed = (ask: Ask): Extension => [
  autocompletion({ override: [(context) => completions(ask, context)], icons: false }),
  keymap.of(lintKeymap),
  hoverTooltip(async ({ state }, position) => {
    const word = state.wordAt(position);
    const text = word && (await ask("explain", position));
    if (!text) return null;
    const dom = document.createElement("pre");
    dom.className = "explained";
    dom.textContent = text;
    return { pos: word.from, end: word.to, above: true, create: () => ({ dom }) };
  }),
  EditorView.theme({
    ".cm-tooltip": {
      background: "var(--block)",
      color: "var(--ink)",
      border: "1px solid var(--rule)",
      maxWidth: "min(42rem, 94vw)",
      overflow: "auto",
    },
    ".cm-tooltip .explained": { margin: "0", padding: "0.4rem 0.6rem", whiteSpace: "pre-wrap" },
    ".cm-tooltip-autocomplete ul li[aria-selected]": {
      background: "var(--link)",
      color: "var(--paper)",
    },
    ".cm-diagnostic": { color: "var(--ink)", borderLeftColor: "var(--bad)" },
    ".cm-panels": { background: "var(--block)", color: "var(--ink)" },
  }),
];

/** Marks errors in an editor, with their messages. */
export function mark(view: EditorView, findings: readonly Finding[]): void {
  const { length } = view.state.doc;
  const diagnostics = findings.map(({ from, to, message }) => ({
    from: Math.min(from, length),
    to: Math.min(Math.max(to, from), length),
    severity: "error" as const,
    message,
  }));
  view.dispatch(setDiagnostics(view.state, diagnostics));
}
