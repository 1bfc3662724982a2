"""Numbers in words."""

from collections.abc import Sequence


def signed(points: float | None) -> str:
    """`+0.12` or `−0.12`; more digits where two would show nothing of it."""
    if points is None:
        return "—"
    digits = 2 if abs(points) >= 0.005 or points == 0 else 3
    return f"{points:+.{digits}f}".replace("-", "−")


def seeds_in_number(n: int) -> str:
    """`1 seed`, `3 seeds`."""
    return f"{n} seed{'s' * (n != 1)}"


def seeds_in_words(numbers: Sequence[int]) -> str:
    """[1, 2, 3, 7] -> seeds 1–3, 7."""
    spans: list[list[int]] = []
    for number in sorted(numbers):
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    text = ", ".join(f"{a}" if a == b else f"{a}–{b}" for a, b in spans)
    return f"seed{'s' * (len(numbers) > 1)} {text}"
