"""Train one variant with one seed, from its last checkpoint where there is one."""

import json
import logging
import platform
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from study.archives import write_arrays
from study.data.prepared import load_prepared
from study.data.split import Data, split
from study.files import remove_leftovers, write_json
from study.logs import script_log
from study.networks.costs import count_parameters
from study.runs.history import write_history
from study.training.gpu import claim_gpu, visible_gpus
from study.training.loop import Diverged, Training, train
from study.training.provenance import git_commit, has_bfloat16, versions
from study.training.run import checkpoint_key, describe_result
from study.training.stop import Interrupted, StopRequest
from study.training.tensorflow_setup import configure_tensorflow, memory_errors, onednn_enabled

if TYPE_CHECKING:
    from study.training.trainer import Evaluation

    snakemake: Any


log = logging.getLogger(__name__)


def main() -> None:
    run = json.loads(snakemake.params.definition)
    for file in snakemake.output:
        remove_leftovers(file)
    arrays, manifest = load_prepared(snakemake.input.data, snakemake.input.manifest)
    data = split(arrays, run["training"], run["seed"])
    gpu = claim_gpu(visible_gpus()) if run["training"].get("gpu") else None
    configure_tensorflow(run["training"]["threads"], snakemake.log[0], gpu)
    if run["training"].get("precision") == "mixed_bfloat16" and not (gpu or has_bfloat16()):
        log.warning("training.precision: this processor has no bfloat16; float32 would be faster")
    with memory_errors():
        train_run(run, manifest, *data)


def train_run(
    run: dict[str, Any], manifest: dict[str, Any], fitted: Data, validation: Data, test: Data
) -> None:
    """Train the run as defined, evaluate it, and write the rule's outputs."""
    from study.training.model import build_model, named_weights, set_weights
    from study.training.trainer import Trainer

    settings, layers, seed = run["training"], run["layers"], run["seed"]
    shape, classes = tuple(manifest["input_shape"]), manifest["classes"]
    output = snakemake.output
    model = build_model(layers, shape, classes, settings, seed)
    initial = named_weights(model)
    key = checkpoint_key(run, snakemake.params.code, manifest)
    training = Training(
        f"{snakemake.wildcards.variant} seed {seed}",
        Trainer(model, *fitted, settings, seed),
        Path(snakemake.params.checkpoint),
        key,
    )
    tested = train_or_report(training, validation, Path(output.metrics).parent)
    evaluate = training.trainer.evaluate
    on_fitted, _ = evaluate(*fitted)
    # With `validation: test` the last epoch's validation is the final test already.
    if tested is None or settings["validation"] != "test":
        tested = evaluate(*test)
    on_test, probabilities = tested
    predictions: dict[str, NDArray[Any]] = {"probabilities": probabilities, "labels": test[1]}
    weights = {"initial": initial, "final": named_weights(model)}
    on_test_chosen = None
    if training.chosen:
        set_weights(model, training.chosen, str(training.checkpoint))
        on_test_chosen, predictions["chosen_probabilities"] = evaluate(*test)
        weights["chosen"] = training.chosen
    training.stamp()

    write_history(output.history, training.progress.rows)
    write_arrays(output.predictions, predictions)
    write_arrays(
        output.weights,
        {
            f"{when}/{name}": values
            for when, named in weights.items()
            for name, values in named.items()
        },
    )
    write_json(output.architecture, json.loads(model.to_json()))
    write_json(
        output.metrics,
        {
            "variant": snakemake.wildcards.variant,
            "seed": seed,
            "run_digest": key[:16],
            **describe_result(training, on_fitted, on_test, on_test_chosen),
            "parameters": count_parameters(layers, shape, classes),
            "threads": settings["threads"],
            "validation": settings["validation"],
            "versions": versions(),
            "code_digest": snakemake.params.code,
            "git_commit": git_commit(),
            "processor": " and ".join(training.progress.processors),
            "platform": platform.platform(),
            "onednn": onednn_enabled(),
            "data": {"dataset": manifest["dataset"], "sha256": manifest["sha256"]},
            "settings": settings,
            "layers": layers,
        },
    )


def train_or_report(training: Training, validation: Data, folder: Path) -> "Evaluation | None":
    """Train, and return as `train` does; where that stops early, say why.

    A loss that is not finite leaves failed.json and failed-history.csv in the run's `folder`; a
    signal ends the process with its status.

    Raises:
        Diverged: the loss is not finite.
    """
    failure, history = folder / "failed.json", folder / "failed-history.csv"
    failure.unlink(missing_ok=True)
    history.unlink(missing_ok=True)
    stop = StopRequest()
    try:
        with stop.listening():
            return train(training, validation, snakemake.params.checkpoint_every, stop)
    except Interrupted:
        assert stop.signal is not None
        reason = signal.Signals(stop.signal).name
        log.info("%s | stopped by %s; the same command goes on from here", training.name, reason)
        sys.exit(128 + stop.signal)
    except Diverged as error:
        write_history(history, error.rows)
        write_json(failure, {"error": str(error), "epoch": error.epoch})
        raise


if __name__ == "__main__":
    with script_log(snakemake.log[0]):
        main()
