"""Convolutions by Fourier transforms: which ones, and how much arithmetic that takes.

With `padding: same` on a small map most taps of a large kernel meet nothing but padding, and the
discrete Fourier transforms of map and kernel, multiplied, give the same convolution with several
times fewer multiplications: M. Mathieu, M. Henaff and Y. LeCun, "Fast training of convolutional
networks through FFTs", 2013, https://arxiv.org/abs/1312.5851. On maps this small the transforms
are products with matrices. A product of complex numbers takes three of real ones (Gauss).
"""

import math
from collections.abc import Iterator, Sequence

from study.networks.costs import multiply_adds
from study.networks.layers import Layer, Shape
from study.networks.shapes import placed_layers

WORTHWHILE = 0.85  # of the arithmetic, for the memory that transforms touch


def fourier_period(side: int, size: int) -> int:
    """The least period, in pixels, at which a periodic convolution of a map with `side` pixels is
    the one with zeros around it: no tap reaches around from pixel to pixel.

    Of the kernel's `size` taps those count that meet a pixel at all.
    """
    return side + min(side - 1, size // 2)


def fourier_products(sides: Sequence[int], size: int) -> int:
    """Products of real numbers that take the place of one for each tap and pixel."""
    periods = [fourier_period(side, size) for side in sides]
    real = math.prod(2 - period % 2 for period in periods)
    return real + 3 * (math.prod(periods) - real) // 2


def fourier_multiply_adds(shape: Shape, filters: int, size: int, batch: int) -> tuple[int, int]:
    """Multiply-adds of the transforms, and of the products between them, of one image's way
    through the convolution of maps of `shape` (h, w, c) with kernels of `size` by `size`. The
    `batch` shares the transforms of the kernels.
    """
    products, channels = fourier_products(shape[:2], size), shape[2]
    of_maps = math.prod(shape[:2]) * (channels + filters)
    of_kernel = size**2 * channels * filters // batch
    return products * (of_maps + of_kernel), products * channels * filters


def is_cheaper_by_fourier(layer: Layer, shape: Shape, batch: int) -> bool:
    """Whether the layer is a convolution of a `batch` of maps of `shape` (h, w, c) that Fourier
    transforms make clearly cheaper than a product for each tap on a pixel.
    """
    if layer["type"] != "conv" or (layer["padding"], layer["stride"]) != ("same", 1):
        return False
    filters, size = layer["filters"], layer["kernel"]
    taps = math.prod(taps_on_pixels(side, size, 1, "same") for side in shape[:2])
    direct = taps * shape[2] * filters
    return sum(fourier_multiply_adds(shape, filters, size, batch)) < WORTHWHILE * direct


def taps_on_pixels(side: int, kernel: int, stride: int, padding: str) -> int:
    """How often, along one axis of `side` pixels, a tap of the kernel meets a pixel."""
    if padding == "same":
        outputs = -(-side // stride)
        before = max((outputs - 1) * stride + kernel - side, 0) // 2
    else:
        outputs = (side - kernel) // stride + 1
        before = 0
    return sum(
        0 <= output * stride - before + tap < side
        for output in range(outputs)
        for tap in range(kernel)
    )


def convolutions_by_fourier(
    layers: Sequence[Layer], input_shape: Shape, batch: int
) -> Iterator[tuple[Shape, int, int]]:
    """Shape before (h, w, c), filters and kernel size of each convolution that Fourier transforms
    make clearly cheaper, for a `batch` of images.
    """
    for placed in placed_layers(layers, input_shape):
        layer = placed.layer
        if is_cheaper_by_fourier(layer, placed.before, batch):
            yield placed.before, layer["filters"], layer["kernel"]


def count_fourier_values(layers: Sequence[Layer], input_shape: Shape, batch: int) -> int:
    """Number of values in the transforms of one image's maps, that a training step keeps."""
    return sum(
        fourier_products(shape[:2], size) * shape[2]
        for shape, _, size in convolutions_by_fourier(layers, input_shape, batch)
    )


def taken_multiply_adds(
    layers: Sequence[Layer], input_shape: Shape, classes: int, batch: int
) -> int:
    """Multiply-adds of one image's way through the network in a `batch`, each convolution by the
    cheaper way. Training costs about three times as much.
    """
    saved = sum(
        math.prod(shape) * filters * size**2
        - sum(fourier_multiply_adds(shape, filters, size, batch))
        for shape, filters, size in convolutions_by_fourier(layers, input_shape, batch)
    )
    return multiply_adds(layers, input_shape, classes) - saved


def multiply_adds_as_done(
    layers: Sequence[Layer], input_shape: Shape, classes: int, batch: int, on_gpu: bool
) -> int:
    """Multiply-adds of one image's way through the network, as the training computes them.

    On a GPU, where cuDNN chooses the way of each convolution, those of one for each tap.
    """
    if on_gpu:
        return multiply_adds(layers, input_shape, classes)
    return taken_multiply_adds(layers, input_shape, classes, batch)
