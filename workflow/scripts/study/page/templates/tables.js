// Tables that sort by a click on a heading; the table of networks also filters and hides columns.

const columnKey = (heading) => heading.dataset.key ?? heading.dataset.title;

function sortValue(cell) {
  const text = cell.dataset.value ?? cell.textContent.trim();
  const digits = text
    .replaceAll(",", "")
    .replaceAll("\u2212", "-")
    .replace(/^[<>\u2248\s]+/, "");
  const value = /^[+-]?[\d.]/.test(digits) ? Number.parseFloat(digits) : Number.NaN;
  return { text, value, missing: text === "" || text === "\u2014" };
}

function compare(one, other) {
  if (one.missing || other.missing) return one.missing - other.missing;
  if (Number.isNaN(one.value) || Number.isNaN(other.value))
    return one.text.localeCompare(other.text, "en", { numeric: true });
  return one.value - other.value;
}

function prepareTables() {
  for (const table of findAll("table[data-table]")) {
    findAll("tbody tr", table).forEach((row, place) => {
      row.dataset.place = place;
    });
    for (const heading of findAll("thead th:not([data-fixed])", table)) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.dataset.title = button.textContent.trim();
      heading.append(button);
      button.addEventListener("click", () => {
        const name = table.dataset.table;
        const sorted = state.sort[name];
        const column = columnKey(heading);
        const sort = { ...state.sort };
        if (sorted?.column !== column) sort[name] = { column, direction: "descending" };
        else if (sorted.direction === "descending") sort[name] = { column, direction: "ascending" };
        else delete sort[name];
        change({ sort });
      });
    }
  }
}

function sortTables() {
  for (const table of findAll("table[data-table]")) {
    const headings = findAll("thead th", table);
    const wanted = state.sort[table.dataset.table];
    const place = headings.findIndex((heading) => wanted && columnKey(heading) === wanted.column);
    headings.forEach((heading, at) => {
      if (at === place) heading.setAttribute("aria-sort", wanted.direction);
      else heading.removeAttribute("aria-sort");
    });
    const order = `${place} ${wanted?.direction}`;
    if (table.dataset.order === order || (place < 0 && !table.dataset.order)) continue;
    table.dataset.order = order;
    const rows = findAll("tbody tr", table).map((row) => ({
      row,
      value: place < 0 ? null : sortValue(row.cells[place]),
    }));
    const sign = wanted?.direction === "descending" ? -1 : 1;
    rows.sort((one, other) => {
      const byPlace = one.row.dataset.place - other.row.dataset.place;
      if (place < 0) return byPlace;
      if (one.value.missing || other.value.missing)
        return one.value.missing - other.value.missing || byPlace;
      return sign * compare(one.value, other.value) || byPlace;
    });
    find("tbody", table).append(...rows.map(({ row }) => row));
  }
}

function filterNetworks() {
  const table = find("#network-table");
  const search = state.search.trim().toLowerCase();
  const factors = read("#factors");
  let visible = 0;
  for (const row of findAll("tbody tr", table)) {
    const matches =
      row.textContent.toLowerCase().includes(search) &&
      factors.every(
        (factor, place) =>
          !state.levels[factor] ||
          row.dataset[`level-${place}`] === state.levels[factor] ||
          row.getAttribute(`data-level-${place}`) === state.levels[factor],
      );
    row.hidden = !matches;
    visible += matches;
    const on = isShown(row.dataset.id);
    row.classList.toggle("off", !on);
    find(".show", row).checked = on;
    find(".open", row).setAttribute("aria-expanded", state.opened === row.dataset.id);
  }
  find("#count").textContent = `${visible} of ${ids.length} networks`;
  findAll("thead th", table).forEach((heading, place) => {
    const hidden = state.hidden.includes(heading.dataset.key);
    if (hidden === (heading.hidden ?? false)) return;
    for (const row of table.rows) row.cells[place].hidden = hidden;
  });
  for (const box of findAll("[data-column]"))
    box.checked = !state.hidden.includes(box.dataset.column);
}
