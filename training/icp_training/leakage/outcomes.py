"""Evidence from the outcome: how strong a column is alone, and whether only the outcome can have written it."""

from __future__ import annotations

import numpy as np
from scipy.stats import binom

from icp_training.column_texts import Texts
from icp_training.leakage.columns import Codes, Column, Facts, Flags, Floats
from icp_training.leakage.measures import lower_bound, own_area, rank_correlation
from icp_training.leakage.records import Evidence, found, not_applicable, passed

TOO_STRONG = 0.78
"""An area under the curve that nothing known beforehand reaches: on 78,025 real deals the strongest legitimate column
has 0.763. Its lower bound must lie above, so that a small sample accuses nobody by luck."""
HARDLY, OFTEN = 0.02, 0.2
"""Filled for hardly any deal of one outcome and often for the other; we chose both."""
GAP, SURE = 0.2, 3.0
"""Filled more often for one outcome by surely more than this, three standard errors off; what is known beforehand was
at most 0.06 apart on the real sets that we have."""
FEWEST_DEALS = 20
LEGITIMATE_FACTOR = 4.0
"""No value known beforehand moves the rate of wins, or of losses, to less than a quarter of its average; the
strongest exclusion that we planted does so by a fifth. What is surer than that was written by the outcome."""
LUCK = 0.01
IMPURE = 0.02
COVERED = 0.05
"""Values of one outcome only must cover so many of the deals to matter."""
COPIED = 0.9
TELLING = 0.8
"""Two columns that both hold mostly one value agree by that alone; the most frequent value has less than this."""
CLOSE_DAYS = 3.0
JUMP = 4.0
"""Odds of winning just above zero against those at zero, from which the jump is more than custom; we chose it."""
INCLUDED, NOT_INCLUDED = 0.98, 0.9


def strength(column: Column, facts: Facts) -> Evidence:
    """L01. How well the column alone tells won from lost deals; at most a reason to ask."""
    area, low, explained = own_area(column, facts)
    if np.isnan(area):
        return not_applicable("L01", "there are not both won and lost deals")
    said = f"it alone tells won from lost deals with an AUC of {area:.2f}"
    if low > TOO_STRONG:
        return found("L01", said, auc=area, low=low, r2=explained)
    return passed("L01", said, auc=area, low=low, r2=explained)


def filling(column: Column, facts: Facts) -> Evidence:
    """L02. Filled, or other than zero, for one outcome only."""
    won, lost = facts.decided & facts.won, facts.decided & ~facts.won
    if min(won.sum(), lost.sum()) < FEWEST_DEALS:
        return not_applicable("L02", f"there are fewer than {FEWEST_DEALS} won or lost deals")
    shares = float(column.known[won].mean()), float(column.known[lost].mean())
    if column.numbers is not None and not column.is_list:
        above = column.known & (column.numbers != 0)
        nonzero = float(above[won].mean()), float(above[lost].mean())
        if min(nonzero) < HARDLY and max(nonzero) > OFTEN and min(shares) >= HARDLY:
            said = f"it is other than zero for {nonzero[0]:.0%} of won and {nonzero[1]:.0%} of lost deals"
            return found("L02", said, won=nonzero[0], lost=nonzero[1])
    said = f"it is filled in for {shares[0]:.0%} of won and {shares[1]:.0%} of lost deals"
    if min(shares) < HARDLY and max(shares) > OFTEN:
        return found("L02", said, won=shares[0], lost=shares[1])
    return passed("L02", said, won=shares[0], lost=shares[1])


def filling_gap(column: Column, facts: Facts) -> Evidence:
    """L18. Filled far more often for one outcome; less than filled for one only, so that it never adds to a drop."""
    won, lost = facts.decided & facts.won, facts.decided & ~facts.won
    rows = int(won.sum()), int(lost.sum())
    if min(rows) < FEWEST_DEALS:
        return not_applicable("L18", f"there are fewer than {FEWEST_DEALS} won or lost deals")
    shares = float(column.known[won].mean()), float(column.known[lost].mean())
    said = f"it is filled in for {shares[0]:.0%} of won and {shares[1]:.0%} of lost deals"
    if abs(shares[0] - shares[1]) - SURE * _error_of_gap(shares, rows) > GAP and min(shares) >= HARDLY:
        return found("L18", said, won=shares[0], lost=shares[1])
    return passed("L18", said, won=shares[0], lost=shares[1])


def _error_of_gap(shares: tuple[float, float], rows: tuple[int, int]) -> float:
    """The standard error of a difference of two shares."""
    return float(np.sqrt(sum(share * (1 - share) / count for share, count in zip(shares, rows, strict=True))))


def one_outcome(column: Column, facts: Facts) -> Evidence:
    """L03. Values that occur often and with one outcome only: nothing known beforehand is that sure.

    A value is counted once for each account and outcome. It is one outcome's own where at most 2 % speak otherwise and
    so few would be luck of one in a hundred, shared among the values, at a quarter of the average rate of the other.
    """
    rows = facts.decided & column.known
    if rows.sum() < FEWEST_DEALS:
        return not_applicable("L03", f"it is known for fewer than {FEWEST_DEALS} decided deals")
    total, wins = _accounts_by_value(column.texts, facts, rows)
    rate = float(facts.won[facts.decided].mean())
    often = int((total >= FEWEST_DEALS).sum())
    if not often:
        return passed("L03", "no value stands on enough accounts to be any outcome's own", share=0.0, values=0.0)
    all_won = _pure(total - wins, total, (1 - rate) / LEGITIMATE_FACTOR, often)
    all_lost = _pure(wins, total, rate / LEGITIMATE_FACTOR, often)
    sure = all_won | all_lost
    in_rows = np.bincount(column.texts.codes[rows], minlength=len(sure))
    share = float(in_rows[sure].sum() / facts.decided.sum())
    said = f"{int(sure.sum())} of its values occur with one outcome only, in {share:.0%} of the deals"
    if share >= COVERED:
        return found("L03", said, share=share, values=sure.sum())
    return passed("L03", said, share=share, values=sure.sum())


def _accounts_by_value(texts: Texts, facts: Facts, rows: Flags) -> tuple[Floats, Floats]:
    """For each value, its pairs of account and outcome, and those of them that are won."""
    size = len(texts.values)
    triple = (np.unique(facts.groups[rows], return_inverse=True)[1] * size + texts.codes[rows]) * 2 + facts.won[rows]
    kept = np.unique(triple)
    value, won = (kept // 2) % size, kept % 2
    return (
        np.bincount(value, minlength=size).astype(np.float64),
        np.bincount(value, weights=won, minlength=size).astype(np.float64),
    )


def _pure(others: Floats, total: Floats, usual: float, tried: int) -> Flags:
    """bool[values]: so few speak for the other outcome that `usual` would give as few by luck alone hardly ever."""
    luck = binom.cdf(others, total, usual)
    pure: Flags = (total >= FEWEST_DEALS) & (others <= IMPURE * total) & (luck < LUCK / tried)
    return pure


def outcome_copy(column: Column, facts: Facts) -> Evidence:
    """L07. The column and an outcome field each say what the other is, or the column holds the closing date."""
    if facts.closed is None and not facts.outcome_fields:
        return not_applicable("L07", "no closing date and no outcome field are known")
    if column.days is not None and facts.closed is not None:
        both = facts.decided & ~np.isnan(column.days) & ~np.isnan(facts.closed)
        if both.sum() >= FEWEST_DEALS:
            near = float((np.abs(column.days - facts.closed)[both] <= CLOSE_DAYS).mean())
            if near > 0.5:
                return found("L07", f"{near:.0%} of its dates lie within {CLOSE_DAYS:.0f} days of the close", near=near)
    best, name = 0.0, ""
    for field in facts.outcome_fields:
        if field.name != column.name:
            agreed = _agreement(column.texts, field, facts)
            best, name = max((best, name), (agreed, field.name))
    if best >= COPIED:
        return found("L07", f"it and '{name}' tell each other in {best:.0%} of the deals", agreement=best)
    return passed("L07", "no outcome field is told by it", agreement=best)


def _agreement(one: Texts, other: Texts, facts: Facts) -> float:
    """The lower of two shares: of rows where the other rows with its value in one column tell its value in the other.

    An account that says the same several times counts once: what its deals share tells nothing of other accounts. 0
    where fewer than 30 rows, or 30 % of those known in both, can be told so, or where one value is nearly all.
    """
    rows = facts.decided & one.known & other.known
    groups = np.unique(facts.groups[rows], return_inverse=True)[1]
    _, left, right = np.unique(np.stack([groups, one.codes[rows], other.codes[rows]]), axis=1)
    if not len(left):
        return 0.0
    counts = np.bincount(left)[left], np.bincount(right)[right]
    if max(np.bincount(left).max(), np.bincount(right).max()) > TELLING * len(left):
        return 0.0
    pair = np.unique(left * len(other.values) + right, return_inverse=True)[1]
    together = np.bincount(pair)[pair]
    asked = (counts[0] >= 2) & (counts[1] >= 2)
    if asked.sum() < max(30, 0.3 * len(left)):
        return 0.0
    told = [float((together[asked] - 1 > (count[asked] - 1) / 2).mean()) for count in counts]
    return min(told)


def includes_the_deal(column: Column, facts: Facts) -> Evidence:
    """L13. A total, such as revenue from the client, that already holds what this deal brought.

    Two signs, each with the amount followed more closely among wins than among losses, or with wins that get rarer as
    the total grows: zero mostly for lost deals and a jump just above; or at least the amount for nearly every win.
    """
    if column.numbers is None or column.is_list:
        return not_applicable("L13", "it is not a number or a range")
    if facts.amount is None or np.array_equal(facts.amount, column.numbers, equal_nan=True):
        return not_applicable("L13", "no other column with the deal's amount is known")
    known = facts.decided & ~np.isnan(column.numbers) & ~np.isnan(facts.amount)
    positive = known & (column.numbers > 0)
    if min((positive & facts.won).sum(), (known & ~facts.won).sum()) < 30:
        return not_applicable("L13", "fewer than 30 won deals have a value above zero")
    return _total(column.numbers, facts, known, positive)


def _total(numbers: Floats, facts: Facts, known: Flags, positive: Flags) -> Evidence:
    follows, apart = _follows_amount(numbers, facts, positive)
    odds, falling = _jump(numbers, facts, known, positive)
    held = _held(numbers, facts, known)
    figures = {"rank_with_amount_won": follows, "jump_odds": odds, "amount_held_won": held[0], "held_lost": held[1]}
    if follows > 0 and odds >= JUMP and (apart or falling):
        said = (
            f"the odds of winning are {odds:.0f} times as high just above zero as at zero, and among won deals it "
            f"follows the deal's own amount: it probably includes the deal"
        )
        return found("L13", said, **figures)
    if apart and held[0] >= INCLUDED and held[1] < NOT_INCLUDED:
        said = (
            f"it is at least the deal's amount for {held[0]:.0%} of won and {held[1]:.0%} of lost deals, and follows "
            f"it among the won ones only: it probably includes the deal"
        )
        return found("L13", said, **figures)
    return passed("L13", "it does not look like a total that includes the deal", **figures)


def _follows_amount(numbers: Floats, facts: Facts, positive: Flags) -> tuple[float, bool]:
    """The rank correlation with the amount among wins, 0 where it may be luck, and whether it is lower among losses."""
    amount = facts.amount
    assert amount is not None
    won, of_won = rank_correlation(numbers, amount, positive & facts.won)
    lost, of_lost = rank_correlation(numbers, amount, positive & ~facts.won)
    if won <= 0 or lower_bound(won, of_won) <= 0:
        return 0.0, False
    gap = np.arctanh(min(won, 0.999999)) - np.arctanh(np.clip(lost, -0.999999, 0.999999))
    error = 1.06 * np.sqrt(1 / max(of_won - 3, 1) + 1 / max(of_lost - 3, 1))
    return won, bool(gap > 3 * error and won - lost > 0.15)


def _jump(numbers: Floats, facts: Facts, known: Flags, positive: Flags) -> tuple[float, bool]:
    """Odds of winning in the lower half of the positive values over those at zero, and whether wins get rarer above."""
    at_zero = known & ~positive
    if at_zero.sum() < 30:
        return 0.0, False
    low = positive & (numbers <= np.median(numbers[positive]))
    odds = [(facts.won[rows].sum() + 0.5) / ((~facts.won[rows]).sum() + 0.5) for rows in (low, at_zero)]
    trend, count = rank_correlation(numbers, facts.won.astype(np.float64), positive)
    return float(odds[0] / odds[1]), trend < 0 and lower_bound(trend, count) > 0


def _held(numbers: Floats, facts: Facts, known: Flags) -> tuple[float, float]:
    """Share of won and of lost deals whose total is at least their amount."""
    assert facts.amount is not None
    held = numbers >= facts.amount * 0.999
    return float(held[known & facts.won].mean()), float(held[known & ~facts.won].mean())


def amount_of(numbers: Codes | Floats | None) -> Floats | None:
    """An amount as evidence reads it: negative amounts are none."""
    return None if numbers is None else np.where(numbers < 0, np.nan, numbers.astype(np.float64))
