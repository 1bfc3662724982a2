"""The runs' values of the measure that they are judged by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from study.errors import StudyError
from study.runs.choice import ACCURACY
from study.runs.evaluation import read_evaluations
from study.runs.measures import MEASURES, Measure
from study.runs.metrics import RunKey
from study.runs.predictions import Runs


@dataclass(frozen=True)
class Values:
    """The values of `measure`, each `counts[run]` / `of`.

    That is the number of right answers to `of` test images for the accuracy, whose differences are
    then exact, and the value itself for any other measure.
    """

    measure: Measure
    counts: Mapping[RunKey, float]
    of: int = 1

    def shown(self, run: RunKey) -> float:
        """The run's value as tables show it: an accuracy in percent."""
        return self.measure.scale * (self.counts[run] / self.of)

    def difference(self, variant: RunKey, baseline: RunKey) -> float:
        """Variant minus baseline, in percentage points for accuracies."""
        return self.measure.scale * (self.counts[variant] - self.counts[baseline]) / self.of


def accuracies(runs: Runs) -> Values:
    """The accuracies of the runs."""
    images = len(next(iter(runs.values())).labels) if runs else 1
    return Values(MEASURES[ACCURACY], {key: run.correct for key, run in runs.items()}, images)


def read_values(
    metric: str, runs: Runs, files: Sequence[str], names: Sequence[tuple[str, int]]
) -> Values:
    """The values of `runs`, from the evaluations in the files of the runs (variant, seed).

    Raises:
        StudyError: a file is damaged, or the measure is undefined on these test images.
    """
    if metric == ACCURACY:
        return accuracies(runs)
    found = {}
    for path, (variant, seed), content in zip(files, names, read_evaluations(files), strict=True):
        if content[metric] is None:
            raise StudyError(
                f"{path}: {metric}: null, it is undefined because a class has no test image; "
                "judge by another comparison.metric"
            )
        found[RunKey(variant, int(seed))] = content[metric]
    return Values(MEASURES[metric], {key: found[key] for key in runs})
