"""Each kind of evidence finds what it is for, leaves alone what only looks like it, and says when it cannot look.

The deals are made so that every figure can be counted by hand: 200 deals, the first half of each ten won.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from icp_training.column_texts import Texts, texts_of
from icp_training.leakage.columns import Column, Facts, FieldHistory, read_column
from icp_training.leakage.outcomes import filling, filling_gap, includes_the_deal, one_outcome, outcome_copy, strength
from icp_training.leakage.records import FAMILY_OF, MEANING_OF, Evidence
from icp_training.leakage.roles import (
    identifier,
    in_prospects,
    seller_side,
    tells_accounts_apart,
    without_history,
)
from icp_training.leakage.times import (
    after_opening,
    changed_later,
    filled_when_decided,
    measured_today,
    until_the_close,
)
from icp_training.leakage.verdicts import CHECKS, judge_column

DEALS = 200
ROW = np.arange(DEALS)
RNG = np.random.default_rng(11)
WON = ROW % 10 < 5
ALL = np.ones(DEALS, dtype=bool)
NONE = np.zeros(DEALS, dtype=bool)
OPENED: NDArray[np.float64] = np.add(19_000.0, ROW * 3, dtype=np.float64)
CYCLE: NDArray[np.float64] = np.add(10.0, RNG.permutation(DEALS) % 90, dtype=np.float64)
CLOSED: NDArray[np.float64] = np.add(OPENED, CYCLE, dtype=np.float64)
FACTS = Facts(WON, ALL, NONE, opened=OPENED, closed=CLOSED, extracted=float(CLOSED.max()))
AMOUNT: NDArray[np.float64] = np.add(1000.0, RNG.permutation(DEALS), dtype=np.float64)


def texts(values: Sequence[object] | NDArray[np.generic], name: str = "qzx") -> Texts:
    return texts_of(name, pa.chunked_array([pa.array([None if v is None else str(v) for v in values], pa.string())]))


def column(values: Sequence[object] | NDArray[np.generic], name: str = "qzx") -> Column:
    return read_column(texts(values, name))


def days(values: NDArray[np.float64]) -> list[str]:
    return [str(day) for day in values.astype(np.int64).astype("datetime64[D]")]


def figure(evidence: Evidence, name: str) -> float:
    return dict(evidence.figures)[name]


# --- L01 strength -------------------------------------------------------------------------------------------------


def test_a_column_that_ranks_every_pair_is_too_strong() -> None:
    assert figure(strength(column(WON * 1000 + ROW), FACTS), "auc") == 1.0
    assert strength(column(WON * 1000 + ROW), FACTS).is_found


def test_as_strong_as_the_strongest_legitimate_column_is_not_too_strong() -> None:
    """Normal numbers one standard deviation apart: an area of 0.76."""
    numbers = np.round(RNG.normal(WON * 1.0), 3)
    found = strength(column(numbers), FACTS)
    assert figure(found, "auc") == pytest.approx(0.76, abs=0.07)
    assert found.state == "passed"


def test_rates_of_levels_are_measured_on_other_accounts() -> None:
    """Forty names at random on 200 deals: their own rates would rank deals well, and rates from elsewhere do not."""
    assert figure(strength(column([f"n{code}" for code in RNG.integers(0, 40, DEALS)]), FACTS), "auc") < 0.62


def test_strength_needs_both_outcomes() -> None:
    assert strength(column(ROW), replace(FACTS, won=ALL)).state == "not applicable"


# --- L02, L03 -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [WON, ~WON], ids=["won", "lost"])
def test_filled_for_one_outcome_only(side: NDArray[np.bool_]) -> None:
    found = filling(column([f"k{row % 3}" if side[row] else None for row in ROW]), FACTS)
    assert found.is_found
    assert (figure(found, "won"), figure(found, "lost")) == (float(side is WON), float(side is not WON))


def test_zero_for_one_outcome_is_as_empty() -> None:
    assert filling(column(np.where(WON, AMOUNT, 0)), FACTS).is_found


def test_filled_far_more_often_for_one_outcome_is_told_and_a_little_more_is_not() -> None:
    """Of 100 each: 80 and 30 are 50 points apart, give or take 6; 80 and 60 are 20 apart."""
    far = (WON & (ROW % 10 != 0)) | (~WON & (ROW % 10 >= 8) & (ROW < 150))
    near = (WON & (ROW % 10 != 0)) | (~WON & (ROW % 10 >= 7))
    assert filling_gap(column([1 if here else None for here in far]), FACTS).is_found
    assert filling_gap(column([1 if here else None for here in near]), FACTS).state == "passed"


def test_filled_for_a_fifth_of_both_is_not() -> None:
    assert filling(column([1 if row % 5 == 0 else None for row in ROW]), FACTS).state == "passed"


def test_a_value_of_half_of_the_wins_and_of_no_other_deal() -> None:
    values = np.where(WON & (ROW % 2 == 0), "sure", np.where(ROW % 3 == 0, "a", "b"))
    found = one_outcome(column(values), FACTS)
    assert found.is_found
    assert figure(found, "share") == pytest.approx((values == "sure").mean())


def test_deals_of_one_account_are_one_fact() -> None:
    """The same value on 60 won deals of three accounts: three accounts prove nothing."""
    values = np.where(WON & (ROW % 2 == 0), "sure", np.where(ROW % 3 == 0, "a", "b"))
    accounts = np.where(values == "sure", ROW % 3, ROW + 10)
    assert one_outcome(column(values), replace(FACTS, accounts=accounts)).state == "passed"


# --- L07 copies, L13 totals ---------------------------------------------------------------------------------------


def test_another_spelling_of_an_outcome_field_is_a_copy() -> None:
    reason = texts([f"reason {row % 7}" for row in ROW], "reason")
    facts = replace(FACTS, outcome_fields=(reason,))
    assert outcome_copy(column([f"c{(row % 7 * 3) % 7}" for row in ROW]), facts).is_found
    assert outcome_copy(column([f"c{row % 7 // 3}" for row in ROW]), facts).state == "passed"


def test_what_the_deals_of_one_account_share_is_no_copy() -> None:
    """Each of 50 accounts says a number of its own in both columns on each of its four deals."""
    total = texts([f"total {row // 4}" for row in ROW], "total")
    facts = replace(FACTS, outcome_fields=(total,), accounts=ROW // 4)
    assert outcome_copy(column([f"size {row // 4}" for row in ROW]), facts).state == "passed"
    assert outcome_copy(column([f"size {row // 4}" for row in ROW]), replace(facts, accounts=None)).is_found


def test_the_closing_date_is_a_copy_and_a_date_of_its_own_is_not() -> None:
    assert outcome_copy(column(days(CLOSED + ROW % 3)), FACTS).is_found
    assert outcome_copy(column(days(OPENED - 400 - CYCLE)), FACTS).state == "passed"


def test_without_closing_date_and_outcome_fields_there_is_nothing_to_copy() -> None:
    assert outcome_copy(column(ROW), Facts(WON, ALL, NONE)).state == "not applicable"


def test_a_total_that_holds_the_deal_and_one_that_does_not() -> None:
    """What three in five accounts bought before, with and without what this deal brought."""
    before = np.where(RNG.random(DEALS) < 0.6, 0.0, 500.0 + RNG.permutation(DEALS))
    facts = replace(FACTS, amount=AMOUNT)
    assert includes_the_deal(column(before + np.where(WON, AMOUNT, 0)), facts).is_found
    assert not includes_the_deal(column(before), facts).is_found
    assert includes_the_deal(column(before), FACTS).state == "not applicable"
    assert includes_the_deal(column(AMOUNT), facts).state == "not applicable"


def test_earlier_customers_who_win_more_often_are_no_sign_of_a_total() -> None:
    """Past business doubles the win rate and grows with the amount for won and lost alike."""
    won = RNG.random(2000) < np.where(np.arange(2000) % 3 == 0, 0.5, 0.2)
    amount = np.exp(RNG.normal(7, 1, 2000))
    past = np.where(np.arange(2000) % 3 == 0, amount * np.exp(RNG.normal(1, 1, 2000)), 0.0)
    every = np.ones(2000, dtype=bool)
    facts = Facts(won, every, ~every, amount=amount)
    assert includes_the_deal(column(np.round(past)), facts).state == "passed"


# --- L04, L05, L09, L14, L15 --------------------------------------------------------------------------------------


def test_dates_after_the_opening() -> None:
    found = after_opening(column(days(np.where(ROW % 2 == 0, OPENED + 2, OPENED))), FACTS)
    assert found.is_found
    assert figure(found, "after_opening") == 0.5


def test_a_date_on_the_opening_or_the_day_after_it_is_the_opening() -> None:
    assert after_opening(column(days(OPENED + ROW % 2)), FACTS).state == "passed"


def test_dates_beyond_the_extract_are_plans() -> None:
    assert after_opening(column(days(OPENED + 900 + ROW % 50)), FACTS).state == "passed"


def test_dates_need_an_opening() -> None:
    assert after_opening(column(days(CLOSED)), Facts(WON, ALL, NONE)).state == "not applicable"
    assert after_opening(column(ROW), FACTS).state == "not applicable"


def test_what_counts_until_the_close_follows_the_length_of_the_deal() -> None:
    assert until_the_close(column(RNG.poisson(CYCLE / 5)), FACTS).is_found
    assert until_the_close(column(RNG.poisson(9, DEALS)), FACTS).state == "passed"
    assert until_the_close(column(ROW), replace(FACTS, closed=None)).state == "not applicable"


def test_what_is_counted_to_today_follows_the_closing_date_even_for_one_outcome_only() -> None:
    since = CLOSED.max() - CLOSED
    assert measured_today(column(np.where(WON, RNG.integers(0, 30, DEALS), since)), FACTS).is_found
    assert measured_today(column(RNG.permutation(since)), FACTS).state == "passed"


def test_what_open_deals_never_have_is_filled_at_the_end() -> None:
    decided = ROW < 150
    facts = Facts(WON, decided, ~decided)
    assert filled_when_decided(column([f"v{row % 3}" if row < 150 else None for row in ROW]), facts).is_found
    ended = np.where(decided & (ROW % 10 < 8), "ended", np.where(ROW % 2 == 0, "a", "b"))
    assert filled_when_decided(column(ended), facts).is_found
    assert filled_when_decided(column([f"v{row % 3}" for row in ROW]), facts).state == "passed"
    assert filled_when_decided(column(ended), FACTS).state == "not applicable"


def test_a_history_tells_when_a_field_was_written() -> None:
    """Twenty of 200 deals changed after the opening, five of them on the closing day."""
    rows = ROW[:20]
    day = np.where(rows < 5, CLOSED[rows], OPENED[rows] + 5)
    history = FieldHistory(rows, np.array(["qzx"] * 20, dtype=object), day, np.zeros(20, dtype=bool))
    found = changed_later(column(ROW), replace(FACTS, history=history))
    assert found.is_found
    assert (figure(found, "changed"), figure(found, "on_or_after_close")) == (0.1, 0.025)
    assert changed_later(column(ROW, "other"), replace(FACTS, history=history)).state == "passed"
    before = replace(history, day=OPENED[rows])
    assert changed_later(column(ROW), replace(FACTS, history=before)).state == "passed"
    assert changed_later(column(ROW), FACTS).state == "not applicable"


# --- L06, L08, L10, L11, L12, L16 ---------------------------------------------------------------------------------


def test_an_identifier_is_a_text_for_each_row_or_a_number_that_rises() -> None:
    assert identifier(column([f"note {row}" for row in ROW]), FACTS).is_found
    assert identifier(column(4000 + ROW * 3), FACTS).is_found
    assert identifier(column(RNG.permutation(DEALS)), FACTS).state == "passed"
    assert identifier(column(4000.5 + ROW), FACTS).state == "passed"
    assert identifier(column(ROW % 20), FACTS).state == "passed"
    assert identifier(column(days(OPENED)), FACTS).state == "not applicable"


def test_a_text_of_its_own_for_each_account_tells_accounts_apart() -> None:
    facts = replace(FACTS, accounts=ROW // 2)
    assert tells_accounts_apart(column([f"x{row // 2}" for row in ROW]), facts).is_found
    assert tells_accounts_apart(column([f"x{row // 20}" for row in ROW]), facts).state == "passed"
    assert tells_accounts_apart(column(1000 + ROW // 2), facts).state == "not applicable"
    assert tells_accounts_apart(column([f"x{row}" for row in ROW]), FACTS).state == "not applicable"


def test_the_list_supports_and_does_not_ask() -> None:
    facts = replace(FACTS, listed={"there": 0.9, "empty": 0.01})
    assert in_prospects(column(ROW, "there"), facts).state == "passed"
    assert [in_prospects(column(ROW, name), facts).weight for name in ("empty", "absent")] == ["supports", "supports"]
    assert in_prospects(column(ROW), FACTS).state == "not applicable"


def test_the_sellers_own_effect_is_told() -> None:
    found = seller_side(column([f"rep {won}" for won in WON], "Deal Owner"), FACTS)
    assert found.is_found
    assert figure(found, "auc") == pytest.approx(1.0)


def test_a_place_without_history_is_only_noted() -> None:
    assert without_history(column(ROW), FACTS).weight == "notes"
    assert without_history(read_column(texts(ROW), on_deal_row=False), FACTS).state == "passed"


# --- the verdict --------------------------------------------------------------------------------------------------


def test_every_code_has_a_meaning_a_family_and_one_check() -> None:
    codes = [check(column(ROW), FACTS).code for check in CHECKS]
    assert codes == sorted(MEANING_OF) == sorted(FAMILY_OF)


def test_strength_alone_is_asked_about_and_with_a_second_kind_dropped() -> None:
    numbers = np.where(WON, 50, 0) + RNG.integers(0, 60, DEALS)
    alone = judge_column(column(numbers), FACTS)
    assert (alone.answer, alone.codes) == ("ask", ("L01",))
    assert judge_column(column(numbers, "Win Probability"), FACTS).answer == "drop"
    assert judge_column(column(numbers), replace(FACTS, listed={})).answer == "drop"


def test_a_name_alone_is_asked_about_even_if_the_list_lacks_it() -> None:
    values = [f"v{code}" for code in RNG.integers(0, 3, DEALS)]
    verdict = judge_column(column(values, "Loss Reason"), replace(FACTS, listed={}))
    assert (verdict.answer, verdict.codes) == ("ask", ("L06", "L10"))


def test_a_strong_amount_filled_more_often_for_wins_is_asked_about_and_never_dropped() -> None:
    """All wins and half of the losses say an amount, and those of the wins are higher."""
    amounts = WON * 50 + RNG.integers(0, 60, DEALS)
    told = WON | (ROW % 2 == 0)
    found = judge_column(column([a if here else None for a, here in zip(amounts, told, strict=True)], "ACV"), FACTS)
    assert found.codes == ("L01", "L17", "L18")
    assert found.answer == "ask"


def test_the_name_of_an_amount_speaks_on_the_deals_row_and_not_in_a_table_of_products() -> None:
    prices = texts(RNG.integers(100, 900, DEALS), "sales price")
    assert judge_column(read_column(prices), FACTS).codes == ("L17",)
    assert judge_column(read_column(prices, on_deal_row=False), FACTS).answer == "use"


def test_absence_from_the_list_alone_is_no_accusation() -> None:
    values = [f"v{code}" for code in RNG.integers(0, 3, DEALS)]
    verdict = judge_column(column(values), replace(FACTS, listed={}))
    assert (verdict.answer, verdict.codes) == ("use", ())


def test_strict_asks_about_what_stands_on_the_deals_row() -> None:
    values = [f"v{code}" for code in RNG.integers(0, 3, DEALS)]
    assert judge_column(column(values), FACTS).answer == "use"
    assert judge_column(column(values), FACTS, strict=True).codes == ("L16",)
    beside = read_column(texts(values), on_deal_row=False)
    assert judge_column(beside, FACTS, strict=True).answer == "use"


def test_what_cannot_be_checked_is_not_passed() -> None:
    states = {one.code: one.state for one in judge_column(column(["a", "b"] * 100), Facts(WON, ALL, NONE)).evidence}
    assert {code for code, state in states.items() if state == "not applicable"} == {
        "L04", "L05", "L07", "L09", "L10", "L12", "L13", "L14", "L15",
    }  # fmt: skip
