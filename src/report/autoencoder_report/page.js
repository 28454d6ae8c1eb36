(() => {
  const root = document.documentElement;
  const dark = () => root.dataset.theme === "dark";
  const theme = document.getElementById("theme");
  const specs = [...document.querySelectorAll("script.spec")].map((s) => ({
    place: s.previousElementSibling,
    text: s.textContent,
  }));
  let library;
  const load = () => {
    const packed = document.getElementById("plotly");
    if (!packed) return Promise.resolve();
    library ??= (async () => {
      const bytes = Uint8Array.from(atob(packed.textContent), (c) => c.charCodeAt(0));
      const text = await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
      const script = document.createElement("script");
      script.textContent = text;
      document.head.append(script);
    })();
    return library;
  };
  const draw = async (spec) => {
    await load();
    const { data, layout, config } = JSON.parse(spec.text);
    const ink = dark() ? "#d5d9e0" : "#30343b";
    spec.drawn = true;
    await Plotly.react(
      spec.place,
      data,
      { ...layout, font: { ...layout.font, color: ink } },
      { ...config, responsive: true, displaylogo: false },
    );
    spec.place.dataset.drawn = "1";
  };
  const set = (name) => {
    root.dataset.theme = name;
    theme.textContent = dark() ? "Light" : "Dark";
    for (const spec of specs) if (spec.drawn) draw(spec);
  };
  theme.onclick = () => set(dark() ? "light" : "dark");
  document.getElementById("fold").onclick = () => {
    const all = [...document.querySelectorAll("details.code")];
    const open = all.some((d) => d.open);
    for (const d of all) d.open = !open;
  };
  const near = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries)
        if (isIntersecting) {
          near.unobserve(target);
          draw(specs.find((s) => s.place === target));
        }
    },
    { rootMargin: "800px" },
  );
  for (const spec of specs) near.observe(spec.place);
  window.drawAll = () => Promise.all(specs.map((s) => (s.drawn ? undefined : draw(s))));
  addEventListener("beforeprint", () => {
    set("light");
    window.drawAll();
  });
  for (const block of document.querySelectorAll("main pre, .jp-OutputArea-output, .equation")) block.tabIndex = 0;
  for (const block of document.querySelectorAll("details.code")) {
    const copy = document.createElement("button");
    copy.type = "button";
    copy.className = "copy";
    copy.textContent = "copy";
    copy.onclick = async () => {
      await navigator.clipboard.writeText(block.querySelector("pre").innerText);
      copy.textContent = "copied";
      setTimeout(() => {
        copy.textContent = "copy";
      }, 1200);
    };
    block.append(copy);
  }
  const links = new Map(
    [...document.querySelectorAll("#contents a[href^='#']")].map((a) => [decodeURIComponent(a.hash.slice(1)), a]),
  );
  const spy = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries)
        if (isIntersecting && links.has(target.id)) {
          for (const a of links.values()) a.removeAttribute("aria-current");
          links.get(target.id).setAttribute("aria-current", "true");
        }
    },
    { rootMargin: "0px 0px -70% 0px" },
  );
  for (const id of links.keys()) if (document.getElementById(id)) spy.observe(document.getElementById(id));
  set(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
})();
