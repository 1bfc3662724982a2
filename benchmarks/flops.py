"""Arithmetic of a training, counted from its layers.

The nominal count, the customary one, takes every tap of a kernel as two operations, also those on
the zeros that `padding: same` puts around a feature map. oneDNN skips most of these. So a rate by
the nominal count can exceed the processor's. The count of taps on real pixels is the work of a
convolution by its definition; by Fourier transforms it takes less.
"""

import math
from collections.abc import Sequence

from study.networks.fourier import convolutions_by_fourier, fourier_multiply_adds, taps_on_pixels
from study.networks.layers import Layer, Shape
from study.networks.shapes import implies_output, placed_layers


def layer_multiply_adds(
    layers: Sequence[Layer], input_shape: Shape, classes: int, on_pixels: bool
) -> list[int]:
    """Multiply-adds of one image's way through each convolution and dense layer, in order.

    `on_pixels` leaves out the taps on padding. The softmax layer over `classes` is the last.
    """
    counts = []
    for placed in placed_layers(layers, input_shape):
        layer, shape, after = placed.layer, placed.before, placed.after
        match layer["type"]:
            case "conv" if on_pixels:
                rows, columns = (
                    taps_on_pixels(side, layer["kernel"], layer["stride"], layer["padding"])
                    for side in shape[:2]
                )
                counts.append(rows * columns * shape[2] * after[2])
            case "conv":
                counts.append(after[0] * after[1] * after[2] * layer["kernel"] ** 2 * shape[2])
            case "dense":
                counts.append(shape[0] * after[0])
    return [*counts, after[0] * classes] if implies_output(layers) else counts


def training_flops(
    layers: Sequence[Layer], input_shape: Shape, classes: int, *, on_pixels: bool = False
) -> int:
    """Floating-point operations to train on one image: two for each multiply-add.

    Each layer costs its forward pass, the gradient of its weights and that of its input; the
    first layer needs none of its input.
    """
    first, *rest = layer_multiply_adds(layers, input_shape, classes, on_pixels)
    return 2 * (2 * first + 3 * sum(rest))


def done_flops(layers: Sequence[Layer], input_shape: Shape, classes: int, batch: int) -> int:
    """Floating-point operations that the trainer does to train on one image of a `batch`:
    `training_flops` on pixels, but for the convolutions by Fourier transforms.

    Of these the transforms take as much for both gradients together as forward.
    """
    total = training_flops(layers, input_shape, classes, on_pixels=True)
    for shape, filters, size in convolutions_by_fourier(layers, input_shape, batch):
        taps = math.prod(taps_on_pixels(side, size, 1, "same") for side in shape[:2])
        transforms, products = fourier_multiply_adds(shape, filters, size, batch)
        total += 2 * (2 * transforms + 3 * products - 3 * taps * shape[2] * filters)
    return total
