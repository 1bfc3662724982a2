// The page's controls, connected to the state.

function showState() {
  find("#search").value = state.search;
  for (const select of findAll("[data-factor]"))
    select.value = state.levels[select.dataset.factor] ?? "";
  find("#metric").value = state.metric;
  find("#log").checked = state.log;
  find("#log").disabled = state.metric === "gap";
  for (const name of ["across", "along"])
    if (find(`#${name}`)) find(`#${name}`).value = state[name];
  for (const button of findAll("#legend button"))
    button.setAttribute("aria-pressed", isShown(button.dataset.id));
  sortTables();
  filterNetworks();
  openNetwork();
  drawFigures();
}

function setState(wanted) {
  Object.assign(state, wanted);
  const factors = findAll("#across option").map((option) => option.value);
  state.across ??= factors[0] ?? null;
  state.along ??= factors[1] ?? null;
  if (!find(`#metric option[value="${CSS.escape(state.metric)}"]`)) state.metric = DEFAULTS.metric;
  showState();
}

function setTheme(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  find("#theme").setAttribute("aria-pressed", dark);
}

function redrawRun() {
  if (find("#opened .seed")) showRun(find("#opened"));
}

async function copy(text, button) {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    window.prompt("Copy this:", text); // pages of files have no clipboard in some browsers
  }
  setTimeout(() => {
    button.textContent = before;
  }, 1500);
}

function connect() {
  find("#filters").addEventListener("submit", (event) => event.preventDefault());
  find("#search").addEventListener("input", (event) => change({ search: event.target.value }));
  for (const select of findAll("[data-factor]"))
    select.addEventListener("change", () =>
      change({ levels: { ...state.levels, [select.dataset.factor]: select.value } }),
    );
  for (const box of findAll("[data-column]")) {
    box.addEventListener("change", () => {
      const others = state.hidden.filter((key) => key !== box.dataset.column);
      change({ hidden: box.checked ? others : [...others, box.dataset.column] });
    });
  }
  find("#show-all").addEventListener("click", () => change({ shown: null }));
  for (const row of findAll("#network-table tbody tr")) {
    const { id } = row.dataset;
    find(".show", row).addEventListener("change", (event) => show(id, event.target.checked));
    find(".only", row).addEventListener("click", () => showOnly(id));
    find(".open", row).addEventListener("click", () =>
      change({ opened: state.opened === id ? null : id, seed: null }),
    );
  }
  for (const button of findAll("#legend button")) {
    const { id } = button.dataset;
    button.addEventListener("click", (event) => {
      if (event.shiftKey) showOnly(id);
      else if (event.detail < 2) show(id, !isShown(id));
    });
    button.addEventListener("dblclick", () => change({ shown: [id] }));
  }
  find("#metric").addEventListener("change", (event) => change({ metric: event.target.value }));
  find("#log").addEventListener("change", (event) => change({ log: event.target.checked }));
  for (const name of ["across", "along"])
    find(`#${name}`)?.addEventListener("change", (event) => change({ [name]: event.target.value }));
  document.addEventListener("click", (event) => {
    const { save: kind } = event.target.dataset ?? {};
    if (kind) save(event.target.closest("figure"), kind);
  });
  const configuration = find("#configuration").textContent;
  find("#copy-config").addEventListener("click", (event) => copy(configuration, event.target));
  find("#save-config").addEventListener("click", () =>
    download("config.yaml", configuration, "text/yaml"),
  );
  find("#copy").addEventListener("click", (event) => copy(location.href, event.target));
  find("#reset").addEventListener("click", () => {
    history.replaceState(null, "", "#");
    setState(stateFromAddress());
  });
  find("#theme").addEventListener("click", () => {
    setTheme(document.documentElement.dataset.theme !== "dark");
    drawFigures();
    redrawRun();
  });
  for (const event of ["popstate", "hashchange"])
    window.addEventListener(event, () => setState(stateFromAddress()));
  window.addEventListener("beforeprint", () => {
    for (const details of findAll("details:not(.columns)")) details.open = true;
  });
}

setTheme(matchMedia("(prefers-color-scheme: dark)").matches);
prepareTables();
connect();
setState(stateFromAddress());
