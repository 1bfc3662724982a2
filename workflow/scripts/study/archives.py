"""NumPy archives."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from study.files import atomic


def write_arrays(path: str | Path, arrays: dict[str, NDArray[Any]]) -> None:
    """Write arrays as a NumPy archive."""
    with atomic(path) as temporary:
        np.savez(temporary, **arrays)  # type: ignore[arg-type]
