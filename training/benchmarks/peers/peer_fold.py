"""What a peer is given of a fold, and what it may spend."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Spend:
    """threads: cores it may use. trials: parameter sets it may try, where it searches. seed: of all that is drawn."""

    threads: int
    trials: int
    seed: int


@dataclass(frozen=True)
class PeerFold:
    """train, test: attributes; float64 with NaN for gaps, or category with a level for missing. won: (n,) 0 or 1.

    group: (n,) deals that must stay on one side. inner: (n,) a fold number from 0, the same for a whole group.
    """

    train: pd.DataFrame
    won: np.ndarray
    group: np.ndarray
    inner: np.ndarray
    test: pd.DataFrame
    categories: tuple[str, ...]

    @cached_property
    def inner_folds(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Training and held-out rows of each inner fold."""
        return [
            (np.flatnonzero(self.inner != fold), np.flatnonzero(self.inner == fold)) for fold in np.unique(self.inner)
        ]


def read_peer_fold(folder: Path) -> PeerFold:
    """A fold from its folder."""
    kinds = json.loads((folder / "columns.json").read_text(encoding="utf-8"))
    train, test = pd.read_parquet(folder / "train.parquet"), pd.read_parquet(folder / "test.parquet")
    return PeerFold(
        train=train[list(kinds)],
        won=train["won"].to_numpy(dtype=np.int64),
        group=train["group"].to_numpy(),
        inner=train["inner"].to_numpy(),
        test=test[list(kinds)],
        categories=tuple(name for name, kind in kinds.items() if kind == "category"),
    )
