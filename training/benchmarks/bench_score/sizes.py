"""The models that are raced: how many trees, how deep, over which columns. Only the standard library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

AS_OF: Final = "2025-06-30"
"""The day to which ages would count; no attribute here has one."""
ID: Final = "domain"
DEALS: Final = 12_000
"""Made-up deals that a model learns from: enough for 64 leaves of 20 deals."""


@dataclass(frozen=True)
class Columns:
    """Columns of a list. levels: of each category. gaps: shares of missing values, in turn over the columns."""

    numbers: int
    levels: tuple[int, ...]
    flags: int
    gaps: tuple[float, ...] = (0.0, 0.05, 0.15, 0.3)

    @property
    def names(self) -> tuple[str, ...]:
        """Numbers, then categories, then flags."""
        kinds = (("number", self.numbers), ("category", len(self.levels)), ("flag", self.flags))
        return tuple(f"{kind}_{place:02d}" for kind, count in kinds for place in range(1, count + 1))


@dataclass(frozen=True)
class Size:
    """A model. deals: learned from. has_categories: woodelf takes part only where there are none.

    peer_rows, naive_rows: how many rows streaming and woodelf, and naive, score: enough that starting is a few percent
    of their seconds, and that a whole run ends within an hour.
    """

    name: str
    trees: int
    depth: int
    columns: Columns
    deals: int = DEALS
    peer_rows: int = 200_000
    naive_rows: int = 20_000

    @property
    def has_categories(self) -> bool:
        """Whether some column is a category."""
        return bool(self.columns.levels)


MIXED: Final = Columns(numbers=26, levels=(3, 4, 6, 8, 10, 12, 16, 20, 30, 40), flags=4)
NUMERIC: Final = Columns(numbers=40, levels=(), flags=0)

SIZES: Final[Mapping[str, Size]] = {
    size.name: size
    for size in (
        Size("200x4", 200, 4, MIXED),
        Size("400x6", 400, 6, MIXED, peer_rows=20_000, naive_rows=2_000),
        Size("200x4 numeric", 200, 4, NUMERIC),
    )
}
TINY: Final = Size("tiny", 12, 3, Columns(numbers=5, levels=(3, 5), flags=1), deals=600)
"""For tests: it says nothing about speed."""
