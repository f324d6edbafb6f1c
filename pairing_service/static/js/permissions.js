// The permissions pages. Without it every cell is a link to a page that does the same.

const grid = () => document.querySelector("[data-grid]");

// --- One tab stop: the arrow keys walk from cell to cell (the ARIA grid pattern) ---

// What takes the focus in a cell: its link, else the cell itself.
const spot = (cell) => cell.querySelector("a") ?? cell;
const rows = () => [...grid().rows].filter((row) => row.checkVisibility());

function becomeGrid() {
  const table = grid();
  if (!table || table.getAttribute("role") === "grid") return;
  table.setAttribute("role", "grid");
  for (const cell of table.querySelectorAll("th, td")) spot(cell).tabIndex = -1;
  (table.querySelector("tbody td a") ?? spot(table.rows[0].cells[0])).tabIndex = 0;
  for (const link of table.querySelectorAll(".grid__help")) expanded(link, false);
}

function walkTo(element) {
  for (const before of grid().querySelectorAll('[tabindex="0"]')) before.tabIndex = -1;
  element.tabIndex = 0;
  element.focus();
}

function step(cell, key, whole) {
  const all = rows();
  const row = all.indexOf(cell.parentElement);
  const column = cell.cellIndex;
  const forward = getComputedStyle(cell).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
  const page = 8;
  const at = (r, c) => {
    const line = all[Math.max(0, Math.min(r, all.length - 1))];
    return line.cells[Math.max(0, Math.min(c, line.cells.length - 1))];
  };
  switch (key) {
    case "ArrowUp": return at(row - 1, column);
    case "ArrowDown": return at(row + 1, column);
    case "ArrowLeft":
    case "ArrowRight": return at(row, column + (key === forward ? 1 : -1));
    case "Home": return at(whole ? 0 : row, 0);
    case "End": return at(whole ? all.length : row, Infinity);
    case "PageUp": return at(row - page, column);
    case "PageDown": return at(row + page, column);
  }
}

document.addEventListener("keydown", (event) => {
  const cell = event.target.closest?.("[role=grid] :is(th, td)");
  if (!cell || event.altKey || event.metaKey) return;
  const next = step(cell, event.key, event.ctrlKey);
  if (next) {
    event.preventDefault();
    walkTo(spot(next));
  } else if (event.key === " " && event.target.matches("a")) {
    event.preventDefault();
    event.target.click();
  }
});

// Whoever clicks into the grid walks on from there.
document.addEventListener("focusin", (event) => {
  const cell = event.target.closest?.("[role=grid] :is(th, td)");
  if (cell && event.target.tabIndex === -1 && event.target === spot(cell)) walkTo(event.target);
});

// --- Help opens below its line ---

function expanded(link, is) {
  link.setAttribute("aria-expanded", String(is));
  document.querySelector(link.hash).classList.toggle("is-open", is);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.(".grid__help");
  if (!link) return;
  event.preventDefault();
  expanded(link, link.getAttribute("aria-expanded") !== "true");
});

document.addEventListener("htmx:afterSettle", becomeGrid);
becomeGrid();
