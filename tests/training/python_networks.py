"""Files with a function that builds a network, for the tests of networks in Python."""

from pathlib import Path

from study.networks.python import PythonNetwork, python_network

ALL_KINDS = '''
import keras
from keras import layers


def build(input_shape, classes):
    """All that Keras keeps between steps, in layers that have the same names in two models."""
    images = keras.Input(input_shape)
    x = images
    for name in ("first", "second"):
        inner = [
            layers.Conv2D(4, 3, name="conv", kernel_regularizer="l2", use_bias=False),
            layers.BatchNormalization(momentum=0.8, name="norm"),
            layers.Activation("tanh"),
        ]
        x = keras.Sequential([keras.Input(x.shape[1:]), *inner], name=name)(x)
    x = layers.GaussianNoise(0.1)(layers.Dropout(0.3)(layers.Flatten()(x)))
    x = layers.Dense(8, kernel_constraint=keras.constraints.MaxNorm(0.6), name="hidden")(x)
    x = layers.ActivityRegularization(l2=0.01)(x)
    return keras.Model(images, layers.Dense(classes, activation=OUTPUT, name="last")(x))
'''


def written(folder: Path, code: str, output: str | None = None) -> PythonNetwork:
    """The function `build` of a file with this code."""
    file = folder / "mine.py"
    file.write_text(code, encoding="utf-8")
    return python_network(f"{file}:build", output)


def all_kinds(folder: Path, output: str = "softmax") -> PythonNetwork:
    """A network with state of every kind, whose last layer puts out `output`."""
    activation = "softmax" if output == "softmax" else None
    return written(folder, ALL_KINDS.replace("OUTPUT", repr(activation)), output)
