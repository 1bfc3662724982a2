"""A made-up finished study in a folder: the files of its runs and of the comparison."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

import synthetic
from compare import compare
from study.config.schema import Config
from study.config.study import Study, load_study
from study.data.prepared import manifest_of
from study.files import write_json
from study.networks.costs import multiply_adds
from study.page.configuration import configuration
from study.page.report import Design, write_page
from study.runs.definition import Run
from study.runs.evaluation import write_evaluation
from study.runs.history import write_history
from study.runs.metrics import RunKey
from study.runs.predictions import Probabilities
from study.statistics.ensembles import EnsembleRow, ensemble_rows
from study.statistics.scores import evaluate
from study.summary.report import Summary, read_summary
from study.tables import write_records

IMAGES = 400
CLASSES = 10


@dataclass(frozen=True)
class MadeUp:
    """A study whose runs' files are in `folder`."""

    folder: Path
    config: Config
    study: Study
    runs: Sequence[Run]

    def files(self, name: str) -> list[str]:
        return [
            str(self.folder / "runs" / run.variant / f"seed-{run.seed}" / name) for run in self.runs
        ]

    @property
    def variants(self) -> list[dict[str, Any]]:
        study = self.study
        return [
            {
                "id": variant.id,
                "label": variant.label,
                "depth": variant.depth,
                "reference": variant.reference,
                "notebook_group": variant.notebook_group,
                "multiply_adds": multiply_adds(variant.layers, study.input_shape, CLASSES),
                "batch_norms": sum(layer["type"] == "batch_norm" for layer in variant.layers),
            }
            for variant in study.variants
        ]

    @property
    def networks(self) -> list[dict[str, Any]]:
        return [
            {
                "id": variant.id,
                "settings": asdict(variant.settings),
                "layers": variant.layers,
                "python": None,
                "levels": variant.levels,
            }
            for variant in self.study.variants
        ]

    def configuration(self) -> str:
        study = self.study
        return configuration(
            study.dataset_name,
            study.seeds,
            study.comparison,
            study.verdict,
            self.variants,
            self.networks,
            study.contrasts,
        )

    def summary(self) -> Summary:
        return read_summary(
            metrics=self.files("metrics.json"),
            histories=self.files("history.csv"),
            evaluations=self.files("evaluation.json"),
            failed=map(str, sorted(self.folder.glob("runs/*/*/failed.json"))),
            manifest=str(self.folder / "data.json"),
            comparisons=str(self.folder / "comparisons.csv"),
            effects=str(self.folder / "effects.csv"),
            ensembles=str(self.folder / "ensembles.csv"),
            metric=self.study.comparison["metric"],
            variants=self.variants,
            runs=[[run.variant, run.seed] for run in self.study.runs],
            thresholds=self.study.verdict,
            licence=self.study.dataset["licence"],
            source=self.study.dataset["source"],
        )

    def write_page(self, details: bool = True) -> Path:
        study, page = self.study, self.folder / "report.html"
        keys = [RunKey(run.variant, run.seed) for run in self.runs if details]
        write_page(
            page,
            self.summary(),
            Design(
                networks=self.networks,
                contrasts=study.contrasts,
                factors=study.factors,
                margin=study.comparison["equivalence_margin"],
                configuration=self.configuration(),
            ),
            manifest=str(self.folder / "data.json"),
            data=str(self.folder / "data.npz"),
            predictions=dict(zip(keys, self.files("predictions.npz"), strict=False)),
            weights=dict(zip(keys, self.files("weights.npz"), strict=False)),
        )
        return page


def make_study(folder: Path, config: Config, *, epochs: int = 12, details: bool = True) -> MadeUp:
    """Write the files of a finished study of `config`; without `details` only what tables need."""
    study = load_study(config)
    rng = np.random.default_rng(1)
    labels = np.arange(IMAGES) % CLASSES
    images = rng.integers(0, 256, (IMAGES, 28, 28), np.uint8)
    arrays = {"x_train": images, "y_train": labels.astype(np.uint8)}
    arrays |= {"x_test": images, "y_test": labels.astype(np.uint8)}
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / "data.npz", allow_pickle=False, **arrays)
    write_json(folder / "data.json", manifest_of("digits", CLASSES, arrays, []))
    for place, variant in enumerate(study.variants):
        for seed in study.seeds:
            run = folder / "runs" / variant.id / f"seed-{seed}"
            wrong = rng.choice(IMAGES, rng.binomial(IMAGES, 0.02 + 0.004 * place), replace=False)
            _write_run(run, variant.id, seed, wrong, epochs, rng, place)
            if details:
                kernels = synthetic.CONV3 if place % 2 else synthetic.CONV7
                np.savez(run / "weights.npz", allow_pickle=False, **synthetic.weights(kernels))
    made = MadeUp(folder, config, study, study.runs)
    keys = [(run.variant, run.seed) for run in study.runs]
    ensembles = ensemble_rows(made.files("predictions.npz"), keys)
    write_records(folder / "ensembles.csv", EnsembleRow, ensembles)
    output = {name: str(folder / f"{name}.csv") for name in ("comparisons", "effects")}
    output |= {name: str(folder / f"{name}.png") for name in ("contrasts", "interactions")}
    compare(
        made.files("predictions.npz"),
        made.files("evaluation.json"),
        output,
        runs=keys,
        seeds=study.seeds,
        contrasts=study.contrasts,
        factors=study.factors,
        design=[variant.id for variant in study.variants] if study.factors else [],
        metric=study.comparison["metric"],
        margin=study.comparison["equivalence_margin"],
        title="made up",
        dpi=40,
    )
    return made


def _write_run(
    run: Path,
    variant: str,
    seed: int,
    wrong: np.ndarray,
    epochs: int,
    rng: np.random.Generator,
    place: int,
) -> None:
    predictions = synthetic.predictions(wrong, IMAGES, CLASSES)
    confident = rng.dirichlet(np.full(CLASSES, 0.05), IMAGES).astype(np.float32)
    rows = np.arange(IMAGES)
    most = confident.argmax(axis=1)
    swapped = confident.copy()
    swapped[rows, most] = confident[rows, predictions.classes]
    swapped[rows, predictions.classes] = confident[rows, most]
    steps = np.arange(1, epochs + 1)
    noise = 1 + 0.05 * rng.standard_normal((2, epochs))
    loss, val_loss = 0.5 / steps**0.8 * noise[0], 0.3 / steps**0.6 * noise[1] + 0.01 * place
    val_accuracy = np.minimum(1 - val_loss / 3, predictions.accuracy - 0.001)
    val_accuracy[-1] = predictions.accuracy
    seconds = 1.0 + place + rng.random()
    history = [
        {
            "epoch": int(epoch),
            "loss": loss[at],
            "accuracy": 1 - loss[at] / 3,
            "loss_eval": 0.8 * loss[at],
            "accuracy_eval": 1 - loss[at] / 4,
            "val_loss": val_loss[at],
            "val_accuracy": val_accuracy[at],
            "val_metric": val_accuracy[at],
            "seconds": seconds,
            "train_seconds": 0.9 * seconds,
            "load": 1.0,
            "learning_rate": 0.001,
        }
        for at, epoch in enumerate(steps)
    ]
    content = synthetic.metrics(
        variant,
        seed,
        epochs=epochs,
        settings__epochs=epochs,
        test_accuracy=predictions.accuracy,
        test_loss=val_loss[-1],
        train_loss=loss[-1],
        best_epoch=epochs,
        seconds_per_epoch=seconds,
        data__dataset="digits",
    )
    synthetic.write_metrics(run.parent.parent.parent, content)
    write_history(run / "history.csv", history)
    np.savez(run / "predictions.npz", probabilities=swapped, labels=predictions.labels)
    scores = evaluate(Probabilities(swapped, predictions.labels), None)
    write_evaluation(run / "evaluation.json", scores)
