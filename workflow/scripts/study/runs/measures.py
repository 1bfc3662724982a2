"""The measures that networks can be judged by: their names in words, units and directions.

Loads no numerical package, because the configuration needs it; scoring.py computes them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

from study.runs.choice import ACCURACY, LOWER_IS_BETTER


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
