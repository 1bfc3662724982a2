"""What a reader is told before the figures."""

from study.runs.metrics import RunKey
from study.summary.warnings import learning_alert, unlearned_verdict


def test_runs_that_did_not_learn_are_named_and_only_these() -> None:
    assert learning_alert({}, 4) == []
    unlearned = {RunKey("a", 2): "its loss is high", RunKey("b", 1): "it guesses"}
    (alert,) = learning_alert(unlearned, 4)
    assert alert.text.startswith("2 of 4 runs did not learn: ")
    assert alert.reasons == ["`a` seed 2: its loss is high", "`b` seed 1: it guesses"]


def test_a_variant_that_did_not_learn_says_so_in_place_of_a_verdict() -> None:
    assert unlearned_verdict({}, 3) is None
    assert unlearned_verdict({1: "it guesses"}, 1) == "Did not learn: it guesses"
    several = unlearned_verdict({2: "it guesses", 3: "it guesses"}, 3)
    assert several is not None
    assert several.startswith("Did not learn: ") and several.endswith(" of 3")
