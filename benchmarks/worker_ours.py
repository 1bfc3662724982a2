"""Worker that trains as the pipeline's train script does, on one thread."""

import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from images import random_images
from protocol import serve
from study.archives import write_arrays
from study.data.prepared import load_prepared
from study.runs.definition import Settings
from study.runs.history import write_history
from study.training.loop import Training
from study.training.provenance import versions
from study.training.tensorflow_setup import configure_tensorflow

if TYPE_CHECKING:
    from study.training.trainer import Trainer

trainers: dict[str, "Trainer"] = {}
epochs: dict[str, int] = {}


def start(log: str) -> dict[str, Any]:
    """Import TensorFlow; returns how long that took, and versions."""
    begin = time.perf_counter()
    configure_tensorflow(threads=1, log=log)
    import study.training.model
    import study.training.trainer  # noqa: F401

    return {"seconds": time.perf_counter() - begin, "versions": versions()}


def prepare(
    network: str,
    layers: list[dict[str, Any]],
    shape: list[int],
    classes: int,
    settings: dict[str, Any],
    images: int,
) -> dict[str, float]:
    """Build a network and take its first steps; returns the seconds of each part.

    `build` is the model and its trainer, `first_step` and `first_evaluation` hold the traces.
    """
    from study.training.model import build_model
    from study.training.trainer import Trainer

    fitted = random_images(images, tuple(shape), classes)
    begin = time.perf_counter()
    typed = Settings(**settings)
    model = build_model(layers, tuple(shape), classes, typed, seed=1)
    trainer = Trainer(model, *fitted, typed, seed=1)
    built = time.perf_counter()
    steps = trainer.train_epoch(1)
    next(steps)
    stepped = time.perf_counter()
    for _ in islice(steps, 2):
        pass
    trainer.end_epoch()
    warm = time.perf_counter()
    trainer.evaluate(*random_images(500, tuple(shape), classes))
    evaluated = time.perf_counter()
    trainers[network], epochs[network] = trainer, 1
    return {
        "build": built - begin,
        "first_step": stepped - built,
        "first_evaluation": evaluated - warm,
    }


def train(network: str) -> float:
    """Seconds of one epoch over the images that the network was prepared with."""
    epochs[network] += 1
    begin = time.perf_counter()
    for _ in trainers[network].train_epoch(epochs[network]):
        pass
    trainers[network].end_epoch()
    return time.perf_counter() - begin


def evaluate(network: str, shape: list[int], classes: int, images: int) -> float:
    """Seconds to evaluate on `images` images."""
    some = random_images(images, tuple(shape), classes)
    begin = time.perf_counter()
    trainers[network].evaluate(*some)
    return time.perf_counter() - begin


def save(network: str, shape: list[int], classes: int) -> dict[str, float]:
    """Seconds to write a checkpoint, and the outputs of a run with 10,000 test images."""
    from study.training.model import named_weights

    trainer = trainers[network]
    test = random_images(10_000, tuple(shape), classes)
    _, probabilities = trainer.evaluate(*test)
    with tempfile.TemporaryDirectory() as folder:
        training = Training(network, trainer, Path(folder, "checkpoint.npz"), key="")
        begin = time.perf_counter()
        training.save()
        saved = time.perf_counter()
        weights = named_weights(trainer.model)
        arrays = {
            f"{part}/{name}": values
            for part in ("initial", "final")
            for name, values in weights.items()
        }
        write_arrays(Path(folder, "weights.npz"), arrays)
        outputs: dict[str, NDArray[Any]] = {"probabilities": probabilities, "labels": test[1]}
        write_arrays(Path(folder, "predictions.npz"), outputs)
        write_history(Path(folder, "history.csv"), [])
        trainer.model.save(Path(folder, "model.keras"))
        return {"checkpoint": saved - begin, "outputs": time.perf_counter() - saved}


def load(npz: str, manifest: str) -> float:
    """Seconds to read prepared data and to check them against their manifest."""
    begin = time.perf_counter()
    load_prepared(npz, manifest)
    return time.perf_counter() - begin


def product(size: int, repeats: int) -> float:
    """GFLOP/s of float32 matrix products of `size` x `size`."""
    import tensorflow as tf

    matrix = tf.random.stateless_normal([size, size], seed=[1, 2])
    tf.matmul(matrix, matrix).numpy()
    begin = time.perf_counter()
    for _ in range(repeats):
        result = tf.matmul(matrix, matrix)
    result[0, 0].numpy()
    return 2e-9 * size**3 * repeats / (time.perf_counter() - begin)


def accuracy(
    layers: list[dict[str, Any]],
    classes: int,
    settings: dict[str, Any],
    seed: int,
    npz: str,
    images: int,
) -> float:
    """Test accuracy after a whole training on the first `images` training images."""
    from study.data.npz import read_npz
    from study.training.model import build_model
    from study.training.trainer import Trainer

    arrays = read_npz(npz)
    x, x_test = (
        arrays[name].reshape(*arrays[name].shape[:3], -1) for name in ("x_train", "x_test")
    )
    typed = Settings(**settings)
    model = build_model(layers, x.shape[1:], classes, typed, seed)
    trainer = Trainer(model, x[:images], arrays["y_train"][:images], typed, seed)
    for epoch in range(1, typed.epochs + 1):
        for _ in trainer.train_epoch(epoch):
            pass
        trainer.end_epoch()
    score, _ = trainer.evaluate(x_test, arrays["y_test"])
    return score.accuracy


if __name__ == "__main__":
    serve(
        {
            function.__name__: function
            for function in (start, prepare, train, evaluate, save, load, product, accuracy)
        }
    )
