// The figures: specifications of Vega-Lite, filled with the figures of the networks shown.

const views = new Map(); // by element: the drawn figure
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const MOST_RUNS_AS_SVG = 300; // beyond it a canvas is faster; saving as SVG works with either

const SYMBOLS = [
  "circle",
  "square",
  "diamond",
  "triangle-up",
  "triangle-down",
  "cross",
  "M-0.8,-0.5L-0.5,-0.8L0,-0.3L0.5,-0.8L0.8,-0.5L0.3,0L0.8,0.5L0.5,0.8L0,0.3L-0.5,0.8L-0.8,0.5L-0.3,0Z",
];

function theme() {
  const [ink, faint, line] = ["--ink", "--faint", "--line"].map(css);
  const text = {
    labelColor: ink,
    titleColor: ink,
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: "normal",
  };
  const marks = Object.fromEntries(
    ["rule", "tick", "point", "line"].map((mark) => [mark, { color: ink }]),
  );
  return {
    ...marks,
    aria: false,
    background: css("--paper"),
    font: "system-ui, sans-serif",
    view: { stroke: line },
    axis: { ...text, gridColor: line, gridOpacity: 0.6, domainColor: faint, tickColor: faint },
    legend: text,
    header: text,
    rect: { color: css("--c0") },
    range: {
      category: [0, 1, 2, 3, 4, 5, 6, 7].map((place) => css(`--c${place}`)),
      symbol: SYMBOLS,
    },
  };
}

const percent = (share) => (share === null ? null : 100 * share);

function curveOf(run, metric) {
  const { loss_eval: train, val_loss: validation } = run.curves;
  return metric === "gap"
    ? validation.map((value, at) =>
        value === null || train[at] === null ? null : value - train[at],
      )
    : run.curves[metric];
}

function networkRows() {
  return study.networks
    .filter((network) => isShown(network.id) && network.accuracy !== null)
    .map((network) => ({
      network: network.id,
      percent: percent(network.accuracy),
      low: percent(network.accuracy_low),
      high: percent(network.accuracy_high),
      method: network.accuracy_interval,
      n: network.n_seeds,
      published: percent(network.reference_accuracy),
      seconds: network.seconds_per_epoch,
      parameters: network.parameters,
      front: network.front,
    }));
}

const shownRuns = () => study.runs.filter((run) => isShown(run.network));
const accuraciesOfRuns = () =>
  shownRuns().map((run) => ({
    network: run.network,
    seed: run.seed,
    percent: percent(run.accuracy),
  }));

function shownContrasts() {
  const alone = state.shown?.length === 1;
  return study.contrasts.filter(({ variant, baseline }) =>
    alone ? isShown(variant) || isShown(baseline) : isShown(variant) && isShown(baseline),
  );
}

function kindOf(verdict) {
  if (verdict === "better" || verdict === "worse") return "shown";
  return verdict.startsWith("no difference") || verdict.startsWith("identical")
    ? "no difference that matters"
    : "open";
}

const DATA = {
  curves: () => ({
    epochs: shownRuns().flatMap((run) =>
      curveOf(run, state.metric).map((value, at) => ({
        network: run.network,
        seed: run.seed,
        epoch: at + 1,
        value,
      })),
    ),
  }),
  accuracy: () => ({ networks: networkRows(), runs: accuraciesOfRuns() }),
  time: () => ({ networks: networkRows().filter((row) => row.seconds > 0) }),
  contrasts: () => ({
    margin: [{ from: -study.margin, to: study.margin, zero: 0 }],
    contrasts: shownContrasts().map(({ points, ...contrast }) => ({
      ...contrast,
      contrast: contrast.name,
      kind: kindOf(contrast.verdict),
    })),
    points: shownContrasts().flatMap(({ name, points }) =>
      Object.entries(points).map(([seed, difference]) => ({ contrast: name, seed, difference })),
    ),
  }),
  interaction: () => {
    const levels = Object.fromEntries(
      study.networks.map((network) => [network.id, network.levels]),
    );
    return {
      cells: shownRuns().map((run) => ({
        value: run.value,
        level: levels[run.network][state.across],
        other: levels[run.network][state.along],
      })),
    };
  },
};

const CHANGES = {
  interaction: (spec) => {
    // One domain gives colour and symbol one legend.
    const domain = [...new Set(study.networks.map(({ levels }) => levels[state.along]))];
    for (const { encoding } of spec.layer) {
      for (const channel of ["color", "shape"])
        if (encoding[channel]) encoding[channel].scale = { domain };
    }
  },
  curves: (spec) => {
    const y = spec.layer[0].encoding.y;
    y.title = find(`#metric option[value="${CSS.escape(state.metric)}"]`)?.textContent;
    if (state.log && state.metric !== "gap") y.scale = { type: "log", nice: false };
  },
};

async function draw(figure, name, datasets, adapt = CHANGES[name]) {
  const spec = structuredClone(specs[name]);
  adapt?.(spec);
  const plot = find(".plot", figure);
  if (plot.clientWidth === 0) return; // folded away
  // Without `ast` Vega would compile texts to code, which the page's policy forbids.
  const options = {
    mode: "vega-lite",
    ast: true,
    actions: false,
    defaultStyle: false,
    renderer: study.runs.length > MOST_RUNS_AS_SVG ? "canvas" : "svg",
    logLevel: 1,
    tooltip: { disableDefaultStyle: true },
  };
  views.get(figure)?.view.finalize();
  const place = document.createElement("div");
  place.setAttribute("aria-hidden", "true"); // its container has the description
  plot.replaceChildren(place);
  const { view } = await vegaEmbed(place, { ...spec, datasets, config: theme() }, options);
  views.set(figure, { view, name, datasets });
  if (plot.scrollWidth > plot.clientWidth) plot.tabIndex = 0;
  else plot.removeAttribute("tabindex");
}

async function refill(figure, datasets) {
  const drawn = views.get(figure);
  drawn.datasets = datasets;
  for (const [name, rows] of Object.entries(datasets)) drawn.view.data(name, rows);
  await drawn.view.runAsync();
}

let drawnWith = "";
let drawing = Promise.resolve();

function drawFigures() {
  drawing = drawing.then(async () => {
    const needs = JSON.stringify([
      state.metric,
      state.log,
      state.across,
      state.along,
      document.documentElement.dataset.theme,
    ]);
    for (const figure of findAll("main > section figure[data-figure]")) {
      const name = figure.dataset.figure;
      await new Promise((done) => setTimeout(done)); // the page answers between two figures
      if (!DATA[name]) continue;
      const datasets = DATA[name]();
      const isEmpty = Object.entries(datasets).every(
        ([rows, { length }]) => rows === "margin" || length === 0,
      );
      find(".plot", figure).hidden = isEmpty;
      find(".none", figure).hidden = !isEmpty;
      if (isEmpty) continue;
      if (needs !== drawnWith || !views.has(figure)) await draw(figure, name, datasets);
      else await refill(figure, datasets);
    }
    drawnWith = needs;
    document.documentElement.dataset.drawn = Math.round(performance.now());
  });
  return drawing;
}

function download(name, content, type) {
  const link = document.createElement("a");
  link.href = content.startsWith?.("data:")
    ? content
    : URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
}

function csvOf(datasets) {
  const quoted = (value) => (/[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  const tables = Object.values(datasets).filter((rows) => rows.length > 0);
  return tables
    .map((rows) => {
      const names = Object.keys(rows[0]);
      const lines = rows.map((row) =>
        names.map((name) => quoted(String(row[name] ?? ""))).join(","),
      );
      return [names.join(","), ...lines].join("\n");
    })
    .join("\n\n");
}

async function save(figure, kind) {
  if (!views.has(figure)) return;
  const { view, name, datasets } = views.get(figure);
  if (kind === "svg") download(`${name}.svg`, await view.toSVG(), "image/svg+xml");
  if (kind === "png") download(`${name}.png`, await view.toImageURL("png", 2));
  if (kind === "csv") download(`${name}.csv`, `${csvOf(datasets)}\n`, "text/csv");
}
