"""The network's way from images to logits, by cheaper kernels than Keras's."""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from study.networks.layers import layer_seed
from study.training.batch_norm import batch_norm
from study.training.convolution import BATCH_FIRST, axes_wanted, convolve, rearrange


@dataclass(frozen=True)
class DropoutKey:
    """What decides the dropout masks of one training step."""

    seed: int
    epoch: tf.Tensor
    step: tf.Tensor


def logits(
    model: keras.Model,
    x: tf.Tensor,
    batch: int,
    key: DropoutKey | None = None,
    precision: tf.DType = tf.float32,
) -> tf.Tensor:
    """The model's output [n, classes] before the softmax, for scaled images [n, h, w, c], of which
    there are about `batch`.

    With a `key` as in training: with dropout, and batch normalization by the batch's statistics.
    What goes from layer to layer has the `precision`, as Keras's mixed precision has it; weights,
    statistics and the output are float32.
    """

    outputs: list[tuple[tf.Tensor, str]] = []  # of each layer, with the order of its axes
    late: dict[int, keras.layers.Conv2D] = {}  # whose bias and activation come after the pooling
    wires = wiring(model)
    for place, (layer, sources) in enumerate(wires):
        x, axes = outputs[sources[0]] if sources else (tf.cast(x, precision), BATCH_FIRST)
        wanted = axes_wanted(layer, batch) or axes
        x, axes = rearrange(x, axes, wanted), wanted
        match layer:
            case keras.layers.Conv2D():
                x = convolve(layer, x, batch)
                if _commutes_with_pooling(layer, [after for after, of in wires if place in of]):
                    late[place] = layer
                else:
                    x = layer.activation(_biased(layer, x))
            case keras.layers.MaxPooling2D():
                x = tf.nn.max_pool2d(x, layer.pool_size, layer.strides, layer.padding.upper())
                for conv in [late[source] for source in sources if source in late]:
                    x = conv.activation(_biased(conv, x))
            case keras.layers.AveragePooling2D():
                x = tf.nn.avg_pool2d(x, layer.pool_size, layer.strides, layer.padding.upper())
            case keras.layers.GlobalAveragePooling2D():
                x, axes = tf.reduce_mean(x, [axes.index("h"), axes.index("w")]), BATCH_FIRST
            case keras.layers.Dropout():
                if key is not None:
                    x = x * tf.cast(dropout_mask(x, axes, layer, key), precision)
            case keras.layers.BatchNormalization():
                x = batch_norm(layer, x, training=key is not None)
            case keras.layers.Activation():
                if key is None and layer.activation is keras.activations.tanh:
                    # TensorFlow would fuse convolution, batch normalization and tanh into an
                    # operation that it does not have; it does not look past a placeholder.
                    x = tf.compat.v1.placeholder_with_default(x, x.shape)
                x = layer.activation(x)
            case keras.layers.Add():
                for source in sources[1:]:
                    x = x + rearrange(*outputs[source], axes)
            case keras.layers.Flatten():
                x = tf.reshape(x, [-1, int(np.prod(x.shape[1:]))])
            case keras.layers.Dense():
                x = _biased(layer, tf.matmul(x, tf.cast(layer.kernel.value, precision)))
                if layer.activation is not keras.activations.softmax:
                    x = layer.activation(x)
            case keras.layers.InputLayer() | keras.layers.Softmax():
                pass
            case _:
                raise TypeError(f"no way to run a {type(layer).__name__}")
        outputs.append((x, axes))
    return tf.cast(x, tf.float32)


def wiring(model: keras.Model) -> list[tuple[keras.Layer, list[int]]]:
    """The layers in the order in which they run, each with the places of those whose outputs it
    takes; the first takes the images.
    """
    if isinstance(model, keras.Sequential):
        return [(layer, [place - 1] if place else []) for place, layer in enumerate(model.layers)]
    places = {id(layer.output): place for place, layer in enumerate(model.layers)}
    return [
        (layer, [places[id(source)] for source in keras.tree.flatten(layer.input)] * (place > 0))
        for place, layer in enumerate(model.layers)
    ]


def _biased(layer: keras.layers.Conv2D | keras.layers.Dense, x: tf.Tensor) -> tf.Tensor:
    """`x` with the layer's bias, if it has one."""
    return tf.nn.bias_add(x, tf.cast(layer.bias.value, x.dtype)) if layer.use_bias else x


def _commutes_with_pooling(conv: keras.layers.Conv2D, after: Sequence[keras.Layer]) -> bool:
    """Whether bias and activation may come after the pooling, on a quarter of the values.

    The maximum of values raised by the same bias, or passed through a function that never falls,
    is the maximum so treated, in floating point too.
    """
    pooled = [isinstance(layer, keras.layers.MaxPooling2D) for layer in after]
    return pooled == [True] and conv.activation is keras.activations.relu


def dropout_mask(
    x: tf.Tensor, axes: str, layer: keras.layers.Dropout, key: DropoutKey
) -> tf.Tensor:
    """Dropout's factors for the maps or units `x`: 0 with probability `rate`, else 1 / (1 - rate).

    Philox is counter based, so the mask is a function of seed, layer name, epoch and step, and
    there is no state to keep. It is drawn batch first whatever the `axes` of `x`, so that networks
    that order their axes differently drop the same. 8 random bits decide where `rate` is a
    multiple of 1/256 (0.25, 0.5), else 32.
    """
    kind = tf.uint8 if (layer.rate * 256).is_integer() else tf.uint32
    channels = x.shape[-1]
    words = -(-channels * kind.size // 4)
    shape = tf.concat([tf.shape(x)[:-1], [words]], 0)
    if axes != BATCH_FIRST:
        shape = tf.gather(shape, [axes.index(axis) for axis in BATCH_FIRST])
    # The low half of the counter counts within a mask.
    counter = tf.stack([tf.zeros_like(key.step), key.epoch * 2**32 + key.step])
    bits = tf.raw_ops.StatelessRandomUniformFullIntV2(
        shape=shape,
        key=tf.constant([layer_seed(key.seed, layer.name)], tf.uint64),
        counter=tf.cast(counter, tf.uint64),
        alg=1,  # Philox
        dtype=tf.uint32,
    )
    if kind is tf.uint8:
        as_bytes = tf.concat([shape[:-1], [words * 4]], 0)
        bits = tf.reshape(tf.bitcast(bits, tf.uint8), as_bytes)[..., :channels]
    dropped = tf.constant(round(layer.rate * 256**kind.size), kind)
    factors = tf.cast(bits >= dropped, tf.float32) * (1 / (1 - layer.rate))
    return rearrange(factors, BATCH_FIRST, axes)
