"""The variants as the comparison draws them."""

from collections.abc import Sequence
from dataclasses import dataclass

from study.runs.metrics import Metrics, reported_accuracy
from study.summary.rows import Row


@dataclass(frozen=True)
class Point:
    """One variant as it is drawn: accuracies in percent, None or empty where there is none."""

    label: str
    depth: int | None
    status: str
    accuracies: tuple[float, ...]
    interval: tuple[float, float] | None
    method: str | None
    reference: float | None
    losses: tuple[float, float] | None

    @property
    def accuracy(self) -> float | None:
        return sum(self.accuracies) / len(self.accuracies) if self.accuracies else None


def comparison_points(rows: Sequence[Row], runs: Sequence[Metrics]) -> list[Point]:
    """The variants' rows, with the accuracy of every seed from the metrics of their `runs`."""
    accuracies: dict[str, list[float]] = {}
    for run in sorted(runs, key=lambda run: run["seed"]):
        accuracies.setdefault(run["variant"], []).append(100 * reported_accuracy(run))
    return [_point(row, accuracies.get(row.id, [])) for row in rows]


def _point(row: Row, accuracies: Sequence[float]) -> Point:
    interval = None
    if row.accuracy_low is not None and row.accuracy_high is not None:
        interval = 100 * row.accuracy_low, 100 * row.accuracy_high
    losses = None
    if row.train_loss is not None and row.test_loss is not None:
        losses = row.train_loss, row.test_loss
    return Point(
        label=row.label,
        depth=row.depth,
        status=row.status,
        accuracies=tuple(accuracies),
        interval=interval,
        method=row.accuracy_interval,
        reference=None if row.reference_accuracy is None else 100 * row.reference_accuracy,
        losses=losses,
    )
