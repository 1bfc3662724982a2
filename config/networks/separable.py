"""A small network of depthwise separable convolutions, which `layers` cannot declare."""

import keras
from keras import layers

FILTERS = (16, 32, 64)


def build(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """Three separable convolutions with batch normalization, after Howard et al. 2017."""
    images = keras.Input(input_shape)
    x = images
    for filters in FILTERS:
        x = separable(x, filters)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.2)(x)
    return keras.Model(images, layers.Dense(classes, activation="softmax")(x))


def separable(x: keras.KerasTensor, filters: int) -> keras.KerasTensor:
    """A depthwise convolution of each channel, and a 1x1 convolution across them."""
    x = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
    x = layers.Conv2D(filters, 1, use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    return layers.ReLU()(x)
