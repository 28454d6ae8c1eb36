// Slides: divided and fitted to the screen by what they measure, and moved through by keys.
(() => {
  const root = document.documentElement;
  const main = document.getElementById("main");
  const $$ = (selector, within = main) => [...within.querySelectorAll(selector)];
  const find = (selector) => document.querySelector(selector);
  const slides = () => [...main.children].filter((slide) => slide.offsetParent !== null);
  const body = (slide) => slide.querySelector(".body");
  const rem = () => Number.parseFloat(getComputedStyle(root).fontSize);

  // ---- what is too high goes on on the next slide
  const continuations = [];
  const join = () => {
    for (const { slide, moved } of continuations) {
      for (const [node, parent] of moved) parent.append(node);
      slide.remove();
    }
    continuations.length = 0;
  };
  // What can begin a slide: an element, and each further row of a high table or list.
  const units = (slide) => {
    const room = body(slide).clientHeight;
    return [...body(slide).children].flatMap((element) => {
      const rows = [...element.querySelectorAll(":scope > table > tbody > tr, :scope > li")];
      const box = element.getBoundingClientRect();
      if (rows.length < 3 || box.height < room / 2)
        return [{ node: element, top: box.top, bottom: box.bottom }];
      const head = element.querySelector("thead")?.offsetHeight ?? 0;
      return rows.map((row, i) => {
        const { top, bottom } = row.getBoundingClientRect();
        return i === 0
          ? { node: element, top: box.top, bottom }
          : { node: row, row: true, top: top - head, bottom };
      });
    });
  };
  const opens = ({ node }) => /^H\d$/.test(node.tagName) || /[:,]$/.test(node.textContent.trim());
  const together = (unit, next) =>
    !unit.row &&
    (opens(unit) ||
      (next.node.matches(".equation") && !/[.!?]$/.test(unit.node.textContent.trim())));
  /** Where slides begin: greedily, each at most `limit` high. */
  const starts = (found, limit) => {
    const begun = [0];
    found.forEach((unit, i) => {
      if (unit.bottom - found[begun.at(-1)].top <= limit) return;
      let at = i;
      while (at > begun.at(-1) + 1 && together(found[at - 1], found[at])) at -= 1;
      if (at > begun.at(-1)) begun.push(at);
    });
    return begun;
  };
  const divide = (slide) => {
    if (body(slide).scrollHeight <= body(slide).clientHeight + 1) return;
    const found = units(slide);
    const heading = slide.querySelector("h2, h3");
    const running =
      slide.querySelector(".running")?.outerHTML ??
      `<p class="running">${heading?.innerHTML ?? ""}</p>`;
    const room = body(slide).clientHeight - (heading ? 1.6 * rem() : 0);
    // as even as the least number of slides allows
    let limit = room;
    while (
      limit > room / 3 &&
      starts(found, limit - room / 24).length === starts(found, room).length
    )
      limit -= room / 24;
    const begun = [...starts(found, limit), found.length];
    let last = slide;
    for (let k = 1; k < begun.length - 1; k++) {
      const more = document.createElement("section");
      more.className = slide.className;
      more.innerHTML = `${running}<div class="body"></div>`;
      last.after(more);
      last = more;
      const moved = found
        .slice(begun[k], begun[k + 1])
        .map(({ node }) => [node, node.parentElement]);
      for (const [node, parent] of moved) {
        if (more.contains(parent)) continue; // a row whose table has come along
        if (parent === body(slide)) body(more).append(node);
        else (body(more).querySelector("tbody, ul, ol") ?? copyOf(node, body(more))).append(node);
      }
      continuations.push({ slide: more, moved });
    }
  };
  // An empty copy of the table or list that a row is in; of it, the place for rows.
  const copyOf = (row, place) => {
    const list = row.closest("table, ul, ol");
    const copy = list.cloneNode(false);
    if (list.tagName !== "TABLE") {
      place.append(copy);
      if (list.tagName === "OL") copy.start = list.start + [...list.children].indexOf(row);
      return copy;
    }
    const frame = list.parentElement.cloneNode(false);
    place.append(frame);
    frame.append(copy);
    copy.append(list.tHead.cloneNode(true));
    return copy.createTBody();
  };

  // ---- what fills a slide is drawn as large as it fits
  const spare = (slide) => {
    const caption = slide.querySelector("figcaption");
    const above =
      body(slide).lastElementChild.getBoundingClientRect().top -
      body(slide).getBoundingClientRect().top;
    return body(slide).clientHeight - above - (caption ? caption.offsetHeight + 0.5 * rem() : 0);
  };
  const fitPlot = (slide, plot) => {
    plot.dataset.natural ??= Number.parseFloat(plot.style.minHeight);
    const wide = body(slide).clientWidth;
    const high = spare(slide);
    const scale = Math.min(rem() / 18, Math.max(high / plot.dataset.natural, rem() / 24));
    const { style, dataset } = plot;
    dataset.scale = scale;
    dataset.most = Math.floor(Math.min(high / scale, 1.4 * dataset.natural));
    style.minHeight = "";
    style.width = `${Math.floor(wide / scale)}px`;
    style.transform = `scale(${scale})`;
    plot.parentElement.style.width = `${wide}px`;
    plot.parentElement.style.height = `${dataset.most * scale}px`;
  };
  const frames = () =>
    new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const fitRest = async (slide, part) => {
    // a live figure and a drawing are sized in pixels, a table in the units of the slide
    const most = part.querySelector(".ae-live, svg") ? rem() / 16 : 1;
    const least = 0.5 * most;
    let zoom = most;
    for (let tries = 0; tries < 8; tries++) {
      part.style.zoom = zoom;
      await frames();
      const { height } = part.getBoundingClientRect();
      const high = spare(slide);
      if (height <= high + 1 || zoom === least) break;
      zoom = Math.max(least, zoom * Math.max(0.7, Math.min(0.97, high / height)));
    }
  };
  const fitFormula = (formula) => {
    formula.style.fontSize = "";
    const much = formula.scrollWidth / formula.clientWidth;
    if (much > 1) formula.style.fontSize = `${Math.max(0.6, 0.99 / much)}em`;
  };
  const mark = () => {
    if (root.dataset.overview) return;
    for (const part of $$(".body")) {
      const scrolls =
        part.scrollHeight > part.clientHeight + 1 || part.scrollWidth > part.clientWidth + 1;
      part.classList.toggle("scrolls", scrolls);
      if (scrolls) part.tabIndex = 0;
      else part.removeAttribute("tabindex");
    }
  };
  for (const plot of $$(".plot")) {
    const frame = document.createElement("div");
    frame.className = "shown";
    plot.replaceWith(frame);
    frame.append(plot);
  }
  main.addEventListener("drawn", ({ target }) => {
    target.parentElement.style.height = `${target.offsetHeight * target.dataset.scale}px`;
  });
  const fit = async () => {
    const all = slides();
    const here = body(current())?.firstElementChild;
    join();
    $$(".formula").forEach(fitFormula);
    for (const slide of slides()) if (!slide.matches(".picture")) divide(slide);
    if (here) go(here.closest(".slide"));
    for (const slide of all.filter((one) => one.matches(".picture"))) {
      const plot = slide.querySelector(".plot");
      if (plot) fitPlot(slide, plot);
    }
    await Promise.all(
      $$(".picture .output")
        .filter((part) => !part.querySelector(".plot"))
        .map((part) =>
          fitRest(part.closest(".slide"), part.querySelector(":scope > .scroll") ?? part),
        ),
    );
    mark();
    root.dataset.fitted = "1";
  };

  // ---- the way through
  const current = () => {
    const at = slides();
    return at[Math.min(at.length - 1, Math.round(scrollY / innerHeight))];
  };
  const chosen = () =>
    root.dataset.overview ? (document.activeElement.closest?.(".slide") ?? current()) : current();
  const go = (slide) => {
    if (!slide) return;
    slide.scrollIntoView({
      behavior: "instant",
      block: root.dataset.overview ? "nearest" : "start",
    });
    slide.tabIndex = -1;
    slide.focus({ preventScroll: true });
    tell();
  };
  const tell = () => {
    const at = slides();
    const i = at.indexOf(chosen());
    find(".count").textContent = `${i + 1} / ${at.length}`;
    root.style.setProperty("--done", i / Math.max(1, at.length - 1));
    find("[data-do=back]").disabled = i === 0;
    find("[data-do=on]").disabled = i === at.length - 1;
  };
  const step = (by) => {
    const at = slides();
    go(at[Math.max(0, Math.min(at.length - 1, at.indexOf(chosen()) + by))]);
  };
  const overview = (slide = chosen()) => {
    const on = !root.dataset.overview;
    if (on) root.dataset.overview = "1";
    else delete root.dataset.overview;
    for (const part of $$(".slide > *")) part.inert = on;
    go(slide);
  };
  const actions = {
    on: () => step(1),
    back: () => step(-1),
    overview: () => overview(),
    code: () => {
      const code = chosen().querySelector(":scope > details.code");
      if (code) code.open = !code.open;
    },
    solutions: () => {
      if (root.dataset.solutions) delete root.dataset.solutions;
      else root.dataset.solutions = "1";
      fit();
    },
    dark: () => document.getElementById("theme").click(),
    whole: () =>
      document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen(),
    keys: () => find("dialog").showModal(),
  };
  const keys = {
    ArrowRight: "on",
    ArrowDown: "on",
    PageDown: "on",
    " ": "on",
    ArrowLeft: "back",
    ArrowUp: "back",
    PageUp: "back",
    Escape: "overview",
    o: "overview",
    c: "code",
    s: "solutions",
    d: "dark",
    f: "whole",
    "?": "keys",
  };
  // A control that has the focus keeps its keys: fields, sliders, planes, what scrolls; a button only those that press it.
  const keeps = (event) => {
    const element = event.composedPath()[0];
    if (!element.matches || element.matches(".slide")) return false;
    if (element.matches("input, select, textarea, [role=application], [tabindex='0']"))
      return event.key !== "Escape";
    return element.matches("button, summary, a") && [" ", "Enter"].includes(event.key);
  };
  addEventListener("keydown", (event) => {
    if (
      event.defaultPrevented ||
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      find("dialog").open
    )
      return;
    if (keeps(event)) return;
    const inside = event.composedPath()[0];
    if (
      event.key === "Escape" &&
      inside.matches?.("input, select, textarea, [role=application], [tabindex='0']")
    )
      go(current());
    else if (event.key === "Enter" && root.dataset.overview) overview();
    else if (event.key === "Home") go(slides()[0]);
    else if (event.key === "End") go(slides().at(-1));
    else if (keys[event.key])
      actions[event.key === " " && event.shiftKey ? "back" : keys[event.key]]();
    else return;
    event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    const action = event.target.closest("[data-do]")?.dataset.do;
    if (action) {
      if (action !== "keys") find("dialog").close();
      actions[action]();
    } else if (root.dataset.overview && event.target.matches(".slide")) overview(event.target);
  });
  addEventListener("scroll", () => root.dataset.overview || tell(), { passive: true });
  addEventListener("resize", fit);
  new ResizeObserver(mark).observe(main);

  // ---- paper: every slide at the size of its page
  addEventListener("beforeprint", () => {
    if (root.dataset.overview) overview();
    root.dataset.paper = "1";
    fit();
  });
  addEventListener("afterprint", () => {
    delete root.dataset.paper;
    fit();
  });

  document.fonts.ready.then(fit).then(tell);
})();
