"""The settings of a recipe: what they become, as factors too, and their mistakes in one line."""

from dataclasses import asdict
from typing import Any

import pytest

from study.config.study import load_study
from study.errors import StudyError
from study.runs.definition import Definition, Settings

Config = dict[str, Any]
LAYERS = [{"conv": {"filters": 4, "kernel": 3}}, "flatten"]


def settings_of(config: Config, **training: Any) -> Settings:
    variants = [{"id": "a", "layers": LAYERS}]
    return load_study(config | {"training": training, "variants": variants}).variants[0].settings


def test_what_is_left_out_changes_nothing(config: Config) -> None:
    settings = settings_of(config)
    assert settings.schedule == {"kind": "constant", "warmup": 0.0}
    assert (settings.weight_decay, settings.momentum, settings.label_smoothing) == (0, 0, 0)
    assert (settings.ema, settings.early_stopping, settings.augment) == (0, None, None)
    assert settings_of(config, optimizer="adamw").weight_decay == 0.004  # Keras's own
    written_out = {
        "schedule": {"constant": {"warmup": 0}},
        "weight_decay": 0,
        "momentum": 0,
        "label_smoothing": "0",
        "ema": 0.0,
        "early_stopping": False,
        "augment": "false",
    }
    assert settings_of(config, **written_out) == settings


def test_every_default_of_a_recipe_is_filled_in(config: Config) -> None:
    settings = settings_of(
        config,
        schedule={"step": {"epochs": [3, 6]}},
        augment={"rotate": 10},
        early_stopping={"patience": 3},
        validation="holdout",
    )
    assert settings.schedule == {"kind": "step", "epochs": [3, 6], "factor": 0.1, "warmup": 0.0}
    assert settings.augment == {"shift": 0.0, "rotate": 10.0, "zoom": 0.0, "flip": False}
    assert settings.early_stopping == {"patience": 3}
    assert settings_of(config, schedule="cosine") == settings_of(config, schedule={"cosine": {}})
    run = Definition(1, settings, [])
    assert Definition.from_json(run.to_json()) == run


FACTORS: dict[str, tuple[list[Any], list[str]]] = {
    "augment": (
        [False, {"shift": 0.1}, {"shift": 0.1, "rotate": 10, "flip": True}],
        ["no-augment", "augment-shift0.1", "augment-shift0.1-rotate10-flip"],
    ),
    "schedule": (
        ["constant", "cosine", {"cosine": {"warmup": 1}}, {"step": {"epochs": [3, 6]}}],
        [
            *("schedule-constant", "schedule-cosine", "schedule-cosine-warmup1"),
            "schedule-step-epochs3-6-factor0.1",
        ],
    ),
    "weight_decay": ([0, 0.01], ["weight_decay0", "weight_decay0.01"]),
    "momentum": ([0, 0.9], ["momentum0", "momentum0.9"]),
    "label_smoothing": ([0, 0.1], ["label_smoothing0", "label_smoothing0.1"]),
    "ema": ([0, 0.999], ["ema0", "ema0.999"]),
    "early_stopping": (
        [False, {"patience": 2}],
        ["no-early_stopping", "early_stopping-patience2"],
    ),
}


@pytest.mark.parametrize("name", FACTORS)
def test_every_setting_can_be_a_factor(config: Config, name: str) -> None:
    levels, ids = FACTORS[name]
    config |= {"variants": [], "layers": LAYERS, "factors": {name: levels}}
    config["training"] = {"optimizer": "sgd", "validation": "holdout"}
    study = load_study(config)
    assert [variant.id for variant in study.variants] == ids
    values = [asdict(variant.settings)[name] for variant in study.variants]
    assert len({str(value) for value in values}) == len(levels)
    assert len(study.contrasts) == len(levels) - 1
    written = load_study(
        config
        | {
            "factors": {},
            "layers": [],
            "variants": [{"id": "a", "layers": LAYERS, "training": {name: levels[-1]}}],
        }
    )
    assert written.runs[0].definition == study.runs[-1].definition


MISTAKES: dict[str, tuple[Config, str]] = {
    "unknown schedule": (
        {"schedule": "linear"},
        'training.schedule: "linear" is not one of constant, cosine',
    ),
    "unknown schedule with settings": (
        {"schedule": {"linear": {}}},
        "training.schedule: unknown key 'linear'; allowed are constant, cosine, exponential, step",
    ),
    "two schedules": (
        {"schedule": {"cosine": {}, "constant": {}}},
        "must have exactly one key of constant, cosine, exponential, step",
    ),
    "exponential without rate": (
        {"schedule": {"exponential": {}}},
        "training.schedule.exponential: missing key 'rate'",
    ),
    "a rate that grows": (
        {"schedule": {"exponential": {"rate": 1.5}}},
        "training.schedule.exponential.rate: 1.5 is too large; the largest allowed is 1",
    ),
    "step without epochs": (
        {"schedule": {"step": {}}},
        "training.schedule.step: missing key 'epochs'",
    ),
    "steps out of order": (
        {"schedule": {"step": {"epochs": [6, 3]}}},
        "variants[a]: schedule.step.epochs: [6, 3] must rise from entry to entry",
    ),
    "a step after the end": (
        {"schedule": {"step": {"epochs": [3, 12]}}},
        "variants[a]: schedule.step.epochs: after 12 of 12 epochs, no step is left",
    ),
    "a step within the warmup": (
        {"schedule": {"step": {"epochs": [1, 3], "warmup": 2}}},
        "variants[a]: schedule.step.epochs: 1 is within the 2 of warmup",
    ),
    "nothing but warmup": (
        {"schedule": {"cosine": {"warmup": 12}}},
        "variants[a]: schedule.cosine.warmup: 12 epochs leave nothing of the 12 epochs",
    ),
    "negative warmup": (
        {"schedule": {"cosine": {"warmup": -1}}},
        "training.schedule.cosine.warmup: -1.0 is too small; the smallest allowed is 0",
    ),
    "negative weight decay": (
        {"weight_decay": -0.1},
        "training.weight_decay: -0.1 is too small; the smallest allowed is 0",
    ),
    "momentum of Adam": (
        {"momentum": 0.9},
        "variants[a]: momentum: 0.9 is for sgd and rmsprop; adam has its own",
    ),
    "momentum of 1": (
        {"momentum": 1, "optimizer": "sgd"},
        "training.momentum: 1.0 is not allowed; it must be less than 1",
    ),
    "smoothing of squares": (
        {"label_smoothing": 0.1, "loss": "mean_squared_error"},
        "variants[a]: label_smoothing: 0.1 is for the cross-entropies; mean_squared_error has none",
    ),
    "smoothing of all": (
        {"label_smoothing": 1},
        "training.label_smoothing: 1.0 is not allowed; it must be less than 1",
    ),
    "an average of nothing": ({"ema": 1}, "training.ema: 1.0 is not allowed; it must be less"),
    "early stopping by the test images": (
        {"early_stopping": {"patience": 3}},
        "variants[a]: early_stopping: needs validation: holdout or given; with validation: ",
    ),
    "early stopping without end": (
        {"early_stopping": {"patience": 12}, "validation": "holdout"},
        "variants[a]: early_stopping.patience: 12 of 12 epochs never stops a training",
    ),
    "early stopping that does not say when": (
        {"early_stopping": True, "validation": "holdout"},
        "variants[a]: early_stopping: true does not say when; write {patience: 3} for instance",
    ),
    "no patience": (
        {"early_stopping": {"patience": 0}},
        "training.early_stopping.patience: 0 is too small; the smallest allowed is 1",
    ),
    "augmentation that does not say how": (
        {"augment": True},
        "variants[a]: augment: true does not say how; write {shift: 0.1} for instance",
    ),
    "augmentation that changes nothing": (
        {"augment": {"shift": 0}},
        "variants[a]: augment: changes no image; give shift, rotate, zoom or flip, or false",
    ),
    "a number for an augmentation": ({"augment": 3}, "training.augment: 3 is not true or false"),
    "unknown augmentation": (
        {"augment": {"shear": 0.1}},
        "training.augment: unknown key 'shear'; allowed are shift, rotate, zoom, flip",
    ),
    "a shift in pixels": (
        {"augment": {"shift": 3}},
        "training.augment.shift: 3.0 is too large; the largest allowed is 1",
    ),
    "a zoom to nothing": (
        {"augment": {"zoom": 1}},
        "training.augment.zoom: 1.0 is not allowed; it must be less than 1",
    ),
    "a turn too far": (
        {"augment": {"rotate": 360}},
        "training.augment.rotate: 360.0 is too large; the largest allowed is 180",
    ),
    "augmentation within XLA": (
        {"augment": {"flip": True}, "xla": True, "gpu": 1},
        "variants[a]: augment: XLA cannot transform images; use xla: false",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_in_one_line(config: Config, mistake: str) -> None:
    training, message = MISTAKES[mistake]
    with pytest.raises(StudyError) as error:
        settings_of(config, **training)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
