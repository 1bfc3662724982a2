"""Snakemake's messages about a job, kept to a screenful however many files the job has."""

import logging
from collections.abc import Sequence

MOST_FILES = 12
MOST_CHARACTERS = 600  # of each part of a reason that is no list of files

_LISTS = ("input", "output", "log")


def shorten(record: logging.LogRecord) -> bool:
    """A filter for Snakemake's logger that shortens lists of files and reasons."""
    for name in _LISTS if hasattr(record, "rule_name") else ():
        files = getattr(record, name, None)
        if isinstance(files, list) and len(files) > MOST_FILES:
            setattr(record, name, _first(files))
    reason = getattr(record, "reason", None)
    if isinstance(reason, str) and len(reason) > MOST_CHARACTERS:
        record.reason = "; ".join(map(_shorter, reason.split("; ")))
    return True


def _shorter(part: str) -> str:
    words, colon, files = part.partition(": ")
    listed = files.split(", ")
    if words.startswith("Params") or len(listed) <= MOST_FILES:
        return part if len(part) <= MOST_CHARACTERS else f"{part[: MOST_CHARACTERS - 3]}..."
    return words + colon + ", ".join(_first(listed))


def _first(files: Sequence[str]) -> list[str]:
    return [*files[:MOST_FILES], f"and {len(files) - MOST_FILES:,} more"]
