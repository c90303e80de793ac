"""Independent random streams by name, so that one part of a world never shifts the draws of another."""

from __future__ import annotations

import zlib

import numpy as np


def stream(seed: int, *names: str) -> np.random.Generator:
    """A generator that depends on the seed and the names only, never on what was drawn before."""
    return np.random.default_rng([seed, *(zlib.crc32(name.encode()) for name in names)])
