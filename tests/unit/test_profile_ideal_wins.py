"""Figures on wins of the best grade, against counts by hand."""

from __future__ import annotations

import numpy as np
import pytest

from icp_ml.model.metrics import Judged
from icp_ml.profile.ideal_wins import ideal_record, ideal_sentence, ideal_tiers

# Eight deals from the highest log-odds to the lowest: A wins at 8, 5 and 3, other wins at 7 and 4.
LOG_ODDS = np.arange(8.0, 0.0, -1.0)
IDEAL = np.array([1, 0, 0, 1, 0, 1, 0, 0], dtype=bool)
WON = np.array([1, 1, 0, 1, 1, 1, 0, 0], dtype=bool)
GROUPS = np.arange(8, dtype=np.int64)


def judged() -> Judged:
    return Judged(LOG_ODDS, np.zeros(8), WON.astype(np.int8), GROUPS, np.zeros(8, dtype=np.intp))


def test_pairs_are_counted() -> None:
    found = ideal_record(judged(), IDEAL, WON)
    assert found is not None
    assert (found.grade, found.ideal, found.wins) == ("A", 3, 5)
    # Others at 7, 6, 4, 2, 1: the win at 8 is above 5 of them, that at 5 above 3, that at 3 above 2.
    assert found.above_all_others.value == pytest.approx(10 / 15)
    # Other wins at 7 and 4: above 2, above 1, above none.
    assert found.above_other_wins is not None
    assert found.above_other_wins.value == pytest.approx(3 / 6)
    assert found.above_all_others.low < 10 / 15 < found.above_all_others.high
    assert "3 of 5 judged wins" in ideal_sentence(found)
    assert "66.7%" in ideal_sentence(found)


def test_nothing_is_said_where_there_is_nothing_to_tell_apart() -> None:
    assert ideal_record(judged(), np.zeros(8, dtype=bool), WON) is None
    of_wins_alone = ideal_record(judged(), WON, WON)
    assert of_wins_alone is not None
    assert of_wins_alone.above_other_wins is None
    assert "another win" not in ideal_sentence(of_wins_alone)


def test_tiers_share_the_ideal_wins_out() -> None:
    places = np.array([0, 0, 0, 0, 1, 1, 2, 2], dtype=np.int8)
    rows = ideal_tiers(("1", "2", "3"), places, IDEAL, GROUPS)
    assert [(row.label, row.deals, row.ideal) for row in rows] == [("1", 4, 2), ("2", 2, 1), ("3", 2, 0)]
    assert [row.share for row in rows] == pytest.approx([2 / 3, 1 / 3, 0.0])
    assert [row.rate.value for row in rows] == pytest.approx([0.5, 0.5, 0.0])
    assert all(row.rate.low <= row.rate.value <= row.rate.high for row in rows)
    assert ideal_tiers(("1", "2", "3"), places, np.zeros(8, dtype=bool), GROUPS) == ()
