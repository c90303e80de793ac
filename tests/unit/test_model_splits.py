"""What may be learned from and what is judged, with every edge counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from icp_ml.model.splits import Fold, complement, forward_folds, grouped_folds, maturity, time_to_close

Days = NDArray[np.datetime64]

START = np.datetime64("2024-01-01", "D")


def days(*numbers: int) -> Days:
    """Days counted from the first of January 2024, which is day 0."""
    return np.array([START + number for number in numbers], dtype="datetime64[D]")


NO_DAYS = days()


# --- time to close: six deals, two of them still open -----------------------------------------------------------
#
#   day   at risk   closed   still open afterwards
#    10      6         1     5/6                = 0.8333
#    15      5         0     censored
#    20      4         1     5/6 * 3/4          = 0.6250
#    25      3         0     censored
#    30      2         1     5/6 * 3/4 * 1/2    = 0.3125
#    40      1         1     0

SIX_CLOSED = days(10, 20, 30, 40)
SIX_OPEN = days(100 - 15, 100 - 25)


@pytest.mark.parametrize(
    ("quantile", "answer"),
    [(0.1, 10), (1 / 6, 10), (0.17, 20), (0.375, 20), (0.38, 30), (0.68, 30), (0.6875, 30), (0.69, 40), (1.0, 40)],
)
def test_time_to_close_by_hand(quantile: float, answer: int) -> None:
    assert time_to_close(days(0, 0, 0, 0), SIX_CLOSED, SIX_OPEN, days(100)[0], quantile) == answer


def test_a_deal_that_leaves_on_the_day_another_closes_was_still_at_risk() -> None:
    # Day 10: two at risk, one closes, one is censored: 1/2 are still open, and nobody is left to show more.
    wait = time_to_close(days(0), days(10), days(90), days(100)[0], 0.5)
    assert wait == 10
    assert time_to_close(days(0), days(10), days(90), days(100)[0], 0.51) is None


def test_without_open_deals_it_is_the_share_that_has_closed() -> None:
    opened, closed = days(0, 0, 0, 0, 0), days(3, 1, 4, 1, 5)
    waits = [time_to_close(opened, closed, NO_DAYS, days(9)[0], share) for share in (0.4, 0.41, 0.6, 0.8, 0.81)]
    assert waits == [1, 3, 3, 4, 5]


def test_what_never_closes_has_no_time_to_close() -> None:
    assert time_to_close(NO_DAYS, NO_DAYS, days(0, 5), days(100)[0], 0.1) is None
    assert time_to_close(NO_DAYS, NO_DAYS, NO_DAYS, days(100)[0], 0.1) is None


@pytest.mark.parametrize(("waited", "gap"), [(0, 30), (29, 30), (30, 30), (31, 31), (179, 179), (180, 180), (181, 180)])
def test_the_gap_is_the_usual_wait_between_30_and_180_days(waited: int, gap: int) -> None:
    found = maturity(days(0, 0), days(waited, waited), NO_DAYS, days(400)[0])
    assert (found.gap, found.stale_after) == (gap, waited)


def test_where_most_deals_are_still_open_the_gap_is_the_longest_and_none_is_stale() -> None:
    found = maturity(days(0), days(5), days(1, 2, 3), days(400)[0])
    assert (found.gap, found.stale_after) == (180, None)


# --- forward folds: fourteen deals, gap 30 days, extract on day 150 ---------------------------------------------
#
# Old enough to be judged is what was opened up to day 150 - 30 = 120: thirteen deals. 60 % of thirteen are judged,
# in three blocks, which begin at positions 13 * 0.4 = 5.2, 13 * 0.6 = 7.8 and 13 * 0.8 = 10.4: days 50, 70 and 100.
#
#   cut    learnt from: opened up to   closed before   judged on: opened
#    50        20                        50             50 .. 69
#    70        40                        70             70 .. 99
#   100        70                       100            100 .. 120

OPENED = days(0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120, 121)
CLOSED = days(49, 50, 30, 69, 70, 55, 65, 75, 85, 95, 105, 115, 125, 126)
EACH_ITS_OWN = np.arange(14)


def folds_of(groups: NDArray[np.int64]) -> list[Fold]:
    return forward_folds(OPENED, CLOSED, groups, days(150)[0], 30)


@pytest.mark.parametrize(
    ("block", "train", "test"),
    [
        # Deal 0 closed the day before the cut; 1 closed on it; 2 was opened on the last day; 3 and 4 within the gap.
        (0, [0, 2], [5, 6]),
        # Deal 3 closed the day before the cut, 4 on it.
        (1, [0, 1, 2, 3], [7, 8, 9]),
        # Deal 7 was opened on the last day; 12 is the last one old enough, 13 is a day too young.
        (2, [0, 1, 2, 3, 4, 5, 6, 7], [10, 11, 12]),
    ],
)
def test_forward_folds_by_hand(block: int, train: list[int], test: list[int]) -> None:
    fold = folds_of(EACH_ITS_OWN)[block]
    assert (fold.train.tolist(), fold.test.tolist(), fold.returning.tolist()) == (train, test, [])


def test_what_a_block_cost_is_counted() -> None:
    assert [fold.unusable for fold in folds_of(EACH_ITS_OWN)] == [3, 3, 2]
    assert folds_of(EACH_ITS_OWN)[-1].immature == 1


def test_immature_are_only_deals_too_young_to_be_judged() -> None:
    """Deal 13 alone is; those of a later block are old enough."""
    assert [fold.immature for fold in folds_of(EACH_ITS_OWN)] == [1, 1, 1]


def test_an_account_that_was_learnt_from_is_returning_and_not_judged() -> None:
    groups = EACH_ITS_OWN.copy()
    groups[12] = groups[0]  # learnt from in every block, judged in the third
    groups[8] = groups[4]  # deal 4 had not closed when the block of deal 8 began, so that account is new there
    groups[10] = groups[9]  # deal 9 lies within the gap of the third block
    folds = folds_of(groups)
    assert [fold.test.tolist() for fold in folds] == [[5, 6], [7, 8, 9], [10, 11]]
    assert [fold.returning.tolist() for fold in folds] == [[], [], [12]]


def test_names_say_the_first_and_the_last_day() -> None:
    assert [fold.name for fold in folds_of(EACH_ITS_OWN)] == [
        f"deals opened from {START + first} to {START + last}" for first, last in ((50, 69), (70, 99), (100, 120))
    ]


def test_where_nothing_is_old_enough_there_is_nothing_to_judge() -> None:
    assert forward_folds(days(100), days(101), np.array([0]), days(110)[0], 30) == []


def test_deals_of_a_single_day_make_one_block_with_nothing_to_learn_from() -> None:
    (fold,) = forward_folds(days(5, 5, 5, 5), days(6, 6, 6, 6), np.arange(4), days(99)[0], 30)
    assert (len(fold.train), len(fold.test), fold.unusable) == (0, 4, 0)


@pytest.mark.parametrize(("deals", "judged"), [(1000, 300), (500, 150), (400, 150), (250, 150), (100, 60)])
def test_about_150_deals_are_judged_but_30_to_60_percent(deals: int, judged: int) -> None:
    opened = START + np.arange(deals)
    folds = forward_folds(opened, opened + 1, np.arange(deals), opened[-1] + 30, 30)
    assert len(folds) == 3
    assert abs(sum(len(fold.test) for fold in folds) - judged) <= 1
    assert max(len(fold.test) for fold in folds) - min(len(fold.test) for fold in folds) <= 1


# --- folds by account -------------------------------------------------------------------------------------------


def test_grouped_folds_by_hand() -> None:
    # Mostly lost: account 0 with three deals, account 1 with two; mostly won: 2 with two, 3 with one. Dealt to two
    # folds as 0 1 1 0: the largest lost one to the first fold, the other lost one and the largest won one to the
    # second, the last one to the first: four deals each.
    groups = np.array([0, 0, 0, 1, 1, 2, 2, 3])
    won = np.array([0, 0, 1, 0, 1, 1, 1, 1], dtype=np.int8)
    folds = grouped_folds(groups, won, 2, seed=0)
    assert [fold.tolist() for fold in folds] == [[0, 1, 2, 7], [3, 4, 5, 6]]


def test_complement_is_everything_else() -> None:
    assert complement(np.array([3, 0]), 5).tolist() == [1, 2, 4]
    assert complement(np.array([], dtype=np.intp), 2).tolist() == [0, 1]
    assert complement(np.array([0, 1]), 2).tolist() == []
