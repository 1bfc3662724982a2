"""The study's page: its content gathered, rendered and written."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from study.config.contrasts import Contrast
from study.data.prepared import load_prepared
from study.files import atomic, read_json
from study.page.charts import charts
from study.page.data import contrast_names, page_data
from study.page.details import run_details
from study.page.html import render
from study.page.networks import built_table, layer_table, settings_table
from study.page.tables import columns, lines
from study.runs.metrics import RunKey
from study.summary.answer import answer
from study.summary.report import Summary
from study.summary.sections import Section, Table
from study.words import number


@dataclass(frozen=True)
class Design:
    """What was planned.

    `networks` has {id, settings, layers, python, levels} of each variant; `configuration` is the
    configuration as YAML.
    """

    networks: Sequence[Mapping[str, Any]]
    contrasts: Sequence[Contrast]
    factors: Mapping[str, Sequence[str]]
    margin: float
    configuration: str

    @property
    def levels(self) -> dict[str, dict[str, str]]:
        return {network["id"]: dict(network["levels"]) for network in self.networks}


def write_page(
    path: str | Path,
    summary: Summary,
    design: Design,
    *,
    manifest: str,
    data: str,
    predictions: Mapping[RunKey, str],
    weights: Mapping[RunKey, str],
) -> None:
    """Write the page.

    Args:
        summary: the summary's content, which the page's numbers are those of.
        manifest, data: the prepared data and their description.
        predictions, weights: files of the runs to show in detail; both empty if there are too many.

    Raises:
        StudyError: a file is damaged.
    """
    description = read_json(manifest)
    details: dict[str, dict[int, Any]] = {}
    if predictions:
        images = load_prepared(data, manifest)[0]["x_test"]
        for key, file in predictions.items():
            found = run_details(file, weights[key], images)
            details.setdefault(key.variant, {})[key.seed] = found
    front, *others = summary.sections
    shown = columns(summary.rows, summary.measure)
    text = render(
        title=front.title,
        front=front,
        answer=answer(summary.rows, summary.comparisons, summary.measure),
        columns=shown,
        lines=lines(summary.rows, shown, design.levels),
        factors={
            "depth": list(dict.fromkeys(number(row.depth, "d") for row in summary.rows)),
            **design.factors,
        },
        tables=[section for section in others if _is_judged(section)],
        sections=[section for section in others if not _is_judged(section)],
        networks=[_network(network, design, description, summary) for network in design.networks],
        failed=[
            {"network": key.variant, "seed": key.seed, "reason": reason}
            for key, reason in summary.failures.items()
        ],
        configuration=design.configuration,
        data=page_data(summary, design.levels, design.margin),
        specs=charts(
            [row.id for row in summary.rows], contrast_names(summary.comparisons), summary.measure
        ),
        details=details,
        checksum=description["sha256"],
    )
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _is_judged(section: Section) -> bool:
    """Whether the section has the table of contrasts or of effects."""
    return any(
        isinstance(block, Table) and block.name in ("contrasts", "effects")
        for block in section.blocks
    )


def _network(
    network: Mapping[str, Any], design: Design, description: Mapping[str, Any], summary: Summary
) -> dict[str, Any]:
    """What the page says of a network beside its figures."""
    if python := network["python"]:
        runs = (run for key, run in summary.metrics.items() if key.variant == network["id"])
        layers = built_table(python["source"], next(runs, None))
    else:
        shape = tuple(description["input_shape"])
        layers = layer_table(network["layers"], shape, description["classes"])
    return {
        "id": network["id"],
        "layers": layers,
        "settings": settings_table(network["settings"]),
        "levels": network["levels"],
        "contrasts": [
            asdict(contrast)
            for contrast in design.contrasts
            if network["id"] in (contrast.variant, contrast.baseline)
        ],
    }
