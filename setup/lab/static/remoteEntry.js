// JupyterLab extension, written as webpack would bundle one, so that nothing has to be built.
(() => {
  const name = "autoencoders-lab";
  let shared;
  /** A module that JupyterLab shares, in whatever version it has. */
  const moduleOf = async (path) => (await Object.values(shared[path])[0].get())();

  const style = `
    .ae-solution .jp-OutputPlaceholder .jp-Placeholder-text { visibility: hidden; }
    .ae-claim { color: var(--jp-success-color1, green); font-weight: 600; }
    .ae-claim::before { content: "✓ "; }`;

  /** Folds the output of a solution whose code is folded: JupyterLab opens what it runs. */
  function fold({ cell }) {
    if (cell.inputHidden !== true || !cell.model.getMetadata("tags")?.includes("solution")) return;
    cell.addClass("ae-solution"); // the first line of a folded output stands in its placeholder
    cell.outputHidden = true;
  }

  /** Marks the words that a line of `claim` begins with. */
  function mark(node) {
    const texts = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
    const found = [];
    for (let text = texts.nextNode(); text; text = texts.nextNode())
      if (!text.parentElement.closest(".ae-claim"))
        for (const { index } of text.data.matchAll(/^claim holds(?= \|)/gm))
          found.push([text, index]);
    for (const [text, index] of found.reverse()) {
      const words = text.splitText(index);
      words.splitText("claim holds".length);
      const marked = document.createElement("span");
      marked.className = "ae-claim";
      words.replaceWith(marked);
      marked.append(words);
    }
  }

  async function plugins() {
    const { NotebookActions } = await moduleOf("@jupyterlab/notebook");
    const { IRenderMimeRegistry, RenderedText } = await moduleOf("@jupyterlab/rendermime");
    class Printed extends RenderedText {
      async render(model) {
        await super.render(model);
        mark(this.node);
      }
    }
    const solutions = {
      id: `${name}:solutions`,
      autoStart: true,
      activate: () => {
        const sheet = document.createElement("style");
        sheet.textContent = style;
        document.head.append(sheet);
        NotebookActions.executionScheduled.connect((_, run) => setTimeout(() => fold(run), 0));
        NotebookActions.executed.connect((_, run) => fold(run));
      },
    };
    const printed = {
      safe: true,
      mimeTypes: ["application/vnd.jupyter.stdout"],
      createRenderer: (options) => new Printed(options),
    };
    const claims = {
      id: `${name}:claims`,
      autoStart: true,
      requires: [IRenderMimeRegistry],
      activate: (_, registry) => registry.addFactory(printed, 120),
    };
    return [solutions, claims];
  }

  globalThis._JUPYTERLAB ??= {};
  globalThis._JUPYTERLAB[name] = {
    init: async (scope) => {
      shared = scope;
    },
    get: async () => {
      const made = await plugins();
      return () => ({ __esModule: true, default: made });
    },
  };
})();
