"""How far a training step rounds from float64, network by network: ours, and plain Keras's.

    python benchmarks/rounding.py [--data FILE.npz] [--before STEPS] [--batches N]
                                  [--configfile FILE] [network ...]

Gradients of the loss of a batch, as in the study, by three ways with the same weights and dropout
masks: our step, Keras's layers in float32, and Keras's layers in float64, which counts as exact.
The images are MNIST's where `--data` names the prepared file, else scikit-learn's digits in the
same form. With `--before`, so many steps of training come first.

An error is the median over some batches. In a single one chance decides: where rounding moves one
value across the kink of a ReLU, or changes which of four pixels is the largest, the derivative
jumps, and an error of 1e-6 becomes one of 1e-2.
"""

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow" / "scripts"))

from pipeline import ROOT
from report import markdown_table
from study.config.study import Study, load_study
from study.config.variants import Variant
from study.data.digits import bundled_digits
from study.data.npz import read_npz
from study.training.tensorflow_setup import configure_tensorflow

if TYPE_CHECKING:
    import keras

SEED = 1
BATCHES = 9
# A variable whose gradient is less than this share of its layer's has, but for cancellation, a
# gradient of zero, as has a bias that the next batch normalization takes out again. Its error
# counts against this share of the layer's gradient.
LEAST_SHARE = 1e-3
HEADER = (
    *("network", "gradients, ours", "worst variable", "Keras", "worst variable"),
    *("largest ours / Keras", "variable", "batch moments, ours", "Keras"),
)

Arrays = Mapping[str, NDArray[np.float64]]
"""Values by `{layer}/{variable}`."""

Data = tuple[NDArray[np.float32], NDArray[np.int64]]
"""Scaled images [n, h, w, c] and labels [n]."""


@dataclass(frozen=True)
class Step:
    """Gradients of the trainable variables, and the batch's means and variances."""

    gradients: Arrays
    moments: Arrays


Way = Callable[[Data, int], Step]
"""Takes the step of a number on a batch; the weights stay as they are."""


def relative_errors(found: Arrays, exact: Arrays) -> dict[str, float]:
    """||found - exact|| / ||exact|| of each variable, Euclidean norms; see LEAST_SHARE."""
    norms = {name: float(np.linalg.norm(values)) for name, values in exact.items()}
    layers: dict[str, float] = defaultdict(float)  # squared norms
    for name, norm in norms.items():
        layers[name.partition("/")[0]] += norm**2
    return {
        name: float(np.linalg.norm(found[name] - exact[name]))
        / max(norm, LEAST_SHARE * layers[name.partition("/")[0]] ** 0.5)
        for name, norm in norms.items()
    }


def our_way(model: "keras.Sequential") -> Way:
    """The step as our training takes it."""
    import tensorflow as tf

    from study.training.forward import DropoutKey, logits

    def losses(images: Any, labels: Any, key: DropoutKey) -> Any:
        output = logits(model, images, images.shape[0], key)
        return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, output)

    return way(model, losses)


def keras_way(model: "keras.Sequential") -> Way:
    """The step of Keras's layers in the model's precision, with our dropout masks."""
    import keras
    import tensorflow as tf

    from study.training.convolution import BATCH_FIRST
    from study.training.forward import DropoutKey, dropout_mask

    def losses(images: Any, labels: Any, key: DropoutKey) -> Any:
        x = tf.cast(images, model.compute_dtype)
        for layer in model.layers:
            if isinstance(layer, keras.layers.Dropout):
                x *= tf.cast(dropout_mask(x, BATCH_FIRST, layer, key), x.dtype)
            else:
                x = layer(x, training=True)
        return keras.losses.sparse_categorical_crossentropy(labels, x)

    return way(model, losses)


def way(model: "keras.Sequential", losses: Callable[[Any, Any, Any], Any]) -> Way:
    """The step whose loss is the mean of `losses`, of images, labels and the dropout's key."""
    import tensorflow as tf

    from study.training.forward import DropoutKey

    weights = [weight.value for weight in model.trainable_variables]

    @tf.function(autograph=False)
    def gradients(images: tf.Tensor, labels: tf.Tensor, step: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            key = DropoutKey(SEED, tf.constant(1, tf.int64), step)
            loss = tf.reduce_mean(losses(images, labels, key))
        return tape.gradient(loss, weights)

    def take(batch: Data, step: int) -> Step:
        keep_batch_moments(model)
        images, labels = map(tf.constant, batch)
        return described(model, gradients(images, labels, tf.constant(step, tf.int64)))

    return take


def keep_batch_moments(model: "keras.Sequential") -> None:
    """Make the next step leave the batch's means and variances in the moving ones."""
    from study.training.batch_norm import moving_statistics

    for layer in model.layers:
        for statistic in moving_statistics(layer):
            layer.momentum = 0.0
            statistic.assign(statistic * 0)


def described(model: "keras.Sequential", gradients: Sequence[Any]) -> Step:
    """The step's arrays in float64, by the names of their variables."""
    from study.training.batch_norm import moving_statistics

    trainable = model.trainable_variables
    moments = [part for layer in model.layers for part in moving_statistics(layer)]
    return Step(
        {
            name_of(weight): np.asarray(gradient, np.float64)
            for weight, gradient in zip(trainable, gradients, strict=True)
        },
        {name_of(moment): np.asarray(moment.numpy(), np.float64) for moment in moments},
    )


def name_of(variable: "keras.Variable") -> str:
    """`{layer}/{variable}`, without the name of the model."""
    return variable.path.partition("/")[2]


def ways_of(study: Study, variant: Variant, data: Data, before: int) -> tuple[Way, Way, Way]:
    """Our step after `before` steps of training, Keras's in float32, and Keras's in float64."""
    import keras

    from study.training.model import build_model, named_weights, set_weights
    from study.training.trainer import Trainer

    settings = variant.settings

    def model(policy: str) -> keras.Sequential:
        keras.config.set_dtype_policy(policy)
        classes = study.dataset["classes"]
        built = build_model(variant.layers, study.input_shape, classes, settings, SEED)
        keras.config.set_dtype_policy("float32")
        return built

    ours, plain, exact = map(model, ("float32", "float32", "float64"))
    if before:
        images, labels = (part[: before * settings.batch_size] for part in data)
        pixels = np.rint(images * settings.pixel_divisor).astype(np.uint8)
        for _ in Trainer(ours, pixels, labels, settings, SEED).train_epoch(1):
            pass
    for other in (plain, exact):
        set_weights(other, named_weights(ours), "our network")
    return our_way(ours), keras_way(plain), keras_way(exact)


def errors_of(
    study: Study, variant: Variant, data: Data, before: int, batches: int
) -> list[tuple[dict[str, float], dict[str, float]]]:
    """Errors of the gradients and of the moments, by variable: ours and Keras's, each the median
    over `batches` batches.
    """
    size = variant.settings.batch_size
    *ways, exact_way = ways_of(study, variant, data, before)
    found: list[tuple[list[dict[str, float]], list[dict[str, float]]]] = [([], []) for _ in ways]
    for step in range(before, before + batches):
        part = slice(step * size, (step + 1) * size)
        batch = (data[0][part], data[1][part])
        exact = exact_way(batch, step)
        for take, (gradients, moments) in zip(ways, found, strict=True):
            step_taken = take(batch, step)
            gradients.append(relative_errors(step_taken.gradients, exact.gradients))
            moments.append(relative_errors(step_taken.moments, exact.moments))
    return [(medians(gradients), medians(moments)) for gradients, moments in found]


def medians(errors: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The median of each variable's errors."""
    return {name: float(np.median([each[name] for each in errors])) for name in errors[0]}


def row_of(network: str, ours: Any, keras: Any) -> tuple[str, ...]:
    """The table's row: the largest errors, and where ours is largest against Keras's."""
    ratios = {name: error / keras[0][name] for name, error in ours[0].items()}
    cells = []
    for values, shape in ((ours[0], ".1e"), (keras[0], ".1e"), (ratios, ".2f")):
        worst = max(values, key=values.__getitem__)
        cells += [format(values[worst], shape), worst]
    moments = [f"{max(errors.values()):.1e}" if errors else "" for _, errors in (ours, keras)]
    return (network, *cells, *moments)


def read_images(path: Path | None, divisor: float) -> Data:
    """Scaled training images [n, 28, 28, 1] and labels [n]."""
    arrays = read_npz(path) if path else bundled_digits()
    images = arrays["x_train"][..., None].astype(np.float32) / np.float32(divisor)
    return images, arrays["y_train"].astype(np.int64)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("networks", nargs="*", metavar="network", help="all by default")
    parser.add_argument("--data", type=Path, metavar="FILE.npz", help="digits by default")
    parser.add_argument("--before", type=int, default=0, metavar="STEPS", help="of training")
    parser.add_argument("--batches", type=int, default=BATCHES, metavar="N")
    parser.add_argument("--configfile", type=Path, help="overrides keys of config/config.yaml")
    args = parser.parse_args()
    files = [ROOT / "config" / "config.yaml", *([args.configfile] if args.configfile else [])]
    study = load_study(
        {
            key: value
            for file in files
            for key, value in yaml.safe_load(file.read_text("utf-8")).items()
        }
    )
    rows = []
    with tempfile.NamedTemporaryFile() as log:
        configure_tensorflow(1, log.name)
        for variant in study.variants:
            if variant.id in args.networks or not args.networks:
                data = read_images(args.data, variant.settings.pixel_divisor)
                errors = errors_of(study, variant, data, args.before, args.batches)
                rows.append(row_of(variant.id, *errors))
    print(markdown_table(HEADER, rows))


if __name__ == "__main__":
    main()
