"""Where the time of a training step goes: milliseconds by kind of operation, network by network.

    python benchmarks/operations.py [network ...]

TensorFlow's own profiler, on one thread, with the pipeline's trainer on random images. Profiling
makes a step of a small network slower; the shares are what counts. Convolutions by Fourier
transforms are two kinds of matrix products: the transforms, and the products between them.
"""

import re
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow" / "scripts"))

from images import random_images
from pipeline import ROOT
from report import markdown_table
from study.config.study import Study, load_study
from study.config.variants import Variant
from study.training.tensorflow_setup import configure_tensorflow

STEPS = 20
KINDS = {
    "convolution": ("Conv2D", "FusedConv2D"),
    "its gradients": (
        *("Conv2DBackpropFilter", "Conv2DBackpropFilterWithBias", "Conv2DBackpropInput"),
    ),
    "transforms, dense": ("MatMul", "FusedMatMul"),
    "products between": ("BatchMatMulV2",),
    "pooling": ("MaxPool", "MaxPoolGrad"),
    "batch norm": ("FusedBatchNormV3", "FusedBatchNormGradV3"),
    "dropout's bits": ("StatelessRandomUniformFullIntV2",),
    "Adam": ("ResourceApplyAdam",),
}
REST = "the rest"


def kind_of(operation: str) -> str | None:
    """The kind of an operation such as `_MklNativeConv2D`; None of what is no operation.

    TensorFlow names the events of operations `{node}:{operation}`.
    """
    event = re.fullmatch("[^:]+:([^: ]+)", operation)
    if event is None:
        return None
    plain = event[1].removeprefix("_").removeprefix("Mkl").removeprefix("Native")
    return next((kind for kind, names in KINDS.items() if plain in names), REST)


def profile_step(study: Study, variant: Variant) -> tuple[float, Counter[str]]:
    """Milliseconds of a step without the profiler, and of each kind of operation under it."""
    import tensorflow as tf
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    from study.training.model import build_model
    from study.training.trainer import Trainer

    settings, classes = variant.settings, study.dataset["classes"]
    images = random_images(STEPS * settings.batch_size, study.input_shape, classes)
    model = build_model(variant.layers, study.input_shape, classes, settings, seed=1)
    trainer = Trainer(model, *images, settings, seed=1)

    def train(epoch: int) -> float:
        begin = time.perf_counter()
        for _ in trainer.train_epoch(epoch):
            pass
        return 1000 * (time.perf_counter() - begin) / STEPS

    train(1)
    seconds = min(train(epoch) for epoch in (2, 3, 4))
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        with tf.profiler.experimental.Profile(folder):
            train(5)
        (file,) = Path(folder).rglob("*.xplane.pb")
        space = xplane_pb2.XSpace.FromString(file.read_bytes())
    (plane,) = (plane for plane in space.planes if plane.name == "/host:CPU")
    for line in plane.lines:
        for event in line.events:
            kind = kind_of(plane.event_metadata[event.metadata_id].name)
            if kind is not None:
                found[kind] += event.duration_ps / 1e9 / STEPS
    return seconds, found


def main() -> None:
    study = load_study(yaml.safe_load((ROOT / "config" / "config.yaml").read_text("utf-8")))
    networks = sys.argv[1:] or [variant.id for variant in study.variants]
    rows = []
    with tempfile.NamedTemporaryFile() as log:
        configure_tensorflow(1, log.name)
        for variant in study.variants:
            if variant.id in networks:
                step, kinds = profile_step(study, variant)
                shown = [f"{kinds[kind]:.1f}" for kind in (*KINDS, REST)]
                rows.append((variant.id, f"{step:.1f}", *shown))
    print(markdown_table(("ms", "a step", *KINDS, REST), rows))


if __name__ == "__main__":
    main()
