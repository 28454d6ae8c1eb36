// Contents and code of a chapter's page.
(() => {
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  const root = document.documentElement;

  // ---- contents: follow the scroll
  const { targetOf } = globalThis;
  const links = new Map($$("#contents a").map((a) => [targetOf(a.hash)?.id, a]));
  const headings = [...links.keys()].map((id) => document.getElementById(id)).filter(Boolean);
  let current;
  const follow = () => {
    let here;
    for (const heading of headings)
      if (heading.checkVisibility() && heading.getBoundingClientRect().top < innerHeight * 0.3)
        here = heading;
    if (innerHeight + scrollY >= root.scrollHeight - 4) here = headings.at(-1);
    if (here === current) return;
    if (current) links.get(current.id).removeAttribute("aria-current");
    current = here;
    if (!current) return;
    const link = links.get(current.id);
    link.setAttribute("aria-current", "true");
    const box = document.querySelector("#contents ol");
    const { top, bottom } = link.getBoundingClientRect();
    const frame = box.getBoundingClientRect();
    if (top < frame.top || bottom > frame.bottom)
      box.scrollTop += top - frame.top - frame.height / 3;
  };
  addEventListener("scroll", follow, { passive: true }); // at most once a frame
  const narrow = matchMedia("(max-width: 62rem)");
  const shape = () => {
    const contents = document.querySelector("#contents details");
    if (contents) contents.open = !narrow.matches;
  };
  narrow.addEventListener("change", shape);
  shape();
  follow();

  // ---- code: copy, fold
  for (const listing of $$(".listing")) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "copy", textContent: "Copy" });
    button.ariaLabel = "Copy this code";
    button.addEventListener("click", async () => {
      const text = (listing.written?.() ?? listing.querySelector("code").textContent).trimEnd();
      let done = true;
      try {
        await navigator.clipboard.writeText(text);
      } catch {
        const area = document.createElement("textarea");
        area.value = text;
        listing.append(area);
        area.select();
        done = document.execCommand("copy");
        area.remove();
        button.focus();
      }
      button.textContent = done ? "Copied" : "Not copied";
      setTimeout(() => (button.textContent = "Copy"), 1500);
    });
    listing.append(button);
  }
  // Folding is remembered for all pages, as the theme is.
  const fold = document.getElementById("fold");
  const codes = $$("details.code");
  const setFolded = (folded) => {
    fold.setAttribute("aria-pressed", String(folded));
    fold.textContent = folded ? "Unfold code" : "Fold code";
    for (const code of codes) code.open = !folded;
  };
  if (codes.length === 0) fold.hidden = true;
  const choice = globalThis.readersChoice;
  if (choice("code") === "folded") setFolded(true);
  fold.addEventListener("click", () => {
    const folded = fold.getAttribute("aria-pressed") !== "true";
    setFolded(folded);
    choice("code", folded ? "folded" : "open");
  });

  // ---- links into a folded part open it; figures that start above the target do not push it away
  const reveal = (held) => {
    const target = targetOf(location.hash);
    if (!target) return;
    for (let part = target.parentElement; part; part = part.parentElement)
      if (part.tagName === "DETAILS") part.open = true;
    if (!held && document.querySelector(":target")) return;
    const hold = new ResizeObserver(() => target.scrollIntoView());
    hold.observe(document.getElementById("main"));
    const end = () => hold.disconnect();
    setTimeout(end, 2000);
    for (const kind of ["wheel", "touchstart", "pointerdown", "keydown"])
      addEventListener(kind, end, { once: true, passive: true });
  };
  addEventListener("hashchange", () => reveal(false));
  document.addEventListener("click", ({ target }) => {
    if (target.closest?.("a[href^='#']")) setTimeout(reveal, 0, true);
  });
  reveal(performance.getEntriesByType("navigation")[0]?.type === "navigate");

  // ---- parts that go further: remembered by page, opened by print or by a cell that runs
  const furthers = $$("details.further");
  furthers.forEach((further, i) => {
    const key = `further:${decodeURIComponent(location.pathname.split("/").at(-1))}:${i}`;
    if (choice(key) === "open") further.open = true;
    further.querySelector("summary").addEventListener("click", (event) => {
      if (!event.target.closest("a")) choice(key, further.open ? "" : "open");
    });
    const running = () => {
      if (further.querySelector("[data-ran=running]")) further.open = true;
    };
    const options = { attributes: true, attributeFilter: ["data-ran"], subtree: true };
    new MutationObserver(running).observe(further, options);
  });
  let unfolded = [];
  const unfold = () => {
    unfolded = furthers.filter(({ open }) => !open);
    for (const further of unfolded) further.open = true;
  };
  // before figures are drawn for paper, at the width that they then have
  addEventListener("beforeprint", unfold, true);
  addEventListener("afterprint", () => {
    for (const further of unfolded.splice(0)) further.open = false;
  });

  // ---- live figures start as they come near; on paper one that has not is its still picture
  const run = (live, code) => {
    const script = document.createElement("script");
    script.textContent = code.textContent;
    live.after(script);
    script.remove();
  };
  const liveCode = ".ae-live + script[type='text/plain']";
  // The figure at the top has its code and its data at its place below.
  const sources = new Map([
    ...$$(liveCode).map((code) => [code.previousElementSibling, code]),
    ...$$("[data-live-of]").map((place) => [
      place.querySelector(".ae-live"),
      document.querySelector(`#${place.dataset.liveOf} ${liveCode}`),
    ]),
  ]);
  const wake = (live) => {
    near.unobserve(live);
    if (live.isConnected && !live.dataset.live) run(live, sources.get(live));
  };
  const wakeThose = (entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) wake(target);
  };
  const near = new IntersectionObserver(wakeThose, { rootMargin: "900px 0px" });
  for (const live of sources.keys()) near.observe(live);
  globalThis.wakeLive = () => [...sources.keys()].forEach(wake);
})();
