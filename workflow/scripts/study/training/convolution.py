"""Convolutions by other ways than TensorFlow's, where these are far quicker."""

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from study.networks.fourier import fourier_period, is_cheaper_by_fourier

Matrix = NDArray[np.float64]

BATCH_FIRST, PIXELS_FIRST = "nhwc", "hwnc"


def axes_wanted(layer: keras.Layer, batch: int) -> str | None:
    """The order of axes in which the layer takes a `batch` of maps; None where each will do."""
    match layer:
        case keras.layers.Dropout() | keras.layers.BatchNormalization():
            return None
        case keras.layers.Activation() | keras.layers.Add() | keras.layers.GlobalAveragePooling2D():
            return None
        case keras.layers.Conv2D() if _goes_by_fourier(layer, batch):
            return PIXELS_FIRST
    return BATCH_FIRST


def rearrange(x: tf.Tensor, axes: str, wanted: str) -> tf.Tensor:
    """`x`, whose axes are `axes`, with the axes in the order `wanted`."""
    return x if axes == wanted else tf.transpose(x, [axes.index(axis) for axis in wanted])


def convolve(layer: keras.layers.Conv2D, x: tf.Tensor, batch: int) -> tf.Tensor:
    """The convolution of a `batch` of maps with the layer's kernel, before its bias; the maps' axes
    are those that `axes_wanted` names, before and after.
    """
    if _goes_by_fourier(layer, batch):
        return tf.cast(_by_fourier(tf.cast(x, tf.float32), layer.kernel.value), x.dtype)
    kernel = tf.cast(layer.kernel.value, x.dtype)
    if tuple(layer.output.shape[1:3]) == (1, 1):
        return _onto_one_pixel(layer, x, kernel)
    return tf.nn.conv2d(x, kernel, layer.strides, layer.padding.upper())


def _goes_by_fourier(layer: keras.layers.Conv2D, batch: int) -> bool:
    """Whether Fourier transforms are the way to go, but on a GPU, whose library has its own."""
    declared = {
        "type": "conv",
        "filters": layer.filters,
        "kernel": layer.kernel_size[0],
        "stride": layer.strides[0],
        "padding": layer.padding,
    }
    on_gpu = bool(tf.config.list_physical_devices("GPU"))
    return not on_gpu and is_cheaper_by_fourier(declared, layer.input.shape[1:], batch)


def _onto_one_pixel(layer: keras.layers.Conv2D, x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """What the kernel meets, as a matrix product: quicker than a convolution of mostly padding."""
    sides, sizes = x.shape[1:3], layer.kernel_size
    met = [min(side, size) for side, size in zip(sides, sizes, strict=True)]
    # Padding, where there is any, is the same on both sides, or one more behind.
    before = [max(0, size - side) // 2 for side, size in zip(sides, sizes, strict=True)]
    pixels = tf.slice(x, [0, 0, 0, 0], [-1, *met, -1])
    taps = tf.slice(kernel, [*before, 0, 0], [*met, -1, -1])
    flat = math.prod(met) * x.shape[-1]
    y = tf.matmul(tf.reshape(pixels, [-1, flat]), tf.reshape(taps, [flat, -1]))
    return tf.reshape(y, [-1, 1, 1, layer.filters])


def _by_fourier(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """The convolution of maps [h, w, n, c] with a kernel [k, k, c, filters], stride 1 and
    `padding: same`.
    """
    height, width, _, channels = x.shape
    size, filters = kernel.shape[0], kernel.shape[-1]
    of_map, of_kernel, back = (
        tf.constant(matrix, tf.float32) for matrix in fourier_matrices((height, width), size)
    )
    products = of_map.shape[0]
    maps = tf.matmul(of_map, tf.reshape(x, [height * width, -1]))
    kernels = tf.matmul(of_kernel, tf.reshape(kernel, [size**2, -1]))
    y = tf.matmul(
        tf.reshape(maps, [products, -1, channels]),
        tf.reshape(kernels, [products, channels, filters]),
    )
    y = tf.matmul(back, tf.reshape(y, [products, -1]))
    return tf.reshape(y, [height, width, -1, filters])


def fourier_matrices(sides: Sequence[int], size: int) -> tuple[Matrix, Matrix, Matrix]:
    """Matrices A [products, pixels], B [products, taps] and C [pixels, products], such that
    C ((A x) * (B k)) is the convolution of a map x with a kernel k, the products elementwise.

    By the convolution theorem its transform is Y = X conj(K), frequency by frequency. Real maps
    need one of two mirrored frequencies, counted twice. With s = (Xr + Xi) Kr, t = Xr (Kr + Ki) and
    u = Xi (Kr - Ki), three products of real numbers, Yr = s - u and Yi = s - t.
    """
    periods = [fourier_period(side, size) for side in sides]
    waves = [_waves(*args) for args in zip(sides, periods, (size, size), strict=True)]
    pixels, taps, back = (np.kron(rows, columns) for rows, columns in zip(*waves, strict=True))
    index = np.arange(math.prod(periods)).reshape(periods)
    mirrored = np.roll(np.flip(index), 1, axis=(0, 1))
    real = index[index == mirrored]  # transforms of real maps are real there
    pair = index[index < mirrored]
    x, k, y = pixels[pair], taps[pair], 2 * back[pair]
    return (
        np.concatenate([pixels[real].real, x.real + x.imag, x.real, x.imag]),
        np.concatenate([taps[real].real, k.real, k.real + k.imag, k.real - k.imag]),
        np.concatenate([back[real].real, y.real - y.imag, y.imag, -y.real]).T,
    )


def _waves(side: int, period: int, size: int) -> tuple[NDArray[np.complex128], ...]:
    """Along one side, the waves of each frequency [period, ...] at the pixels, at the taps, and
    those of the way back at the pixels. Taps that meet no pixel count for nothing.
    """
    offsets = np.arange(size) - (size - 1) // 2

    def waves(places: NDArray[Any]) -> NDArray[np.complex128]:
        return np.exp(-2j * np.pi * np.outer(np.arange(period), places) / period)

    pixels = waves(np.arange(side))
    return pixels, waves(offsets) * (np.abs(offsets) < side), pixels.conj() / period
