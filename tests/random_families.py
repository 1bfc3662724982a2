"""Families of differences over seeds, made up."""

import numpy as np


def random_family(random: np.random.Generator) -> list[list[float]]:
    """Differences with ties, zeros, gaps, failures and constants; few seeds and many."""
    n, contrasts = int(random.choice([1, 2, 3, 5, 6, 7, 8, 9, 10, 12])), random.integers(1, 14)
    shift = random.choice([0, 0.05, 0.1, 0.2, 0.3, -0.2], (contrasts, 1))
    rows = shift + random.choice([0.01, 0.05, 0.14]) * random.standard_t(3, (contrasts, n))
    rows = np.round(rows, int(random.integers(1, 3)))
    rows[random.random(contrasts) < 0.1] = random.choice([0, 0.1, 0.3])
    rows[random.random(rows.shape) < 0.02] -= 3
    rows[random.random(rows.shape) < 0.05 * random.integers(0, 2)] = np.nan
    return rows.tolist()
