"""The study that a configuration describes."""

from dataclasses import dataclass
from functools import cached_property

import yaml

from study.config.checks import (
    check_comparison,
    check_dataset,
    check_fits,
    check_groups,
    check_network_given,
    check_outdir,
    check_unique,
    check_verdict,
)
from study.config.contrasts import Contrast, declared_contrasts, default_contrasts
from study.config.datasets import with_shipped
from study.config.factors import declared_variants, named_factors
from study.config.schema import SCHEMA, Config, check_schema, completed
from study.config.variants import Variant, resolved_variant
from study.data.headers import source_form
from study.errors import StudyError
from study.networks.layers import Shape
from study.runs.definition import Run


@dataclass(frozen=True)
class Study:
    """A checked configuration with every default filled in."""

    dataset_name: str
    datasets: dict[str, Config]
    input_shape: Shape
    train_images: int
    outdir: str
    seeds: list[int]
    incomplete: str
    verdict: list[Config]
    plots: Config
    comparison: Config
    factors: dict[str, list[str]]
    variants: list[Variant]
    contrasts: list[Contrast]

    @property
    def dataset(self) -> Config:
        return self.datasets[self.dataset_name]

    @cached_property
    def runs(self) -> list[Run]:
        """All runs, variant by variant."""
        return [
            Run(variant.id, seed, variant.label, variant.settings, variant.layers, variant.python)
            for variant in self.variants
            for seed in self.seeds
        ]

    @cached_property
    def _run_of(self) -> dict[tuple[str, str], Run]:
        return {(run.variant, str(run.seed)): run for run in self.runs}

    def run(self, variant: str, seed: str) -> Run:
        """The run of these wildcards."""
        return self._run_of[variant, str(seed)]


def load_study(config: Config) -> Study:
    """Check `config`, fill in the defaults and resolve its runs. `config` is left as it is.

    Raises:
        StudyError: something in it is not allowed; one line for each mistake that the schema
            finds, else one line for the first that needs several keys to see.
    """
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    full = completed(
        config | {"datasets": with_shipped(config.get("datasets", {}))}, schema, schema
    )
    check_schema(full, schema)
    check_outdir(full["outdir"])
    check_verdict(full["verdict"])
    check_comparison(config.get("comparison", {}))
    factors = named_factors(full, schema)
    combinations = declared_variants(full, factors)
    declared = [variant for _, variant in combinations]
    check_schema(full | {"variants": declared}, schema)
    check_unique([variant["id"] for variant in declared])
    has_references = any("reference" in variant for variant in declared)
    for key in ("dataset", "reference_dataset") if has_references else ("dataset",):
        if full[key] not in full["datasets"]:
            raise StudyError(
                f"{key}: {full[key]!r} is not under `datasets`; "
                f"there are {', '.join(full['datasets'])}"
            )
    for name, dataset in full["datasets"].items():
        check_dataset(name, dataset)
    given = declared if factors else config["variants"]
    for variant in given:
        check_network_given(variant)
    variants = [
        # the overrides as given: with the defaults filled in they would override everything
        resolved_variant(
            variant, config.get("training", {}) | raw.get("training", {}), levels, full, schema
        )
        for (levels, variant), raw in zip(combinations, given, strict=True)
    ]
    dataset = full["datasets"][full["dataset"]]
    form = source_form(f"datasets.{full['dataset']}", dataset)
    for variant in variants:
        check_fits(variant, form, dataset["classes"])
    check_groups(variants)
    seeds = full["seeds"]
    return Study(
        dataset_name=full["dataset"],
        datasets=full["datasets"],
        input_shape=form.shape,
        train_images=form.train_images,
        outdir=full["outdir"].rstrip("/"),
        seeds=seeds if isinstance(seeds, list) else list(range(1, seeds + 1)),
        incomplete=full["incomplete"],
        verdict=full["verdict"],
        plots=full["plots"],
        comparison=full["comparison"],
        factors={name: list(levels) for name, levels in factors.items()},
        variants=variants,
        contrasts=declared_contrasts(full["contrasts"], variants)
        if "contrasts" in full
        else default_contrasts(variants),
    )
