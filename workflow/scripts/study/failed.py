"""The last lines of a run that failed: which trainings did, why, and where their logs are."""

from collections.abc import Iterable
from pathlib import Path

MOST_RUNS = 15
"""Failed trainings that are named; a screen holds no more."""


def failed_runs(runs: Iterable[tuple[str, int]], outdir: str | Path) -> list[str]:
    """A line for each training (variant, seed) that has an error in its log and no result."""
    lines = []
    for variant, seed in runs:
        log = Path(outdir, "logs", "train", variant, f"seed-{seed}.log")
        if not Path(outdir, "runs", variant, f"seed-{seed}", "metrics.json").exists():
            reason = _reason(log)
            if reason:
                lines.append(f"{variant}, seed {seed}: {reason} ({log})")
    more = len(lines) - MOST_RUNS
    return lines[:MOST_RUNS] + ([f"and {more:,} more trainings"] if more > 0 else [])


def _reason(log: Path) -> str:
    """The last error in a log; empty without one."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    errors = [line.partition("error: ")[2] for line in text.splitlines() if "error: " in line]
    return errors[-1].strip() if errors else ""
