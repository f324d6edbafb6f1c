// The permissions pages. Without it every cell is a link to a page that does the same.

const grid = () => document.querySelector("[data-grid]");

// --- One tab stop: the arrow keys walk from cell to cell (the ARIA grid pattern) ---

// What takes the focus in a cell: its link, else the cell itself.
const spot = (cell) => cell.querySelector("a") ?? cell;
const rows = () => [...grid().rows].filter((row) => row.checkVisibility());

function becomeGrid() {
  const table = grid();
  if (!table) return;
  table.setAttribute("role", "grid");
  for (const cell of table.querySelectorAll("th, td")) {
    const at = spot(cell);
    if (!at.hasAttribute("tabindex")) at.tabIndex = -1;
  }
  for (const link of table.querySelectorAll(".grid__help:not([aria-expanded])")) expanded(link, false);
  if (table.querySelector('[tabindex="0"]')) return;
  const focused = document.activeElement;
  const first = table.contains(focused) ? focused : table.querySelector("tbody td a");
  (first ?? spot(table.rows[0].cells[0])).tabIndex = 0;
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

// --- A cell's menu ---

const menu = document.getElementById("menu");
let opener = null; // the id of the cell whose menu is open: the cell itself may be replaced

function openMenu(link) {
  if (link.matches(".cell")) opener = link.id;
  htmx.ajax("GET", link.href, { target: "#menu", swap: "innerHTML" });
}

function showMenu() {
  if (!menu.open) menu.showModal();
  const now = menu.querySelector(".choices [aria-pressed=true]");
  (now ?? menu.querySelector(".choices button, .form__actions a") ?? menu.querySelector("button")).focus();
  place();
}

// Beside its cell where there is room; else where dialogs are.
function place() {
  const cell = document.getElementById(opener)?.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const isNarrow = innerWidth < 700 || height > innerHeight - 32;
  const start = Math.max(16, Math.min(cell?.left ?? 0, innerWidth - width - 16));
  const below = (cell?.bottom ?? 0) + 4;
  const top = below + height < innerHeight - 16 ? below : Math.max(16, (cell?.top ?? 0) - height - 4);
  menu.style.margin = isNarrow || !cell ? "" : "0";
  menu.style.left = isNarrow || !cell ? "" : `${start}px`;
  menu.style.top = isNarrow || !cell ? "" : `${Math.min(top, innerHeight - height - 16)}px`;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a.cell, #menu a[data-menu]");
  if (!link || !menu || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  openMenu(link);
});

menu?.addEventListener("keydown", (event) => {
  const way = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  const buttons = [...menu.querySelectorAll(".choices button")];
  const at = buttons.indexOf(event.target);
  if (!way || at < 0) return;
  event.preventDefault();
  buttons[(at + way + buttons.length) % buttons.length].focus();
});

const cellOf = (id) => document.getElementById(id);

menu?.addEventListener("close", () => {
  menu.replaceChildren();
  cellOf(opener)?.focus();
});

// What came back has the cells as they are now.
function putFresh(container) {
  for (const template of container.querySelectorAll("template[data-fresh]")) {
    for (const fresh of template.content.querySelectorAll("[id]")) {
      const old = document.getElementById(fresh.id);
      if (!old) continue;
      if (old.hasAttribute("tabindex")) fresh.tabIndex = old.tabIndex;
      old.replaceWith(fresh);
    }
    template.remove();
  }
}

document.addEventListener("htmx:afterSwap", (event) => {
  becomeGrid();
  const where = event.target;
  if (where === menu) {
    putFresh(menu);
  } else if (where.id === "last-change") {
    opener ??= where.querySelector("template[data-fresh]")?.content.firstElementChild.id;
    putFresh(where);
    menu.close();
    cellOf(opener)?.focus();
  }
});

document.addEventListener("htmx:afterSettle", (event) => {
  becomeGrid(); // settling has put back what came along
  if (event.target === menu && menu.firstElementChild) showMenu(); // its form is htmx's by now
});

// An answer that can't be shown here is shown as a page.
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.target === menu) location.assign(event.detail.pathInfo.requestPath);
});

becomeGrid();
