// First script of every page. Before the first paint: the chosen theme, else the system's.
// JupyterLab's own attribute follows, for outputs that were styled for JupyterLab.
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  /** A choice of the reader's for all pages, or its new value; silently none where none can be. */
  const choice = (name, ...values) => {
    const key = `autoencoders-${name}`;
    try {
      for (const value of values) localStorage.setItem(key, value);
      return localStorage.getItem(key) ?? "";
    } catch {}
    return values[0] ?? "";
  };
  globalThis.readersChoice = choice;
  let chosen = choice("theme");
  const apply = () => {
    const dark = chosen ? chosen === "dark" : system.matches;
    root.dataset.theme = dark ? "dark" : "light";
    if (document.body) document.body.dataset.jpThemeLight = String(!dark);
    const button = document.getElementById("theme");
    if (button) {
      button.hidden = false;
      button.textContent = dark ? "Light" : "Dark";
      button.setAttribute("aria-label", dark ? "Light colors" : "Dark colors");
    }
    dispatchEvent(new CustomEvent("themechange"));
  };
  apply();
  system.addEventListener("change", () => chosen || apply());
  addEventListener("DOMContentLoaded", () => {
    apply();
    document.getElementById("theme")?.addEventListener("click", () => {
      chosen = choice("theme", root.dataset.theme === "dark" ? "light" : "dark");
      apply();
    });
  });
  globalThis.setReportTheme = (name) => {
    chosen = name;
    apply();
  };

  const loose = (name) => name.toLowerCase().replace(/[^\p{L}\p{M}\p{N}]/gu, "");
  const headings = "main :is(h1, h2, h3, h4, h5, h6)[id]";
  /** Element that a fragment names: by its id, or by the words of a heading in any spelling. */
  globalThis.targetOf = (hash) => {
    let name = hash.slice(1);
    try {
      name = decodeURIComponent(name);
    } catch {} // a percent sign of the heading's own
    const exact = document.getElementById(name);
    if (exact || !loose(name)) return exact;
    return [...document.querySelectorAll(headings)].find(({ id }) => loose(id) === loose(name));
  };

  // Outputs in frames: each says how high it is and what it lacks, and gets the page's theme.
  const frames = () => document.querySelectorAll("iframe.isolated");
  const dress = (frame) => frame.contentWindow?.postMessage({ theme: root.dataset.theme }, "*");
  addEventListener("themechange", () => frames().forEach(dress));
  addEventListener("message", ({ source, data }) => {
    const frame = [...frames()].find(({ contentWindow }) => contentWindow === source);
    const said = frame && data?.isolated;
    if (!said) return;
    if (said.ready) dress(frame);
    // an output as high as its frame would grow for ever
    const changes = Number(frame.dataset.changes ?? 0);
    if (Number.isFinite(said.height) && changes < 100) {
      frame.dataset.changes = changes + 1;
      frame.style.height = `${Math.max(0, Math.min(20_000, said.height))}px`;
    }
    if (said.trouble && !frame.parentElement.querySelector(".unshown")) {
      const note = document.createElement("p");
      note.className = "unshown";
      note.dataset.trouble = "";
      note.setAttribute("role", "note");
      note.textContent = `This output may be incomplete: ${String(said.trouble).slice(0, 300)}.`;
      frame.after(note);
    }
  });

  // A formula that is too wide is set a little smaller; wider ones scroll. Boxes that scroll can be
  // reached by keyboard. All are measured before any is changed: one layout, not one each.
  const reach = () => {
    const formulas = [...document.querySelectorAll(".formula")];
    for (const formula of formulas) formula.style.fontSize = "";
    const rooms = formulas.map((formula) => formula.clientWidth / formula.scrollWidth);
    formulas.forEach((formula, i) => {
      if (rooms[i] > 0 && rooms[i] < 1)
        formula.style.fontSize = `${Math.max(0.8, 0.99 * rooms[i])}em`;
    });
    // A listing that can be edited keeps its own stop.
    const listings = ".listing pre:not([role=textbox])";
    const written = ".output pre, .prose pre, .prose table:not(.scroll > table)";
    const boxes = [
      ...document.querySelectorAll(`.scroll, .formula, ${listings}, pre.output, ${written}`),
    ];
    const scrolls = boxes.map(
      (box) => box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1,
    );
    boxes.forEach((box, i) => {
      if (scrolls[i]) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    });
  };
  addEventListener("resize", reach);
  addEventListener("outputs", reach);
  addEventListener("DOMContentLoaded", () => document.fonts.ready.then(reach));
  document.addEventListener("toggle", reach, true);
})();
