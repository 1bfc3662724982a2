"""Build the trained network as a Keras model, to load with `keras.saving.load_model`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from study.files import atomic
from study.logs import script_log
from study.tensorflow_setup import configure_tensorflow, memory_errors
from study.weights import read_weights

if TYPE_CHECKING:
    snakemake: Any


def trained_weights(arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The weights after the chosen epoch where held-out images chose one, else after the last."""
    when = "chosen/" if any(name.startswith("chosen/") for name in arrays) else "final/"
    return {
        name.removeprefix(when): values for name, values in arrays.items() if name.startswith(when)
    }


def main() -> None:
    run = json.loads(snakemake.params.definition)
    manifest = json.loads(Path(snakemake.input.manifest).read_text(encoding="utf-8"))
    weights = trained_weights(read_weights(snakemake.input.weights))

    configure_tensorflow(threads=1, log=snakemake.log[0])
    from study.model import build_model, set_weights

    with memory_errors():
        model = build_model(
            run["layers"],
            tuple(manifest["input_shape"]),
            manifest["classes"],
            run["training"],
            run["seed"],
        )
        set_weights(model, weights, snakemake.input.weights)
        with atomic(snakemake.output.model) as temporary:
            model.save(temporary)


if __name__ == "__main__":
    with script_log(snakemake.log[0]):
        main()
