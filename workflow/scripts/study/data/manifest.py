"""The manifest of prepared data, read without loading NumPy."""

from dataclasses import dataclass
from pathlib import Path

from study.errors import StudyError
from study.files import read_json


@dataclass(frozen=True)
class Manifest:
    """The part of a manifest that results are judged by."""

    train_images: int
    validation_images: int
    """0 where the data come without them."""
    test_images: int
    test_per_class: list[int]
    warnings: list[str]


def read_manifest(path: str | Path) -> Manifest:
    """Read a manifest.

    Raises:
        StudyError: the file is not a manifest.
    """
    content = read_json(path)
    try:
        per_class = [int(count) for count in content["test"]["per_class"]]
        found = Manifest(
            int(content["train"]["images"]),
            int(content.get("val", {"images": 0})["images"]),
            int(content["test"]["images"]),
            per_class,
            [str(warning) for warning in content.get("warnings", [])],
        )
        if sum(per_class) != found.test_images or len(per_class) != content["classes"]:
            raise ValueError
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise StudyError(
            f"{path}: not the manifest of prepared data; delete it so that they are prepared again"
        ) from error
    return found
