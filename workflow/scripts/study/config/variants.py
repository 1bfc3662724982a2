"""A variant: a network, and how it is trained."""

from dataclasses import dataclass

from study.config.schema import Config, completed
from study.errors import StudyError
from study.networks.layers import Layer, canonical_layers, depth

# Later settings, with what stood in their place: runs of before they came stay what they were.
LEFT_OUT_OF_DEFINITION = {"gpu": 0, "precision": "float32", "xla": False}


@dataclass(frozen=True)
class Variant:
    """A network and how it is trained: `layers` and `training` with every setting given.

    `levels` has the name of its level of each factor; it is empty outside a factorial design.
    """

    id: str
    label: str
    reference: Config | None
    notebook_group: str | None
    training: Config
    layers: list[Layer]
    levels: dict[str, str]

    @property
    def depth(self) -> int:
        return depth(self.layers)


def resolved_variant(
    declared: Config, training: Config, levels: dict[str, str], full: Config, schema: Config
) -> Variant:
    settings = completed(training, {"$ref": "#/$defs/training"}, schema)
    if settings["validation"] == "test":
        del settings["holdout_fraction"]  # has no effect, so it must not define the run
    if settings["xla"] and not settings["gpu"]:
        raise StudyError(
            f"variants[{declared['id']}]: xla: true is for a GPU, so it needs gpu: 1 beside it; on "
            "a processor it takes several times as long as xla: false"
        )
    for name, value in LEFT_OUT_OF_DEFINITION.items():
        if settings[name] == value:
            del settings[name]
    return Variant(
        id=declared["id"],
        label=declared.get("label") or declared["id"],
        reference=declared.get("reference")
        if full["dataset"] == full["reference_dataset"]
        else None,
        notebook_group=declared.get("notebook_group"),
        training=settings,
        layers=canonical_layers(declared["layers"]),
        levels=levels,
    )
