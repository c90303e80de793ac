"""Measures find their deals, what cannot be judged is left out and counted, and no outcome becomes an attribute."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.contract import Besides, DealTable, read_deals
from icp_ml.deals.grading import NOT_GRADED, grade
from icp_ml.deals.ideal_settings import IdealSettings
from icp_ml.deals.measures import Dates, Measure, MeasuredRows, read_measures
from icp_ml.deals.settings import DealsSettings, TablesSettings, parse_settings
from icp_ml.deals.sufficiency import AccountCounts, check_floors
from icp_ml.deals.texts import Trouble
from icp_ml.errors import ConfigError, InputError, TooFewDeals
from icp_training.config import Config

SIZE = Attribute("size", "size", "number", "firmographic", "fit")
DEALS = """\
id,account,opened,closed,stage,size,ACV
d1,a1,2023-01-01,2024-03-01,Won,1,100
d2,a2,2023-01-01,2024-06-30,Won,2,50
d3,a3,2023-01-01,2024-07-01,Won,3,70
d4,a4,2023-01-01,2024-06-30,Lost,4,
d5,a5,2024-05-01,2024-07-01,Lost,5,
d6,a6,2023-06-01,2024-01-01,Won,6,many
d7,a7,2024-07-15,,Open,7,
d8,a1,2023-02-01,2024-02-01,Won,8,30
d9,a9,2023-02-01,2024-02-02,Lost,9,30
"""
CUSTOMERS = """\
deal,churned,ACV
d1,2024-12-24,5
d2,,6
d3,,7
d8,,8
elsewhere,,9
"""
LEFT = {"measures": {"churned": {"kind": "left", "kept_months": 12}}, "use": "target", "target": "kept"}
BESIDE = {"source": "customers.csv", "id": "deal"}


def table(folder: Path, ideal: Mapping[str, object] | None, rates: str | None = None, **changes: object) -> DealTable:
    (folder / "deals.csv").write_text(DEALS, encoding="utf-8")
    (folder / "customers.csv").write_text(CUSTOMERS, encoding="utf-8")
    outcome = {"column": "stage", "won": "Won", "lost": "Lost", "open": "Open"}
    written = {
        "source": "deals.csv", "id": "id", "account": "account", "opened": "opened", "closed": "closed",
        "outcome": outcome, "extracted": date(2025, 6, 30), **changes,
    }  # fmt: skip
    settings = None if ideal is None else parse_settings(IdealSettings, ideal)
    deals = parse_settings(DealsSettings, {key: value for key, value in written.items() if value is not None})
    tables = parse_settings(TablesSettings, {} if rates is None else {"rates": {"source": rates}})
    found = read_deals(deals, tables, (SIZE,), folder, besides=Besides(ideal=settings))
    return found.take(np.argsort(found.ids))


def test_without_ideal_wins_nothing_is_graded_and_no_step_is_added(tmp_path: Path) -> None:
    deals = table(tmp_path, None)
    assert (deals.graded, deals.weights, deals.predicted) == (None, None, "won")
    assert [step.name for step in deals.ledger.steps] == [
        "read", "rejected", "ignored", "out of window", "open", "repeated", "accepted",
    ]  # fmt: skip


def test_deals_that_cannot_be_judged_yet_are_left_out_won_and_lost_alike(tmp_path: Path) -> None:
    deals = table(tmp_path, {**LEFT, **BESIDE})
    # d3 and d5 closed less than twelve months before the extract; d6 was won and no row tells of it.
    assert deals.ids.tolist() == ["d1", "d2", "d4", "d8", "d9"]
    # d1 left within the twelve months.
    assert deals.won.tolist() == [0, 1, 0, 1, 0]
    assert deals.graded is not None
    assert deals.graded.won.tolist() == [1, 1, 0, 1, 0]
    ledger = deals.ledger
    assert (ledger.too_recent, ledger.unmeasured, ledger.accepted, ledger.open) == (2, 1, 5, 1)
    rows_of = {step.name: step.rows for step in ledger.steps}
    assert (rows_of["too recent to judge"], rows_of["not measured"]) == (2, 1)
    assert deals.unmatched_wins == 1
    assert deals.predicted == "won and kept 12 months"


def test_who_stands_at_an_earlier_day_knows_what_was_known_then(tmp_path: Path) -> None:
    horizon = table(tmp_path, {**LEFT, **BESIDE}).horizon()
    assert horizon is not None
    assert str(horizon.until) == "2024-06-30"
    assert [str(day) for day in horizon.known_on] == [
        "2025-03-01", "2025-06-30", "2025-06-30", "2025-02-01", "2025-02-02",
    ]  # fmt: skip
    # d3 and d5 had opened and not closed by then; the open d7 had not opened.
    assert [str(day) for day in horizon.open_since] == ["2023-01-01", "2024-05-01"]
    plain = table(tmp_path, None).horizon()
    assert plain is not None
    assert str(plain.until) == "2025-06-30"
    assert [str(day) for day in plain.open_since] == ["2024-07-15"]


def test_a_grade_that_only_weighs_leaves_no_deal_out(tmp_path: Path) -> None:
    ideal: dict[str, object] = {"measures": {"ACV": {"better": "higher"}}, "use": "weight"}
    deals, plain = table(tmp_path, ideal), table(tmp_path, None)
    assert deals.ids.tolist() == plain.ids.tolist()
    assert deals.won.tolist() == plain.won.tolist()
    assert deals.graded is not None
    # ACV of d1 d2 d3 d8 is 100 50 70 30; d6 says "many", which is no number. From the top 1/8 3/8 5/8 7/8.
    assert [("ABC"[g] if g >= 0 else "") for g in deals.graded.grade] == ["A", "B", "B", "", "", "", "C", ""]
    assert deals.ideal().tolist() == [True] + [False] * 7
    assert deals.graded.measures[0].trouble == Trouble(1, ("many",))
    weights = deals.weights
    assert weights is not None
    # (2 + 1 + 1 + 0.5) / 4 = 1.125
    assert weights == pytest.approx([2 / 1.125, 1 / 1.125, 1 / 1.125, 1, 1, 1, 0.5 / 1.125, 1])
    taken = deals.take(np.array([6, 0]))
    assert taken.graded is not None
    assert taken.graded.measures[0].values.tolist() == [30.0, 100.0]
    assert taken.weights == pytest.approx([0.5 / 1.125, 2 / 1.125])


def test_a_table_by_account_tells_of_every_deal_of_the_account(tmp_path: Path) -> None:
    (tmp_path / "by_account.csv").write_text("who,NPS\na1,10\na2,90\n", encoding="utf-8")
    ideal: dict[str, object] = {
        "measures": {"NPS": {"better": "higher"}},
        "source": "by_account.csv",
        "id": "who",
        "by": "account",
    }
    graded = table(tmp_path, ideal).graded
    assert graded is not None
    assert np.array_equal(graded.measures[0].values[[0, 1, 6]], [10, 90, 10])
    assert (graded.grade[[2, 5]] == NOT_GRADED).all()


@pytest.mark.parametrize(
    ("ideal", "changes", "error", "said"),
    [
        ({**LEFT, **BESIDE}, {"id": None}, ConfigError, "deals.id is not declared"),
        ({**LEFT, **BESIDE}, {"closed": None, "opened": None}, ConfigError, "deals.closed is not declared"),
        ({**LEFT, "source": "none.csv", "id": "deal"}, {}, InputError, "none.csv"),
        ({**LEFT, "source": "customers.csv", "id": "deals"}, {}, InputError, "did you mean 'deal'"),
        (LEFT, {}, InputError, "expected a column 'churned'"),
        (
            {"measures": {"days": {"kind": "cycle", "better": "lower"}}},
            {"opened": None},
            ConfigError,
            "deals.opened is not declared",
        ),
        ({**LEFT, **BESIDE}, {"extracted": date(2025, 1, 1)}, TooFewDeals, "at least 12 months before the extract"),
    ],
)
def test_what_the_measures_need_is_asked_for_in_one_sentence(
    tmp_path: Path, ideal: dict[str, object], changes: dict[str, object], error: type[Exception], said: str
) -> None:
    with pytest.raises(error) as refused:
        table(tmp_path, ideal, None, **changes)
    assert said in str(refused.value)


def test_a_deal_that_stands_twice_among_the_measures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "twice.csv").write_text("deal,churned\nd1,\nd1,\n", encoding="utf-8")
    with pytest.raises(InputError, match="expected every deal of column 'deal' once, found 1"):
        table(tmp_path, {**LEFT, "source": "twice.csv", "id": "deal"})


@pytest.mark.parametrize(
    ("measure", "cells", "said"),
    [
        ({"better": "higher"}, ("$10", "€20"), "in one currency, found '$10' and '€20'"),
        ({"kind": "left", "kept_months": 12}, ("31/12/2024", "30/11/2024"), "set ideal.measures.m.date_order: dmy"),
    ],
)
def test_what_could_mean_two_things_is_refused(
    tmp_path: Path, measure: dict[str, object], cells: tuple[str, str], said: str
) -> None:
    (tmp_path / "beside.csv").write_text(f"deal,m\nd1,{cells[0]}\nd2,{cells[1]}\n", encoding="utf-8")
    with pytest.raises(InputError) as refused:
        table(tmp_path, {"measures": {"m": measure}, "source": "beside.csv", "id": "deal"})
    assert said in refused.value.sentence


def test_amounts_are_converted_as_of_the_opening(tmp_path: Path) -> None:
    (tmp_path / "beside.csv").write_text("deal,m,c\nd1,10,USD\nd2,10,EUR\n", encoding="utf-8")
    (tmp_path / "rates.csv").write_text("currency,date,rate\nEUR,2022-06-01,1.5\nEUR,2023-06-01,9\n", encoding="utf-8")
    measure = {"better": "higher", "currency": {"to": "USD", "column": "c"}}
    ideal = {"measures": {"m": measure}, "source": "beside.csv", "id": "deal"}
    graded = table(tmp_path, ideal, "rates.csv").graded
    assert graded is not None
    # Both opened on 2023-01-01.
    assert graded.measures[0].values[:2].tolist() == [10.0, 15.0]
    assert parse_settings(IdealSettings, ideal).columns() == ("m",)


def test_too_few_customers_are_told_by_what_is_predicted() -> None:
    with pytest.raises(TooFewDeals, match="30 accounts with a deal that is 'won and kept 12 months', found 29"):
        check_floors(AccountCounts(29, 90), "won and kept 12 months")
    with pytest.raises(TooFewDeals, match="30 accounts with a deal that is not 'won, grade A', found 29"):
        check_floors(AccountCounts(90, 29), "won, grade A")
    with pytest.raises(TooFewDeals, match="30 accounts with a won deal, found 29"):
        check_floors(AccountCounts(29, 90))
    with pytest.raises(TooFewDeals, match="30 accounts with a lost deal, found 29"):
        check_floors(AccountCounts(90, 29))
    check_floors(AccountCounts(30, 30))


CONFIG = """\
deals: {source: deals.csv, closed: closed, outcome: {column: stage, won: Won, lost: Lost}}
attributes: {firmographic: {size: number, worth: {kind: number, column: ACV}, kept apart: {kind: flag, use: no}}}
ideal: {measures: {acv: {column: ACV, better: higher}, churned: {kind: left, kept_months: 12}}}
"""


def config(text: str) -> Config:
    return parse_settings(Config, yaml.safe_load(text))


def test_what_wins_are_graded_by_can_never_be_an_attribute_whatever_it_is_called() -> None:
    with pytest.raises(ConfigError, match="'worth' reads the column 'ACV', which is part of the outcome"):
        config(CONFIG).resolved()
    with pytest.raises(ConfigError, match="'churned' reads the column 'churned', which is part of the outcome"):
        config(CONFIG.replace("worth: {kind: number, column: ACV}", "churned: date")).resolved()
    with pytest.raises(ConfigError, match=r"prospects\.map: 'ACV' is part of the outcome"):
        config(
            CONFIG.replace("column: ACV}, kept", "column: worth}, kept") + "prospects: {map: {ACV: size}}"
        ).resolved()
    ruled = CONFIG.replace("column: ACV}, kept", "column: worth}, kept") + "outcome_fields: [worth]\n"
    with pytest.raises(ConfigError, match="'worth' reads the column 'worth'"):
        config(ruled).resolved()
    assert {"ACV", "churned", "stage", "closed", "worth"} == config(ruled).known_after()


@pytest.mark.parametrize(
    ("measure", "said"),
    [
        ("{column: ACV}", "expected 'better: higher' or 'better: lower'"),
        ("{kind: left}", "expected 'kept_months'"),
        ("{kind: left, kept_months: 12, better: higher}", "neither 'better' nor 'after_months'"),
        ("{kept_months: 12, better: higher}", "only beside 'kind: left'"),
        ("{kind: cycle, better: lower, column: Days}", "neither 'column' nor 'after_months'"),
        ("{better: higer}", "did you mean 'higher'?"),
        ("{better: higher, weigth: 2}", "weigth is not a known key; did you mean 'weight'?"),
    ],
)
def test_a_measure_that_makes_no_sense_is_refused_in_words(measure: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_settings(IdealSettings, yaml.safe_load(f"measures: {{acv: {measure}}}"))
    assert said in refused.value.sentence


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("grades: {A: 0.6, B: 0.4}", "leave some wins to C"),
        ("grades: {A: 0.3, B: 0.6, by: score}", "A to start at a higher score than B"),
        ("target: kept", "expected a measure of 'kind: left'"),
        ("target: [A, B, C]", "one or two of the grades"),
        ("target: [D]", "'A', 'B' or 'C'"),
        ("source: customers.csv", "expected 'source' and 'id' together"),
        ("use: wieght", "did you mean 'weight'?"),
    ],
)
def test_options_that_make_no_sense_are_refused_in_words(options: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_settings(IdealSettings, yaml.safe_load(f"measures: {{acv: {{better: higher}}}}\n{options}"))
    assert said in refused.value.sentence


VALUES = st.lists(st.one_of(st.none(), st.integers(0, 5)), min_size=2, max_size=12)


def grades(acv: list[int | None], cost: list[int | None]) -> list[int]:
    """The places of the grades, 3 for none. Both measures cut at whole wins."""
    settings = parse_settings(
        IdealSettings, {"measures": {"acv": {"better": "higher", "weight": 2}, "cost": {"better": "lower"}}}
    )
    young = np.zeros(len(acv), dtype=bool)
    measures = [
        Measure(name, settings.measures[name], np.array(values, dtype=np.float64), young, Trouble())
        for name, values in (("acv", acv), ("cost", cost))
    ]
    found = grade(np.ones(len(acv), dtype=np.int8), measures, settings).grade
    return [3 if place == NOT_GRADED else int(place) for place in found]


@given(st.data(), VALUES)
def test_more_of_what_is_better_never_lowers_a_grade(data: st.DataObject, acv: list[int | None]) -> None:
    cost = data.draw(st.lists(st.one_of(st.none(), st.integers(0, 5)), min_size=len(acv), max_size=len(acv)))
    place = data.draw(st.integers(0, len(acv) - 1))
    before = acv[place]
    if before is None:
        return
    better = [*acv]
    better[place] = before + data.draw(st.integers(1, 6))
    assert grades(better, cost)[place] <= grades(acv, cost)[place]


@given(st.data(), VALUES)
def test_grades_do_not_depend_on_order_or_unit(data: st.DataObject, acv: list[int | None]) -> None:
    cost = data.draw(st.lists(st.one_of(st.none(), st.integers(0, 5)), min_size=len(acv), max_size=len(acv)))
    order = data.draw(st.permutations(range(len(acv))))
    found = grades(acv, cost)
    assert grades([acv[k] for k in order], [cost[k] for k in order]) == [found[k] for k in order]
    assert grades([None if value is None else 1000 * value + 7 for value in acv], cost) == found


def test_a_yes_among_the_measures_grades_higher_than_a_no(tmp_path: Path) -> None:
    (tmp_path / "beside.csv").write_text("deal,grew\nd1,yes\nd2,no\nd3,\n", encoding="utf-8")
    measure = {"kind": "flag", "better": "higher"}
    graded = table(tmp_path, {"measures": {"grew": measure}, "source": "beside.csv", "id": "deal"}).graded
    assert graded is not None
    assert np.array_equal(graded.measures[0].values[:3], [1.0, 0.0, np.nan], equal_nan=True)
    assert graded.grade[0] < graded.grade[1]  # A before C


def test_a_target_that_every_deal_is_short_of_is_refused(tmp_path: Path) -> None:
    (tmp_path / "all_left.csv").write_text(
        "deal,churned\nd1,2024-05-01\nd2,2024-08-01\nd8,2024-05-01\n", encoding="utf-8"
    )
    said = "expected deals that are 'won and kept 12 months' and deals that are not, found 0 of 5; check ideal.target"
    with pytest.raises(TooFewDeals, match=said):
        table(tmp_path, {**LEFT, "source": "all_left.csv", "id": "deal"})


def test_a_target_that_is_known_with_the_deal_waits_for_nobody(tmp_path: Path) -> None:
    ideal: dict[str, object] = {"measures": {"ACV": {"better": "higher"}}, "use": "target", "target": "A"}
    ledger = table(tmp_path, ideal).ledger
    # d6 was won for "many", which is no amount: it cannot be judged.
    assert (ledger.too_recent, ledger.unmeasured, ledger.accepted) == (0, 1, 7)


def test_what_stands_only_after_months_needs_the_day_of_the_extract() -> None:
    settings = parse_settings(IdealSettings, {"measures": {"grew": {"better": "higher", "after_months": 12}}})
    never = Dates(opened=None, closed=np.array(["NaT"], dtype="datetime64[D]"), extracted=None)
    rows = MeasuredRows(pa.table({"grew": ["5"]}), np.array([True]), never, None, Path(), "ideal.measures")
    with pytest.raises(ConfigError, match=r"ideal\.measures\.grew counts from .* deals\.extracted is not declared"):
        read_measures(rows, settings)
