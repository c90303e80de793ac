"""Is the explanation the same in models that learned from other deals, and from quarter to quarter?

Across models: the models of the outer folds, each with a search and a vocabulary of its own, are asked about the same
deals. Across time: what models that had not seen a deal's account said of it, by the quarter in which it opened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from icp_ml.profile.base_rates import quarter_name, quarters
from icp_ml.profile.rates import win_rate_gap
from icp_ml.profile.records import FactorSteadiness, Interval, PeriodVoice

Floats = NDArray[np.float64]
Voice = Mapping[str, Floats]
"""Contributions by factor, each (n,), in log-odds; a factor that a model does not use is absent."""

LEAST_IN_A_QUARTER = 20
"""Deals under which a quarter shows nothing of a factor. We chose it."""


@dataclass(frozen=True)
class FoldVoice:
    """What one judging model says. alike: of deals that all models are asked about. unseen: of its own test deals.

    won: (m,) outcomes of the test deals.
    """

    alike: Voice
    unseen: Voice
    won: NDArray[np.int8]


@dataclass(frozen=True)
class VoicesOverTime:
    """Deals with what was said of them by models that had not seen their accounts.

    names: of the factors. contributions: (n, factors). won, groups: (n,). opened: (n,), or None without dates.
    """

    names: tuple[str, ...]
    contributions: Floats
    won: NDArray[np.int8]
    groups: NDArray[np.int64]
    opened: NDArray[np.datetime64] | None


def steadiness(own: Voice, folds: Sequence[FoldVoice], over_time: VoicesOverTime) -> tuple[FactorSteadiness, ...]:
    """One record a factor of `own`, the model of all deals, asked about the same deals as the folds' `alike`."""
    shares = [_shares(fold.alike) for fold in folds]
    whole, spans = _shares(own), tuple(_quarters(over_time))
    return tuple(
        FactorSteadiness(
            factor=name,
            models=sum(name in fold.alike for fold in folds),
            judged_by=len(folds),
            agreement=_agreement([fold.alike.get(name) for fold in folds]),
            share=_range(whole[name], [each.get(name, 0.0) for each in shares]),
            held=sum(_direction_held(fold, name) for fold in folds),
            periods=tuple(_periods(over_time.names, spans, name)),
        )
        for name in own
    )


def _shares(voice: Voice) -> dict[str, float]:
    strength = {name: float(np.abs(values).mean()) for name, values in voice.items()}
    total = sum(strength.values())
    return {name: each / total if total else 0.0 for name, each in strength.items()}


def _range(value: float, others: Sequence[float]) -> Interval:
    return Interval(value=value, low=min(others, default=value), high=max(others, default=value))


def _agreement(voices: Sequence[Floats | None]) -> float | None:
    """Mean rank correlation (Spearman 1904) over pairs of models, a pair in which one is silent counting 0."""
    if len(voices) < 2 or all(voice is None for voice in voices):
        return None
    ranks = [None if voice is None or np.ptp(voice) == 0 else rankdata(voice) for voice in voices]
    pairs = [0.0 if a is None or b is None else float(np.corrcoef(a, b)[0, 1]) for a, b in combinations(ranks, 2)]
    return float(np.mean(pairs))


def _direction_held(fold: FoldVoice, name: str) -> bool:
    """Whether unseen deals that it speaks for were won more often than those it speaks against."""
    voice = fold.unseen.get(name)
    if voice is None:
        return False
    above, below = fold.won[voice > 0], fold.won[voice < 0]
    return bool(len(above) and len(below) and above.mean() > below.mean())


@dataclass(frozen=True)
class _Quarter:
    """The deals of one quarter: contributions (m, factors), and the share of the explanation of each factor."""

    name: str
    contributions: Floats
    shares: Floats
    won: NDArray[np.int8]
    groups: NDArray[np.int64]


def _quarters(deals: VoicesOverTime) -> Iterator[_Quarter]:
    if deals.opened is None:
        return
    quarter = quarters(deals.opened)
    for each in np.unique(quarter).tolist():
        here = quarter == each
        if here.sum() < LEAST_IN_A_QUARTER:
            continue
        strength = np.abs(deals.contributions[here]).mean(axis=0)
        shares = strength / max(float(strength.sum()), np.finfo(float).tiny)
        yield _Quarter(quarter_name(each), deals.contributions[here], shares, deals.won[here], deals.groups[here])


def _periods(names: Sequence[str], spans: Sequence[_Quarter], name: str) -> Iterator[PeriodVoice]:
    if name not in names:
        return
    place = names.index(name)
    for span in spans:
        voice = span.contributions[:, place]
        yield PeriodVoice(
            period=span.name,
            deals=len(voice),
            share=float(span.shares[place]),
            gap=win_rate_gap(span.won, span.groups, voice > 0, voice < 0),
        )
