// Tables: a column's head sorts by it, downward, upward, and back to the order of the text.
(() => {
  const numberIn = (text) =>
    /^[-−+]?[\d.]/.test(text) ? Number.parseFloat(text.replace("−", "-")) : Number.NaN;
  const sortTables = (within) => {
    for (const table of within.querySelectorAll("table.ae-table:not(.ae-live *)")) {
      const body = table.tBodies[0];
      const given = [...(body?.rows ?? [])];
      if (given.length < 3) continue;
      for (const head of table.tHead.rows[0].cells) {
        const texts = new Map(given.map((row) => [row, row.cells[head.cellIndex].textContent]));
        const numeric = given.every(
          (row) => texts.get(row) === "" || !Number.isNaN(numberIn(texts.get(row))),
        );
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
  };
  sortTables(document);
  globalThis.sortTables = sortTables; // for outputs that come later
})();
