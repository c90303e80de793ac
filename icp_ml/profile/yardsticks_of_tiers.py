"""What tiers came to, beside the field's working figures.

    share of wins in tier 1                  70 % or more
    win rate of tier 1 over the last tier    2 to 3 times; under 1.5 a model does not discriminate
    days to a win, tier 1 under the last     20 to 40 % fewer
    tier 1 and tier 2                        not won alike: the weights need work;
                                             not equally fast: fit weighs too much against timing

A figure *held* or *missed* where its whole 90 % interval lies on one side; else the deals *cannot tell*. The guides
speak of meetings over at least 30 days of outreach; win rates of deals are another base, and sentences say so.

The odds ratio stands beside the ratio because it does not depend on the base rate, and the ratio does: where most
deals are won, no tier that holds 70 % of the wins can win three times as often as the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from icp_ml.model.metrics import Estimate
from icp_ml.model.tier_outcomes import HALF, ToldDeals, resampled
from icp_ml.profile.records import Interval, Record

Floats = NDArray[np.float64]

WINS_HELD: Final = 0.70
RATIO: Final = (2.0, 3.0)
DISCRIMINATES: Final = 1.5
SOONER: Final = (0.20, 0.40)
"""The field's working figures."""
ALIKE: Final = 1.25
"""Odds ratio within which, and within its inverse, two tiers are won alike. We chose it: at a base rate of 30 % it is
35 % against 30 %, a difference that no sales team would notice."""
EQUALLY_FAST: Final = 0.10
"""Share of days by which two tiers that close equally fast may differ. We chose it: half of the least yardstick."""

FIRST, SECOND = "1", "2"

Answer = Literal["held", "missed", "cannot tell", "not known"]
Measured = Literal["wins in tier 1", "tier 1 over the last tier", "discriminates", "sooner won", "won alike", "as fast"]

_HELD: Final[Answer] = "held"
_MISSED: Final[Answer] = "missed"
_CANNOT_TELL: Final[Answer] = "cannot tell"
_NOT_KNOWN: Final[Answer] = "not known"
_OF_DISCRIMINATION: Final[Mapping[Answer, str]] = MappingProxyType(
    {
        _HELD: "The model discriminates",
        _MISSED: "The model does not discriminate",
        _CANNOT_TELL: "Whether the model discriminates cannot be told yet",
        _NOT_KNOWN: "Whether the model discriminates is not known",
    }
)


class Yardstick(Record):
    """One working figure of the field with what was found, its 90 % interval, and an answer in a sentence.

    found: None where it cannot be measured. For "won alike" and "as fast" the answer "missed" is that they are.
    """

    measured: Measured
    found: Interval | None
    answer: Answer
    sentence: str


class TierYardsticks(Record):
    """base_rate: of the judged deals. notes: what has to be known to read the figures, sentences."""

    base_rate: float
    yardsticks: tuple[Yardstick, ...]
    notes: tuple[str, ...] = ()


def measure_yardsticks(told: ToldDeals, seed: int) -> TierYardsticks:
    """The yardsticks on deals that were given a tier by cuts that had not seen them; days may be NaN where not known.

    Where no tier is called "1" the first one covers tier 2 as well: the two could not be told apart.
    """
    held, *beside_last, odds, sooner = _measured(told, seed)
    ratio_to_last, odds_to_last, sooner_than_last = beside_last
    base_rate = float(told.won[told.decided].mean()) if told.decided.any() else float("nan")
    return TierYardsticks(
        base_rate=base_rate,
        yardsticks=(
            _wins_held(held),
            _ratio(ratio_to_last, odds_to_last),
            _discriminates(ratio_to_last),
            _sooner(sooner_than_last),
            _won_alike(told.labels, odds),
            _as_fast(sooner),
        ),
        notes=tuple(_notes(base_rate)),
    )


def greatest_ratio(base_rate: float, wins_held: float = WINS_HELD) -> float:
    """How many times as often as the rest a tier with this share of the wins can win at most, all of its deals won.

    It then holds wins_held x base_rate of the deals; of the others (1 - wins_held) x base_rate are won. base_rate in
    (0, 1). At 62.5 % it is 3, at 77 % it is 2.
    """
    return (1.0 - wins_held * base_rate) / ((1.0 - wins_held) * base_rate)


def _wins_held(found: Estimate | None) -> Yardstick:
    answer = _answer(found, WINS_HELD)
    sentence = _line("Share of wins in tier 1", _share(found), f"{WINS_HELD:.0%} or more", answer)
    return Yardstick(measured="wins in tier 1", found=_interval(found), answer=answer, sentence=sentence)


def _ratio(found: Estimate | None, odds: Estimate | None) -> Yardstick:
    answer = _answer(found, RATIO[0])
    sentence = _line(
        "Win rate of tier 1 over that of the last tier",
        f"{_times(found)}, odds ratio {_times(odds)}",
        f"{RATIO[0]:g} to {RATIO[1]:g} times, of meetings in the guides and of closed deals here",
        answer,
    )
    return Yardstick(measured="tier 1 over the last tier", found=_interval(found), answer=answer, sentence=sentence)


def _discriminates(found: Estimate | None) -> Yardstick:
    answer = _answer(found, DISCRIMINATES)
    sentence = (
        f"{_OF_DISCRIMINATION[answer]}: that takes a tier 1 that wins at least {DISCRIMINATES:g} times as often as the "
        f"last tier."
    )
    return Yardstick(measured="discriminates", found=_interval(found), answer=answer, sentence=sentence)


def _sooner(found: Estimate | None) -> Yardstick:
    answer = _answer(found, SOONER[0])
    wanted = f"{SOONER[0]:.0%} to {SOONER[1]:.0%}"
    sentence = _line("Fewer days to a win in tier 1 than in the last tier", _share(found), wanted, answer)
    return Yardstick(measured="sooner won", found=_interval(found), answer=answer, sentence=sentence)


def _won_alike(labels: tuple[str, ...], odds: Estimate | None) -> Yardstick:
    if FIRST not in labels:
        answer, told = _MISSED, "Tiers 1 and 2 could not be told apart and are one: the weights need work"
    elif odds is None:
        answer, told = _NOT_KNOWN, "Whether tier 1 is won more often than tier 2 is not known"
    elif odds.low > 1.0:
        answer, told = _HELD, "Tier 1 is won more often than tier 2"
    elif odds.high < 1.0:
        answer, told = _MISSED, "Tier 2 is won more often than tier 1: the weights need work"
    elif odds.low > 1.0 / ALIKE and odds.high < ALIKE:
        answer, told = _MISSED, "Tiers 1 and 2 are won alike: the weights need work"
    else:
        answer, told = _CANNOT_TELL, "Whether tier 1 is won more often than tier 2 cannot be told yet"
    beside = "" if odds is None else f" (odds ratio {_times(odds)})"
    return Yardstick(measured="won alike", found=_interval(odds), answer=answer, sentence=f"{told}{beside}.")


def _as_fast(sooner: Estimate | None) -> Yardstick:
    if sooner is None:
        answer, told = _NOT_KNOWN, "Whether wins of tier 1 close faster than those of tier 2 is not known"
    elif sooner.low > 0.0:
        answer, told = _HELD, "Wins of tier 1 close faster than those of tier 2"
    elif sooner.high < 0.0:
        answer, told = (
            _MISSED,
            "Wins of tier 1 close more slowly than those of tier 2: fit weighs too much against timing",
        )
    elif sooner.low > -EQUALLY_FAST and sooner.high < EQUALLY_FAST:
        answer, told = _MISSED, "Wins of tiers 1 and 2 close equally fast: fit weighs too much against timing"
    else:
        answer, told = _CANNOT_TELL, "Whether wins of tier 1 close faster than those of tier 2 cannot be told yet"
    beside = "" if sooner is None else f" (fewer days: {_share(sooner)})"
    return Yardstick(measured="as fast", found=_interval(sooner), answer=answer, sentence=f"{told}{beside}.")


def _notes(base_rate: float) -> Iterator[str]:
    """Where the yardsticks exclude each other."""
    if not 0.0 < base_rate < 1.0 or greatest_ratio(base_rate) >= RATIO[1]:
        return
    yield (
        f"At a base rate of {base_rate:.0%} a tier that holds {WINS_HELD:.0%} of the wins can win at most "
        f"{greatest_ratio(base_rate):.2g} times as often as the rest; read the odds ratio, which does not depend on "
        f"the base rate."
    )


def _measured(told: ToldDeals, seed: int) -> list[Estimate | None]:
    """Share of wins in the first tier; its ratio, odds ratio and days saved against the last; tier 1 against tier 2."""
    second = next((label for label in told.labels if label.partition("-")[0] == SECOND), None)
    here, there = (_of_label(told, label) for label in (FIRST, second))
    first, last, parted = (told.decided & side for side in (told.first, told.last, told.parted))

    def figures(weights: Floats) -> Floats:
        wins = np.array([weights @ (side * told.won) for side in (first, parted)])
        beside_last = _beside(told, weights * first, weights * last)
        beside_second = _beside(told, weights * here, weights * there)
        return np.array([_over(wins[0], wins[1]), *beside_last, *beside_second[1:]])

    return resampled(figures, told.groups, seed)


def _of_label(told: ToldDeals, label: str | None) -> NDArray[np.bool_]:
    """The decided deals of a tier; none where there is no such tier."""
    place = told.labels.index(label) if label in told.labels else -1
    return np.asarray(told.decided & (told.places == place), dtype=bool)


def _beside(told: ToldDeals, one: Floats, other: Floats) -> Floats:
    """float64[3]: ratio of win rates, odds ratio, share of days to a win saved; NaN for what cannot be said."""
    if not one.sum() or not other.sum():
        return np.full(3, np.nan)
    won, lost = (np.array([side @ outcome for side in (one, other)]) for outcome in (told.won, 1 - told.won))
    rates, odds = (won + HALF) / (won + lost + 2 * HALF), (won + HALF) / (lost + HALF)
    days = [_over(float((side * told.won) @ told.days), wins) for side, wins in zip((one, other), won, strict=True)]
    return np.array([rates[0] / rates[1], odds[0] / odds[1], 1.0 - _over(days[0], days[1])])


def _over(part: float, whole: float) -> float:
    """Their ratio, NaN where there is nothing to divide by."""
    return float(part / whole) if whole else float("nan")


def _line(name: str, figure: str, wanted: str, answer: Answer) -> str:
    if answer == _NOT_KNOWN:
        return f"{name}: {wanted} is expected, and it is not known."
    return f"{name}: {figure}; expected {wanted}: {answer}."


def _answer(found: Estimate | None, least: float) -> Answer:
    if found is None:
        return _NOT_KNOWN
    if found.low >= least:
        return _HELD
    return _MISSED if found.high < least else _CANNOT_TELL


def _interval(found: Estimate | None) -> Interval | None:
    return None if found is None else Interval(value=found.value, low=found.low, high=found.high)


def _times(found: Estimate | None) -> str:
    return "not known" if found is None else f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}]"


def _share(found: Estimate | None) -> str:
    return "not known" if found is None else f"{found.value:.0%} [{found.low:.0%}, {found.high:.0%}]"
