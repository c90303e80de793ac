"""Five figures by segment: counted as by hand, drawn to the whole, and the same whatever the order of rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.currencies import Currency
from icp_ml.deals.kinds import CategoryColumn, NumberColumn, ParsedColumn, ParsedTable, SetColumn
from icp_ml.deals.segments_settings import SegmentsSettings
from icp_ml.deals.settings import parse_settings
from icp_ml.errors import ConfigError
from icp_ml.profile.closed_won_records import METRICS, Dimension, Segments
from icp_ml.profile.segments import ClosedDeals, by_segment

NAN = float("nan")
TRADE = Attribute("trade", "trade", "category", "firmographic", "fit")
SIZE = Attribute("size", "size", "number", "firmographic", "fit")
TOOLS = Attribute("tools", "tools", "set", "technographic", "fit")
BANDS = SegmentsSettings(bands={"size": (11, 51)})


def of_members(rows: list[tuple[int, ...]], levels: tuple[str, ...]) -> SetColumn:
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    indices = np.array([member for row in rows for member in row], dtype=np.int32)
    return SetColumn(indptr, indices, levels, np.zeros(len(rows), dtype=bool))


def twenty_four() -> ClosedDeals:
    """Iron 12 deals, half of them won; stone 11, two won; of one the trade is not known, and it was won."""
    trade = np.array([0] * 12 + [1] * 11 + [-1], dtype=np.int32)
    won = np.array([1, 0] * 6 + [1, 1] + [0] * 9 + [1], dtype=np.int8)
    columns: dict[str, ParsedColumn] = {
        "trade": CategoryColumn(trade, ("iron", "stone")),
        "size": NumberColumn(np.array([10.0] * 12 + [11.0] * 6 + [50.0] * 5 + [51.0])),
        "tools": of_members([(0, 1)] * 12 + [(1,)] * 12, ("axe", "saw")),
    }
    sizes = np.where(won == 1, np.arange(24) * 100.0 + 100, NAN)
    cycles = np.where(won == 1, np.arange(24) * 2.0, NAN)
    left = np.full(24, NAN)
    left[[0, 2, 4, 12]] = [1, 0, 0, 0]
    return ClosedDeals(
        (TRADE, SIZE, TOOLS), ParsedTable(24, columns, ()), won, np.arange(24), sizes=sizes, cycles=cycles, left=left
    )


def dimension(found: Segments, name: str) -> Dimension:
    return next(each for each in found.dimensions if each.attribute == name)


def test_counts_and_observed_figures_are_those_of_a_count_by_hand() -> None:
    iron, stone = dimension(by_segment(twenty_four()), "trade").segments
    assert (iron.words, iron.deals, iron.won) == ("trade: iron", 12, 6)
    assert (stone.words, stone.deals, stone.won) == ("trade: stone", 11, 2)
    # Iron's wins are rows 0, 2, .. 10: sizes 100, 300, .. 1100, days 0, 4, .. 20; one of the three known left.
    assert iron.figures["win rate"].observed == 0.5
    assert iron.figures["deal size"].observed == 600
    assert iron.figures["cycle"].observed == 10
    assert iron.figures["churn rate"].observed == pytest.approx(1 / 3)
    assert iron.figures["churn rate"].deals == 3
    # Stone's are rows 12 and 13.
    assert stone.figures["deal size"].observed == 1350
    assert stone.figures["cycle"].observed == 25


def test_what_nobody_declared_is_no_figure_and_what_is_not_known_no_segment() -> None:
    found = by_segment(twenty_four())
    assert set(found.whole) == {"win rate", "deal size", "cycle", "churn rate"}
    assert (dimension(found, "trade").not_known, dimension(found, "trade").not_known_won) == (1, 1)
    assert dimension(found, "size").not_known == 0


def test_the_whole_is_as_counted() -> None:
    whole = by_segment(twenty_four()).whole
    # Nine wins: sizes 100, 300, .. 1100, 1300, 1400, 2400, of which the middle in days is 16 (row 8).
    assert whole["deal size"].observed == whole["deal size"].drawn.value == pytest.approx(8700 / 9)
    assert whole["cycle"].observed == whole["cycle"].drawn.value == pytest.approx(16)
    assert whole["win rate"].drawn.value == pytest.approx(9 / 24)


def test_every_figure_lies_within_its_interval_and_between_its_own_and_the_whole() -> None:
    found = by_segment(twenty_four())
    for each in found.dimensions:
        for segment in each.segments:
            for name, figure in segment.figures.items():
                assert figure.drawn.low <= figure.drawn.value <= figure.drawn.high, name
            own, whole = segment.figures.get("win rate"), found.whole["win rate"].observed
            if own is not None:
                assert min(own.observed, whole) - 1e-9 <= own.drawn.value <= max(own.observed, whole) + 1e-9


def test_a_value_on_a_cut_is_in_the_band_that_begins_there() -> None:
    bands = dimension(by_segment(twenty_four(), BANDS), "size").segments
    assert [(each.words, each.deals) for each in bands] == [
        ("size under 11", 12),
        ("size 11 to under 51", 11),
        ("size 51 or more", 1),
    ]


def test_members_of_a_set_overlap_and_are_said_to() -> None:
    tools = dimension(by_segment(twenty_four()), "tools")
    assert tools.overlapping
    assert [(each.words, each.deals) for each in tools.segments[:2]] == [("tools: saw", 24), ("tools: axe", 12)]
    assert not dimension(by_segment(twenty_four()), "trade").overlapping


def test_the_order_of_rows_does_not_matter() -> None:
    deals = twenty_four()
    rows = np.random.default_rng(1).permutation(24)
    assert deals.sizes is not None
    assert deals.cycles is not None
    assert deals.left is not None
    moved = replace(
        deals,
        parsed=deals.parsed.take(rows),
        won=deals.won[rows],
        groups=deals.groups[rows],
        sizes=deals.sizes[rows],
        cycles=deals.cycles[rows],
        left=deals.left[rows],
    )
    one, other = by_segment(deals), by_segment(moved)
    for here, there in zip(one.dimensions, other.dimensions, strict=True):
        for left, right in zip(here.segments, there.segments, strict=True):
            assert left.words == right.words
            for name, figure in left.figures.items():
                assert figure.drawn.value == pytest.approx(right.figures[name].drawn.value)


def test_repeating_every_deal_of_its_account_leaves_the_figures_and_their_bounds() -> None:
    deals = twenty_four()
    rows = np.repeat(np.arange(24), 3)
    thrice = replace(
        deals,
        parsed=deals.parsed.take(rows),
        won=deals.won[rows],
        groups=deals.groups[rows],
        sizes=None,
        cycles=None,
        left=None,
    )
    once = by_segment(replace(deals, sizes=None, cycles=None, left=None))
    for here, there in zip(once.dimensions, by_segment(thrice).dimensions, strict=True):
        for one, three in zip(here.segments, there.segments, strict=True):
            if one.deals:
                assert one.figures["win rate"].drawn.low == pytest.approx(three.figures["win rate"].drawn.low)
                assert one.accounts == three.accounts


def test_a_deal_that_closed_on_its_first_day_has_a_cycle() -> None:
    deals = replace(twenty_four(), cycles=np.where(twenty_four().won == 1, 0.0, NAN))
    figure = by_segment(deals).whole["cycle"]
    assert (figure.observed, figure.drawn.value) == (0, 0)


def test_json_holds_all_of_it() -> None:
    found = by_segment(twenty_four())
    assert Segments.model_validate_json(found.model_dump_json()) == found
    assert set(found.whole) <= set(METRICS)


# --- bands that the configuration gives ---------------------------------------------------------------------------


def test_bands_are_written_in_ascending_order() -> None:
    with pytest.raises(ConfigError, match="51 before 11"):
        parse_settings(SegmentsSettings, {"bands": {"size": [51, 11]}})


@pytest.mark.parametrize(("name", "said"), [("sizes", "did you mean 'size'"), ("trade", "segments are its levels")])
def test_bands_for_what_has_none_are_refused(name: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        by_segment(twenty_four(), SegmentsSettings(bands={name: (1.0,)}))


def words_of(attribute: Attribute, values: list[float]) -> list[str]:
    table = ParsedTable(len(values), {attribute.name: NumberColumn(np.array(values))}, ())
    won = (np.arange(len(values)) % 2).astype(np.int8)
    found = by_segment(ClosedDeals((attribute,), table, won, np.arange(len(values))))
    return [each.words for each in found.dimensions[0].segments]


def test_the_fields_bands_follow_from_the_declaration_and_not_from_the_name() -> None:
    money = Attribute("x", "x", "number", "firmographic", "fit", currency=Currency(("USD",), None))
    year = Attribute("x", "x", "year", "firmographic", "fit")
    assert words_of(money, [2e6, 2e7] * 10) == [
        "x under 1M",
        "x 1M to under 10M",
        "x 10M to under 50M",
        "x 50M to under 200M",
        "x 200M or more",
    ]
    assert words_of(year, [1.0, 9.0] * 10) == [
        "x under 2 years ago",
        "x 2 to under 8 years ago",
        "x 8 to under 15 years ago",
        "x 15 or more years ago",
    ]


def test_where_the_fields_bands_tell_nothing_apart_they_are_not_used() -> None:
    money = Attribute("x", "x", "number", "firmographic", "fit", currency=Currency(("USD",), None))
    assert words_of(money, [1_000.0] * 10 + [10_000.0] * 10)[0] == "x under 10,000"


def test_range_texts_of_few_lower_bounds_are_segments_as_they_are() -> None:
    band = Attribute("x", "x", "ordered", "firmographic", "fit")
    assert words_of(band, [1.0, 51.0, 201.0] * 10) == ["x under 51", "x 51 to under 201", "x 201 or more"]


def test_a_number_that_is_the_same_everywhere_has_no_segments() -> None:
    column = NumberColumn(np.full(20, 7.0))
    won = (np.arange(20) % 2).astype(np.int8)
    found = by_segment(ClosedDeals((SIZE,), ParsedTable(20, {"size": column}, ()), won, np.arange(20)))
    assert [each for each in found.dimensions if each.segments] == []
