"""Randomness by name: every part of the simulation draws from a stream of its own, so that none disturbs another."""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """Return the generator of this name under a seed: the same numbers on every machine, whatever else was drawn."""
    words = [name if isinstance(name, int) else crc32(name.encode()) for name in names]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *words])))


def shares(weights: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Return weights that add up to one."""
    values = np.asarray(weights, dtype=np.float64)
    return np.asarray(values / values.sum(), dtype=np.float64)


def zipf(count: int, exponent: float) -> NDArray[np.float64]:
    """Return `count` shares that fall with the rank: few things are common, most are rare."""
    return shares(1.0 / np.arange(1, count + 1, dtype=np.float64) ** exponent)


def drawn(rng: np.random.Generator, weights: NDArray[np.float64], size: int) -> NDArray[np.int32]:
    """Return `size` indices drawn with these shares (faster than `Generator.choice`)."""
    edges = np.cumsum(weights)
    found = np.searchsorted(edges, rng.random(size) * edges[-1], side="right")
    return np.asarray(np.minimum(found, len(weights) - 1), dtype=np.int32)
