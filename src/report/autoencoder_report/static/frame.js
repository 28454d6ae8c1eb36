// Every page. Before the first paint: the chosen theme, else the system's; slides start light, whatever was chosen for the pages.
// Lab's own attribute follows, for outputs that were styled for Lab.
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const { first = "" } = root.dataset;
  let chosen = first;
  try {
    if (!first) chosen = localStorage.getItem("autoencoders-theme") ?? "";
  } catch {}
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
      chosen = root.dataset.theme === "dark" ? "light" : "dark";
      try {
        if (!first) localStorage.setItem("autoencoders-theme", chosen);
      } catch {}
      apply();
    });
  });
  globalThis.setReportTheme = (name) => {
    chosen = name;
    apply();
  };

  // What scrolls sideways can be reached by keyboard.
  const reach = () => {
    for (const box of document.querySelectorAll(
      ".scroll, .formula, .listing pre, pre.output, .output pre",
    )) {
      if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };
  addEventListener("resize", reach);
  addEventListener("outputs", reach);
  addEventListener("DOMContentLoaded", () => document.fonts.ready.then(reach));
  document.addEventListener("toggle", reach, true);
})();
