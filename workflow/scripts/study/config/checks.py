"""Mistakes in a configuration that only several keys together show."""

import math
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from study.config.schema import Config
from study.config.variants import Variant
from study.data.headers import ARRAYS, VALIDATION_ARRAYS, Form
from study.errors import StudyError
from study.networks.shapes import check_network
from study.runs.choice import ACCURACY
from study.runs.definition import OF_LAYERS
from study.runs.measures import MEASURES

PROJECT_FOLDERS = (
    *("benchmarks", "config", "data", "docs", "envs", "profiles", "tests", "workflow"),
    *(".ci", ".venv"),
)
OTHERS_FOLDERS = (".git", ".snakemake")
"""Folders of Git and Snakemake, wherever they are."""


def check_outdir(outdir: str) -> None:
    from_here = os.path.relpath(outdir)  # also of an absolute path, and without `a/..`
    parts = [part.casefold() for part in Path(from_here).parts]
    if (
        not set(parts) - {".."}
        or parts[0] in PROJECT_FOLDERS
        or set(parts) & set(OTHERS_FOLDERS)
        or Path(os.path.normpath(outdir)) == Path("/")
    ):
        raise StudyError(
            f"outdir: {outdir!r} is not allowed; it must be a folder for results only, such as "
            "results"
        )


def check_comparison(given: Config) -> None:
    """Check `comparison` as it is given, without defaults: whose margin is for accuracies."""
    measure, key = MEASURES[given.get("metric", ACCURACY)], "comparison.equivalence_margin"
    if "equivalence_margin" not in given:
        if not measure.is_accuracy:
            raise StudyError(
                f"{key}: missing; its default is for accuracies, so `metric: {measure.key}` needs "
                f"the difference in {measure.words} that does not matter to you"
            )
        return
    margin, highest = float(given["equivalence_margin"]), measure.scale * measure.highest
    if margin > highest:
        raise StudyError(
            f"{key}: {margin:g} is too large; two values of {measure.words} differ by at most "
            f"{highest:g}{' ' * bool(measure.unit)}{measure.unit}"
        )


def check_verdict(thresholds: Sequence[Config]) -> None:
    *bounded, last = thresholds
    for position, entry in enumerate(bounded):
        if "below" not in entry:
            raise StudyError(f"verdict[{position}]: missing key 'below'; only the last has none")
    if "below" in last:
        raise StudyError(
            f"verdict[{len(bounded)}].below: {last['below']} leaves larger ratios without a "
            "verdict; the last entry must have no `below`"
        )
    bounds = [entry["below"] for entry in bounded]
    if bounds != sorted(set(bounds)):
        raise StudyError(f"verdict: the bounds {bounds} must rise from entry to entry")


def check_unique(ids: Sequence[str]) -> None:
    seen: dict[str, str] = {}
    for name in ids:
        # some file systems do not tell upper from lower case
        if name.casefold() in seen:
            raise StudyError(
                f"variants: the id {name!r} is duplicated (beside {seen[name.casefold()]!r}); "
                "each variant needs its own, also without regard to case"
            )
        seen[name.casefold()] = name
        check_not_periodic("variants", name)


def check_network_given(variant: Config) -> None:
    """Refuse a declared variant without exactly one network, or with what does not go with it."""
    key = f"variants[{variant['id']}]"
    if "layers" not in variant and "python" not in variant:
        raise StudyError(f"{key}: missing key 'layers', or 'python' in its place")
    if "layers" in variant and "python" in variant:
        raise StudyError(f"{key}: has layers and python; exactly one of the two is allowed")
    if "python" not in variant:
        if "output" in variant:
            raise StudyError(f"{key}.output: is for a network in Python; declared layers have none")
        return
    if "notebook_group" in variant:
        raise StudyError(f"{key}.notebook_group: is for declared layers, not for python")
    for name in OF_LAYERS:
        if name in variant.get("training", {}):
            raise StudyError(
                f"{key}.training.{name}: has no effect on a network in Python; the function that "
                "builds it gives its layers their own"
            )


def check_not_periodic(key: str, name: str) -> None:
    """Refuse a name that Snakemake takes for a wildcard that repeats itself without end."""
    if re.search(r"(.+)\1{20,}$", name):
        raise StudyError(
            f"{key}: the name {name!r} ends with the same characters more than 20 times, which "
            "Snakemake refuses; give it another name"
        )


def check_groups(variants: Iterable[Variant]) -> None:
    seen: dict[tuple[str, int | None], str] = {}
    for variant in variants:
        if variant.notebook_group is None:
            continue
        group = variant.notebook_group, variant.depth
        if group in seen:
            raise StudyError(
                f"variants[{variant.id}].notebook_group: {variant.notebook_group!r} is duplicated "
                f"(beside {seen[group]!r}) among the networks of {variant.depth} convolutions; "
                "each depth can have one"
            )
        seen[group] = variant.id


def check_dataset(name: str, dataset: Config) -> None:
    key = f"datasets.{name}"
    origins = [origin for origin in ("bundled", "npz", "files") if origin in dataset]
    if len(origins) != 1:
        raise StudyError(
            f"{key}: has {' and '.join(origins) or 'no origin'}; "
            "exactly one of bundled, npz and files is allowed"
        )
    check_not_periodic("datasets", name)
    files = dataset.get("files", {})
    _check_files(key, files)
    _check_archive(key, dataset)
    own = {f"files.{part}.path": file.get("path", "") for part, file in files.items()}
    for place, path in {"npz": dataset.get("npz", ""), **own}.items():
        if set("{}") & set(path):
            raise StudyError(
                f"{key}.{place}: {path!r} is not allowed; Snakemake reads braces as wildcards, "
                "so the path must have none"
            )
    local = [part for part, file in files.items() if "path" in file]
    for part, file in files.items():
        wanted = {"path"} if local else {"name", "bytes", "sha256"}
        if set(file) != wanted:
            raise StudyError(
                f"{key}.files.{part}: has the keys {', '.join(sorted(file)) or 'none'}; allowed "
                "are name, bytes and sha256 for a download, or path for your own file, "
                "the same way for all"
            )
    if files and not local and "mirrors" not in dataset:
        raise StudyError(f"{key}: missing key 'mirrors'; a download needs at least one")
    if (files and not local) or "bundled" in dataset:
        for required in ("shape", "train_images"):
            if required not in dataset:
                raise StudyError(f"{key}: missing key {required!r}")


def _check_files(key: str, files: Config) -> None:
    """Refuse files that are neither one archive nor all the arrays of a data set."""
    wanted: tuple[str, ...] = ("all",) if "all" in files else ARRAYS
    if "x_val" in files or "y_val" in files:
        wanted += VALIDATION_ARRAYS
    missing = [name for name in wanted if name not in files]
    if files and (missing or ("all" in files and len(files) > 1)):
        raise StudyError(
            f"{key}.files: has {', '.join(files)}; allowed are {', '.join(ARRAYS)}, with "
            f"{' and '.join(VALIDATION_ARRAYS)} or without, or all alone"
        )
    if "path" in files.get("all", {}):
        raise StudyError(
            f"{key}.files.all: an archive to download, with name, bytes and sha256; your own .npz "
            "goes by its path under npz"
        )


def _check_archive(key: str, dataset: Config) -> None:
    """Refuse names of what is in an archive where there is none, and an archive without them."""
    formats = [name for name in ("arrays", "records") if name in dataset]
    if "all" in dataset.get("files", {}):
        if len(formats) != 1:
            raise StudyError(
                f"{key}: has {' and '.join(formats) or 'neither arrays nor records'}; exactly one "
                "of them says what is in files.all"
            )
    elif "records" in formats:
        raise StudyError(f"{key}.records: says what is in files.all, which is missing")
    elif "arrays" in formats and "npz" not in dataset:
        raise StudyError(f"{key}.arrays: says what is in npz or files.all; both are missing")
    arrays = dataset.get("arrays", {})
    if len(set(VALIDATION_ARRAYS) & set(arrays)) == 1:
        raise StudyError(
            f"{key}.arrays: has {', '.join(arrays)}; allowed are {' and '.join(VALIDATION_ARRAYS)} "
            "together, or neither"
        )


def check_fits(variant: Variant, form: Form, classes: int) -> None:
    key = f"variants[{variant.id}]"
    settings, train_images = variant.settings, form.train_images
    if not variant.python:
        try:
            check_network(variant.layers, form.shape, classes)
        except StudyError as error:
            raise StudyError(f"{key}.layers: {error}") from None
    elif settings.precision != "float32" or settings.xla:
        name, value = ("xla", "false") if settings.xla else ("precision", "float32")
        raise StudyError(
            f"{key}.training.{name}: a network in Python is trained with {name}: {value} only"
        )
    if settings.validation == "given" and not form.has_validation:
        raise StudyError(
            f"{key}: validation: given, but no validation images come with the data; allowed are "
            "test and holdout"
        )
    held = math.ceil(train_images * (settings.holdout_fraction or 0))  # as data/split.py does it
    fitted = train_images - held
    if settings.holdout_fraction and not classes <= held <= train_images - classes:
        raise StudyError(
            f"{key}: holdout_fraction {settings.holdout_fraction} holds out {held:,} of "
            f"{train_images:,} training images; allowed is a fraction that leaves each of "
            f"{classes} classes on both sides"
        )
    if settings.batch_size > fitted:
        raise StudyError(
            f"{key}: the batch_size {settings.batch_size} is larger than the data; "
            f"at most {fitted}, the number of training images, is allowed"
        )
