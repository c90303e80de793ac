"""Columns on the deal row that were filled in after the outcome, under names that say nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from icp_training.world.deals import Book
from icp_training.world.streams import stream
from icp_training.world.text import Bools, Column, frame, iso_dates, levels_of, yes_no

LeakKind = Literal["category", "flag", "number", "date"]
_WORDS = ("field", "attr", "item", "value", "code", "entry", "col", "detail")
_CONSONANTS = "bcdfghjkmnpqrtvwxz"


@dataclass(frozen=True)
class Leak:
    """`name` is drawn; `kind` is how the column reads; `how` says in words where the outcome shows."""

    name: str
    kind: LeakKind
    how: str


Maker = Callable[[np.random.Generator, Book, Bools], Column]


def _filled_for_wins(rng: np.random.Generator, book: Book, won: Bools) -> Column:
    empty = ~won | (rng.random(len(won)) < 0.1)
    return levels_of(("K1", "K2", "K3"), rng.integers(0, 3, len(won)), empty)


def _noisy_copy(rng: np.random.Generator, book: Book, won: Bools) -> Column:
    return yes_no((won ^ (rng.random(len(won)) < 0.08)).astype(np.int64))


def _shifted_number(rng: np.random.Generator, book: Book, won: Bools) -> Column:
    return pa.array(np.round(rng.normal(np.where(won, 62.0, 50.0), 8.0), 1))


def _dated_after_close(rng: np.random.Generator, book: Book, won: Bools) -> Column:
    empty = book.is_open | (rng.random(len(won)) < np.where(won, 0.2, 0.6))
    return iso_dates(book.closed + rng.integers(0, 20, len(won)), empty)


_MAKERS: tuple[tuple[LeakKind, str, Maker], ...] = (
    ("category", "filled only for won deals", _filled_for_wins),
    ("flag", "a copy of the outcome, wrong in 8 % of the rows", _noisy_copy),
    ("number", "higher by 1.5 standard deviations for won deals", _shifted_number),
    ("date", "dated after the close, and more often filled for won deals", _dated_after_close),
)


def draw_leaks(seed: int, count: int) -> tuple[Leak, ...]:
    """`count` leaks with distinct names; the ways of leaking repeat from the fifth on."""
    rng = stream(seed, "leak names")
    numbers = rng.choice(np.arange(100, 1000), size=count, replace=False)
    leaks = []
    for index in range(count):
        word = _WORDS[int(rng.integers(len(_WORDS)))]
        letters = "".join(_CONSONANTS[int(code)] for code in rng.integers(0, len(_CONSONANTS), 2))
        kind, how, _ = _MAKERS[index % len(_MAKERS)]
        leaks.append(Leak(f"{word}_{letters}{numbers[index]}", kind, how))
    return tuple(leaks)


def leak_frame(seed: int, leaks: tuple[Leak, ...], book: Book) -> pd.DataFrame:
    """One column per leak, one row per row of the book; nothing leaks from a deal that is still open."""
    won = (book.won == 1) & ~book.is_open
    columns = {
        leak.name: _MAKERS[index % len(_MAKERS)][2](stream(seed, "leak", leak.name), book, won)
        for index, leak in enumerate(leaks)
    }
    return frame(columns) if columns else pd.DataFrame(index=range(len(won)))
