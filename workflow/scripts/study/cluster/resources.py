"""What a job asks of a scheduler: memory and time, estimated from network, data and settings.

The numbers come from the `benchmark:` files of real runs; docs/cluster.md sets estimates and
measurements side by side. They are for a processor: a GPU is quicker, and what a training on one
takes of the main memory is a guess.
"""

import math

from study.config.study import Study
from study.errors import StudyError
from study.networks.costs import count_parameters, count_values, largest_layer
from study.networks.fourier import (
    convolutions_by_fourier,
    count_fourier_values,
    fourier_products,
    taken_multiply_adds,
)
from study.runs.definition import Run

SNAKEMAKE_MB = 300  # a job of Slurm runs Snakemake twice: in the batch script and in its step

TENSORFLOW_MB = 800

FIGURES_MB = 250  # with Matplotlib, seaborn and scikit-learn

LEAST_FOR_DATA_MB = 2000

CUDA_MB = 2000

COPIES_OF_DATA = 3  # what is read, what TensorFlow or a digest keeps, and the test images

COPIES_OF_WEIGHTS = 8  # initial, current, gradients, Adam's two moments, those on their way to disk

EVALUATED_AT_ONCE = 100  # images

FLOAT_BYTES = 4

MEMORY_MARGIN = 1.25

MOST_MEMORY_MB = 10_000_000
"""More than any machine that a network is trained on has: a slip of the keyboard."""

MULTIPLY_ADDS_PER_SECOND = 16e9  # a sixth of what the study's networks reach on one fast thread

# The time of a value of a feature map beside its arithmetic. With it costs are within 17 % of the
# seconds per epoch in docs/summary.md; by arithmetic alone one network takes 1.8 times as long as
# another of the same cost.
MULTIPLY_ADDS_PER_VALUE = 45
SECONDS_PER_STEP = 0.01  # however small the batch

# What a network in Python is taken for, since nobody has counted it: the ResNet-18 of
# config/networks, on images of any size.
PYTHON_PARAMETERS = 11_200_000
PYTHON_VALUES_PER_PIXEL = 2_000
PYTHON_MULTIPLY_ADDS_PER_PIXEL = 420_000

MINUTES_TO_START = 10  # packages on a slow file system, a node that is busy


def training_memory_mb(study: Study, run: Run) -> int:
    """Memory of the run's training in MB."""
    batch = run.settings.batch_size
    values = _values(study, run)
    if run.layers:
        values += count_fourier_values(run.layers, study.input_shape, batch)
    # A step keeps what it computes forward until it has gone back; an evaluation only goes forward.
    images = max(2 * batch, EVALUATED_AT_ONCE)
    kept = _data(study) + _weights(study, run) + _fourier_kernels(study, run)
    fixed = TENSORFLOW_MB + CUDA_MB * run.settings.gpu
    return _with_margin(fixed, kept + images * values * FLOAT_BYTES)


def check_memory(study: Study) -> None:
    """Refuse networks whose training no machine could hold.

    Raises:
        StudyError: in one line, with variant, layer and estimate.
    """
    for variant in study.variants:
        run = study.run(variant.id, str(study.seeds[0]))
        needed = _with_margin(0, _weights(study, run))
        if needed <= MOST_MEMORY_MB:  # else Fourier transforms of the kernels take long to plan
            needed = training_memory_mb(study, run)
        if needed > MOST_MEMORY_MB and run.layers:
            layer, parameters = largest_layer(run.layers, study.input_shape)
            raise StudyError(
                f"variants[{variant.id}]: its training needs about {needed / 1e6:,.0f} TB of "
                f"memory; at most {MOST_MEMORY_MB // 10**6} TB is allowed (its largest layer, "
                f"{layer}, has {parameters:,} parameters)"
            )


def data_memory_mb(study: Study) -> int:
    """Memory in MB of a job that reads all of the study's data, and trains nothing."""
    return max(LEAST_FOR_DATA_MB, _with_margin(FIGURES_MB, _data(study)))


def evaluation_memory_mb(study: Study, run: Run) -> int:
    """Memory in MB of the job that scores and draws the run."""
    return _with_margin(FIGURES_MB, _data(study) + _weights(study, run))


def _data(study: Study) -> int:
    return COPIES_OF_DATA * study.train_images * math.prod(study.input_shape)


def _values(study: Study, run: Run) -> int:
    """Values of the feature maps of one image."""
    if run.layers:
        return count_values(run.layers, study.input_shape)
    return PYTHON_VALUES_PER_PIXEL * math.prod(study.input_shape[:2])


def _weights(study: Study, run: Run) -> int:
    parameters = PYTHON_PARAMETERS
    if run.layers:
        parameters = count_parameters(run.layers, study.input_shape, study.dataset["classes"])
    averages = 2 * (run.settings.ema > 0)  # beside the weights, and on their way to disk
    return (COPIES_OF_WEIGHTS + averages) * parameters * FLOAT_BYTES


def _fourier_kernels(study: Study, run: Run) -> int:
    """Fourier transforms of kernels, up to ten times as large as these."""
    if not run.layers:
        return 0
    convolutions = convolutions_by_fourier(run.layers, study.input_shape, run.settings.batch_size)
    return FLOAT_BYTES * sum(
        fourier_products(shape[:2], size) * shape[2] * filters
        for shape, filters, size in convolutions
    )


def _with_margin(fixed_mb: int, variable_bytes: int) -> int:
    return math.ceil(MEMORY_MARGIN * (SNAKEMAKE_MB + fixed_mb + variable_bytes / 1e6))


def training_cost(study: Study, run: Run) -> int:
    """The time of the run's training, roughly, in that of multiply-adds."""
    arithmetic = PYTHON_MULTIPLY_ADDS_PER_PIXEL * math.prod(study.input_shape[:2])
    if run.layers:
        arithmetic = taken_multiply_adds(
            run.layers, study.input_shape, study.dataset["classes"], run.settings.batch_size
        )
    once = arithmetic + MULTIPLY_ADDS_PER_VALUE * _values(study, run)
    return 3 * once * study.train_images * run.settings.epochs


def training_minutes(study: Study, run: Run) -> int:
    """Duration of the run's training in minutes."""
    steps = run.settings.epochs * math.ceil(study.train_images / run.settings.batch_size)
    seconds = training_cost(study, run) / MULTIPLY_ADDS_PER_SECOND + steps * SECONDS_PER_STEP
    return math.ceil(MINUTES_TO_START + seconds / 60)
