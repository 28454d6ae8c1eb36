import { escapeHtml } from "../../plot/markup";
import { cellText, type SortableCell, type SortableTable } from "../cells";
import { onTheme } from "./redraw";
import { find, shadow } from "./shadow";

type Data = Pick<SortableTable, "columns" | "rows">;
type Row = Data["rows"][number];
type Direction = "ascending" | "descending";

const css = `
.scroll{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:13px;width:100%}
th,td{padding:.15rem .5rem;text-align:right;white-space:nowrap;border-bottom:1px solid var(--line)}
thead th{vertical-align:bottom;white-space:normal;min-width:4.2em;font-weight:600;
padding:.15rem .2rem}
th:first-child{text-align:left;position:sticky;left:0;background:var(--ground);z-index:1}
tbody th{font-weight:400;padding-left:0}
thead button{border-color:transparent;text-align:inherit;font-weight:600;padding:.2rem .3rem;
width:100%;line-height:1.25}
thead button::after{content:" ↕";opacity:.4}
[aria-sort=ascending] button::after{content:" ↑";opacity:1}
[aria-sort=descending] button::after{content:" ↓";opacity:1}
tbody button{border-color:transparent;text-align:left;width:100%;padding:.1rem .3rem;
min-height:26px}
tbody button::before{content:"▸ ";display:inline-block;width:1.2em}
tbody button[aria-expanded=true]::before{content:"▾ "}
tbody tr:hover>*{background-image:linear-gradient(var(--soft),var(--soft))}
.open td{text-align:left;padding:.4rem .3rem .6rem}
.strips{position:sticky;left:.3rem;width:min(460px,82vw);display:grid;
grid-template-columns:auto 1fr;gap:2px .7rem;align-items:center}
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

/** Row below another with its pictures. */
function pictureRow({ cells, pictures = [] }: Row, columns: number): HTMLTableRowElement {
  const row = document.createElement("tr");
  row.className = "open";
  const strips = pictures.map(({ label, png }) => {
    const alt = `${cellText(cells[0])}: ${label}`;
    return `<span>${escapeHtml(label)}</span>
<img alt="${escapeHtml(alt)}" src="data:image/png;base64,${png}">`;
  });
  row.innerHTML = `<td colspan="${columns}"><div class="strips">${strips.join("")}</div></td>`;
  return row;
}

/** The row of pictures that stands open below a row. */
const openBelow = (row: Element) => {
  const below = row.nextElementSibling;
  return below?.classList.contains("open") ? below : undefined;
};

/** A row of the table; one with pictures opens and closes them by its name. */
function tableRow(row: Row, columns: Data["columns"]): HTMLTableRowElement {
  const element = document.createElement("tr");
  const [first, ...others] = row.cells.map((cell, j) =>
    escapeHtml(cellText(cell, columns[j].decimals)),
  );
  const name = row.pictures?.length
    ? `<button type="button" aria-expanded="false">${first}</button>`
    : first;
  const values = others.map((text) => `<td>${text}</td>`);
  element.innerHTML = `<th scope="row">${name}</th>${values.join("")}`;
  const button = element.querySelector("button");
  button?.addEventListener("click", () => {
    const open = openBelow(element);
    button.setAttribute("aria-expanded", String(!open));
    if (open) open.remove();
    else element.after(pictureRow(row, columns.length));
  });
  return element;
}

const hidden = "position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden";

function markup(columns: Data["columns"]): string {
  const heads = columns.map(
    ({ name }) => `<th scope="col"><button type="button">${escapeHtml(name)}</button></th>`,
  );
  return `<div class="scroll" role="region" tabindex="0" aria-label="table of results">
<table><thead><tr>${heads.join("")}</tr></thead><tbody></tbody></table></div>
<div class="said" aria-live="polite" style="${hidden}"></div>`;
}

export function mount(host: HTMLElement, { columns, rows }: Data): void {
  const root = shadow(host, css, markup(columns));
  const setGround = () => host.style.setProperty("--ground", ground(host));
  setGround();
  onTheme(setGround);

  const body = find(root, "tbody");
  const heads = [...root.querySelectorAll<HTMLTableCellElement>("thead th")];
  const elements = rows.map((row) => tableRow(row, columns));
  body.append(...elements);

  const cells = rows.map((row) => row.cells);
  const sort = (column: number, direction: Direction) => {
    for (const head of heads) head.removeAttribute("aria-sort");
    heads[column].setAttribute("aria-sort", direction);
    for (const row of order(cells, column, direction)) {
      const below = openBelow(elements[row]);
      body.append(elements[row], ...(below ? [below] : []));
    }
    find(root, ".said").textContent = `sorted by ${columns[column].name}, ${direction}`;
  };
  heads.forEach((head, column) => {
    find(head, "button").addEventListener("click", () => {
      sort(column, head.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending");
    });
  });
}
