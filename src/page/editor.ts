import { completionStatus } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { javascriptLanguage } from "@codemirror/lang-javascript";
import {
  bracketMatching,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from "@codemirror/language";
import { EditorState, type Extension, Prec } from "@codemirror/state";
import { drawSelection, EditorView, keymap } from "@codemirror/view";
import { tagHighlighter, tags } from "@lezer/highlight";

/** The classes in which the exporter colors code. */
const colors = tagHighlighter([
  { tag: tags.comment, class: "c1" },
  { tag: [tags.keyword, tags.bool, tags.null, tags.self, tags.modifier], class: "k" },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], class: "s" },
  { tag: tags.number, class: "m" },
  { tag: tags.typeName, class: "nb" },
]);

const theme = EditorView.theme({
  "&": { fontSize: "inherit" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "inherit", overflowX: "auto" },
  ".cm-content": { padding: "0", caretColor: "var(--ink)" },
  ".cm-line": { padding: "0" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
});

/** A key's action after which no other is asked. */
const handled = (act: () => void) => (): boolean => {
  act();
  return true;
};

export interface EditorOptions {
  label: string;
  text: string;
  changed(text: string): void;
  leave(): void;
  run(): void;
  /** Extensions for types: completion and explanations. */
  more: Extension;
}

/** An editor of a cell. Tab leaves it, Escape too, Shift+Enter or Ctrl+Enter runs the cell. */
export function editor({ label, text, changed, leave, run, more }: EditorOptions): EditorView {
  // An open list of completions takes Escape and Enter first; one that is still asked for does not.
  const leaving = keymap.of([
    {
      key: "Escape",
      run: ({ state }) => completionStatus(state) !== "active" && handled(leave)(),
    },
  ]);
  const keys = keymap.of([
    ...["Shift-Enter", "Ctrl-Enter", "Mod-Enter"].map((key) => ({ key, run: handled(run) })),
    ...defaultKeymap,
    ...historyKeymap,
  ]);
  return new EditorView({
    state: EditorState.create({
      doc: text,
      extensions: [
        Prec.highest(leaving),
        more,
        keys,
        history(),
        drawSelection(),
        indentUnit.of("  "),
        indentOnInput(),
        bracketMatching(),
        javascriptLanguage.configure({ dialect: "ts" }),
        syntaxHighlighting(colors),
        theme,
        EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false" }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) changed(update.state.doc.toString());
        }),
      ],
    }),
  });
}
