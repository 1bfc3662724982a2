"""The table in docs/reruns.md: changes to a finished study, and the jobs that each leads to."""

from dataclasses import dataclass

from checkout import Job
from reruns_changes import (
    EDIT_SUMMARY,
    EDIT_TRAINING,
    Change,
    change_environments,
    configured,
    deleted,
    edited,
    moved,
    one_byte_changed,
    own_settings,
    reformat,
    say_the_same,
    split,
    switch_branches,
    together,
    touch_sources_and_data,
    touch_trainings,
    touch_what_later_rules_read,
    turn_key_order,
)
from reruns_study import (
    AGGREGATES,
    COMPARISON,
    EACH_RUN,
    NOTHING,
    PREPARE,
    SUMMARIES,
    TRAININGS,
    jobs,
    variant,
)


@dataclass(frozen=True)
class Row:
    """A change, the jobs it leads to, and options for the command."""

    name: str
    change: Change
    expected: set[Job]
    options: tuple[str, ...] = ()


RUN_1 = "results/runs/plain/seed-1"
ROWS = [
    # Nothing reruns.
    Row("nothing", lambda checkout: None, NOTHING),
    Row("another number of cores", lambda checkout: None, NOTHING, ("--cores", "16")),
    Row("touch: sources, configuration and data", touch_sources_and_data, NOTHING),
    Row("touch: what later rules read", touch_what_later_rules_read, NOTHING),
    Row("a switch of branches and back", switch_branches, NOTHING),
    Row("comments, docstrings, layout of all code", reformat, NOTHING),
    Row(
        "a module moved to another folder",
        together(
            moved("study.errors", "study.base.errors"),
            moved("study.training.forward", "study.kernels.network"),
        ),
        NOTHING,
    ),
    Row(
        "a package split, its definitions in new modules",
        together(
            split(
                "study.training.forward", "study.training.dropout", {"DropoutKey", "dropout_mask"}
            ),
            split(
                "study.networks.costs",
                "study.networks.parameters",
                {"count_parameters", "parameters_of"},
            ),
        ),
        NOTHING,
    ),
    Row(
        "another mirror",
        configured(lambda config: config["datasets"]["tiny"].update(mirrors=["https://x.invalid"])),
        NOTHING,
    ),
    Row(
        "another order of keys",
        together(
            configured(turn_key_order),
            configured(turn_key_order, "config/config.yaml"),
        ),
        NOTHING,
    ),
    Row("the same in other words", configured(say_the_same), NOTHING),
    Row("upgraded packages", change_environments, NOTHING),
    # Settings.
    Row(
        "a label",
        configured(lambda config: config["variants"][0].update(label="Another")),
        jobs("evaluate", variants=["plain"]) | SUMMARIES,
    ),
    Row(
        "a layer of one variant",
        configured(lambda config: config["variants"][0]["layers"].append({"dense": 4})),
        jobs(*EACH_RUN, variants=["plain"]) | AGGREGATES,
    ),
    Row(
        "a setting of one variant",
        own_settings(learning_rate=0.02),
        jobs(*EACH_RUN, variants=["own-rate"]) | AGGREGATES,
    ),
    Row(
        "the recipe of one variant",
        own_settings(
            standardize=True, augment={"shift": 0.1}, ema=0.9, weight_decay=0.1, label_smoothing=0.1
        ),
        jobs(*EACH_RUN, variants=["own-rate"]) | AGGREGATES,
    ),
    Row(
        "a setting of a variant's recipe that is already its default",
        own_settings(
            augment=False, schedule={"constant": {"warmup": 0}}, momentum=0, weight_decay=0.0
        ),
        NOTHING,
    ),
    Row(
        "a study-wide setting that one variant overrides",
        configured(lambda config: config["training"].update(learning_rate=0.002)),
        jobs(*EACH_RUN, variants=["plain"]) | AGGREGATES,
    ),
    Row(
        "a study-wide setting",
        configured(lambda config: config["training"].update(epochs=2)),
        TRAININGS,
    ),
    Row(
        "threads of a training",
        configured(lambda config: config["training"].update(threads=2)),
        TRAININGS,
    ),
    # Runs that come and go.
    Row(
        "a new variant",
        configured(lambda config: config["variants"].append(variant("new"))),
        jobs(*EACH_RUN, variants=["new"]) | AGGREGATES,
    ),
    Row(
        "a new seed",
        configured(lambda config: config["seeds"].append(3)),
        jobs(*EACH_RUN, seeds=[3]) | AGGREGATES,
    ),
    Row("a removed variant", configured(lambda config: config["variants"].pop()), AGGREGATES),
    Row("a removed seed", configured(lambda config: config["seeds"].pop()), AGGREGATES),
    Row(
        "another order of variants",
        configured(lambda config: config["variants"].reverse()),
        AGGREGATES,
    ),
    # Code.
    Row(
        "code of the history plot",
        edited("study/figures/history.py", "figsize=(WIDTH, 4.2)", "figsize=(WIDTH, 4.3)"),
        jobs("evaluate") | SUMMARIES,
    ),
    Row(
        "code of the kernel plot",
        edited("study/figures/kernels.py", "POINTS = 5000", "POINTS = 5001"),
        jobs("evaluate") | SUMMARIES,
    ),
    Row(
        "code of the evaluation",
        edited("study/statistics/scores.py", "CALIBRATION_BINS = 15", "CALIBRATION_BINS = 10"),
        jobs("evaluate") | SUMMARIES,
    ),
    Row(
        "code of the comparison plot",
        edited("study/figures/comparison.py", "ROW_HEIGHT = 0.3", "ROW_HEIGHT = 0.4"),
        {("plot_study", "")},
    ),
    Row(
        "a plot setting",
        configured(lambda config: config["plots"].update(dpi=41)),
        jobs("evaluate") | AGGREGATES - {("ensemble", "")},
    ),
    Row(
        "a template of the page",
        edited("study/page/templates/page.css", "line-height: 1.2", "line-height: 1.3"),
        {("page", "")},
    ),
    Row("code of the summary", EDIT_SUMMARY, {("summarize", ""), ("page", "")}),
    Row(
        "the licence of the data",
        configured(lambda config: config["datasets"]["tiny"].update(licence="CC0")),
        {("summarize", ""), ("page", "")},
    ),
    Row(
        "code that the summary imports",
        edited(
            "study/summary/overfitting.py",
            "if train_loss == test_loss == 0:",
            "if train_loss == 0:",
        ),
        SUMMARIES,
    ),
    Row(
        "the verdict's thresholds",
        configured(
            lambda config: config.update(verdict=[{"below": 1, "text": "A"}, {"text": "B"}])
        ),
        SUMMARIES,
    ),
    Row(
        "code of the statistics",
        edited("study/statistics/power.py", "POWER = 0.8", "POWER = 0.9"),
        COMPARISON,
    ),
    Row(
        "code of the ensembles",
        edited("study/statistics/ensembles.py", "SUBSETS_SEED = 0", "SUBSETS_SEED = 1"),
        {("ensemble", ""), *SUMMARIES},
    ),
    Row(
        "the metric that judges",
        configured(
            lambda config: config.update(comparison={"metric": "nll", "equivalence_margin": 0.1})
        ),
        COMPARISON,
    ),
    Row(
        "the equivalence margin",
        configured(lambda config: config.update(comparison={"equivalence_margin": 0.5})),
        COMPARISON,
    ),
    Row(
        "another contrast",
        configured(
            lambda config: config.update(contrasts=[{"baseline": "own-rate", "variant": "plain"}])
        ),
        COMPARISON,
    ),
    Row(
        "code of the training script",
        edited("study/training/loop.py", "epoch_seconds = 0, 0.0", "epoch_seconds = 0, 0"),
        TRAININGS,
    ),
    Row("a function that training imports", EDIT_TRAINING, TRAININGS),
    Row(
        "a function beside it that training does not reach",
        edited("study/networks/costs.py", "before[0] * placed.after[0]", "before[0]"),
        {("page", "")},  # which shows the work of each layer
    ),
    Row(
        "code of the preparation",
        edited("study/data/digits.py", "DIGITS_SPLIT_SEED = 0", "DIGITS_SPLIT_SEED = 1"),
        PREPARE | TRAININGS,
    ),
    # Data.
    Row("one byte of the prepared data", one_byte_changed("data/prepared/tiny.npz"), TRAININGS),
    Row("one byte of its manifest", one_byte_changed("data/prepared/tiny.json"), TRAININGS),
    Row(
        "one byte of the raw data",
        one_byte_changed("data/raw/tiny/train-x.gz"),
        PREPARE | TRAININGS,
    ),
    # The plan cannot know that the same data will come out; the run finds out, see below.
    Row(
        "deleted prepared data",
        deleted("data/prepared/tiny.npz", "data/prepared/tiny.json"),
        PREPARE | TRAININGS,
    ),
    Row("deleted raw data", deleted("data/raw/tiny/train-x.gz"), NOTHING),
    # Results.
    Row(
        "a deleted plot",
        deleted(f"{RUN_1}/loss.png"),
        jobs("evaluate", variants=["plain"], seeds=[1]) | SUMMARIES,
    ),
    Row(
        "a deleted model",
        deleted(f"{RUN_1}/model.keras"),
        jobs(*EACH_RUN, variants=["plain"], seeds=[1]) | AGGREGATES,
    ),
    Row("a deleted summary", deleted("results/summary.md"), {("summarize", "")}),
    Row(
        "a deleted evaluation",
        deleted(f"{RUN_1}/classes.csv"),
        jobs("evaluate", variants=["plain"], seeds=[1]) | SUMMARIES,
    ),
    Row(
        "deleted metrics",
        deleted(f"{RUN_1}/metrics.json"),
        jobs(*EACH_RUN, variants=["plain"], seeds=[1]) | AGGREGATES,
    ),
    Row("a deleted history that nothing needs", deleted(f"{RUN_1}/history.csv"), NOTHING),
    Row(
        "a deleted history and its plot",
        deleted(f"{RUN_1}/history.csv", f"{RUN_1}/loss.png"),
        jobs(*EACH_RUN, variants=["plain"], seeds=[1]) | AGGREGATES,
    ),
    # On demand.
    Row("forced", lambda checkout: None, TRAININGS, ("--forcerun", "train")),
    Row(
        "trainings kept, though their code changed",
        together(EDIT_TRAINING, EDIT_SUMMARY, touch_trainings),
        {("summarize", ""), ("page", "")},
    ),
]
