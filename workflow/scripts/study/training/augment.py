"""Training images moved, turned, stretched and mirrored at random."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

STREAM = 1  # of random numbers, beside that of the order of the images


def random_geometry(
    augment: Mapping[str, Any], sides: tuple[int, int], count: int, seed: int, epoch: int
) -> NDArray[np.float32]:
    """The projective transforms [count, 8] of that many images of `sides` (height, width) in one
    epoch. That of an image follows from seed, epoch and its position among the images alone.

    About the centre, as Keras's ImageDataGenerator has it: each side is stretched by a factor from
    1 - zoom to 1 + zoom, then moved by up to `shift` of its length, then all is turned by up to
    `rotate` degrees. With `flip` half of the images are mirrored, left to right.
    """
    generator = np.random.default_rng([seed, epoch, STREAM])
    drawn = generator.uniform(-1, 1, (count, 6))
    angle = np.deg2rad(augment["rotate"]) * drawn[:, 0]
    height, width = sides
    shift = augment["shift"] * drawn[:, 1:3] * [width, height]
    scale = 1 + augment["zoom"] * drawn[:, 3:5]
    scale[:, 0] *= np.where(augment["flip"] & (drawn[:, 5] < 0), -1, 1)
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.stack([np.stack([cos, -sin], 1), np.stack([sin, cos], 1)], 1)
    # From a pixel of the result to the point of the image that it shows.
    matrix = turn * scale[:, None, :]
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    offset = centre - matrix @ centre + (turn @ shift[:, :, None])[:, :, 0]
    rows = np.concatenate([matrix, offset[:, :, None]], 2).reshape(count, 6)
    return np.pad(rows, ((0, 0), (0, 2))).astype(np.float32)


def transformed(images: tf.Tensor, geometry: tf.Tensor) -> tf.Tensor:
    """The images [n, h, w, c], as float32, after their transforms [n, 8]: bilinear between pixels,
    the nearest pixel outside.
    """
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.cast(images, tf.float32),
        transforms=geometry,
        output_shape=images.shape[1:3],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST",
    )
