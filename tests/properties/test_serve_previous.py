"""What holds for every pair of lists: rows are found as a dictionary would find them, and movements add up."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from icp_ml.serve.known import Seen
from icp_ml.serve.previous import Changes, CurrentRows, Moves, PreviousList, read_previous

LAYERS = ("firmographic", "engagement")


@dataclass(frozen=True)
class Row:
    id: str | None
    tier: str | None
    parts: tuple[int, int]

    @property
    def score(self) -> float:
        return math.nan if self.tier is None else float(50 + sum(self.parts))


ROW = st.builds(
    Row,
    st.sampled_from([None, "", *"abcdefgh"]),
    st.sampled_from([None, "1", "2", "3", "out of scope"]),
    st.tuples(st.integers(-25, 25), st.integers(-25, 25)),
)
LISTS = st.lists(ROW, min_size=1, max_size=20)


def read_back(rows: Sequence[Row]) -> PreviousList:
    table = pa.table(
        {
            "id": pa.array([row.id for row in rows], pa.string()),
            "tier": pa.array([row.tier for row in rows], pa.string()),
            "score": pa.array([row.score for row in rows], from_pandas=True),
            **{f"score_{name}": [float(row.parts[at]) for row in rows] for at, name in enumerate(LAYERS)},
        }
    )
    with TemporaryDirectory() as folder:
        pq.write_table(table, Path(folder) / "before.parquet")
        return read_previous(Path(folder) / "before.parquet", "id")


def compared(previous: PreviousList, rows: Sequence[Row], size: int) -> tuple[list[Changes], Moves]:
    """The changes of each batch of `size` rows, and the moves of all."""
    seen, moves, found = Seen(), Moves(), []
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        ids = pa.array([row.id for row in part], pa.string())
        repeated, seen = seen.meet(ids)
        sub_scores = {name: np.array([float(row.parts[at]) for row in part]) for at, name in enumerate(LAYERS)}
        scores = np.array([row.score for row in part])
        tiers = pa.array([row.tier for row in part], pa.string())
        changes = previous.compare(CurrentRows(ids, tiers, scores, sub_scores, repeated), "a hash")
        moves = moves.plus(changes.moves)
        found.append(changes)
    return found, moves


def first_by_id(rows: Sequence[Row]) -> dict[str, Row]:
    found: dict[str, Row] = {}
    for row in rows:
        if row.id:
            found.setdefault(row.id, row)
    return found


def cause_of(row: Row, then: Row | None) -> str | None:
    """The cause, one row at a time: the slow second route."""
    if then is None:
        return "new in the list"
    if (row.tier is None) != (then.tier is None):
        return "the status"
    change = row.score - then.score
    if math.isnan(change) or change == 0:
        return None
    moved = [(now - before) * (1 if change > 0 else -1) for now, before in zip(row.parts, then.parts, strict=True)]
    # Two layers whose sum moves: the larger pull is always positive; of equal ones the first in the file counts.
    return LAYERS[moved.index(max(moved))]


@settings(max_examples=60)
@given(LISTS, LISTS, st.integers(1, 20))
def test_each_row_is_compared_with_the_first_of_its_id(before: list[Row], now: list[Row], size: int) -> None:
    changes, _ = compared(read_back(before), now, size)
    found = [row for batch in changes for row in zip(*(c.to_pylist() for c in batch.columns()), strict=True)]
    is_changed = [bool(changed) for batch in changes for changed in batch.changed()]
    then_of, now_of = first_by_id(before), first_by_id(now)
    for row, answer, changed in zip(now, found, is_changed, strict=True):
        if not row.id or now_of[row.id] is not row:
            assert (answer, changed) == ((None, None, None), False)
            continue
        then = then_of.get(row.id)
        change = math.nan if then is None else row.score - then.score
        assert answer == (then and then.tier, None if math.isnan(change) else change, cause_of(row, then))
        assert changed == (then is None or then.tier != row.tier)


@settings(max_examples=60)
@given(LISTS, LISTS, st.integers(1, 20))
def test_a_tier_grows_by_what_entered_less_what_left(before: list[Row], now: list[Row], size: int) -> None:
    previous = read_back(before)
    movement = previous.movement(compared(previous, now, size)[1])
    then_of, now_of = first_by_id(before), first_by_id(now)
    held, holds = (Counter(row.tier for row in rows.values() if row.tier) for rows in (then_of, now_of))
    for tier in ("1", "2", "3", "out of scope"):
        entered, left = movement.entered.get(tier, 0), movement.left.get(tier, 0)
        assert holds[tier] - held[tier] == entered - left
        assert left == sum(row.tier == tier and _tier(now_of, id_) != tier for id_, row in then_of.items())
    assert movement.gone == len(then_of.keys() - now_of.keys())
    assert movement.new == len(now_of.keys() - then_of.keys())


def _tier(rows: dict[str, Row], id_: str) -> str | None:
    return rows[id_].tier if id_ in rows else None


@settings(max_examples=30)
@given(LISTS)
def test_the_same_list_again_changes_nothing(rows: list[Row]) -> None:
    previous = read_back(rows)
    changes, moves = compared(previous, rows, len(rows))
    assert not changes[0].changed().any()
    assert (changes[0].cause == -1).all()
    movement = previous.movement(moves)
    assert (movement.entered, movement.left, movement.new, movement.gone) == ({}, {}, 0, 0)
