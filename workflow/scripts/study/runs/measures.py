"""The measures that networks can be judged by: their names in words, units and directions.

Loads no numerical package, because the configuration needs it; scoring.py computes them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from study.errors import StudyError

ACCURACY = "accuracy"

LOWER_IS_BETTER = frozenset({"nll", "brier"})


def best_place(metric: str, values: Sequence[float]) -> int:
    """The place of the best value of the measure, the first of several."""
    # Training reaches no words, which may change without it.
    sign = -1 if metric in LOWER_IS_BETTER else 1
    return max(range(len(values)), key=lambda place: sign * values[place])


@dataclass(frozen=True)
class Measure:
    """A measure of a network on some images.

    Files hold its value, a fraction for accuracies, from 0 to `highest`. Tables and
    differences show `scale` times that, in the `unit` of the differences, empty if it has none.
    """

    key: str
    words: str
    highest: float
    scale: float = 1
    unit: str = ""
    digits: int = 4

    @property
    def lower_is_better(self) -> bool:
        """Whether the better of two networks has the lower value."""
        return self.key in LOWER_IS_BETTER

    @property
    def title(self) -> str:
        """The words as a heading."""
        return self.words[0].upper() + self.words[1:]

    @property
    def is_accuracy(self) -> bool:
        """Whether it is a fraction of right answers, shown in percent."""
        return bool(self.unit)

    @property
    def axis(self) -> str:
        """`Test accuracy (%)`, `Test AUC`."""
        return f"Test {self.words}{' (%)' * self.is_accuracy}"

    @property
    def spec(self) -> str:
        """The format of a value."""
        return f".{self.digits}{'%' if self.is_accuracy else 'f'}"

    @property
    def phrase(self) -> str:
        """What follows a difference: `points`, `in AUC`."""
        if self.key == ACCURACY:
            return self.unit
        return f"{self.unit} of {self.words}" if self.is_accuracy else f"in {self.words}"

    def heading(self, noun: str) -> str:
        """`Difference (points)`, `Difference in AUC`."""
        return f"{noun} ({self.phrase})" if self.is_accuracy else f"{noun} {self.phrase}"


MEASURES: Mapping[str, Measure] = {
    measure.key: measure
    for measure in (
        Measure(ACCURACY, "accuracy", 1, 100, "points", 2),
        Measure("balanced_accuracy", "balanced accuracy", 1, 100, "points", 2),
        Measure("auc", "AUC", 1, digits=5),
        Measure("nll", "negative log-likelihood", inf),
        Measure("brier", "Brier score", 2),
    )
}
"""By the names that `comparison.metric` and evaluation.json have for them."""


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
