"""Times of training, network by network, in rounds that ask every column in turn."""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import fmean, median
from typing import Any

from tqdm import tqdm

from protocol import Worker
from study.config.study import Study
from study.config.variants import Variant
from study.training.provenance import has_bfloat16

EPOCH, TEST = 60_000, 10_000  # images of MNIST, for which all seconds are given
PRODUCT = {"size": 2048, "repeats": 3}

COLUMNS = {
    "notebook": "notebook's way",
    "no_onednn": "notebook, oneDNN off",
    "alone": "ours, 1 thread",
    "beside": "ours, side by side",
    "mixed": "ours, mixed precision",
    "torch": "PyTorch, 1 thread",
}

MIXED = {"precision": "mixed_bfloat16"}


@dataclass(frozen=True)
class Plan:
    """How much is measured: networks, rounds, and images of each measurement."""

    variants: Sequence[Variant]
    rounds: int
    images: Mapping[str, int]
    """Of each measurement, by network."""


@dataclass
class Speed:
    """What was measured.

    `images[network]` is how many an epoch was timed on. `samples[quantity][network]` holds one
    value for each round: seconds for 60,000 images by the names in COLUMNS, GFLOP/s of the matrix
    product as `product` and `products` (side by side).
    """

    images: Mapping[str, int] = field(default_factory=dict)
    samples: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    evaluation: dict[str, dict[str, float]] = field(default_factory=dict)
    """Seconds for 10,000 images by column and network, for all but PyTorch."""
    parts: dict[str, dict[str, float]] = field(default_factory=dict)
    """Seconds of what a run pays once, by part and network."""
    imports: float = 0.0
    load: float | None = None
    versions: dict[str, str] = field(default_factory=dict)
    formats: dict[str, str] = field(default_factory=dict)

    def add(self, quantity: str, network: str, value: float) -> None:
        self.samples.setdefault(quantity, {}).setdefault(network, []).append(value)

    def networks(self) -> list[str]:
        return list(self.samples["alone"])

    def rounds(self) -> int:
        return min(map(len, self.samples["alone"].values()))

    def of_round(self, number: int) -> "Speed":
        """What one round alone measured, the first being 0."""
        samples = {
            quantity: {network: [values[number]] for network, values in networks.items()}
            for quantity, networks in self.samples.items()
        }
        return Speed(self.images, samples)

    def middle(self, quantity: str, network: str) -> float:
        """Median over the rounds."""
        return median(self.samples[quantity][network])

    def total(self, quantity: str) -> float:
        """Sum of the networks' medians."""
        return sum(self.middle(quantity, network) for network in self.networks())

    def ratio(self, above: str, below: str, network: str) -> float:
        """Median over the rounds of the ratio of two quantities, taken within a round."""
        pairs = zip(self.samples[above][network], self.samples[below][network], strict=True)
        return median(first / second for first, second in pairs)


@dataclass(frozen=True)
class Workers:
    """The processes that are asked, by column."""

    ours: Sequence[Worker]  # one for each core; the first is `alone`
    others: Mapping[str, Worker]

    def keras(self) -> dict[str, Worker]:
        """Those that train by Keras's `fit`."""
        return {column: worker for column, worker in self.others.items() if column != "torch"}


def measure_speed(
    study: Study, plan: Plan, cores: int, logs: Path, torch_python: str | None, data: Path
) -> Speed:
    """Time all columns. `torch_python` is an interpreter with PyTorch, if there is one.

    `data` is a prepared .npz with its manifest beside it, whose reading is timed if it exists.
    """
    speed = Speed(plan.images)
    with ExitStack() as stack:

        def worker(script: str, name: str, environment: dict[str, str], **options: Any) -> Worker:
            log = logs / f"{name}.log"
            return stack.enter_context(closing(Worker(script, log, environment, **options)))

        one_thread = {"OMP_NUM_THREADS": "1"}  # what Snakemake sets for a job of one thread
        quiet = {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2"}
        ours = []
        imports = []
        for number in range(cores):
            ours.append(worker("worker_ours.py", f"ours-{number}", one_thread))
            started = ours[-1]("start", log=str(ours[-1].log))
            imports.append(started["seconds"])
            speed.versions = started["versions"]
        speed.imports = median(imports)
        others = {"notebook": worker("worker_notebook.py", "notebook", quiet)}
        if others["notebook"]("start"):  # then show also what other processors do by default
            off = {**quiet, "TF_ENABLE_ONEDNN_OPTS": "0"}
            others["no_onednn"] = worker("worker_notebook.py", "no-onednn", off)
        if torch_python is not None:
            others["torch"] = worker("worker_torch.py", "torch", one_thread, python=torch_python)
            speed.versions["torch"] = others["torch"]("start")
        workers = Workers(ours, others)
        if data.exists():
            speed.load = ours[0]("load", npz=str(data), manifest=str(data.with_suffix(".json")))
        _prepare(study, plan, speed, workers)
        _train(plan, speed, workers)
        _evaluate(study, plan, speed, workers)
    return speed


def _prepare(study: Study, plan: Plan, speed: Speed, workers: Workers) -> None:
    first, *beside = workers.ours
    for variant in tqdm(plan.variants, "build and trace", leave=False):
        form = {"network": variant.id, "shape": study.input_shape, "classes": _classes(study)}
        network = {
            **form,
            "layers": variant.layers,
            "settings": asdict(variant.settings),
            "images": plan.images[variant.id],
        }
        parts = first("prepare", **network) | first("save", **form)
        for part, seconds in parts.items():
            speed.parts.setdefault(part, {})[variant.id] = seconds
        if has_bfloat16():
            settings = asdict(variant.settings) | MIXED
            first("prepare", **network | {"network": _mixed(variant.id), "settings": settings})
        for worker in (*beside, *workers.keras().values()):
            worker("prepare", **network)
        if "torch" in workers.others:
            speed.formats[variant.id] = workers.others["torch"]("prepare", **network)


def _train(plan: Plan, speed: Speed, workers: Workers) -> None:
    measured = {*workers.others, "alone", "beside", *(["mixed"] if has_bfloat16() else [])}
    columns = [column for column in COLUMNS if column in measured]
    for number in tqdm(range(plan.rounds), "rounds", leave=False):
        for variant in tqdm(plan.variants, f"round {number + 1}", leave=False):
            images = plan.images[variant.id]
            product = workers.ours[0]("product", **PRODUCT)
            products = fmean(together(workers.ours, "product", **PRODUCT))
            speed.add("product", variant.id, product)
            speed.add("products", variant.id, products)
            for column in rotated(columns, number):
                if column == "alone":
                    seconds = workers.ours[0]("train", network=variant.id)
                elif column == "mixed":
                    seconds = workers.ours[0]("train", network=_mixed(variant.id))
                elif column == "beside":
                    seconds = fmean(together(workers.ours, "train", network=variant.id))
                else:
                    seconds = workers.others[column](
                        "train",
                        network=variant.id,
                        images=images,
                        batch_size=variant.settings.batch_size,
                    )
                speed.add(column, variant.id, seconds * EPOCH / images)


def _evaluate(study: Study, plan: Plan, speed: Speed, workers: Workers) -> None:
    for variant in tqdm(plan.variants, "evaluation", leave=False):
        whole = {
            "network": variant.id,
            "shape": study.input_shape,
            "classes": _classes(study),
            "images": TEST,
        }
        part = {
            "network": variant.id,
            "images": plan.images[variant.id],
            "batch_size": variant.settings.batch_size,
        }
        seconds = {
            "alone": workers.ours[0]("evaluate", **whole),
            "beside": fmean(together(workers.ours, "evaluate", **whole)),
        }
        for column, worker in workers.keras().items():
            seconds[column] = worker("evaluate", **part) * TEST / part["images"]
        for column, value in seconds.items():
            speed.evaluation.setdefault(column, {})[variant.id] = value


def together(workers: Sequence[Worker], call: str, **arguments: Any) -> list[float]:
    """Ask all workers at the same time; returns their answers."""
    for worker in workers:
        worker.ask(call, **arguments)
    return [worker.answer() for worker in workers]


def rotated(columns: Sequence[str], by: int) -> Iterator[str]:
    """The columns in turn, from another one in each round.

    >>> list(rotated(["a", "b", "c"], 1))
    ['b', 'c', 'a']
    """
    start = by % len(columns)
    yield from columns[start:]
    yield from columns[:start]


def has_torch(python: str) -> bool:
    """Whether the interpreter `python` can import PyTorch."""
    command = [python, "-c", "import torch"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _mixed(network: str) -> str:
    """The name of the network that a worker trains in mixed precision beside the other."""
    return f"{network}, mixed"


def _classes(study: Study) -> int:
    return study.dataset["classes"]
