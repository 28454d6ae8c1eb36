// Presents the page: a section a screen, in larger type, with code and solutions on demand.
(() => {
  const root = document.documentElement;
  const $$ = (selector) => [...document.querySelectorAll(selector)];
  const bar = document.querySelector(".presenting");
  const dialog = document.getElementById("present-keys");
  const parts = () =>
    $$("main > .part, main > .further > .part").filter((part) => part.textContent.trim());
  const on = () => root.dataset.present !== undefined;
  let at = 0;
  let sheet;
  let folded = [];

  const show = (next, top = true) => {
    const all = parts();
    at = Math.max(0, Math.min(all.length - 1, next));
    for (const [i, part] of all.entries()) part.toggleAttribute("data-here", i === at);
    bar.querySelector(".count").textContent = `${at + 1} / ${all.length}`;
    bar.querySelector("[data-do=back]").disabled = at === 0;
    bar.querySelector("[data-do=on]").disabled = at === all.length - 1;
    if (top) scrollTo({ top: 0, behavior: "instant" });
    all[at].tabIndex = -1;
    all[at].focus({ preventScroll: true });
    dispatchEvent(new Event("resize"));
  };
  // The section that is at the top of the window, or that a link led to.
  const nearest = () => {
    const all = parts();
    const passed = all.filter((part) => part.getBoundingClientRect().top < innerHeight / 3);
    return Math.max(0, passed.length - 1);
  };
  const enter = () => {
    const first = nearest();
    root.dataset.present = "";
    bar.hidden = false;
    folded = $$("details.code[open]");
    for (const code of folded) code.open = false;
    for (const further of $$("details.further")) further.open = true;
    show(first);
  };
  const leave = () => {
    const [part] = parts().slice(at);
    for (const name of ["present", "overview", "solutions"]) delete root.dataset[name];
    bar.hidden = true;
    for (const code of folded) code.open = true;
    part.scrollIntoView({ behavior: "instant" });
    dispatchEvent(new Event("resize"));
  };
  const overview = () => {
    root.toggleAttribute("data-overview");
    for (const part of parts())
      for (const child of part.children) child.inert = root.hasAttribute("data-overview");
    show(at);
    if (root.hasAttribute("data-overview")) parts()[at].scrollIntoView({ block: "center" });
  };
  // Within a section that is higher than the screen, by most of a screen; else to the next.
  const step = (by) => {
    const end = by > 0 ? root.scrollHeight - innerHeight - scrollY : scrollY;
    if (end > 4 && !root.hasAttribute("data-overview"))
      scrollBy({ top: by * 0.85 * innerHeight, behavior: "instant" });
    else show(at + by);
  };
  const actions = {
    on: () => show(at + 1),
    back: () => show(at - 1),
    further: () => step(1),
    nearer: () => step(-1),
    first: () => show(0),
    last: () => show(Number.POSITIVE_INFINITY),
    overview,
    code: () => {
      const codes = parts()[at].querySelectorAll("details.code");
      const open = [...codes].some((code) => !code.open);
      for (const code of codes) code.open = open;
    },
    solutions: () => {
      root.toggleAttribute("data-solutions");
      for (const solution of $$("details.solution"))
        solution.open = root.hasAttribute("data-solutions");
    },
    dark: () => document.getElementById("theme").click(),
    whole: () =>
      document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen(),
    keys: () => dialog.showModal(),
    leave: () => (root.hasAttribute("data-overview") ? overview() : leave()),
  };
  const keys = {
    ArrowRight: "on",
    PageDown: "on",
    ArrowLeft: "back",
    PageUp: "back",
    ArrowDown: "further",
    " ": "further",
    ArrowUp: "nearer",
    Home: "first",
    End: "last",
    Escape: "leave",
    "?": "keys",
  };
  // Letters are those that the dialog names.
  for (const button of dialog.querySelectorAll("[data-do]"))
    keys[button.querySelector("kbd").textContent.toLowerCase()] = button.dataset.do;
  const field = "input, select, textarea, [role=application], [contenteditable], .scroll[tabindex]";
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || dialog.open)
      return;
    const element = event.composedPath()[0];
    const typing = element.matches?.(field);
    if (!on()) {
      if (event.key === "p" && !typing) enter();
      return;
    }
    if (typing && event.key === "Escape") return parts()[at].focus({ preventScroll: true });
    if (typing || (element.matches?.("button, summary, a") && " Enter".includes(event.key))) return;
    if (event.key === "Enter" && root.hasAttribute("data-overview")) return overview();
    const action = event.key === " " && event.shiftKey ? "nearer" : keys[event.key];
    if (!action) return;
    actions[action]();
    event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    const action = event.target.closest?.("[data-do]")?.dataset.do;
    if (action && action !== "keys") dialog.close();
    if (action) return actions[action]();
    const part = root.hasAttribute("data-overview") && event.target.closest?.(".part");
    if (!part) return;
    at = parts().indexOf(part);
    overview();
  });
  document.getElementById("present").addEventListener("click", enter);
  // A link to another section leads there.
  addEventListener("hashchange", () => {
    const target = globalThis.targetOf(location.hash);
    const part = on() && target?.closest(".part");
    if (part) show(parts().indexOf(part), false);
    if (part) target.scrollIntoView({ behavior: "instant" });
  });

  // ---- paper: a page for each section, wide as a screen
  addEventListener("beforeprint", () => {
    if (!on()) return;
    sheet = document.createElement("style");
    sheet.textContent = "@page { size: 1280px 720px; margin: 40px 60px }";
    document.head.append(sheet);
  });
  addEventListener("afterprint", () => sheet?.remove());
})();
