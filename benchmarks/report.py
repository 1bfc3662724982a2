"""The benchmark's tables, CSV files and figure."""

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, geometric_mean, median
from typing import Any

from matplotlib.figure import Figure

from pipeline import Demo, DryRuns
from speed import COLUMNS, EPOCH, TEST, Speed

EPOCHS = 12  # of each run of the study
COLOURS = {
    "no_onednn": "#cccccc",
    "notebook": "#8c8c8c",
    "torch": "#dd8452",
    "alone": "#55a868",
    "beside": "#4c72b0",
    "mixed": "#8172b3",
}

Row = Sequence[str]
Flops = Mapping[str, int]
"""Operations to train on one image, by network."""


@dataclass(frozen=True)
class Outcome:
    """All that one run of the benchmark found; what was left out is None or empty."""

    cores: int
    speed: Speed | None = None
    flops: Mapping[str, Flops] = field(default_factory=dict)
    """By the way to count: "every tap", "taps on pixels", "as done"."""
    demo: Demo | None = None
    demo_is_whole: bool = False
    graph: tuple[Sequence[float], Sequence[float]] | None = None
    """Seconds of `snakemake -n` with nothing to do, and with an empty Snakefile."""
    dry_runs: Sequence[DryRuns] = ()


def markdown_table(header: Row, rows: Iterable[Row]) -> str:
    """A table in Markdown that is also readable as it stands; numbers to the right."""
    body = [list(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(header, *body, strict=True)]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(header, widths, strict=True)),
        "|"
        + "|".join(
            "-" * (width + 1) + (":" if place else "-") for place, width in enumerate(widths)
        ),
    ]
    for row in body:
        first, *others = (
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("| " + " | ".join([first, *others]))
    return "\n".join(line + (" |" if line.startswith("| ") else "|") for line in lines)


def floor_seconds(speed: Speed, flops: Flops, product: str, network: str) -> float:
    """Seconds for 60,000 images at the rate of the matrix product `product`."""
    return flops[network] * EPOCH / (speed.middle(product, network) * 1e9)


def share_of_product(
    speed: Speed, flops: Flops, column: str, product: str, networks: Sequence[str]
) -> float:
    """The rate that `column` reached over `networks`, as a share of the matrix product's."""
    floor = sum(floor_seconds(speed, flops, product, network) for network in networks)
    return floor / sum(speed.middle(column, network) for network in networks)


def against_notebook(speed: Speed, cores: int, column: str = "notebook") -> float:
    """How many times faster than in `column` all networks are trained, side by side."""
    return speed.total(column) * cores / speed.total("beside")


def against_torch(speed: Speed) -> dict[str, float]:
    """How many times faster than PyTorch each network is trained on one thread."""
    if "torch" not in speed.samples:
        return {}
    return {network: speed.ratio("torch", "alone", network) for network in speed.networks()}


def spread(speed: Speed, cores: int) -> str:
    """The ratios over all networks, the lowest and the highest of the rounds."""
    rounds = [speed.of_round(number) for number in range(speed.rounds())]
    ratios = {"x notebook": [against_notebook(one, cores) for one in rounds]}
    if "torch" in speed.samples:
        ratios["x PyTorch"] = [geometric_mean(against_torch(one).values()) for one in rounds]
    return ", ".join(
        f"`{name}` {min(values):.2f} to {max(values):.2f}" for name, values in ratios.items()
    )


def speed_table(outcome: Outcome) -> str:
    """Seconds, rates and ratios of every network, and over all of them."""
    speed, cores = outcome.speed, outcome.cores
    assert speed is not None
    columns = [column for column in COLUMNS if column in speed.samples]
    torch = against_torch(speed)
    header = [
        "network",
        *(COLUMNS[column] for column in columns),
        "x notebook",
        *(["x PyTorch"] if torch else []),
        "GFLOP/s",
        "of product",
        "beside",
        "on pixels",
        "as done",
    ]

    def row(name: str, networks: Sequence[str], ratios: Sequence[str]) -> list[str]:
        seconds = {
            column: sum(speed.middle(column, network) for network in networks) for column in columns
        }
        operations = sum(outcome.flops["every tap"][network] for network in networks) * EPOCH
        shares = (
            (outcome.flops["every tap"], "alone", "product"),
            *((flops, "beside", "products") for flops in outcome.flops.values()),
        )
        return [
            name,
            *(f"{seconds[column]:.1f}" for column in columns),
            *ratios,
            f"{operations / seconds['alone'] / 1e9:.0f}",
            *(f"{share_of_product(speed, *share, networks):.2f}" for share in shares),
        ]

    networks = speed.networks()
    rows = [
        row(
            network,
            [network],
            [
                f"{cores * speed.ratio('notebook', 'beside', network):.1f}",
                *([f"{torch[network]:.2f}"] if torch else []),
            ],
        )
        for network in networks
    ]
    mean = [f"{geometric_mean(torch.values()):.2f}"] if torch else []
    rows.append(row("all", networks, [f"{against_notebook(speed, cores):.1f}", *mean]))
    return markdown_table(header, rows)


def speed_legend(outcome: Outcome) -> str:
    """What the columns of the table mean."""
    speed, cores = outcome.speed, outcome.cores
    assert speed is not None
    alone = [value for values in speed.samples["product"].values() for value in values]
    beside = [value for values in speed.samples["products"].values() for value in values]
    lines = [
        "Seconds for 60,000 images, the median of the rounds. `side by side`: "
        f"{cores} runs at once, seconds of each. `x notebook`: "
        f"runs per hour on all {cores} cores against the notebook's way, over all networks the "
        "ratio of the sums. `x PyTorch`: one thread against one thread, over all networks the "
        "geometric mean.",
        "`GFLOP/s`: one thread, every tap of a kernel counted. `of product`: that rate against "
        "a float32 matrix product on one core; `beside`: the same side by side; `on pixels`: "
        "only the taps counted that meet a pixel and not the padding; `as done`: of convolutions "
        "by Fourier transforms, what these take.",
        f"Matrix product of 2048x2048 in the same minutes: {median(alone):.0f} GFLOP/s on one "
        f"core ({min(alone):.0f} to {max(alone):.0f}), {median(beside):.0f} on each of {cores} at "
        f"once ({min(beside):.0f} to {max(beside):.0f}).",
    ]
    if speed.rounds() > 1:
        lines.append(f"From round to round: {spread(speed, cores)}.")
    if "mixed" in speed.samples:
        gain = speed.total("alone") / speed.total("mixed")
        lines.append(
            "`mixed precision`: one thread with `training.precision: mixed_bfloat16`, "
            f"{gain:.2f} times as fast as float32 over all networks."
        )
    if "no_onednn" in speed.samples:
        lines.append(
            "On this processor TensorFlow uses oneDNN by default. `oneDNN off` is its default on "
            "processors without VNNI."
        )
    if "torch" in speed.samples:
        plain = [name for name, format_ in speed.formats.items() if format_ != "channels_last"]
        formats = "channels-last" + (f", but contiguous for {', '.join(plain)}" if plain else "")
        lines.append(f"PyTorch's best memory format: {formats}.")
    else:
        lines.append("PyTorch was left out: no interpreter that has it (see --torch-python).")
    return "\n\n".join(lines)


def costs(outcome: Outcome) -> list[tuple[str, float, str]]:
    """What is paid around training: name, value and unit."""
    found: list[tuple[str, float, str]] = []
    speed, demo = outcome.speed, outcome.demo
    if speed is not None:
        found.append(("import of TensorFlow and trainer", speed.imports, "s"))
        if speed.load is not None:
            found.append(("reading and checking 70,000 images", speed.load, "s"))
        for part, name in (
            ("build", "building a network"),
            ("first_step", "first step, with its trace"),
            ("first_evaluation", "first evaluation, with its trace"),
            ("checkpoint", "writing a checkpoint"),
            ("outputs", "writing a run's outputs"),
        ):
            found.append((f"{name} (mean)", fmean(speed.parts[part].values()), "s"))
        for column in speed.evaluation:
            seconds = fmean(speed.evaluation[column].values())
            found.append((f"evaluating 10,000 images, {COLUMNS[column]} (mean)", seconds, "s"))
    if demo is not None:
        found.append(("train job without its epochs (mean)", train_overhead(demo), "s"))
        for rule in demo.jobs:
            if rule != "train":
                found.append((f"job {rule} (median)", demo.job(rule), "s"))
        jobs = sum(map(len, demo.jobs.values()))
        found.append(("Snakemake's own and idle cores, per job", demo.own() / jobs, "s"))
        name = "make demo" if outcome.demo_is_whole else f"pipeline on {demo.runs} small runs"
        found.append((name, demo.wall, "s"))
    if outcome.graph is not None:
        nothing_to_do, empty = map(median, outcome.graph)
        found.append(("snakemake -n, nothing to do", nothing_to_do, "s"))
        found.append(("snakemake -n, empty Snakefile", empty, "s"))
    for dry in outcome.dry_runs:
        for state, usage in (
            ("nothing done", dry.nothing_done),
            ("everything done", dry.everything_done),
        ):
            found.append((f"dry run of {dry.runs:,} runs, {state}", usage.seconds, "s"))
            found.append((f"dry run of {dry.runs:,} runs, {state}", usage.peak_mib, "MiB"))
    return found


def train_overhead(demo: Demo) -> float:
    """Seconds of a train job beside its epochs."""
    return (sum(demo.jobs["train"]) - demo.training) / demo.runs


def study_estimate(speed: Speed, demo: Demo) -> dict[str, float]:
    """Core seconds of the study of these networks on MNIST, put together from what was measured."""
    networks = speed.networks()
    once = sum(speed.evaluation["beside"].values())  # 10,000 images with each network
    scale = len(networks) / demo.runs
    jobs = sum(
        sum(seconds) * (scale if len(seconds) == demo.runs else 1)
        for rule, seconds in demo.jobs.items()
        if rule != "train"
    )
    checkpoints = (EPOCHS - demo.epochs) * sum(speed.parts["checkpoint"].values())
    final = once * EPOCH / TEST  # the training images; the last validation is the final test
    traces = sum(sum(speed.parts[part].values()) for part in ("first_step", "first_evaluation"))
    reading = len(networks) * (speed.load or 0.0)  # by the job that trains, and the one that scores
    return {
        "training": EPOCHS * speed.total("beside"),
        "validation": EPOCHS * once,
        "rest of the train jobs": (
            len(networks) * train_overhead(demo) + traces + checkpoints + final + reading
        ),
        "plots, exports, summary": jobs + reading,
        "Snakemake and waiting cores": scale * demo.own(),
    }


def notebook_estimate(speed: Speed, column: str) -> float:
    """Seconds of the study the notebook's way, training and validation alone."""
    return EPOCHS * (speed.total(column) + sum(speed.evaluation[column].values()))


def estimate_table(outcome: Outcome) -> str:
    """The study on MNIST by what it spends its time on."""
    assert outcome.speed is not None and outcome.demo is not None
    parts = study_estimate(outcome.speed, outcome.demo)
    total = sum(parts.values())
    rows = [(name, f"{value:.0f}", f"{value / total:.1%}") for name, value in parts.items()]
    rows.append(("all", f"{total:.0f}", ""))
    return markdown_table(("of the study on MNIST", "core seconds", "share"), rows)


def target_table(outcome: Outcome) -> str:
    """Each target with what was measured, and whether that meets it."""
    rows = [
        (name, target, measured, "yes" if met else "no")
        for name, target, measured, met in targets(outcome)
    ]
    return markdown_table(("figure", "target", "measured", "met"), rows)


def targets(outcome: Outcome) -> list[tuple[str, str, str, bool]]:
    """Name, target, measured figure and whether it is met, for all that was measured."""
    found: list[tuple[str, str, str, bool]] = []

    def at_least(name: str, bound: float, value: float, digits: int = 2) -> None:
        found.append((name, f">= {bound:g}", f"{value:.{digits}f}", value >= bound))

    def at_most(name: str, bound: float, value: float, unit: str) -> None:
        found.append((name, f"< {bound:g} {unit}", f"{value:.1f} {unit}", value < bound))

    speed, cores, demo = outcome.speed, outcome.cores, outcome.demo
    if speed is not None:
        for column in ("notebook", "no_onednn"):
            if column not in speed.samples:
                continue
            name = "notebook's way" + (", oneDNN off" if column == "no_onednn" else "")
            at_least(f"training against the {name}", 5, against_notebook(speed, cores, column))
            if demo is not None:
                wall = sum(study_estimate(speed, demo).values()) / cores
                whole = notebook_estimate(speed, column) / wall
                at_least(f"whole study against the {name}", 5, whole)
        networks = speed.networks()
        for name, flops in outcome.flops.items():
            share = share_of_product(speed, flops, "beside", "products", networks)
            at_least(f"share of the matrix product, {name}", 0.8, share)
        torch = against_torch(speed)
        if torch:
            slowest = min(torch, key=lambda network: torch[network])
            at_least(f"against PyTorch, slowest ({slowest})", 1, torch[slowest])
            mean = geometric_mean(torch.values())
            at_least("against PyTorch, geometric mean", 1.3, mean)
        if demo is not None:
            parts = study_estimate(speed, demo)
            fitted = parts["training"]
            total = sum(parts.values())
            at_most("not training", 5, 100 * (1 - (fitted + parts["validation"]) / total), "%")
            at_most("not training, nor validation", 5, 100 * (1 - fitted / total), "%")
    if outcome.graph is not None:
        nothing_to_do, empty = map(median, outcome.graph)
        at_most("nothing to do, more than an empty Snakefile", 2, nothing_to_do - empty, "s")
    for dry in outcome.dry_runs:
        bound = 15 if dry.runs <= 1000 else 120
        for state, usage in (
            ("nothing done", dry.nothing_done),
            ("everything done", dry.everything_done),
        ):
            at_most(f"dry run of {dry.runs:,}, {state}", bound, usage.seconds, "s")
            at_most(f"dry run of {dry.runs:,}, {state}", 2, usage.peak_mib / 1024, "GiB")
    if len(outcome.dry_runs) == 2:
        few, many = outcome.dry_runs
        times = many.runs / few.runs
        name = f"dry run of {many.runs:,} against {times:g} times that of {few.runs:,}"
        for state, one, other in (
            ("nothing done", few.nothing_done, many.nothing_done),
            ("everything done", few.everything_done, many.everything_done),
        ):
            at_most(f"{name}, {state}", 1.25, other.seconds / one.seconds / times, "times")
    if demo is not None and outcome.demo_is_whole:
        at_most("make demo", 180, demo.wall, "s")
    return found


def write_samples(path: Path, speed: Speed) -> None:
    """Every measurement of every round."""
    rows = [
        (quantity, network, number, value)
        for quantity, networks in speed.samples.items()
        for network, values in networks.items()
        for number, value in enumerate(values, 1)
    ]
    _write_csv(path, ("quantity", "network", "round", "value"), rows)


def write_costs(path: Path, outcome: Outcome) -> None:
    """The costs around training."""
    _write_csv(path, ("what", "value", "unit"), costs(outcome))


def _write_csv(path: Path, header: Row, rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def speed_figure(outcome: Outcome) -> Figure:
    """Seconds of every network in every column, with the matrix product's floor."""
    speed = outcome.speed
    assert speed is not None
    networks = speed.networks()
    columns = [column for column in COLOURS if column in speed.samples]
    figure = Figure(figsize=(9, 0.55 * len(networks) + 1.8), layout="constrained")
    axes = figure.add_subplot()
    height = 0.8 / len(columns)
    for place, column in enumerate(columns):
        axes.barh(
            [position - 0.4 + (place + 0.5) * height for position in range(len(networks))],
            [speed.middle(column, network) for network in networks],
            height,
            color=COLOURS[column],
            label=COLUMNS[column],
        )
    for (name, flops), style in zip(
        outcome.flops.items(), ("solid", "dashed", "dotted"), strict=True
    ):
        axes.vlines(
            [floor_seconds(speed, flops, "product", network) for network in networks],
            [position - 0.45 for position in range(len(networks))],
            [position + 0.45 for position in range(len(networks))],
            color="black",
            linestyle=style,
            label=f"floor: matrix product, {name}",
        )
    axes.set_xscale("log")
    most = max(speed.middle(column, network) for column in columns for network in networks)
    axes.set_xlim(right=10 ** (math.log10(most) + 0.1))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_yticks(range(len(networks)), networks)
    axes.invert_yaxis()
    axes.set_xlabel("Seconds for 60,000 images")
    axes.grid(axis="x", which="both", alpha=0.3)
    axes.set_axisbelow(True)
    figure.legend(loc="outside lower center", ncols=3)
    return figure
