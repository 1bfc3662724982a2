"""Worker that trains as the notebook does: Keras's `fit` on float arrays, all by default."""

import time
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from tensorflow.python.util import _pywrap_util_port

from images import random_images
from protocol import serve
from study.data.npz import read_npz
from study.runs.definition import Settings
from study.training.model import build_model
from study.training.optimizer import make_optimizer

Arrays = tuple[NDArray[np.float32], NDArray[Any]]
"""Scaled images [n, h, w, c] and one-hot labels [n, classes]."""

models: dict[str, keras.Model] = {}
data: dict[int, Arrays] = {}


def as_in_notebook(images: NDArray[np.uint8], labels: NDArray[np.uint8], classes: int) -> Arrays:
    """The images as floats from 0 to 1, the labels as rows of zeros with a one."""
    return images.astype(np.float32) / np.float32(255), keras.utils.to_categorical(labels, classes)


def start() -> bool:
    """Whether TensorFlow uses oneDNN here; the default on processors with VNNI."""
    return bool(_pywrap_util_port.IsMklEnabled())


def prepare(
    network: str,
    layers: list[dict[str, Any]],
    shape: list[int],
    classes: int,
    settings: dict[str, Any],
    images: int,
) -> None:
    """Build a network and warm it up, with a short `fit` and a short evaluation."""
    if images not in data:
        data[images] = as_in_notebook(*random_images(images, tuple(shape), classes), classes)
    model = build_model(layers, tuple(shape), classes, Settings(**settings), seed=1)
    model.compile(make_optimizer(Settings(**settings)), settings["loss"], metrics=["accuracy"])
    size = settings["batch_size"]
    some = [array[: 5 * size] for array in data[images]]
    model.fit(*some, batch_size=size, verbose=0, validation_data=some)
    models[network] = model


def train(network: str, images: int, batch_size: int) -> float:
    """Seconds of an epoch of `fit` over `images` images, its wait at the end included.

    What `fit` does before its first epoch is left out, for a training pays it once.
    """
    x, y = data[images]
    begin = []
    clock = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: begin.append(time.perf_counter())
    )
    models[network].fit(x, y, batch_size=batch_size, verbose=0, callbacks=[clock])
    return time.perf_counter() - begin[0]


def evaluate(network: str, images: int, batch_size: int) -> float:
    """Seconds to evaluate on `images` images, in batches as `fit` does it."""
    x, y = data[images]
    begin = time.perf_counter()
    models[network].evaluate(x, y, batch_size=batch_size, verbose=0)
    return time.perf_counter() - begin


def accuracy(
    layers: list[dict[str, Any]],
    classes: int,
    settings: dict[str, Any],
    seed: int,
    npz: str,
    images: int,
) -> float:
    """Test accuracy after a whole training on the first `images` training images."""
    arrays = read_npz(npz)
    x, x_test = (
        arrays[name].reshape(*arrays[name].shape[:3], -1) for name in ("x_train", "x_test")
    )
    model = build_model(layers, x.shape[1:], classes, Settings(**settings), seed)
    model.compile(make_optimizer(Settings(**settings)), settings["loss"], metrics=["accuracy"])
    model.fit(
        *as_in_notebook(x[:images], arrays["y_train"][:images], classes),
        batch_size=settings["batch_size"],
        epochs=settings["epochs"],
        verbose=0,
    )
    test = as_in_notebook(x_test, arrays["y_test"], classes)
    _, result = model.evaluate(*test, verbose=0)
    return result


if __name__ == "__main__":
    serve({function.__name__: function for function in (start, prepare, train, evaluate, accuracy)})
