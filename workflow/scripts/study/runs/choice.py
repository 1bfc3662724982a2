"""The choice of an epoch by a measure: all that training needs to know of measures.

Their words are in measures.py, because what training reaches is part of its digest.
"""

from collections.abc import Iterable, Sequence

from study.errors import StudyError

ACCURACY = "accuracy"

LOWER_IS_BETTER = ("nll", "brier")


def best_place(metric: str, values: Sequence[float]) -> int:
    """The place of the best value of the measure, the first of several."""
    sign = -1 if metric in LOWER_IS_BETTER else 1
    return max(range(len(values)), key=lambda place: sign * values[place])


def check_measurable(metric: str | None, labels: Iterable[int], classes: int) -> None:
    """Check that validation images with these labels can choose an epoch by `metric`.

    Raises:
        StudyError: they leave it undefined.
    """
    absent = sorted(set(range(classes)) - set(labels))
    if metric == "auc" and absent:
        raise StudyError(
            "comparison.metric: auc is not defined without images of each class, and the "
            f"validation images have none of class {', '.join(map(str, absent))}; use another "
            "metric, or more validation images"
        )
