// Long tables sort by a click or the Enter key on a heading; a third time restores the order.
const LONG = 8;

// A cell as a number, where it is one: thousands, per cent, a true minus, stars, a remark behind.
function number(text) {
  const plain = text.trim().replace(/,/g, "").replace(/^[−–](?=[\d.])/, "-");
  return /^[+-]?(\d|\.\d)/.test(plain) ? parseFloat(plain) : NaN;
}

function sort(table, place, heading) {
  const body = table.tBodies[0];
  const next = {none: "ascending", ascending: "descending", descending: "none"};
  const way = next[heading.getAttribute("aria-sort")];
  for (const other of table.tHead.rows[0].cells) other.setAttribute("aria-sort", "none");
  heading.setAttribute("aria-sort", way);
  const sign = way === "descending" ? -1 : 1;
  const read = (row) => row.cells[place].textContent.trim();
  const rows = [...body.rows];
  const filled = rows.map(read).filter((text) => text !== "" && text !== "–" && text !== "·");
  const numeric = filled.every((text) => !Number.isNaN(number(text)));
  rows.sort((one, two) => {
    if (way === "none") return one.dataset.place - two.dataset.place;
    const [a, b] = [read(one), read(two)];
    if (!numeric) return sign * a.localeCompare(b);
    const [x, y] = [number(a), number(b)];
    if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y);
    return sign * (x - y);
  });
  body.append(...rows);
}

function makeSortable(table) {
  const head = table.tHead?.rows;
  const rows = [...(table.tBodies[0]?.rows ?? [])];
  const columns = head?.length === 1 ? head[0].cells.length : 0;
  if (table.tBodies.length !== 1 || rows.length < LONG) return;
  if (!columns || rows.some((row) => row.cells.length !== columns)) return;
  rows.forEach((row, place) => { row.dataset.place = place; });
  [...head[0].cells].forEach((heading, place) => {
    if (!heading.textContent.trim()) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...heading.childNodes);
    heading.append(button);
    heading.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => sort(table, place, heading));
  });
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("article table:not(.rule-explorer table)").forEach(makeSortable);
  // What scrolls in its own box is reached by keyboard too.
  document.querySelectorAll(".pst-scrollable-table-container, div.cell_output .output, div.math, pre")
    .forEach((box) => { if (box.scrollWidth > box.clientWidth) box.tabIndex = 0; });
});

// What is folded is printed open.
window.addEventListener("beforeprint", () => {
  document.querySelectorAll("article details:not(.hide)").forEach((fold) => { fold.open = true; });
});
