"""Taking values away: no more than is asked, nothing else changed, and the same luck for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from icp_ml.deals.kinds import CategoryColumn, NumberColumn, ParsedTable, SetColumn
from icp_training.masking import masked_to

ROWS = 4_000


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
