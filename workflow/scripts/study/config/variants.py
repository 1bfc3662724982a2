"""A variant: a network, and how it is trained."""

from dataclasses import dataclass, replace
from typing import Any

from study.config.recipe import complete_recipe
from study.config.schema import Config
from study.errors import StudyError
from study.networks.layers import Layer, canonical_layers, depth
from study.networks.python import PythonNetwork, python_network
from study.runs.definition import Settings


@dataclass(frozen=True)
class Variant:
    """A network and how it is trained.

    The network has `layers`; or it has none, and a function in `python` builds it. `levels` has the
    name of its level of each factor; it is empty outside a factorial design.
    """

    id: str
    label: str
    reference: Config | None
    notebook_group: str | None
    settings: Settings
    layers: list[Layer]
    python: PythonNetwork | None
    levels: dict[str, str]

    @property
    def depth(self) -> int | None:
        """Number of convolutions; None for a network in Python, which nobody has counted."""
        return None if self.python else depth(self.layers)

    @property
    def network(self) -> str:
        """The network in a few words."""
        return self.python.source if self.python else "declared layers"


def resolved_variant(
    declared: Config, training: Config, levels: dict[str, str], full: Config, schema: Config
) -> Variant:
    """The variant with every default filled in.

    Args:
        declared: the variant as the configuration declares it.
        training: the settings given for it, by the study or the variant.
        levels: its level of each factor.
        full: the whole configuration.
        schema: the schema of the configuration, which has the defaults.

    Raises:
        StudyError: two settings do not go together, or the network's function is not there.
    """
    python = _python(declared)
    settings = _settings(declared["id"], training, full["comparison"]["metric"], schema)
    return Variant(
        id=declared["id"],
        label=declared.get("label") or declared["id"],
        reference=declared.get("reference")
        if full["dataset"] == full["reference_dataset"]
        else None,
        notebook_group=declared.get("notebook_group"),
        settings=replace(settings, initializer=None, activation=None) if python else settings,
        layers=[] if python else canonical_layers(declared["layers"]),
        python=python,
        levels=levels,
    )


def _settings(id_: str, training: Config, metric: Any, schema: Config) -> Settings:
    try:
        recipe = complete_recipe(training, schema)
    except StudyError as error:
        raise StudyError(f"variants[{id_}]: {error}") from None
    # With `validation: test` it chooses no epoch, so it must not define the run.
    return Settings(**recipe, metric=None if recipe["validation"] == "test" else metric)


def _python(declared: Config) -> PythonNetwork | None:
    if "python" not in declared:
        return None
    try:
        return python_network(declared["python"], declared.get("output"))
    except StudyError as error:
        raise StudyError(f"variants[{declared['id']}].python: {error}") from None
