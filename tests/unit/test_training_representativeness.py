"""A list beside the deals: alike where it is drawn alike, and told apart by what was planted and by nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from icp_ml.deals.kinds import CategoryColumn, NumberColumn, ParsedTable, SetColumn
from icp_ml.profile.representativeness_records import Representativeness
from icp_training.list_sample import ListSample
from icp_training.masking import masked_to
from icp_training.representativeness import representativeness, stacked
from tests.deal_tables import ATTRIBUTES, parsed_of, table_of

DEALS = table_of(400, seed=1)
NAMES = tuple(attribute.name for attribute in ATTRIBUTES)


def beside(listed: ParsedTable, absent: tuple[str, ...] = ()) -> Representativeness:
    found = representativeness(DEALS, ListSample(listed, absent), 7)
    assert found is not None
    return found


def test_a_list_of_the_same_companies_looks_like_the_deals() -> None:
    found = beside(parsed_of(400, seed=2))
    assert found.likeness == "alike"
    assert found.low < 0.5 < found.high
    assert found.auc_of_gaps == pytest.approx(0.5, abs=0.06)
    assert len(found.sentences) == 1
    assert sum(shift.share for shift in found.columns) == pytest.approx(1.0)


def test_a_planted_difference_is_named_first() -> None:
    found = beside(parsed_of(400, seed=2, larger=2.0))
    # Two normal curves two standard deviations apart: AUC = Phi(2 / sqrt 2) = 0.921.
    assert found.auc == pytest.approx(0.921, abs=0.04)
    assert found.likeness == "apart"
    assert (found.columns[0].attribute, found.columns[0].share > 0.8) == ("size", True)
    assert "another population" in found.sentences[0]


def test_an_emptier_list_of_the_same_companies_is_called_emptier_and_nothing_else() -> None:
    found = beside(masked_to(parsed_of(400, seed=2), dict.fromkeys(NAMES, 0.4), 3))
    assert found.likeness == "alike"
    assert found.auc_of_gaps > 0.8
    assert "What is missing tells a deal from a prospect" in found.sentences[-1]


def test_values_that_no_deal_has_are_counted_by_row_with_the_most_frequent_first() -> None:
    rows = 100
    plain = parsed_of(rows, seed=2)
    trade = np.array([0] * 60 + [1] * 30 + [2] * 9 + [-1], dtype=np.int32)
    sets = SetColumn(
        np.array([0, 2, 3, *[3] * 98], dtype=np.int64),
        np.array([0, 1, 1], dtype=np.int32),
        ("drill", "lathe"),
        np.zeros(rows, dtype=bool),
    )
    columns = {**plain.columns, "trade": CategoryColumn(trade, ("iron", "paper", "glass")), "tools": sets}
    shifts = {shift.attribute: shift for shift in beside(ParsedTable(rows, columns, ())).columns}
    assert (shifts["trade"].unseen_rows, shifts["trade"].unseen) == (39, (("paper", 30), ("glass", 9)))
    # Two rows name tools that no deal has; one of them names both.
    assert (shifts["tools"].unseen_rows, shifts["tools"].unseen) == (2, (("lathe", 2), ("drill", 1)))
    assert shifts["size"].unseen_rows == 0
    assert shifts["trade"].known_list == pytest.approx(0.99)


def test_what_the_list_lacks_altogether_is_named_and_not_compared() -> None:
    plain = parsed_of(400, seed=2)
    empty = ParsedTable(400, {**plain.columns, "size": NumberColumn(np.full(400, np.nan))}, ())
    found = beside(empty, absent=("size",))
    assert found.likeness == "alike"
    assert found.absent == ("size",)
    assert "size" not in {shift.attribute for shift in found.columns}


def test_a_list_with_nothing_to_compare_is_not_judged() -> None:
    assert representativeness(DEALS, ListSample(parsed_of(400, seed=2), NAMES), 7) is None
    assert representativeness(DEALS, ListSample(parsed_of(3, seed=2), ()), 7) is None


def test_stacking_keeps_every_value_under_one_list_of_levels() -> None:
    one, other = parsed_of(5, seed=1), parsed_of(7, seed=2, trades=("wood", "clay"))
    both = stacked(one, other, NAMES)
    spelled = []
    for table in (one, other, both):
        trade, tools = table.columns["trade"], table.columns["tools"]
        assert isinstance(trade, CategoryColumn)
        assert isinstance(tools, SetColumn)
        members = np.split([tools.levels[code] for code in tools.indices], tools.indptr[1:-1])
        spelled.append([(trade.levels[code], part.tolist()) for code, part in zip(trade.codes, members, strict=True)])
    assert spelled[0] + spelled[1] == spelled[2]


def test_one_attribute_read_as_two_kinds_is_a_bug() -> None:
    one, other = parsed_of(5, seed=1), parsed_of(7, seed=2)
    spoilt = ParsedTable(7, {**other.columns, "trade": NumberColumn(np.zeros(7))}, ())
    with pytest.raises(TypeError, match="one attribute was read as two kinds"):
        stacked(one, spoilt, NAMES)
