"""Evidence about a column where little is known: it says what it could not look at, and finds what there is to find."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from icp_training.column_texts import texts_of
from icp_training.leakage.columns import Column, Facts, FieldHistory, read_column
from icp_training.leakage.outcomes import includes_the_deal, outcome_copy
from icp_training.leakage.times import after_opening, changed_later

DEALS = 200
ROW = np.arange(DEALS)
WON = ROW % 2 == 0
ALL = np.ones(DEALS, dtype=bool)
RNG = np.random.default_rng(7)
OPENED: NDArray[np.float64] = np.add(19_000.0, ROW * 3, dtype=np.float64)
CLOSED: NDArray[np.float64] = np.add(OPENED, 30.0, dtype=np.float64)
FACTS = Facts(WON, ALL, ~ALL, opened=OPENED, closed=CLOSED, extracted=float(CLOSED.max()))


def column(values: NDArray[np.generic]) -> Column:
    return read_column(texts_of("qzx", pa.chunked_array([pa.array([str(each) for each in values], pa.string())])))


def dates(values: NDArray[np.float64], known: int) -> Column:
    """The first `known` rows have a date."""
    days = values.astype(np.int64).astype("datetime64[D]").astype(str)
    return column(np.where(known > ROW, days, ""))


def test_nineteen_dates_are_too_few_to_say_when_they_were_written() -> None:
    few = after_opening(dates(OPENED + 5, 19), FACTS)
    assert (few.state, few.sentence) == ("not applicable", "it is known for fewer than 20 decided deals")
    assert after_opening(dates(OPENED + 5, 20), FACTS).is_found


def test_nineteen_dates_of_the_close_are_too_few_to_be_its_copy() -> None:
    assert outcome_copy(dates(CLOSED, 19), FACTS).state == "passed"
    assert outcome_copy(dates(CLOSED, 20), FACTS).is_found


def test_dates_of_deals_that_never_opened_have_one_level() -> None:
    """An age counts to the opening, and none is known."""
    nobody = replace(FACTS, opened=np.full(DEALS, np.nan))
    assert set(dates(OPENED, DEALS).levels(nobody).tolist()) == {0}
    assert len(set(dates(OPENED - ROW, DEALS).levels(FACTS).tolist())) > 2


def test_a_history_without_the_day_of_the_opening_says_nothing_and_one_without_the_close_speaks_of_the_opening() -> (
    None
):
    rows = ROW[:20]
    names = np.array(["qzx"] * 20, dtype=object)
    history = FieldHistory(rows, names, CLOSED[rows], np.zeros(20, dtype=bool))
    unopened = changed_later(column(ROW), replace(FACTS, history=history, opened=None))
    assert (unopened.state, unopened.sentence) == ("not applicable", "no opening date is known")
    unclosed = changed_later(column(ROW), replace(FACTS, history=history, closed=None))
    assert dict(unclosed.figures) == {"changed": 0.1, "filled": 0.0, "on_or_after_close": 0.0}
    assert "changed after the opening in 10% of deals, from the close on in 0%" in unclosed.sentence
    closed = changed_later(column(ROW), replace(FACTS, history=history))
    assert dict(closed.figures)["on_or_after_close"] == 0.1


def test_a_total_that_every_win_fits_into_and_few_losses_do_holds_the_deal() -> None:
    """No total is zero, so that there is no jump: each win is within its total, which grows with it, and a loss that
    brought nothing has whatever the company bought before, a tenth of the amount at most.
    """
    amount: NDArray[np.float64] = np.add(1000.0, RNG.permutation(DEALS), dtype=np.float64)
    before = 1.0 + RNG.random(DEALS) * 99
    facts = replace(FACTS, amount=amount)
    found = includes_the_deal(column(np.round(before + np.where(WON, amount, 0), 2)), facts)
    assert found.is_found
    assert found.sentence.startswith("it is at least the deal's amount for 100% of won and 0% of lost deals")
    assert includes_the_deal(column(np.round(before, 2)), facts).state == "passed"
