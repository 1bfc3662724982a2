"""How a network is trained, beyond single values: every default filled in, and what does not go
together.
"""

from collections.abc import Mapping
from typing import Any

from study.config.schema import Config, completed
from study.errors import StudyError

WITH_MOMENTUM = ("sgd", "rmsprop")


KERAS_WEIGHT_DECAY = {"adamw": 0.004}
"""Keras's own, where it is not 0."""


def complete_recipe(training: Config, schema: Config) -> Config:
    """All settings, for those that are given.

    Raises:
        StudyError: two settings do not go together; the message names the first of them.
    """
    schedule = training.get("schedule", "constant")
    if isinstance(schedule, str):
        training = training | {"schedule": {schedule: {}}}
    settings = {"$ref": "#/$defs/training"}
    given = completed(training, settings, schema)
    ((kind, details),) = given["schedule"].items()
    given["schedule"] = {"kind": kind, **details}
    given.setdefault("weight_decay", KERAS_WEIGHT_DECAY.get(given["optimizer"], 0.0))
    # What has no effect must not define the run.
    if given["validation"] != "holdout":
        given["holdout_fraction"] = None
    if given["standardize"]:
        given["pixel_divisor"] = completed({}, settings, schema)["pixel_divisor"]
    for check in (_check_choices, _check_schedule, _check_augment, _check_stopping):
        check(given)
    for name in ("augment", "early_stopping"):
        given[name] = given[name] or None
    return given


def declared_recipe(settings: Mapping[str, Any]) -> Config:
    """Settings as a configuration declares them: the inverse of `complete_recipe`.

    The `metric` is declared for all variants under `comparison`.
    """
    schedule = dict(settings["schedule"])
    given = {name: value for name, value in settings.items() if value is not None}
    given.pop("metric", None)
    return given | {"schedule": {schedule.pop("kind"): schedule}}


def _check_choices(given: Config) -> None:
    if given["xla"] and not given["gpu"]:
        raise StudyError(
            "xla: true is for a GPU, so it needs gpu: 1 beside it; on a processor it takes several "
            "times as long as xla: false"
        )
    if given["momentum"] and given["optimizer"] not in WITH_MOMENTUM:
        raise StudyError(
            f"momentum: {given['momentum']:g} is for {' and '.join(WITH_MOMENTUM)}; "
            f"{given['optimizer']} has its own"
        )
    if given["label_smoothing"] and given["loss"] == "mean_squared_error":
        raise StudyError(
            f"label_smoothing: {given['label_smoothing']:g} is for the cross-entropies; "
            "mean_squared_error has none"
        )


def _check_schedule(given: Config) -> None:
    schedule, epochs = given["schedule"], given["epochs"]
    key = f"schedule.{schedule['kind']}"
    if schedule["warmup"] >= epochs:
        raise StudyError(
            f"{key}.warmup: {schedule['warmup']:g} epochs leave nothing of the {epochs} epochs"
        )
    drops = schedule.get("epochs", [])
    if drops != sorted(drops):
        raise StudyError(f"{key}.epochs: {drops} must rise from entry to entry")
    if drops and drops[-1] >= epochs:
        raise StudyError(f"{key}.epochs: after {drops[-1]} of {epochs} epochs, no step is left")
    if drops and drops[0] < schedule["warmup"]:
        raise StudyError(f"{key}.epochs: {drops[0]} is within the {schedule['warmup']:g} of warmup")


def _check_augment(given: Config) -> None:
    augment: Any = given["augment"]
    if augment is True:
        raise StudyError("augment: true does not say how; write {shift: 0.1} for instance")
    if augment is not False and not any(augment.values()):
        raise StudyError("augment: changes no image; give shift, rotate, zoom or flip, or false")
    if augment and given["xla"]:
        raise StudyError("augment: XLA cannot transform images; use xla: false")


def _check_stopping(given: Config) -> None:
    stopping: Any = given["early_stopping"]
    if stopping is True:
        raise StudyError("early_stopping: true does not say when; write {patience: 3} for instance")
    if stopping and given["validation"] == "test":
        raise StudyError(
            "early_stopping: needs validation: holdout or given; with validation: test the test "
            "images would choose when to stop, and their accuracy would be too good"
        )
    if stopping and stopping["patience"] >= given["epochs"]:
        raise StudyError(
            f"early_stopping.patience: {stopping['patience']} of {given['epochs']} epochs never "
            "stops a training"
        )
