"""Taking values away: no more than is asked, nothing else changed, and the same luck for the same seed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from icp_ml.deals.kinds import CategoryColumn, NumberColumn, ParsedTable, SetColumn
from icp_training.masking import Patterns, masked_like, masked_to, patterns_of

ROWS = 4_000
ALIKE = np.zeros(ROWS, dtype=np.int8)


def table() -> ParsedTable:
    """Numbers known in all rows, categories in half of them, and sets of one or two members."""
    rng = np.random.default_rng(5)
    sizes = rng.integers(1, 3, ROWS)
    return ParsedTable(
        ROWS,
        {
            "size": NumberColumn(rng.normal(size=ROWS)),
            "trade": CategoryColumn(np.where(rng.random(ROWS) < 0.5, 0, -1).astype(np.int32), ("wood",)),
            "tools": SetColumn(
                np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
                np.concatenate([np.arange(size) for size in sizes]).astype(np.int32),
                ("axe", "saw"),
                np.zeros(ROWS, dtype=bool),
            ),
        },
        (),
    )


def test_each_attribute_is_left_as_known_as_asked() -> None:
    masked = masked_to(table(), {"size": 0.3, "trade": 0.2, "tools": 0.6}, 1)
    for name, share in (("size", 0.3), ("trade", 0.2), ("tools", 0.6)):
        # Four standard errors of a share of 4,000 rows.
        assert (~masked.missing(name)).mean() == pytest.approx(share, abs=4 * np.sqrt(0.25 / ROWS))


def test_what_is_left_is_what_was_there() -> None:
    before = table()
    after = masked_to(before, {"size": 0.3, "tools": 0.6}, 1)
    one, other = before.columns["tools"], after.columns["tools"]
    assert isinstance(one, SetColumn)
    assert isinstance(other, SetColumn)
    kept = np.flatnonzero(~other.missing)
    assert other.take(kept).indices.tolist() == one.take(kept).indices.tolist()
    assert not other.sizes()[other.missing].any()
    number, masked = before.columns["size"], after.columns["size"]
    assert isinstance(number, NumberColumn)
    assert isinstance(masked, NumberColumn)
    known = ~np.isnan(masked.values)
    assert (masked.values[known] == number.values[known]).all()
    assert after.columns["trade"] is before.columns["trade"]


def test_more_than_there_is_asks_for_nothing_and_luck_is_the_seeds() -> None:
    before = table()
    assert masked_to(before, {"trade": 0.9}, 1).columns["trade"] is before.columns["trade"]
    once, twice, other = (masked_to(before, {"size": 0.5}, seed).missing("size") for seed in (1, 1, 2))
    assert (once == twice).all()
    assert (once != other).any()


def halves() -> Patterns:
    """Rows that are full, or bare of two attributes together; the third is missing in four of five."""
    rng = np.random.default_rng(9)
    bare = rng.random(ROWS) < 0.5
    return Patterns(("size", "tools", "trade"), np.column_stack([bare, bare, rng.random(ROWS) < 0.8]))


def test_what_is_missing_together_there_is_missing_together_here() -> None:
    masked = masked_like(table(), halves(), ALIKE, (1, 2))
    assert (masked.missing("size") == masked.missing("tools")).all()
    assert masked.missing("size").mean() == pytest.approx(0.5, abs=4 * np.sqrt(0.25 / ROWS))


def test_by_share_the_same_goes_missing_apart() -> None:
    """What patterns are for: by share, a quarter of the rows lacks both, and not a half."""
    masked = masked_to(table(), {"size": 0.5, "tools": 0.5}, 1)
    both = masked.missing("size") & masked.missing("tools")
    assert both.mean() == pytest.approx(0.25, abs=4 * np.sqrt(0.25 / ROWS))


def test_gaps_that_are_there_already_count_towards_the_pattern() -> None:
    """Trades are known in half of the rows here and in a fifth there: in the end in a fifth."""
    before = table()
    masked = masked_like(before, halves(), ALIKE, (1, 2))
    assert (~masked.missing("trade")).mean() == pytest.approx(0.2, abs=4 * np.sqrt(0.25 / ROWS))
    assert (masked.missing("trade") >= before.missing("trade")).all()


def test_a_list_that_knows_more_takes_nothing_away() -> None:
    before = table()
    full = Patterns(("size", "tools", "trade"), np.zeros((3, 3), dtype=bool))
    assert all(masked_like(before, full, ALIKE, (1,)).columns[name] is before.columns[name] for name in full.names)


def test_patterns_are_those_of_the_rows() -> None:
    patterns = patterns_of(table())
    assert patterns is not None
    assert patterns.names == ("size", "tools", "trade")
    assert patterns.missing[:, 2].tolist() == table().missing("trade").tolist()
    assert patterns_of(table().take(np.array([], dtype=np.intp))) is None


def test_in_the_end_won_and_lost_deals_are_as_empty_as_each_other() -> None:
    """Trades are known in nine of ten won deals and half of the lost ones, and in two of five rows there."""
    won = (np.arange(ROWS) % 2).astype(np.int8)
    gone = np.random.default_rng(4).random(ROWS) < np.where(won == 1, 0.1, 0.5)
    before = replace(table(), columns={"trade": CategoryColumn(np.where(gone, -1, 0).astype(np.int32), ("wood",))})
    there = Patterns(("trade",), (np.arange(10) % 5 < 3)[:, None])
    masked = masked_like(before, there, won, (1, 2))
    for outcome in (0, 1):
        known = ~masked.missing("trade")[won == outcome]
        assert known.mean() == pytest.approx(0.4, abs=4 * np.sqrt(0.24 / (ROWS / 2)))
