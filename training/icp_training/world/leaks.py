"""Columns on the deal row that were filled in after the outcome, under names that say nothing.

Sixteen ways of leaking, each with a trace in the data, and two that leave none but the column's name; those are drawn
apart, under such names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from icp_training.world.deals import LOST_REASONS, WON_REASONS, Book
from icp_training.world.streams import stream
from icp_training.world.text import Bools, Column, Floats, frame, iso_dates, levels_of, yes_no

LeakKind = Literal["category", "flag", "number", "date"]
_WORDS = ("field", "attr", "item", "value", "code", "entry", "col", "detail")
_CONSONANTS = "bcdfghjkmnpqrtvwxz"
_NAMED = ("discount_level", "loss_reason_group")


@dataclass(frozen=True)
class Leak:
    """`name` is drawn; `kind` is how the column reads; `how` says in words where the outcome shows."""

    name: str
    kind: LeakKind
    how: str


@dataclass(frozen=True)
class Scene:
    """What leaks: the book, whether each deal is known to be won or lost, its amount and its reason, and today."""

    book: Book
    won: Bools
    amount: Floats
    reason: pd.Series[str]
    today: int

    @property
    def is_open(self) -> Bools:
        """Whether nobody knows the outcome yet."""
        return self.book.is_open

    @property
    def ran(self) -> Floats:
        """Days that the deal ran, until today where it is still open."""
        return (np.minimum(self.book.closed, self.today) - self.book.opened).astype(np.float64)

    @property
    def size(self) -> int:
        """Rows."""
        return len(self.won)


Maker = Callable[[np.random.Generator, Scene], Column]


def _filled_for_wins(rng: np.random.Generator, scene: Scene) -> Column:
    empty = ~scene.won | (rng.random(scene.size) < 0.1)
    return levels_of(("K1", "K2", "K3"), rng.integers(0, 3, scene.size), empty)


def _noisy_copy(rng: np.random.Generator, scene: Scene) -> Column:
    return yes_no((scene.won ^ (rng.random(scene.size) < 0.08)).astype(np.int64))


def _shifted_number(rng: np.random.Generator, scene: Scene) -> Column:
    return pa.array(np.round(rng.normal(np.where(scene.won, 62.0, 50.0), 8.0), 1))


def _dated_after_close(rng: np.random.Generator, scene: Scene) -> Column:
    empty = scene.is_open | (rng.random(scene.size) < np.where(scene.won, 0.2, 0.6))
    return iso_dates(scene.book.closed + rng.integers(0, 20, scene.size), empty)


def _filled_for_losses(rng: np.random.Generator, scene: Scene) -> Column:
    empty = scene.won | scene.is_open | (rng.random(scene.size) < 0.4)
    return levels_of(("M1", "M2", "M3", "M4"), rng.integers(0, 4, scene.size), empty)


def _grows_with_the_deal(rng: np.random.Generator, scene: Scene) -> Column:
    return pa.array(1 + rng.poisson(scene.ran / 6.0))


def _updated_at_the_close(rng: np.random.Generator, scene: Scene) -> Column:
    """Drawn alike for all at the opening; seven in ten get another value when the deal closes."""
    codes = rng.integers(0, 3, scene.size)
    updated = ~scene.is_open & (rng.random(scene.size) < 0.7)
    codes = np.where(updated & scene.won, 3 + rng.integers(0, 2, scene.size), codes)
    codes = np.where(updated & ~scene.won, 5 + rng.integers(0, 2, scene.size), codes)
    return levels_of(("P", "Q", "R", "S", "T", "U", "V"), codes)


def _total_with_the_deal(rng: np.random.Generator, scene: Scene) -> Column:
    """What was bought before, nothing for two in three, and what this deal brought."""
    before = np.where(rng.random(scene.size) < 0.65, 0.0, 400 * np.exp(0.8 * rng.normal(size=scene.size)))
    return pa.array(np.round(before + np.where(scene.won, scene.amount, 0.0), -1))


def _length_of_the_deal(rng: np.random.Generator, scene: Scene) -> Column:
    return pa.array(np.maximum(0, scene.ran + rng.integers(-3, 4, scene.size)).astype(np.int64))


def _closing_date(rng: np.random.Generator, scene: Scene) -> Column:
    """Some days before the close or after it, and a plan where the deal is still open."""
    return iso_dates(scene.book.closed + rng.integers(-2, 3, scene.size))


def _values_of_one_outcome(rng: np.random.Generator, scene: Scene) -> Column:
    """Half of the wins say one thing that no other deal says."""
    codes = np.where(scene.won & (rng.random(scene.size) < 0.5), 3, rng.integers(0, 3, scene.size))
    return levels_of(("n1", "n2", "n3", "n4"), codes)


def _measured_today(rng: np.random.Generator, scene: Scene) -> Column:
    """Days since anybody spoke: with a customer lately, with a lost one not since the close."""
    since = scene.today - np.minimum(scene.book.closed, scene.today)
    recent = rng.integers(0, 45, scene.size)
    return pa.array(np.where(scene.won | scene.is_open, recent, since + rng.integers(0, 10, scene.size)))


def _what_was_sold(rng: np.random.Generator, scene: Scene) -> Column:
    return pa.array(np.round(np.where(scene.won, scene.amount * rng.uniform(0.8, 1.0, scene.size), 0.0)))


def _score_of_the_stage(rng: np.random.Generator, scene: Scene) -> Column:
    centre = np.where(scene.won, 85.0, np.where(scene.is_open, 50.0, 45.0))
    return pa.array(np.round(np.clip(centre + 15 * rng.normal(size=scene.size), 0, 100)))


def _numbered_at_the_close(rng: np.random.Generator, scene: Scene) -> Column:
    """A running number given when the deal closes, with gaps."""
    order = np.argsort(np.argsort(scene.book.closed, kind="stable"), kind="stable")
    steps = 4200 + np.cumsum(rng.integers(1, 5, scene.size))
    return pa.array(steps[order], mask=scene.is_open)


def _reason_recoded(rng: np.random.Generator, scene: Scene) -> Column:
    """The closing reason of won and lost deals alike, by numbers of its own."""
    reasons = (*WON_REASONS, *LOST_REASONS)
    names = sorted(set(reasons))
    given = rng.permutation(np.arange(10, 10 + len(names)))
    codes = scene.reason.map(dict(zip(names, range(len(names)), strict=True))).fillna(-1).to_numpy(dtype=np.int64)
    return levels_of([f"c{number}" for number in given], codes, codes < 0)


_MAKERS: tuple[tuple[LeakKind, str, Maker], ...] = (
    ("category", "filled only for won deals", _filled_for_wins),
    ("flag", "a copy of the outcome, wrong in 8 % of the rows", _noisy_copy),
    ("number", "higher by 1.5 standard deviations for won deals", _shifted_number),
    ("date", "dated after the close, and more often filled for won deals", _dated_after_close),
    ("category", "filled only for lost deals", _filled_for_losses),
    ("number", "counts on until the close", _grows_with_the_deal),
    ("category", "changed at the close in seven of ten deals", _updated_at_the_close),
    ("number", "a total that includes the deal", _total_with_the_deal),
    ("number", "the length of the deal, give or take three days", _length_of_the_deal),
    ("date", "the closing date, give or take two days", _closing_date),
    ("category", "a value that only half of the wins have", _values_of_one_outcome),
    ("number", "measured today, longer ago for lost deals", _measured_today),
    ("number", "what was finally sold, zero for lost deals", _what_was_sold),
    ("number", "a score of the last stage", _score_of_the_stage),
    ("number", "a running number given at the close", _numbered_at_the_close),
    ("category", "the closing reason under other names", _reason_recoded),
)

WAYS: tuple[str, ...] = tuple(how for _, how, _ in _MAKERS)
"""The ways of leaking that leave a trace in the data, in words."""


def draw_leaks(seed: int, count: int) -> tuple[Leak, ...]:
    """`count` leaks with distinct names; the ways of leaking repeat after the last of `WAYS`."""
    rng = stream(seed, "leak names")
    numbers = rng.choice(np.arange(100, 1000), size=count, replace=False)
    leaks = []
    for index in range(count):
        word = _WORDS[int(rng.integers(len(_WORDS)))]
        letters = "".join(_CONSONANTS[int(code)] for code in rng.integers(0, len(_CONSONANTS), 2))
        kind, how, _ = _MAKERS[index % len(_MAKERS)]
        leaks.append(Leak(f"{word}_{letters}{numbers[index]}", kind, how))
    return tuple(leaks)


def named_leaks(seed: int, rows: int) -> pd.DataFrame:
    """Columns of which only the name says that they leak: what they hold is drawn without regard to anything."""
    rng = stream(seed, "named leaks")
    return frame({name: levels_of(("one", "two", "three"), rng.integers(0, 3, rows)) for name in _NAMED})


def leak_frame(seed: int, leaks: tuple[Leak, ...], book: Book, deals: pd.DataFrame, today: int) -> pd.DataFrame:
    """One column per leak, one row per row of the book; nothing but plans leaks from a deal that is still open.

    deals: the deal rows as the CRM exports them. today: the day of the extract, in days since 1970.
    """
    won = (book.won == 1) & ~book.is_open
    scene = Scene(book, won, deals["amount"].to_numpy(dtype=np.float64), deals["close_reason"], today)
    columns = {
        leak.name: _MAKERS[index % len(_MAKERS)][2](stream(seed, "leak", leak.name), scene)
        for index, leak in enumerate(leaks)
    }
    return frame(columns) if columns else pd.DataFrame(index=range(len(won)))
