// Contents, code, figures and print of a chapter's page.
(() => {
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  const root = document.documentElement;

  // ---- contents: follow the scroll
  const links = new Map($$("#contents a").map((a) => [decodeURIComponent(a.hash.slice(1)), a]));
  const headings = [...links.keys()].map((id) => document.getElementById(id)).filter(Boolean);
  let current;
  const follow = () => {
    let here;
    for (const heading of headings) if (heading.getBoundingClientRect().top < innerHeight * 0.3) here = heading;
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
    if (top < frame.top || bottom > frame.bottom) box.scrollTop += top - frame.top - frame.height / 3;
  };
  let following = false;
  addEventListener(
    "scroll",
    () => {
      if (following) return;
      following = true;
      requestAnimationFrame(() => {
        following = false;
        follow();
      });
    },
    { passive: true },
  );
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
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.setAttribute("aria-label", "Copy this code");
    button.addEventListener("click", async () => {
      const text = listing.querySelector("code").textContent.trimEnd();
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
      setTimeout(() => {
        button.textContent = "Copy";
      }, 1500);
    });
    listing.append(button);
  }
  const fold = document.getElementById("fold");
  fold?.addEventListener("click", () => {
    const folded = fold.getAttribute("aria-pressed") !== "true";
    fold.setAttribute("aria-pressed", String(folded));
    fold.textContent = folded ? "Unfold code" : "Fold code";
    for (const code of $$("details.code")) code.open = !folded;
  });
  if (fold && !document.querySelector("details.code")) fold.hidden = true;

  // ---- tables: a column's head sorts by it, downward, upward, and back to the order of the text
  const numberIn = (text) => (/^[-−+]?[\d.]/.test(text) ? Number.parseFloat(text.replace("−", "-")) : Number.NaN);
  for (const table of $$("table.ae-table:not(.ae-live *)")) {
    const body = table.tBodies[0];
    const given = [...(body?.rows ?? [])];
    if (given.length < 3) continue;
    for (const head of table.tHead.rows[0].cells) {
      const texts = new Map(given.map((row) => [row, row.cells[head.cellIndex].textContent]));
      const numeric = given.every((row) => texts.get(row) === "" || !Number.isNaN(numberIn(texts.get(row))));
      const downward = numeric
        ? (a, b) => (numberIn(texts.get(b)) || 0) - (numberIn(texts.get(a)) || 0)
        : (a, b) => texts.get(b).localeCompare(texts.get(a), "en", { numeric: true });
      const orders = {
        descending: () => given.toSorted(downward),
        ascending: () => given.toSorted((a, b) => downward(b, a)),
        none: () => given,
      };
      const following = numeric
        ? { none: "descending", descending: "ascending", ascending: "none" }
        : { none: "ascending", ascending: "descending", descending: "none" };
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...head.childNodes);
      head.append(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        const order = following[head.getAttribute("aria-sort")];
        for (const other of table.tHead.rows[0].cells) other.setAttribute("aria-sort", "none");
        head.setAttribute("aria-sort", order);
        body.append(...orders[order]());
      });
    }
  }

  // ---- links into a folded part open it
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let part = target?.parentElement; part; part = part.parentElement)
      if (part.tagName === "DETAILS") part.open = true;
  };
  addEventListener("hashchange", reveal);
  reveal();

  // ---- figures
  let printing = false;
  const figures = $$("script.spec").map((script) => ({
    place: script.previousElementSibling,
    text: script.textContent,
    state: "waiting",
  }));
  let plotly;
  const load = () => {
    plotly ??= (async () => {
      const packed = atob(document.getElementById("plotly").textContent);
      const bytes = Uint8Array.from(packed, (c) => c.charCodeAt(0));
      const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
      const script = document.createElement("script");
      script.textContent = await new Response(stream).text();
      document.head.append(script);
      return globalThis.Plotly;
    })();
    return plotly;
  };
  const color = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const colors = () =>
    root.dataset.theme === "dark"
      ? { ink: color("--figure-ink-dark"), grid: color("--figure-grid-dark"), paper: color("--paper-dark") }
      : { ink: color("--figure-ink-light"), grid: color("--figure-grid-light"), paper: color("--paper-light") };

  // An axis title in lines that fit beside the axis.
  const wrapped = (text, pixels) => {
    const most = Math.max(12, Math.floor(pixels / 6.8));
    if (/<br|<sub|<sup/.test(text) || text.length <= most) return text;
    const lines = [""];
    for (const word of text.split(" ")) {
      if (lines.at(-1) && lines.at(-1).length + word.length >= most) lines.push("");
      lines.push(`${lines.pop()} ${word}`.trim());
    }
    return lines.join("<br>");
  };
  const positive = (data, name) =>
    data
      .filter((trace) => (trace[`${name[0]}axis`] ?? name[0]) === name.replace("axis", ""))
      .flatMap((trace) => Array.from(trace[name[0]] ?? []))
      .filter((v) => typeof v === "number" && v > 0);
  const power = (v) => `10<sup>${String(Math.round(Math.log10(v))).replace("-", "−")}</sup>`;
  // Ticks of a logarithmic axis, whose own run into each other: the values where they are few, else 1, 2, 5 of each decade, else decades.
  const logTicks = (values) => {
    const [low, high] = values.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Number.POSITIVE_INFINITY, 0]);
    const span = Math.log10(high / low);
    if (!(span > 0.5)) return {};
    const distinct = [...new Set(values)].sort((a, b) => a - b);
    const even = distinct.length <= 8 && distinct.every((v, i) => i === 0 || v / distinct[i - 1] > 1.4);
    const every = Math.ceil(span / 7);
    const decades = [];
    for (let k = Math.floor(Math.log10(low)) - 1; k <= Math.ceil(Math.log10(high)) + 1; k++)
      if (span < 2.6 || k % every === 0) decades.push(Number(`1e${k}`));
    const ticks = span < 2.6 ? decades.flatMap((d) => [d, 2 * d, 5 * d]) : decades;
    const shown = even ? distinct : ticks.map((v) => Number(v.toPrecision(2)));
    const plain = even || (low >= 1e-3 && high < 1e5);
    const words = plain ? shown.map((v) => v.toLocaleString("en", { maximumSignificantDigits: 3 })) : shown.map(power);
    return { tickmode: "array", tickvals: shown, ticktext: words };
  };

  const themed = ({ data, layout }, width) => {
    const { ink, grid, paper } = colors();
    const changed = {
      ...layout,
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { ...layout.font, color: ink },
      hoverlabel: { bgcolor: paper, bordercolor: grid, font: { color: ink }, ...layout.hoverlabel },
    };
    delete changed.width;
    delete changed.template;
    const axes = new Set(["xaxis", "yaxis", ...Object.keys(layout).filter((key) => /^[xy]axis\d*$/.test(key))]);
    for (const name of axes) {
      const axis = layout[name] ?? {};
      const title = typeof axis.title === "string" ? { text: axis.title } : axis.title;
      changed[name] = { ...axis, gridcolor: grid, zerolinecolor: grid, linecolor: grid, tickcolor: grid };
      if (title?.text) {
        const [from, to] = axis.domain ?? [0, 1];
        const along = (to - from) * ((name[0] === "y" ? (layout.height ?? 360) : width) - 90);
        changed[name].title = { ...title, text: wrapped(title.text, along), font: { size: 13, ...title.font } };
      }
      if (axis.type === "log" && !axis.dtick && !axis.tickvals)
        Object.assign(changed[name], logTicks(positive(data, name)));
    }
    return changed;
  };
  // A picture of pixels is drawn at a whole number of device pixels for each of its own, and the figure is as high as it then needs.
  const pixelPerfect = (layout, width) => {
    const image = layout.images?.length === 1 ? layout.images[0] : undefined;
    const { xaxis: x, yaxis: y, margin = {} } = layout;
    if (image?.xref !== "x" || image.yref !== "y" || !x?.range || !y?.range) return layout;
    const room = width - (margin.l ?? 0) - (margin.r ?? 0);
    const columns = Math.abs(x.range[1] - x.range[0]);
    const rows = Math.abs(y.range[1] - y.range[0]);
    const longest = Math.max(
      0,
      ...(layout.annotations ?? []).map((note) => (note.xanchor === "right" ? note.text.length : 0)),
    );
    const labels = longest ? Math.round(Math.min(longest * 7 + 14, room / 2)) : 0;
    const ratio = devicePixelRatio || 1;
    const fit = (room - labels) / columns;
    const scale = fit < 1 / ratio ? fit : printing ? Math.min(fit, 2) : Math.floor(fit * ratio) / ratio;
    return {
      ...layout,
      height: Math.round(rows * scale + (margin.t ?? 0) + (margin.b ?? 0)),
      xaxis: {
        ...x,
        domain: [labels / room, 1],
        range: [x.range[0], x.range[0] + (room - labels) / scale],
        constrain: "range",
      },
      yaxis: { ...y, scaleanchor: undefined, constrain: "range" },
    };
  };
  const coarse = matchMedia("(pointer: coarse)");
  const layoutFor = (figure, width) => {
    const layout = pixelPerfect(themed(figure, width), width);
    return { ...layout, width, autosize: false, dragmode: coarse.matches ? false : layout.dragmode };
  };
  const draw = (figure, width = room(figure)) => {
    const { Plotly } = globalThis;
    if (!figure.layout) Object.assign(figure, JSON.parse(figure.text));
    figure.place.querySelector("noscript")?.remove();
    figure.width = width;
    figure.state = "drawn";
    const options = { displaylogo: false, displayModeBar: false, ...figure.config, responsive: false };
    return Plotly.react(figure.place, figure.data, layoutFor(figure, width), options).then(
      () => {
        figure.place.style.minHeight = "";
        figure.place.dataset.drawn = "1";
      },
      (error) => fail(figure, error),
    );
  };
  const fail = (figure, error) => {
    figure.state = "broken";
    figure.place.textContent = `This figure could not be drawn: ${error.message}`;
    figure.place.classList.add("broken");
    console.error(error);
  };
  const drawSafely = (figure, width) => {
    try {
      return draw(figure, width);
    } catch (error) {
      return fail(figure, error);
    }
  };
  const near = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        near.unobserve(target);
        const figure = figures.find(({ place }) => place === target);
        load().then(
          () => figure.state === "waiting" && drawSafely(figure),
          (error) => fail(figure, error),
        );
      }
    },
    { rootMargin: "900px 0px" },
  );
  for (const { place } of figures) near.observe(place);
  // Plotly is unpacked early, so that printing, which cannot wait, finds it there.
  if (figures.length > 0) addEventListener("load", () => setTimeout(load, 300));

  const drawn = () => figures.filter(({ state, place }) => state === "drawn" && place.clientWidth > 0);
  addEventListener("themechange", () => {
    for (const figure of figures) if (figure.state === "drawn") drawSafely(figure, figure.width);
  });
  new ResizeObserver(() => {
    if (!printing) for (const figure of drawn()) if (figure.place.clientWidth !== figure.width) drawSafely(figure);
  }).observe(document.getElementById("main"));

  globalThis.drawAll = async () => {
    if (figures.length === 0) return;
    await load();
    await Promise.all(
      figures.filter(({ state }) => state === "waiting").map((figure) => drawSafely(figure, room(figure))),
    );
  };
  // A figure in a folded part has no width yet: it gets the text's, and its own when the part is opened.
  const room = ({ place }) => place.clientWidth || document.getElementById("main").clientWidth;
  document.addEventListener(
    "toggle",
    () => {
      for (const figure of drawn()) if (figure.place.clientWidth !== figure.width) drawSafely(figure);
    },
    true,
  );

  // ---- print: light, every figure, at the width of the paper
  let before;
  const paper = 640;
  addEventListener("beforeprint", () => {
    printing = true;
    before = root.dataset.theme;
    if (before === "dark") globalThis.setReportTheme("light");
    if (!globalThis.Plotly) return;
    for (const figure of figures)
      if (figure.state === "drawn" || (figure.state === "waiting" && figure.place.clientWidth > 0))
        drawSafely(figure, paper);
  });
  addEventListener("afterprint", () => {
    printing = false;
    if (before === "dark") globalThis.setReportTheme("dark");
    for (const figure of drawn()) drawSafely(figure);
  });
})();
