"""Python's search for garbage among objects, for short jobs and for planning."""

import atexit
import gc


def collect_garbage_rarely() -> None:
    """Search after a million new objects instead of 700, and not at exit.

    Imports and Snakemake's plan create a million objects that live to the end. The searches
    through them take a quarter of a short job and of the planning.
    """
    gc.set_threshold(1_000_000)
    atexit.register(gc.freeze)
