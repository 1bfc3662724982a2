"""Build the trained network as a Keras model, to load with `keras.saving.load_model`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from study.errors import StudyError
from study.files import atomic
from study.logs import script_log
from study.tensorflow_setup import configure_tensorflow, memory_errors
from study.weights import read_weights

if TYPE_CHECKING:
    import keras

    snakemake: Any


def set_weights(model: "keras.Model", weights: Mapping[str, NDArray[Any]], source: str) -> None:
    """Give the model the weights by `{layer}/{variable}`, as `named_weights` names them.

    Raises:
        StudyError: `source` lacks a weight or has one of another shape.
    """
    from study.model import weight_variables

    for name, variable in weight_variables(model).items():
        if name not in weights or weights[name].shape != tuple(variable.shape):
            raise StudyError(f"{source}: no {name} of the shape {tuple(variable.shape)}")
        variable.assign(weights[name])


def main() -> None:
    run = json.loads(snakemake.params.definition)
    manifest = json.loads(Path(snakemake.input.manifest).read_text(encoding="utf-8"))
    final = {
        name.removeprefix("final/"): values
        for name, values in read_weights(snakemake.input.weights).items()
        if name.startswith("final/")
    }

    configure_tensorflow(threads=1, log=snakemake.log[0])
    from study.model import build_model

    with memory_errors():
        model = build_model(
            run["layers"],
            tuple(manifest["input_shape"]),
            manifest["classes"],
            run["training"],
            run["seed"],
        )
        set_weights(model, final, snakemake.input.weights)
        with atomic(snakemake.output.model) as temporary:
            model.save(temporary)


if __name__ == "__main__":
    with script_log(snakemake.log[0]):
        main()
