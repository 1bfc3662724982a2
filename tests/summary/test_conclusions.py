"""The notebook's five conclusions on made-up runs whose truth is known."""

import math
from dataclasses import replace

import pandas as pd
import pytest

from study.statistics.conditions import NOT_SUPPORTED, SUPPORTED, UNDECIDED, Conclusion, Condition
from study.summary.conclusions import five_conclusions
from study.summary.groups import Network, RunFigures, late_slope, run_figures
from synthetic import metrics

RISING = tuple(-0.5 / epoch + 0.002 * epoch for epoch in range(1, 13))
FALLING = tuple(0.05 - 0.002 * epoch for epoch in range(1, 13))

# As the notebook would have it: accuracy, its gap, test / train error, gaps by epoch, seconds.
TRUE = {
    "both_3x3": RunFigures(0.994, 0.001, 0.5, FALLING, 40),
    None: RunFigures(0.985, 0.001, 0.5, FALLING, 10),
    "without_dropout": RunFigures(0.988, 0.010, 6.0, RISING, 60),
    "without_batch_norm": RunFigures(0.990, 0.004, 1.0, RISING, 20),
}
# And the opposite.
FALSE = {
    "both_3x3": RunFigures(0.985, 0.010, 0.5, FALLING, 40),
    None: RunFigures(0.995, 0.001, 0.5, FALLING, 10),
    "without_dropout": RunFigures(0.994, 0.001, 0.9, RISING, 20),
    "without_batch_norm": RunFigures(0.990, 0.004, 3.0, FALLING, 20),
}


def seed_of(figures: RunFigures, seed: int) -> RunFigures:
    """The figures of another seed, a little off."""
    off = 1 + 0.01 * math.sin(7 * seed + 1000 * figures.accuracy)
    return replace(
        figures,
        accuracy=figures.accuracy + 0.0002 * math.sin(3 * seed + 500 * figures.accuracy),
        accuracy_gap=figures.accuracy_gap * off,
        error_ratio=figures.error_ratio * off,
        error_gaps=tuple(gap * off for gap in figures.error_gaps),
        seconds_per_epoch=figures.seconds_per_epoch * off,
    )


def study(
    truth: dict[str | None, RunFigures], seeds: int, depths: tuple[int, ...] = (3, 5, 7)
) -> list[Network]:
    """Four networks of each depth; the 3x3 network gains 0.2 points of accuracy with 7."""
    return [
        Network(
            id=f"conv{depth}-{group}",
            depth=depth,
            group=group,
            multiply_adds=1000,
            runs={
                seed: seed_of(
                    replace(
                        figures,
                        accuracy=figures.accuracy + 0.002 * (depth == 7 and group == "both_3x3"),
                    ),
                    seed,
                )
                for seed in range(1, seeds + 1)
            },
        )
        for depth in depths
        for group, figures in truth.items()
    ]


def answers(networks: list[Network]) -> list[str]:
    return [conclusion.answer for conclusion in five_conclusions(networks, "load")]


@pytest.mark.parametrize(
    ("truth", "seeds", "expected"),
    [
        (TRUE, 10, [SUPPORTED] * 5),
        (FALSE, 10, [NOT_SUPPORTED] * 5),
        # A sign-flip test over three seeds cannot reach 5 %, so accuracies stay undecided.
        (TRUE, 3, [UNDECIDED, SUPPORTED, SUPPORTED, SUPPORTED, UNDECIDED]),
        (TRUE, 1, [UNDECIDED] * 5),
        (FALSE, 1, [UNDECIDED] * 5),
        (TRUE, 0, []),
    ],
)
def test_answers_follow_the_truth(truth: dict, seeds: int, expected: list[str]) -> None:
    assert answers(study(truth, seeds)) == expected


def test_one_depth_that_is_shown_to_differ_refutes() -> None:
    networks = study(TRUE, 10, depths=(3, 5)) + study(FALSE, 10, depths=(7,))
    assert answers(networks) == [NOT_SUPPORTED] * 5


def test_differences_without_a_mean_stay_undecided() -> None:
    """The network with both is as good as the one without batch normalization, give or take."""
    even = TRUE | {"both_3x3": replace(TRUE["both_3x3"], accuracy=0.990)}
    assert answers(study(even, 10, depths=(3,)))[0] == UNDECIDED


def test_one_seed_says_so() -> None:
    for conclusion in five_conclusions(study(TRUE, 1), "load"):
        assert conclusion.n == 1
        assert conclusion.why.startswith("One seed has no spread to judge by")


def test_missing_runs_keep_a_claim_open_but_not_from_being_refuted() -> None:
    for truth, expected in ((TRUE, UNDECIDED), (FALSE, NOT_SUPPORTED)):
        networks = study(truth, 10, depths=(3, 5)) + study(truth, 0, depths=(7,))
        for conclusion in five_conclusions(networks, "load")[:4]:
            assert (conclusion.answer, conclusion.n) == (expected, 0)
            assert conclusion.why.endswith("Runs are missing.")


def test_time_per_multiply_add_counts_too() -> None:
    """Three times the time for three times the work is not batch normalization's doing."""
    networks = [
        replace(n, multiply_adds=3000 if n.group == "without_dropout" else 1000)
        for n in study(TRUE, 10)
    ]
    assert answers(networks)[3] == NOT_SUPPORTED


@pytest.mark.parametrize(
    ("networks", "numbers"),
    [
        (study(TRUE, 2, depths=(3,)), [1, 2, 3, 4]),
        (study(TRUE, 2, depths=(7,)), [1, 2, 3, 4, 5]),
        ([n for n in study(TRUE, 2) if n.group != "without_dropout"], []),
        ([n for n in study(TRUE, 2) if n.group is None], []),
        ([], []),
    ],
)
def test_only_conclusions_whose_networks_are_there(
    networks: list[Network], numbers: list[int]
) -> None:
    assert [c.number for c in five_conclusions(networks, "load")] == numbers


def test_only_seeds_that_both_have_are_compared() -> None:
    networks = study(TRUE, 6, depths=(3,))
    networks[0] = replace(
        networks[0], runs={seed: run for seed, run in networks[0].runs.items() if seed != 4}
    )
    first, *_ = five_conclusions(networks, "load")
    assert first.n == 5


def test_the_slope_is_that_of_the_second_half() -> None:
    assert late_slope([9, 9, 9, 1.0, 1.5, 2.0]) == pytest.approx(0.5)
    assert late_slope([9, 9, 1.0, 1.5, 2.0]) == pytest.approx(0.5)
    assert math.isnan(late_slope([1, 2, 3, 4]))


def test_figures_of_a_run() -> None:
    run = metrics(
        train_loss=0.02, test_loss=0.06, train_accuracy_eval=0.999, test_accuracy=0.99
    ) | {"chosen_test_accuracy": 0.993}
    history = pd.DataFrame({"val_loss": [0.5, 0.25], "loss": [0.75, 0.125]})
    found = run_figures(run, history)
    assert found.accuracy == 0.993
    assert found.accuracy_gap == pytest.approx(0.009)
    assert found.error_ratio == pytest.approx(3)
    assert found.error_gaps == (-0.25, 0.125)
    assert run_figures(run | {"train_loss": 0.0}, history).error_ratio == math.inf


def condition(values: list[float], above: bool = True) -> Condition:
    return Condition("figure", values, 1.0, str, above)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        # Student's p for 1.9, 2, 2.1 against 1 is 0.0033: 0.1 / sqrt(3) is its standard error.
        (condition([1.9, 2.0, 2.1]), SUPPORTED),
        (condition([1.9, 2.0, 2.1], above=False), NOT_SUPPORTED),
        (condition([0.0, 2.0, 4.0]), UNDECIDED),
        (condition([2.0]), UNDECIDED),
        (condition([2.0, 2.0, 2.0]), UNDECIDED),
        (condition([2.0, math.nan, 2.1]), UNDECIDED),
        (condition([2.0, math.inf, 2.1]), UNDECIDED),
        (condition([]), UNDECIDED),
    ],
)
def test_a_condition_is_judged_by_its_spread(found: Condition, expected: str) -> None:
    assert found.answer(conditions=1) == expected


def test_refuting_is_adjusted_for_the_number_of_conditions() -> None:
    """p is 0.0033, above 0.05 / 20 but below 0.05; showing needs no adjustment."""
    assert condition([1.9, 2.0, 2.1], above=False).answer(conditions=20) == UNDECIDED
    assert condition([1.9, 2.0, 2.1]).answer(conditions=20) == SUPPORTED


def test_one_open_condition_keeps_a_claim_open() -> None:
    shown, is_open = condition([1.9, 2.0, 2.1]), condition([0.0, 2.0, 4.0])
    refuted = condition([1.9, 2.0, 2.1], above=False)
    for conditions, expected in (
        ([shown, shown], SUPPORTED),
        ([shown, is_open], UNDECIDED),
        ([shown, is_open, refuted], NOT_SUPPORTED),
    ):
        assert Conclusion(1, "", conditions, "").answer == expected
