"""Training and evaluation of one network, as fast as the processor's arithmetic allows.

The network is a plain Keras model of standard layers, which holds the weights. Only its execution
is written out here: the same function and the same gradients as in Keras's `fit`, by cheaper
TensorFlow kernels. docs/performance.md says what each of them is worth. A network in Python is run
by Keras.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from study.runs.definition import Settings
from study.training.augment import random_geometry, transformed
from study.training.averages import Averages
from study.training.forward import DropoutKey, logits
from study.training.losses import image_losses
from study.training.optimizer import optimizer_update
from study.training.python_network import keras_logits
from study.training.scaling import scaling_of
from study.training.schedule import learning_rate

Images = NDArray[np.uint8]

Labels = NDArray[Any]

EVALUATION_BATCH = 100  # images; large enough to be fast, small enough for the caches

EVALUATION_CALL = 5000  # images; few enough that their copy does not matter

PRECISIONS = {"float32": tf.float32, "mixed_bfloat16": tf.bfloat16}

CALL_SECONDS = 0.25  # of steps in one call, of which Python would take a third on small networks


@dataclass(frozen=True)
class Score:
    """Mean loss and accuracy over some images."""

    loss: float
    accuracy: float


Evaluation = tuple[Score, NDArray[np.float32]]
"""The score on some images, and their probabilities [n, classes]."""


class Trainer:
    """Trains `model` on images [n, h, w, c] (0 to 255) with labels [n].

    All that is random follows from seed, epoch and step, and of a network in Python from the state
    of its layers. So a training that resumes with the values of `variables` gives the same bits as
    an uninterrupted one.

    Args:
        output: what a network in Python puts out, `logits` or `softmax`; None for declared layers.
    """

    def __init__(
        self,
        model: keras.Model,
        images: Images,
        labels: Labels,
        settings: Settings,
        seed: int,
        output: str | None = None,
    ) -> None:
        self.model = model
        self.settings = settings
        self.seed = seed
        self._output = output
        self.scaling = scaling_of(settings, images)
        self._images = tf.constant(images)  # once, as bytes; each step gathers its batch from it
        self._labels = tf.constant(labels, tf.int64)
        self._totals = tf.Variable([0.0, 0.0])  # summed loss and correct answers since `reset`
        weights = [variable.value for variable in model.trainable_variables]
        self._update, optimizer_state = optimizer_update(settings, weights)
        self.variables: list[tf.Variable] = [
            *weights,
            *(variable.value for variable in model.non_trainable_variables),
            *optimizer_state,
            self._totals,
        ]
        self._rate = learning_rate(settings, self.steps_per_epoch)
        self._weights = weights
        self.averages = Averages(weights, settings.ema)
        self.variables += self.averages.variables
        if settings.augment:
            self._geometry = tf.Variable(tf.zeros([len(images), 8]))  # of each image this epoch
        # One trace for every number of steps, and one for a last batch that is smaller.
        number = tf.TensorSpec([], tf.int32)  # counted on the processor, on machines with a GPU too
        size = settings.batch_size
        self._full_batches, rest = divmod(len(images), size)
        self._train, self._train_rest = (
            tf.function(
                partial(self._train_steps, batch),
                autograph=False,
                jit_compile=settings.xla,
                input_signature=[tf.TensorSpec([len(images)], tf.int32), number, number, number],
            )
            for batch in (size, rest)
        )
        self._evaluate = tf.function(
            self._evaluation_steps,
            autograph=False,
            input_signature=[
                tf.TensorSpec([None, *images.shape[1:]], tf.uint8),
                tf.TensorSpec([None], tf.int64),
            ],
        )

    @property
    def steps_per_epoch(self) -> int:
        return -(-len(self._images) // self.settings.batch_size)

    def train_epoch(self, epoch: int, first_step: int = 0) -> Iterator[tuple[int, float]]:
        """Train epoch number `epoch` (from 1).

        Yields, about every CALL_SECONDS, the number of steps done and the images' summed loss
        since the epoch began.
        """
        if augment := self.settings.augment:
            count, height, width = self._images.shape[:3]
            self._geometry.assign(
                random_geometry(augment, (height, width), count, self.seed, epoch)
            )
        generator = np.random.default_rng([self.seed, epoch])
        order = tf.constant(generator.permutation(len(self._images)), tf.int32)
        number = partial(tf.constant, dtype=tf.int32)
        step, count = first_step, 1
        while step < self.steps_per_epoch:
            is_full = step < self._full_batches
            end = min(step + count, self._full_batches) if is_full else step + 1
            begin = time.perf_counter()
            train = self._train if is_full else self._train_rest
            loss = float(train(order, number(epoch), number(step), number(end)))
            count = max(1, int(CALL_SECONDS * (end - step) / (time.perf_counter() - begin)))
            step = end
            yield step, loss

    def end_epoch(self) -> Score:
        """Mean loss and accuracy over the epoch, as `fit` reports them; the next begins at zero."""
        return self._take_score(len(self._images))

    def learning_rate(self, epoch: int) -> float:
        """The learning rate of the last step of epoch number `epoch`."""
        last = epoch * self.steps_per_epoch - 1
        return self.settings.learning_rate if self._rate is None else float(self._rate(last))

    def evaluate(self, images: Images, labels: Labels) -> Evaluation:
        """Evaluate on images [n, h, w, c] with dropout off, by the averages of the weights where
        there are any.

        Not to be called within an epoch.
        """
        parts = []
        with self.averages.in_place():
            for first in range(0, len(images), EVALUATION_CALL):
                part = slice(first, first + EVALUATION_CALL)
                parts.append(
                    self._evaluate(tf.constant(images[part]), tf.constant(labels[part], tf.int64))
                )
        return self._take_score(len(images)), np.concatenate(parts)

    def _take_score(self, count: int) -> Score:
        loss, correct = map(float, self._totals.numpy())
        self._totals.assign([0.0, 0.0])
        return Score(loss / count, correct / count)

    def _train_steps(
        self, batch: int, order: tf.Tensor, epoch: tf.Tensor, first: tf.Tensor, end: tf.Tensor
    ) -> tf.Tensor:
        """Take the steps from `first` until before `end`, each on `batch` images; returns the
        epoch's summed loss.
        """

        def step(number: tf.Tensor) -> tf.Tensor:
            begin = number * self.settings.batch_size
            taken = tf.slice(order, [begin], [batch])
            # XLA needs the size. The processor's kernels are up to 6 % quicker without knowing it.
            self._train_step(tf.compat.v1.placeholder_with_default(taken, [None]), epoch, number)
            return number + 1

        tf.while_loop(lambda number: number < end, step, [first], parallel_iterations=1)
        return self._totals[0]

    def _train_step(self, batch: tf.Tensor, epoch: tf.Tensor, step: tf.Tensor) -> None:
        labels = tf.gather(self._labels, batch)
        with tf.GradientTape() as tape:
            key = DropoutKey(self.seed, tf.cast(epoch, tf.int64), tf.cast(step, tf.int64))
            images = tf.gather(self._images, batch)
            if self.settings.augment:
                images = transformed(images, tf.gather(self._geometry, batch))
            images = self.scaling.apply(images)
            output = self._logits(images, self.settings.batch_size, key)
            losses = image_losses(self.settings, output, labels)
            loss = tf.reduce_mean(losses)
            # Penalties on weights or activations, which only a network in Python can have.
            loss = tf.add_n([loss, *map(tf.reduce_sum, self.model.losses)])
        number = (epoch - 1) * self.steps_per_epoch + step
        rate = None if self._rate is None else self._rate(number)
        unused = tf.UnconnectedGradients.ZERO
        self._update(tape.gradient(loss, self._weights, unconnected_gradients=unused), rate)
        self.averages.update(number)
        for variable in self.model.trainable_variables:
            if variable.constraint is not None:
                variable.assign(variable.constraint(variable))
        self._count(losses, tf.nn.softmax(output), labels)

    def _evaluation_steps(self, images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """Count the score on the images; returns their probabilities."""

        def step(number: tf.Tensor, parts: tf.TensorArray) -> tuple[tf.Tensor, tf.TensorArray]:
            first = number * EVALUATION_BATCH
            part = slice(first, first + EVALUATION_BATCH)
            output = self._logits(self.scaling.apply(images[part]), EVALUATION_BATCH)
            probabilities = tf.nn.softmax(output)
            self._count(
                image_losses(self.settings, output, labels[part]), probabilities, labels[part]
            )
            return number + 1, parts.write(number, probabilities)

        steps = -(-tf.shape(images)[0] // EVALUATION_BATCH)
        parts = tf.TensorArray(tf.float32, steps, infer_shape=False)
        _, parts = tf.while_loop(
            lambda number, _: number < steps, step, [0, parts], parallel_iterations=1
        )
        return parts.concat()

    def _logits(self, images: tf.Tensor, batch: int, key: DropoutKey | None = None) -> tf.Tensor:
        """The network's output before the softmax; in training with a `key`."""
        if self._output:
            return keras_logits(self.model, self._output, images, key)
        precision = PRECISIONS[self.settings.precision] if key else tf.float32
        return logits(self.model, images, batch, key, precision)

    def _count(self, losses: tf.Tensor, probabilities: tf.Tensor, labels: tf.Tensor) -> None:
        """Add the batch's losses and correct answers to the totals.

        An answer is the most probable class, as in the stored predictions: outputs that differ may
        have probabilities that do not, of which the first class counts.
        """
        correct = tf.cast(tf.argmax(probabilities, 1) == labels, tf.float32)
        self._totals.assign_add(tf.stack([tf.reduce_sum(losses), tf.reduce_sum(correct)]))
