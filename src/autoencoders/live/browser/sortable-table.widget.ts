import { cellText, type SortableCell, type SortableTable } from "../cells";
import { escapeText, find, shadow } from "./kit";

type Data = Pick<SortableTable, "columns" | "rows">;
type Direction = "ascending" | "descending";

const css = `
.scroll{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:13px;width:100%}
th,td{padding:.15rem .5rem;text-align:right;white-space:nowrap;border-bottom:1px solid var(--line)}
thead th{vertical-align:bottom;white-space:normal;min-width:4.2em;font-weight:600;padding:.15rem .2rem}
th:first-child{text-align:left;position:sticky;left:0;background:var(--ground);z-index:1}
tbody th{font-weight:400;padding-left:0}
thead button{border-color:transparent;text-align:inherit;font-weight:600;padding:.2rem .3rem;width:100%;line-height:1.25}
thead button::after{content:" ↕";opacity:.4}
[aria-sort=ascending] button::after{content:" ↑";opacity:1}
[aria-sort=descending] button::after{content:" ↓";opacity:1}
tbody button{border-color:transparent;text-align:left;width:100%;padding:.1rem .3rem;min-height:26px}
tbody button::before{content:"▸ ";display:inline-block;width:1.2em}
tbody button[aria-expanded=true]::before{content:"▾ "}
tbody tr:hover>*{background-image:linear-gradient(var(--soft),var(--soft))}
.open td{text-align:left;padding:.4rem .3rem .6rem}
.strips{position:sticky;left:.3rem;width:min(460px,82vw);display:grid;grid-template-columns:auto 1fr;gap:2px .7rem;align-items:center}
.strips img{width:100%;display:block;image-rendering:pixelated;background:#000}
`;

/**
 * Row numbers in the order of a column: texts by the alphabet, numbers and means by size, nothing
 * always last.
 */
export function order(
  rows: readonly (readonly SortableCell[])[],
  column: number,
  direction: Direction,
): number[] {
  const sign = direction === "ascending" ? 1 : -1;
  const key = (row: number) => {
    const cell = rows[row][column];
    return Array.isArray(cell) ? (cell[0] as number) : (cell as string | number | null);
  };
  return rows
    .map((_, row) => row)
    .sort((a, b) => {
      const [p, q] = [key(a), key(b)];
      if (p === null || q === null) return Number(p === null) - Number(q === null);
      const difference = typeof p === "string" ? p.localeCompare(String(q)) : p - Number(q);
      return sign * difference || a - b;
    });
}

/** Background behind the host, so that the sticky column covers the ones that scroll under it. */
function ground(host: HTMLElement): string {
  for (let at: HTMLElement | null = host; at; at = at.parentElement) {
    const color = getComputedStyle(at).backgroundColor;
    if (color !== "transparent" && !/,\s*0\)$/.test(color)) return color;
  }
  return "Canvas";
}

export function mount(host: HTMLElement, { columns, rows }: Data): void {
  const heads = columns.map(
    ({ name }) => `<th scope="col"><button type="button">${escapeText(name)}</button></th>`,
  );
  const root = shadow(
    host,
    css,
    `<div class="scroll" role="region" tabindex="0" aria-label="table of results"><table><thead><tr>${heads.join("")}</tr></thead><tbody></tbody></table></div><div class="said" aria-live="polite" style="position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden"></div>`,
  );
  const setGround = () => host.style.setProperty("--ground", ground(host));
  setGround();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", setGround);

  const body = find(root, "tbody");
  const titles = [...root.querySelectorAll<HTMLTableCellElement>("thead th")];
  const lines = rows.map(({ cells, pictures = [] }) => {
    const line = document.createElement("tr");
    const [first, ...others] = cells.map((cell, j) =>
      escapeText(cellText(cell, columns[j].decimals)),
    );
    const name =
      pictures.length > 0 ? `<button type="button" aria-expanded="false">${first}</button>` : first;
    line.innerHTML = `<th scope="row">${name}</th>${others.map((text) => `<td>${text}</td>`).join("")}`;
    const button = line.querySelector("button");
    button?.addEventListener("click", () => {
      const open = line.nextElementSibling?.classList.contains("open")
        ? line.nextElementSibling
        : undefined;
      button.setAttribute("aria-expanded", String(!open));
      if (open) return open.remove();
      const below = document.createElement("tr");
      below.className = "open";
      const strips = pictures.map(
        ({ label, png }) =>
          `<span>${escapeText(label)}</span><img alt="${escapeText(`${cellText(cells[0])}: ${label}`)}" src="data:image/png;base64,${png}">`,
      );
      below.innerHTML = `<td colspan="${columns.length}"><div class="strips">${strips.join("")}</div></td>`;
      line.after(below);
    });
    return line;
  });

  const sort = (column: number, direction: Direction) => {
    titles.forEach((title, j) => {
      if (j === column) title.setAttribute("aria-sort", direction);
      else title.removeAttribute("aria-sort");
    });
    for (const row of order(
      rows.map(({ cells }) => cells),
      column,
      direction,
    )) {
      const opened = lines[row].nextElementSibling;
      body.append(lines[row]);
      if (opened?.classList.contains("open")) body.append(opened);
    }
    find(root, ".said").textContent = `sorted by ${columns[column].name}, ${direction}`;
  };
  titles.forEach((title, column) => {
    find(title, "button").addEventListener("click", () => {
      sort(column, title.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending");
    });
  });
  body.append(...lines);
}
