// An opened network: its runs, one seed at a time.

const CURVES = {
  accuracy: {
    accuracy: "training, dropout on",
    accuracy_eval: "training, dropout off",
    val_accuracy: "validation",
  },
  loss: {
    loss: "training, dropout on",
    loss_eval: "training, dropout off",
    val_loss: "validation",
  },
};

function element(name, text, properties = {}) {
  const made = Object.assign(document.createElement(name), properties);
  if (text !== null) made.textContent = text;
  return made;
}

const share = (value) => (value === null ? "\u2014" : `${(100 * value).toFixed(2)}%`);

function openNetwork() {
  const place = find("#opened");
  const current = place.dataset.id ?? "";
  if (current !== (state.opened ?? "")) {
    for (const figure of findAll("figure", place)) {
      views.get(figure)?.view.finalize();
      views.delete(figure);
    }
    place.replaceChildren();
    place.dataset.id = state.opened ?? "";
    if (!state.opened) {
      findAll("#network-table tbody tr")
        .find((row) => row.dataset.id === current)
        ?.querySelector(".open")
        .focus();
      return;
    }
    const article = findAll("template[data-network]")
      .find((template) => template.dataset.network === state.opened)
      .content.cloneNode(true);
    const network = study.networks.find((entry) => entry.id === state.opened);
    find("#opened-title", article).textContent =
      network.label === network.id ? network.id : `${network.label} (${network.id})`;
    find(".close", article).addEventListener("click", () => change({ opened: null, seed: null }));
    place.append(article);
    find("#opened-title").focus();
    fillRuns(place);
  } else if (
    state.opened &&
    find(".seed", place) &&
    state.seed &&
    find(".seed", place).value !== state.seed
  ) {
    find(".seed", place).value = state.seed;
    showRun(place);
  }
}

function fillRuns(place) {
  const runs = study.runs.filter((run) => run.network === state.opened);
  const within = find(".runs", place);
  if (runs.length === 0) {
    within.append(element("p", "This network has no finished run."));
    return;
  }
  within.append(find("#run-template").content.cloneNode(true));
  const seeds = find(".seed", within);
  seeds.append(...runs.map((run) => element("option", String(run.seed))));
  if (runs.some((run) => String(run.seed) === state.seed)) seeds.value = state.seed;
  seeds.addEventListener("change", () => {
    change({ seed: seeds.value });
    showRun(place);
  });
  showRun(place);
}

function showRun(place) {
  const seed = find(".seed", place).value;
  const run = study.runs.find(
    (entry) => entry.network === state.opened && String(entry.seed) === seed,
  );
  const data = findAll("script[data-details]").find(
    (script) => script.dataset.details === state.opened,
  );
  const details = data ? JSON.parse(data.textContent)[seed] : undefined;
  find(".run-figures", place).textContent =
    `Test accuracy ${share(run.accuracy)}, test error ${run.test_loss?.toFixed(4) ?? "\u2014"}, ` +
    `${run.seconds_per_epoch.toFixed(1)} seconds per epoch, best epoch ${run.best_epoch}.`;
  const folder = `runs/${state.opened}/seed-${seed}`;
  const links = ["metrics.json", "history.csv", "confusion.png", "mistakes.png", "kernels.png"].map(
    (name) => element("a", name, { href: `${folder}/${name}` }),
  );
  const files = find(".files", place);
  files.replaceChildren("Files beside this page: ", ...links.flatMap((link) => [link, " "]));
  const figures = Object.fromEntries(
    findAll("figure", place).map((figure) => [figure.dataset.figure, figure]),
  );
  for (const kind of ["accuracy", "loss"])
    drawCurves(figures[`history-${kind}`], run, CURVES[kind]);
  for (const name of ["confusion", "calibration", "kernels"])
    figures[name].hidden = !details?.[name];
  fillClasses(find(".classes", place), details?.classes);
  fillMistakes(find(".mistakes", place), details?.mistakes);
  if (details?.confusion) {
    const cells = details.confusion.map(([truth, predicted, images]) => ({
      true: truth,
      predicted,
      images,
      wrong: truth === predicted ? 0 : images,
    }));
    draw(figures.confusion, "confusion", { cells });
    draw(figures.calibration, "calibration", {
      bins: details.calibration.filter((bin) => bin.images),
      diagonal: [{ at: 0 }, { at: 1 }],
    });
  }
  if (details?.kernels) {
    const columns = Math.max(1, Math.floor(find(".plot", figures.kernels).clientWidth / 180));
    draw(figures.kernels, "kernels", { weights: details.kernels.flatMap(weightRows) }, (spec) => {
      spec.columns = columns;
    });
  }
}

function drawCurves(figure, run, names) {
  const epochs = Object.entries(names).flatMap(([name, series]) =>
    run.curves[name].map((value, at) => ({ series, epoch: at + 1, value })),
  );
  draw(figure, "history", { epochs });
}

function weightRows({ layer, span, before, after }) {
  const width = (span[1] - span[0]) / before.length;
  return Object.entries({ "before training": before, "after training": after }).flatMap(
    ([when, counts]) => {
      const most = Math.max(...before, ...after);
      return counts.map((count, at) => ({
        layer,
        when,
        weight: span[0] + (at + 0.5) * width,
        count,
        share: count / most,
      }));
    },
  );
}

function fillClasses(place, classes) {
  place.replaceChildren();
  if (!classes) return;
  const table = element("table", null);
  table.append(element("caption", "Precision, recall and F1 by class"));
  const head = table.createTHead().insertRow();
  for (const name of ["Class", "Precision", "Recall", "F1", "Images"])
    head.append(element("th", name, { scope: "col", className: "number" }));
  const body = table.createTBody();
  for (const score of classes) {
    const row = body.insertRow();
    for (const text of [
      score.label,
      share(score.precision),
      share(score.recall),
      share(score.f1),
      score.support,
    ])
      row.append(element("td", String(text), { className: "number" }));
  }
  place.append(table);
}

function fillMistakes(place, mistakes) {
  place.replaceChildren();
  if (!mistakes) return;
  place.append(
    element("h4", mistakes.length ? "Most confident mistakes" : "No test image is wrong."),
  );
  const list = element("ul", null);
  for (const { image, label, predicted, confidence, position } of mistakes) {
    const item = element("li", null);
    item.append(
      element("img", null, {
        src: image,
        alt: `Test image ${position}, a ${label} taken for ${predicted}`,
      }),
    );
    item.append(
      element("div", `${label} taken for ${predicted}`),
      element("div", `p = ${confidence.toFixed(3)}`, { className: "note" }),
    );
    list.append(item);
  }
  place.append(list);
}
