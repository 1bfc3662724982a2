"""TensorFlow set up for the machine, which must happen before its import."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from study.errors import StudyError


def configure_tensorflow(threads: int, log: str | Path, gpu: str | None = None) -> None:
    """Make TensorFlow run on `threads` threads, with oneDNN's kernels where it has them.

    To be called before anything imports TensorFlow. Of the machine's GPUs it sees the one that
    `gpu` names as CUDA_VISIBLE_DEVICES does, or none. What its libraries say while they start
    goes to the end of the file `log` and not to the console.

    Raises:
        StudyError: TensorFlow cannot use that GPU.
    """
    os.environ["CUDA_VISIBLE_DEVICES"] = gpu or "-1"
    # Off by default on processors without VNNI, where these kernels are 2 to 6 times faster too.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    # Otherwise one process takes a GPU's whole memory.
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ["KERAS_BACKEND"] = "tensorflow"

    with _stderr_to(log), _hidden("matplotlib", "pandas", "scipy", "sklearn"):
        import keras
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        found = tf.config.list_physical_devices("GPU")
        if found:
            # A CPU needs no such care, and has no TensorFloat-32, whose 10 bits are not float32.
            tf.config.experimental.enable_op_determinism()
            tf.config.experimental.enable_tensor_float_32_execution(False)
    if gpu and not found:
        raise StudyError(
            f"training.gpu: TensorFlow cannot use the GPU {gpu}; the log {log} says why (its CUDA "
            "libraries come with `pip install tensorflow[and-cuda]`)"
        )
    # Keras reads these from a file in the user's home, which must not decide results.
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_image_data_format("channels_last")


def avoid_failing_rewrites(activation: str | None) -> None:
    """Turn off TensorFlow's fusing of operations where it fails for the `activation`.

    It fuses a convolution with its bias and leaky ReLU, whose gradient still needs the value in
    between, notices that, gives up and prints two lines "E0000 ... remapper failed". Without it the
    trained weights have the same bits.
    """
    if activation == "leaky_relu":
        import tensorflow as tf

        tf.config.optimizer.set_experimental_options({"remapping": False})


def gpu_name() -> str | None:
    """The model of the GPU in use, such as `NVIDIA A100-SXM4-40GB`; None on a processor."""
    import tensorflow as tf

    for gpu in tf.config.list_physical_devices("GPU"):
        return tf.config.experimental.get_device_details(gpu)["device_name"]
    return None


def onednn_enabled() -> bool:
    """Whether TensorFlow was told to use oneDNN's kernels."""
    return os.environ.get("TF_ENABLE_ONEDNN_OPTS", "1").lower() not in ("0", "false")


@contextmanager
def memory_errors() -> Iterator[None]:
    """Turn TensorFlow's own error for too little memory into Python's, with one line of words."""
    import tensorflow as tf

    try:
        yield
    except tf.errors.ResourceExhaustedError as error:
        raise MemoryError(str(error).strip().splitlines()[0]) from error


@contextmanager
def _hidden(*packages: str) -> Iterator[None]:
    """Make packages look as if they were not installed, unless they are imported already.

    Keras imports these where it finds them, for parts that no training uses; they are a third of
    its start.
    """
    new = [name for name in packages if name not in sys.modules]
    sys.modules.update(dict.fromkeys(new))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in new:
            del sys.modules[name]


@contextmanager
def _stderr_to(path: str | Path) -> Iterator[None]:
    """Send the process's standard error, that of C++ code included, to the end of a file."""
    sys.stderr.flush()
    console = os.dup(2)
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    os.dup2(file, 2)
    try:
        yield
    finally:
        os.dup2(console, 2)
        os.close(console)
        os.close(file)
