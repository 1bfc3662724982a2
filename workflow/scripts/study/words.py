"""Numbers in words, for tables and sentences."""

import math
from collections.abc import Sequence

NONE = "—"
"""Stands for a missing figure."""


def number(value: float | None, spec: str, sd: float | None = None) -> str:
    """`value` in the format `spec`, followed by ± `sd` if given; NONE for None and NaN."""
    if value is None or math.isnan(value):
        return NONE
    text = format(value, spec).replace("-", "−")
    return text if sd is None else f"{text} ± {sd:{spec}}"


def signed(points: float | None, digits: int = 2) -> str:
    """`+0.12` or `−0.12`, with more digits where so many would show zero."""
    if points is None or not 5e-7 <= abs(points) < 0.5 * 10.0**-digits:
        return number(None if points is None else round(points, 6) + 0.0, f"+.{digits}f")
    return number(points, f"+.{-math.floor(math.log10(abs(points)))}f")


def p_value(p: float | None) -> str:
    """`0.012`, or `< 0.001`."""
    return "< 0.001" if p is not None and p < 0.001 else number(p, ".3f")


def plural(n: int, noun: str) -> str:
    """The noun as it follows the number `n`: `seed` or `seeds`."""
    return noun if n == 1 else f"{noun}s"


def count_of(n: int, noun: str) -> str:
    """`1 seed`, `3 seeds`."""
    return f"{n} {plural(n, noun)}"


def depth_in_words(depth: int | None) -> str:
    """`3 convolutions`; of a network in Python nobody has counted them."""
    return "in Python" if depth is None else count_of(depth, "convolution")


def seeds_in_words(numbers: Sequence[int]) -> str:
    """[1, 2, 3, 7] -> seeds 1–3, 7."""
    spans: list[list[int]] = []
    for seed in sorted(numbers):
        if spans and seed == spans[-1][1] + 1:
            spans[-1][1] = seed
        else:
            spans.append([seed, seed])
    text = ", ".join(f"{a}" if a == b else f"{a}–{b}" for a, b in spans)
    return f"{plural(len(numbers), 'seed')} {text}"
