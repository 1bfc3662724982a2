"""Write the trained network as a Keras model, to load with `keras.saving.load_model`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from study.errors import StudyError
from study.files import atomic
from study.logs import script_log
from study.runs.keras_file import read_architecture, write_keras_file
from study.runs.metrics import read_metrics
from study.runs.weights import read_weights

if TYPE_CHECKING:
    snakemake: Any


def trained_weights(arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The weights after the chosen epoch where held-out images chose one, else after the last."""
    when = "chosen/" if any(name.startswith("chosen/") for name in arrays) else "final/"
    return {
        name.removeprefix(when): values for name, values in arrays.items() if name.startswith(when)
    }


def main() -> None:
    files = snakemake.input
    architecture = read_architecture(files.architecture)
    (metrics,) = read_metrics([files.metrics]).values()
    weights = trained_weights(read_weights(files.weights))
    try:
        with atomic(snakemake.output.model) as temporary:
            write_keras_file(temporary, architecture, weights, metrics["versions"]["keras"])
    except KeyError as error:
        raise StudyError(f"{files.weights}: no {error.args[0]}; delete it and run again") from error


if __name__ == "__main__":
    with script_log(snakemake.log[0]):
        main()
