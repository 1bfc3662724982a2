"""What a reader must know before the figures: doubtful data, and runs that did not learn."""

from collections.abc import Mapping, Sequence

from study.data.manifest import Manifest
from study.runs.metrics import Metrics, RunKey
from study.summary.sections import Alert, Bullets, Section, Weight
from study.words import seeds_in_words

DID_NOT_LEARN = "Did not learn"


def unlearned_verdict(reasons: Mapping[int, str], finished: int) -> str | None:
    """What stands in place of a variant's verdict; None if all of its runs learned.

    `reasons` has, by seed, what shows that a run did not learn; `finished` counts the runs.
    """
    if not reasons:
        return None
    if finished == 1:
        return f"{DID_NOT_LEARN}: {next(iter(reasons.values()))}"
    return f"{DID_NOT_LEARN}: {seeds_in_words(list(reasons))} of {finished}"


def learning_alert(unlearned: Mapping[RunKey, str], finished: int) -> list[Alert]:
    """An alert that names the runs that did not learn, if there are any."""
    if not unlearned:
        return []
    return [
        Alert(
            f"{len(unlearned)} of {finished} runs did not learn: the loss on the training images "
            "is above that of guessing, or the accuracy is not above the share of the largest "
            "class on the test images. Their figures say nothing about the networks.",
            [f"`{key.variant}` seed {key.seed}: {why}" for key, why in unlearned.items()],
        )
    ]


def data_alert(manifest: Manifest) -> list[Alert]:
    """An alert that says what is doubtful about the data, if anything is."""
    if not manifest.warnings:
        return []
    return [Alert("The data may not be what was meant.", manifest.warnings)]


def data_section(
    runs: Sequence[Metrics], manifest: Manifest, licence: str, source: str
) -> Section | None:
    """Where the data come from and what they may be used for; None without a finished run."""
    if not runs:
        return None
    parts = [f"{manifest.train_images:,} training"]
    if manifest.validation_images:
        parts.append(f"{manifest.validation_images:,} validation")
    images = f"{', '.join(parts)} and {manifest.test_images:,} test images"
    return Section(
        "The data",
        [
            Bullets(
                [
                    f"Source: {source}",
                    f"Licence: {licence}",
                    f"{images} of {len(manifest.test_per_class)} classes; the largest has "
                    f"{max(manifest.test_per_class):,} test images",
                ]
            )
        ],
        weight=Weight.MINOR,
    )
