
"use strict";
// Only comfort: every figure stands in the page without it.
(() => {
  const rows = document.querySelector(".rows");
  if (!rows) return;
  const all = [...rows.children];
  const nameOf = (row) => row.querySelector("h3 bdi").textContent.toLowerCase();
  const figureOf = (row, cell) => parseFloat((row.querySelector(cell)?.textContent ?? "").replace(/[^\d.]/g, "")) || 0;
  const position = (row) => Number(row.style.getPropertyValue("--o"));
  const orders = {
    suspicious: null,
    data: (a, b) => position(a) - position(b),
    name: (a, b) => nameOf(a).localeCompare(nameOf(b)),
    missing: (a, b) => figureOf(b, ".m") - figureOf(a, ".m"),
    distinct: (a, b) => figureOf(b, ".n") - figureOf(a, ".n"),
  };
  // To change thousands of lines within the page takes seconds; apart from it, a moment.
  const apart = (change) => {
    const place = document.createComment("");
    rows.replaceWith(place);
    change();
    place.replaceWith(rows);
  };
  const form = document.querySelector(".order");
  const fieldset = form.querySelector("fieldset");
  const choices = { name: "by name", missing: "most missing", distinct: "most distinct" };
  for (const [value, text] of Object.entries(choices)) {
    if (value !== "name" && rows.querySelector(".pairs")) continue;
    const label = document.createElement("label");
    const input = Object.assign(document.createElement("input"), { type: "radio", name: "order", value });
    label.append(input, " " + text);
    fieldset.append(label);
  }
  form.addEventListener("change", () => {
    const order = orders[new FormData(form).get("order")];
    apart(() => rows.append(...(order ? [...all].sort(order) : all)));
  });
  form.addEventListener("submit", (event) => event.preventDefault());

  const tools = Object.assign(document.createElement("div"), { className: "tools" });
  tools.innerHTML =
    '<label>filter by name <input type=search></label><output aria-live=polite></output>' +
    "<button type=button>open all</button>" +
    "<label><input type=checkbox checked> keys</label> " +
    "<span><kbd>/</kbd> filter <kbd>j</kbd> <kbd>k</kbd> next, previous <kbd>e</kbd> open, close all</span>";
  const [filter, keys] = tools.querySelectorAll("input");
  const shown = tools.querySelector("output");
  const button = tools.querySelector("button");
  form.after(tools);

  const visible = () => [...rows.children].filter((row) => !row.hidden);
  const names = all.map(nameOf);
  filter.addEventListener("input", () => {
    const wanted = filter.value.trim().toLowerCase();
    let count = 0;
    apart(() => all.forEach((row, i) => {
      row.hidden = !names[i].includes(wanted);
      if (!row.hidden) ++count;
    }));
    shown.textContent = wanted ? count + " of " + all.length : "";
  });
  const toggleAll = () => {
    const folds = visible().filter((row) => row.tagName === "DETAILS");
    const open = folds.some((row) => !row.open);
    apart(() => folds.forEach((row) => { row.open = open; }));
    button.textContent = open ? "close all" : "open all";
  };
  button.addEventListener("click", toggleAll);
  const step = (by) => {
    const lines = visible().map((row) => row.querySelector("summary")).filter(Boolean);
    const at = lines.findIndex((line) => line === document.activeElement || line.parentNode.contains(document.activeElement));
    const next = at < 0 ? 0 : Math.min(lines.length - 1, Math.max(0, at + by));
    lines[next]?.focus();
  };
  document.addEventListener("keydown", (event) => {
    if (!keys.checked || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("input[type=search]")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const act = { "/": () => filter.focus(), j: () => step(1), k: () => step(-1), e: toggleAll }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
})();
