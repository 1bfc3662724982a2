// What the page shows is one object, which lives in the address behind the #.

const read = (selector) => JSON.parse(document.querySelector(selector).textContent);
const study = read("#study");
const specs = read("#specs");
const ids = study.networks.map((network) => network.id);
const find = (selector, within = document) => within.querySelector(selector);
const findAll = (selector, within = document) => [...within.querySelectorAll(selector)];

const DEFAULTS = {
  shown: null, // networks in the figures; null stands for all
  search: "",
  levels: {},
  hidden: [], // columns
  sort: {}, // column and direction by table
  opened: null,
  seed: null,
  metric: "val_accuracy",
  log: false,
  across: null,
  along: null,
};
const state = structuredClone(DEFAULTS);

function isShown(id) {
  return state.shown === null || state.shown.includes(id);
}

function stateFromAddress() {
  const found = structuredClone(DEFAULTS);
  const words = new URLSearchParams(location.hash.slice(1));
  const known = (name, allowed) =>
    words.has(name)
      ? words
          .get(name)
          .split(",")
          .filter((id) => allowed.includes(id))
      : null;
  found.shown = known("shown", ids);
  found.search = words.get("search") ?? "";
  found.hidden = words.get("hidden")?.split(",") ?? [];
  found.opened = known("open", ids)?.[0] ?? null;
  found.seed = words.get("seed");
  found.metric = words.get("metric") ?? DEFAULTS.metric;
  found.log = words.has("log");
  found.across = words.get("across");
  found.along = words.get("along");
  for (const [name, value] of words) {
    if (name.startsWith("level-")) found.levels[name.slice(6)] = value;
    if (name.startsWith("sort-")) {
      const [column, direction] = value.split(":");
      found.sort[name.slice(5)] = { column, direction };
    }
  }
  return found;
}

function addressOfState() {
  const words = new URLSearchParams();
  if (state.shown !== null) words.set("shown", state.shown.join(","));
  if (state.search) words.set("search", state.search);
  if (state.hidden.length) words.set("hidden", state.hidden.join(","));
  if (state.opened) words.set("open", state.opened);
  if (state.opened && state.seed) words.set("seed", state.seed);
  if (state.metric !== DEFAULTS.metric) words.set("metric", state.metric);
  if (state.log) words.set("log", "1");
  if (state.across) words.set("across", state.across);
  if (state.along) words.set("along", state.along);
  for (const [name, value] of Object.entries(state.levels))
    if (value) words.set(`level-${name}`, value);
  for (const [name, { column, direction }] of Object.entries(state.sort))
    words.set(`sort-${name}`, `${column}:${direction}`);
  return `#${words}`;
}

function change(changes) {
  const opens = "opened" in changes && changes.opened !== state.opened;
  Object.assign(state, changes);
  const address = addressOfState();
  if (address !== location.hash) history[opens ? "pushState" : "replaceState"](null, "", address);
  showState();
}

function show(id, on) {
  const shown = ids.filter((other) => (other === id ? on : isShown(other)));
  change({ shown: shown.length === ids.length ? null : shown });
}

function showOnly(id) {
  change({ shown: state.shown?.length === 1 && state.shown[0] === id ? null : [id] });
}
