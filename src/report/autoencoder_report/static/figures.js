// Figures: drawn by Plotly as they come into view, in the page's colors and at their place's width.
(() => {
  const root = document.documentElement;
  let printing = false;
  const figures = Array.from(document.querySelectorAll("script.spec"), (script) => ({
    place: script.previousElementSibling,
    text: script.textContent,
    state: "waiting",
  }));
  // The figure at the top of the page has its numbers at its place below.
  for (const place of document.querySelectorAll(".plot[data-spec]")) {
    const text = document.querySelector(`#${place.dataset.spec} > script.spec`).textContent;
    figures.push({ place, text, state: "waiting" });
  }
  // Plotly is unpacked early and run late: its 1.4 MB of script block a page for long, and printing,
  // which cannot wait, can still run it.
  let unpacking;
  let code;
  const unpack = () => {
    const packed = () => globalThis.unpacked(document.getElementById("plotly")).text();
    unpacking ??= packed().then((text) => (code = text));
    return unpacking;
  };
  globalThis.readyToPrint = unpack;
  const run = () => {
    if (globalThis.Plotly || !code) return;
    const script = document.createElement("script");
    script.textContent = code;
    document.head.append(script);
    code = "";
  };
  const load = () => unpack().then(run);
  /** Color of the theme, by the name that it has in base.css. */
  const color = (name) =>
    getComputedStyle(root).getPropertyValue(`--${name}-${root.dataset.theme}`).trim();

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
  // `h_j` as authors of charts write it, with the index below the line.
  const lowered = (text) =>
    typeof text === "string"
      ? text.replace(/(?<![\w/])(\p{L}\p{M}?)_(\w{1,2})(?!\w)/gu, "$1<sub>$2</sub>")
      : text;
  const positive = (data, name) =>
    data
      .filter((trace) => (trace[`${name[0]}axis`] ?? name[0]) === name.replace("axis", ""))
      .flatMap((trace) => Array.from(trace[name[0]] ?? []))
      .filter((v) => typeof v === "number" && v > 0);
  const power = (v) => `10<sup>${String(Math.round(Math.log10(v))).replace("-", "−")}</sup>`;
  // Ticks of a logarithmic axis, whose own run into each other: the values where they are few, else
  // 1, 2, 5 of each decade, else decades.
  const logTicks = (values) => {
    const distinct = [...new Set(values)].sort((a, b) => a - b);
    const [low, high] = [distinct[0], distinct.at(-1)];
    const span = Math.log10(high / low);
    if (!(span > 0.5)) return {};
    const even =
      distinct.length <= 8 && distinct.every((v, i) => i === 0 || v / distinct[i - 1] > 1.4);
    const every = Math.ceil(span / 7);
    const decades = [];
    for (let k = Math.floor(Math.log10(low)) - 1; k <= Math.ceil(Math.log10(high)) + 1; k++)
      if (span < 2.6 || k % every === 0) decades.push(Number(`1e${k}`));
    const ticks = span < 2.6 ? decades.flatMap((d) => [d, 2 * d, 5 * d]) : decades;
    const shown = even ? distinct : ticks.map((v) => Number(v.toPrecision(2)));
    const plain = even || (low >= 1e-3 && high < 1e5);
    const words = plain
      ? shown.map((v) => v.toLocaleString("en", { maximumSignificantDigits: 3 }))
      : shown.map(power);
    return { tickmode: "array", tickvals: shown, ticktext: words };
  };

  const themed = ({ data, layout }, width) => {
    const [ink, grid, paper] = ["figure-ink", "figure-grid", "paper"].map(color);
    const changed = {
      ...layout,
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { ...layout.font, color: ink },
      hoverlabel: { bgcolor: paper, bordercolor: grid, font: { color: ink }, ...layout.hoverlabel },
    };
    delete changed.width;
    delete changed.template;
    const menu = { bgcolor: paper, bordercolor: grid };
    if (Array.isArray(layout.updatemenus))
      changed.updatemenus = layout.updatemenus.map((own) => ({ ...menu, ...own }));
    const lines = { gridcolor: grid, zerolinecolor: grid, linecolor: grid, tickcolor: grid };
    const named = Object.keys(layout).filter((key) => /^[xy]axis\d*$/.test(key));
    for (const name of new Set(["xaxis", "yaxis", ...named])) {
      const axis = layout[name] ?? {};
      const title = typeof axis.title === "string" ? { text: axis.title } : axis.title;
      changed[name] = { ...axis, ...lines };
      if (title?.text) {
        const [from, to] = axis.domain ?? [0, 1];
        const along = (to - from) * ((name[0] === "y" ? (layout.height ?? 360) : width) - 90);
        changed[name].title = {
          ...title,
          text: lowered(wrapped(title.text, along)),
          font: { size: 13, ...title.font },
        };
      }
      if (axis.type === "log" && !axis.dtick && !axis.tickvals)
        Object.assign(changed[name], logTicks(positive(data, name)));
    }
    return changed;
  };
  // A picture of pixels is drawn at a whole number of device pixels for each of its own, and the
  // figure is as high as it then needs. A row of up to ten digits keeps tiles of 48 pixels: on a
  // phone it scrolls.
  const pixelPerfect = (layout, shown) => {
    const image = layout.images?.length === 1 ? layout.images[0] : undefined;
    const { xaxis: x, yaxis: y, margin = {} } = layout;
    if (image?.xref !== "x" || image.yref !== "y" || !x?.range || !y?.range) return layout;
    const columns = Math.abs(x.range[1] - x.range[0]);
    const tileOf48 = printing || columns > 300 ? 0 : 48 / 28;
    const least = tileOf48 * columns * 1.25; // with room for the labels
    const width = shown > 0.85 * least ? shown : least;
    const room = width - (margin.l ?? 0) - (margin.r ?? 0);
    const rows = Math.abs(y.range[1] - y.range[0]);
    const notes = layout.annotations ?? [];
    const above = notes.filter((note) => note.xanchor === "center");
    const longestOf = (some) => Math.max(0, ...some.map((note) => note.text.length));
    const longest = longestOf(notes.filter((note) => note.xanchor === "right"));
    const labels = longest ? Math.round(Math.min(longest * 7 + 14, room / 2)) : 0;
    const fit = (room - labels) / columns;
    const ratio = devicePixelRatio || 1;
    const floor = Math.floor(fit * ratio) / ratio;
    const whole = fit < 1 / ratio || floor < tileOf48 ? fit : floor;
    const scale = printing ? Math.min(fit, 2) : whole;
    // labels above the columns do not run into each other
    const size = (columns * scale) / above.length / (0.62 * longestOf(above));
    const fitted = (note) =>
      above.includes(note) && size < 12 ? { ...note, font: { ...note.font, size } } : note;
    return {
      ...layout,
      width,
      annotations: notes.map(fitted),
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
  /** Width to draw in: charts side by side need more than a phone has, and scroll there. */
  const widthFor = ({ layout }, shown) => {
    const domains = Object.keys(layout).filter((key) => /^xaxis\d*$/.test(key));
    const beside = domains.some((key) => layout[key].domain?.[0] > 0.3);
    return beside && !layout.images && !printing ? Math.max(shown, 560) : shown;
  };
  const layoutFor = (figure, shown) => {
    const width = widthFor(figure, shown);
    const layout = pixelPerfect(themed(figure, width), width);
    const dragmode = coarse.matches ? false : layout.dragmode;
    return { ...layout, width: layout.width ?? width, autosize: false, dragmode };
  };
  /** Width of a place; a figure in a folded part gets the text's, and its own once it is open. */
  const room = ({ place }) => place.clientWidth || document.getElementById("main").clientWidth;
  // Up to Plotly's call without a pause: printing does not wait.
  const draw = async (figure, width = room(figure)) => {
    const { place } = figure;
    try {
      if (!figure.layout) Object.assign(figure, JSON.parse(figure.text));
      place.querySelector("noscript")?.remove();
      figure.width = width;
      figure.shape = printing ? 0 : place.clientWidth;
      figure.state = "drawn";
      const data = figure.data.map((trace) =>
        trace.name ? { ...trace, name: lowered(trace.name) } : trace,
      );
      const plain = { displaylogo: false, displayModeBar: false };
      const config = { ...plain, ...figure.config, responsive: false };
      const drawn = { data, layout: layoutFor(figure, width), config };
      if (figure.frames) drawn.frames = figure.frames;
      await globalThis.Plotly.react(place, drawn);
      place.style.minHeight = "";
      if (place.scrollWidth > place.clientWidth) place.tabIndex = 0;
      else place.removeAttribute("tabindex");
      place.dataset.drawn = "1";
      place.dispatchEvent(new Event("drawn", { bubbles: true }));
    } catch (error) {
      fail(figure, error);
    }
  };
  const fail = (figure, error) => {
    figure.state = "broken";
    figure.place.textContent = `This figure could not be drawn: ${error.message}`;
    figure.place.classList.add("broken");
    console.error(error);
  };
  const near = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        near.unobserve(target);
        const figure = figures.find(({ place }) => place === target);
        load().then(
          () => figure.state === "waiting" && draw(figure),
          (error) => fail(figure, error),
        );
      }
    },
    { rootMargin: "900px 0px" },
  );
  for (const { place } of figures) near.observe(place);
  if (figures.length > 0) addEventListener("load", () => setTimeout(unpack, 300));

  addEventListener("themechange", () => {
    for (const figure of figures) if (figure.state === "drawn") draw(figure, figure.width);
  });
  const fitAgain = () => {
    for (const figure of figures) {
      const { state, shape, place } = figure;
      if (state === "drawn" && place.clientWidth > 0 && shape !== place.clientWidth) draw(figure);
    }
  };
  const sizes = new ResizeObserver(() => printing || fitAgain());
  for (const { place } of figures) sizes.observe(place);

  // Draws a figure that came later, or another one in its place.
  globalThis.addFigure = (place, text) => {
    const gone = figures.filter((figure) => !figure.place.isConnected || figure.place === place);
    for (const figure of gone) {
      if (figure.state === "drawn") globalThis.Plotly.purge(figure.place);
      figures.splice(figures.indexOf(figure), 1);
    }
    figures.push({ place, text, state: "waiting" });
    near.observe(place);
    sizes.observe(place);
  };

  globalThis.drawAll = async () => {
    if (figures.length === 0) return;
    await load();
    const waiting = figures.filter(({ state }) => state === "waiting");
    await Promise.all(waiting.map((figure) => draw(figure)));
  };

  // ---- print: light, every figure, at the width of the paper
  let before;
  const paper = 640;
  addEventListener("beforeprint", () => {
    printing = true;
    before = root.dataset.theme;
    if (before === "dark") globalThis.setReportTheme("light");
    if (figures.length > 0) run();
    if (!globalThis.Plotly) return;
    for (const figure of figures)
      if (figure.state === "drawn" || (figure.state === "waiting" && figure.place.clientWidth > 0))
        draw(figure, paper);
  });
  addEventListener("afterprint", () => {
    printing = false;
    if (before === "dark") globalThis.setReportTheme("dark");
    fitAgain();
  });
})();
