"""The measure that networks are judged by: where it defines a run, and its mistakes."""

from typing import Any

import pytest

from study.config.study import load_study
from study.errors import StudyError
from study.runs.measures import MEASURES

Config = dict[str, Any]


def chooser(config: Config, metric: str, validation: str) -> str | None:
    """What chooses the epoch of the first variant."""
    comparison = {"metric": metric, "equivalence_margin": 0.01}
    changed = config | {"comparison": comparison, "training": {"validation": validation}}
    return load_study(changed).variants[0].settings.metric


@pytest.mark.parametrize("metric", MEASURES)
def test_the_metric_defines_a_run_only_where_it_chooses_the_epoch(
    config: Config, metric: str
) -> None:
    assert chooser(config, metric, "holdout") == metric
    assert chooser(config, metric, "test") is None


def test_what_is_left_out_is_accuracy_with_a_margin_in_points(config: Config) -> None:
    assert load_study(config).comparison == {"metric": "accuracy", "equivalence_margin": 0.2}
    config["comparison"] = {"metric": "balanced_accuracy"}
    assert load_study(config).comparison["equivalence_margin"] == 0.2


MISTAKES: list[tuple[Config, str]] = [
    (
        {"metric": "f1"},
        'comparison.metric: "f1" is not one of accuracy, balanced_accuracy, auc, nll, brier',
    ),
    (
        {"metric": ["accuracy", "nll"]},
        'comparison.metric: ["accuracy", "nll"] is not one of accuracy, ',
    ),
    (
        {"metric": "nll"},
        "comparison.equivalence_margin: missing; its default is for accuracies, so `metric: nll` "
        "needs the difference in negative log-likelihood that does not matter to you",
    ),
    (
        {"metric": "auc"},
        "comparison.equivalence_margin: missing; its default is for accuracies, so `metric: auc` ",
    ),
    (
        {"metric": "auc", "equivalence_margin": 1.5},
        "comparison.equivalence_margin: 1.5 is too large; two values of AUC differ by at most 1",
    ),
    (
        {"metric": "brier", "equivalence_margin": 20},
        "comparison.equivalence_margin: 20 is too large; two values of Brier score differ by at "
        "most 2",
    ),
    (
        {"metric": "balanced_accuracy", "equivalence_margin": 101},
        "comparison.equivalence_margin: 101 is too large; two values of balanced accuracy differ "
        "by at most 100 points",
    ),
    (
        {"metric": "nll", "equivalence_margin": 0},
        "comparison.equivalence_margin: 0.0 is not allowed; it must be more than 0",
    ),
    ({"measure": "nll"}, "comparison: unknown key 'measure'; allowed are metric, equivalence_"),
]


@pytest.mark.parametrize(("comparison", "message"), MISTAKES)
def test_a_mistake_is_named_in_one_line(config: Config, comparison: Config, message: str) -> None:
    with pytest.raises(StudyError) as caught:
        load_study(config | {"comparison": comparison})
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_the_shipped_configuration_gives_no_margin_for_other_measures(config: Config) -> None:
    """An overlay that names a measure keeps the rest of `comparison`."""
    config["comparison"]["metric"] = "nll"
    with pytest.raises(StudyError, match=r"comparison\.equivalence_margin: missing"):
        load_study(config)


def test_the_metric_is_no_setting_of_a_training(config: Config) -> None:
    config["training"] = {"metric": "nll"}
    with pytest.raises(StudyError, match="training: unknown key 'metric'"):
        load_study(config)
