"""Worker that trains the same networks with PyTorch, eagerly and on one thread.

Needs nothing but torch. For each network the faster memory format is kept.
"""

import time
from typing import Any

import torch
from torch import nn

from protocol import serve

Data = tuple[torch.Tensor, torch.Tensor]
"""Images [n, c, h, w] as bytes, and labels [n]."""


class Training:
    """One network with its optimizer, in one memory format."""

    def __init__(
        self, layers: list[dict[str, Any]], shape: list[int], classes: int, memory_format: str
    ) -> None:
        self.memory_format = getattr(torch, memory_format)
        self.model = build(layers, shape, classes).to(memory_format=self.memory_format)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3, eps=1e-7, fused=True)
        self.loss = nn.CrossEntropyLoss()

    def train(self, data: Data, batch_size: int, steps: int) -> float:
        """Seconds of so many steps."""
        images, labels = data
        begin = time.perf_counter()
        order = torch.randperm(len(images))
        for batch in order.split(batch_size)[:steps]:
            x = images[batch].to(torch.float32).div_(255)
            self.optimizer.zero_grad(set_to_none=True)
            output = self.model(x.contiguous(memory_format=self.memory_format))
            self.loss(output, labels[batch]).backward()
            self.optimizer.step()
        return time.perf_counter() - begin


def build(layers: list[dict[str, Any]], shape: list[int], classes: int) -> nn.Sequential:
    """The network, with batch normalization's constants as in Keras."""
    modules: list[nn.Module] = []
    x = torch.zeros(2, shape[2], shape[0], shape[1])
    for layer in [*layers, {"type": "output", "units": classes}]:
        added: list[nn.Module]
        match layer["type"]:
            case "conv":
                padding = layer["padding"] if layer["padding"] == "same" else 0
                kernel, stride = layer["kernel"], layer["stride"]
                convolution = nn.Conv2d(x.shape[1], layer["filters"], kernel, stride, padding)
                added = [convolution, nn.ReLU(inplace=True)]
            case "max_pool":
                added = [nn.MaxPool2d(layer["size"])]
            case "dropout":
                added = [nn.Dropout(layer["rate"])]
            case "batch_norm":
                kind = nn.BatchNorm2d if x.dim() == 4 else nn.BatchNorm1d
                added = [kind(x.shape[1], eps=1e-3, momentum=0.01)]
            case "flatten":
                added = [nn.Flatten()]
            case "dense":
                added = [nn.Linear(x.shape[1], layer["units"]), nn.ReLU(inplace=True)]
            case "output":
                added = [nn.Linear(x.shape[1], layer["units"])]
            case kind:
                raise ValueError(f"no such layer: {kind}")
        for module in added:
            x = module(x)
        modules += added
    return nn.Sequential(*modules)


trainings: dict[str, Training] = {}
data: dict[int, Data] = {}


def start() -> str:
    """Set the threads; returns the version."""
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    torch.set_flush_denormal(True)  # as TensorFlow does
    torch.manual_seed(1)
    return str(torch.__version__)


def prepare(
    network: str,
    layers: list[dict[str, Any]],
    shape: list[int],
    classes: int,
    settings: dict[str, Any],
    images: int,
) -> str:
    """Build a network and warm it up; returns the memory format that is the faster one."""
    if images not in data:
        height, width, channels = shape
        data[images] = (
            torch.randint(0, 256, (images, channels, height, width), dtype=torch.uint8),
            torch.randint(0, classes, (images,)),
        )
    seconds = {}
    for memory_format in ("channels_last", "contiguous_format"):
        training = Training(layers, shape, classes, memory_format)
        training.train(data[images], settings["batch_size"], steps=2)
        seconds[memory_format] = training.train(data[images], settings["batch_size"], steps=4)
    best = min(seconds, key=lambda memory_format: seconds[memory_format])
    trainings[network] = Training(layers, shape, classes, best)
    trainings[network].train(data[images], settings["batch_size"], steps=2)
    return best


def train(network: str, images: int, batch_size: int) -> float:
    """Seconds of one epoch over `images` images."""
    return trainings[network].train(data[images], batch_size, steps=-(-images // batch_size))


if __name__ == "__main__":
    serve({function.__name__: function for function in (start, prepare, train)})
