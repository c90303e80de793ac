"""Which layer predicted, on lists as they were given, and what follows for the points of a hand-kept scorecard.

    layer            points now   ten points more    points proposed: 100 x now x tells / sum of now x tells
    firmographic         60         odds x 1.22           40
    engagement           40         odds x 1.57           60

Points are worth moving where a point tells more in one layer than in another. Where the deals do not show that, the
points stay: what people chose is no worse than noise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.settings import Layer
from icp_ml.deals.sufficiency import SOUND_START
from icp_ml.model.held_up import ranking_of
from icp_ml.model.metrics import Judged
from icp_ml.model.tier_outcomes import resampled
from icp_ml.profile.records import Interval
from icp_ml.watch.followed import Followed
from icp_ml.watch.given import GivenList
from icp_ml.watch.layer_slopes import LayeredDeals, Slopes, fit_slopes
from icp_ml.watch.review_parts import interval
from icp_ml.watch.review_records import LayerEffect, LayersReview

Floats = NDArray[np.float64]
HandPoints = Mapping[Layer, float]
"""Points of a hand-kept scorecard by layer, 100 in all."""

LEVEL: Final = 0.05
"""Of the test that a point tells as much in each layer. We chose the customary one: what follows is for people."""
SMALLEST: Final = 0.001
"""P-values under this are told as such."""
STEP: Final = 10.0
"""Points for which an odds ratio is told: a difference that people notice in a score."""


@dataclass(frozen=True)
class _Told:
    """Decided mature deals that one model's lists gave a tier. layers: those whose sub-scores vary among them."""

    scored_by: GivenList
    layers: tuple[Layer, ...]
    deals: LayeredDeals

    def accounts(self, *, won: bool) -> int:
        return len(np.unique(self.deals.groups[self.deals.won == won]))


def measure_layers(followed: Followed, points: Mapping[str, HandPoints], seed: int) -> LayersReview | None:
    """Of the model whose lists have the most such deals; None where no list has sub-scores.

    points: of hand-kept scorecards, by the content hash that their lists have. A layer that does not vary among the
    deals tells nothing and keeps its points.
    """
    told = list(_each_model(followed))
    if not told:
        return None
    most = max(told, key=lambda each: len(each.deals.won))
    won, lost = most.accounts(won=True), most.accounts(won=False)
    effects = tuple(
        LayerEffect(layer=layer, ranking=_ranking(most.deals, most.deals.points[:, place], seed), effect=None)
        for place, layer in enumerate(most.layers)
    )
    found = LayersReview(
        model=most.scored_by.model, deals=len(most.deals.won), won_accounts=won, lost_accounts=lost, layers=effects,
        p_value=None, verdict="too few", sentence=_too_few(won, lost),
    )  # fmt: skip
    if min(won, lost) < SOUND_START or len(most.layers) < 2:
        return found
    return _judged(found, most.deals, points.get(most.scored_by.content_hash), seed)


def _each_model(followed: Followed) -> Iterator[_Told]:
    decided = followed.told[~followed.is_open[followed.told]]
    for which in dict.fromkeys(map(_which, followed.lists)):
        places = [place for place, each in enumerate(followed.lists) if _which(each) == which]
        rows = decided[np.isin(followed.given.list[decided], places)]
        scored_by = followed.lists[places[-1]]
        if len(rows) and scored_by.sub_scores:
            yield _told(followed, scored_by, rows)


def _which(given: GivenList) -> tuple[str, ...]:
    """What a model is recognised by in its lists."""
    return (given.content_hash, given.model, *given.sub_scores)


def _told(followed: Followed, scored_by: GivenList, rows: NDArray[np.intp]) -> _Told:
    block, at = followed.given.list[rows], followed.given.row[rows]
    points = np.column_stack(
        [
            np.array([followed.lists[of].sub_scores[layer][row] for of, row in zip(block, at, strict=True)])
            for layer in scored_by.sub_scores
        ]
    )
    varies = points.max(axis=0) > points.min(axis=0)
    layers = tuple(layer for layer, kept in zip(scored_by.sub_scores, varies, strict=True) if kept)
    deals = LayeredDeals(points[:, varies], followed.won[rows], followed.groups[rows], block.astype(np.int64))
    return _Told(scored_by, layers, deals)


def _ranking(deals: LayeredDeals, score: Floats, seed: int) -> Interval | None:
    told = Judged(score, np.zeros(len(score)), deals.won, deals.groups, deals.block.astype(np.intp))
    return interval(ranking_of(score, told, seed))


def _judged(found: LayersReview, deals: LayeredDeals, points: HandPoints | None, seed: int) -> LayersReview:
    """What each layer told beside the others, and, of a hand-kept scorecard, the points that follow."""
    slopes = fit_slopes(deals, np.ones(len(deals.won)))
    now = np.array([(points or {}).get(each.layer, np.nan) for each in found.layers])

    def figures(weights: Floats) -> Floats:
        drawn = fit_slopes(deals, weights)
        return np.concatenate([np.exp(STEP * drawn.slope), proposed_points(drawn, now)])

    estimates = [interval(each) for each in resampled(figures, deals.groups, seed)]
    p_value = slopes.p_value()
    differ, moved = p_value < LEVEL, estimates[len(now) :]
    is_shift = differ and points is not None and all(moved)
    effects = tuple(
        each.model_copy(
            update={
                "effect": estimates[place],
                "points": None if points is None else float(now[place]),
                "proposed": moved[place] if is_shift else None,
            }
        )
        for place, each in enumerate(found.layers)
    )
    verdict = "shift" if is_shift else "differ" if differ else "no difference shown"
    judged = found.model_copy(update={"layers": effects, "p_value": p_value, "verdict": verdict})
    return judged.model_copy(update={"sentence": _sentence(judged)})


def proposed_points(slopes: Slopes, now: Floats) -> Floats:
    """(layers,): the same points in all, each layer's in proportion to what it has now times what a point of it tells.

    A layer of which more points tell less gets none. NaN where no layer tells anything, or `now` is not known.
    """
    tells = now * np.maximum(slopes.drawn_together(), 0.0)
    total = tells.sum()
    return now.sum() * tells / total if total > 0 else np.full(len(now), np.nan)


def _too_few(won: int, lost: int) -> str:
    return (
        f"Which layer predicted cannot be told: {SOUND_START} won and {SOUND_START} lost accounts of one model's lists "
        f"and two layers that vary were expected, found {won:,} and {lost:,}; no points are proposed."
    )


def _sentence(found: LayersReview) -> str:
    p = f"{_p_words(found.p_value)}, {found.deals:,} deals"
    if found.verdict == "no difference shown":
        return f"No layer is shown to tell more a point than another ({p}); no points are proposed."
    ranked = sorted((each for each in found.layers if each.effect), key=lambda each: -_value(each.effect))
    told = f"Ten points of {ranked[0].layer} told most and ten of {ranked[-1].layer} least ({p})."
    against = [each.layer for each in ranked if each.effect is not None and each.effect.high < 1]
    if against:
        told += f" More points of {' and '.join(against)} go with fewer wins: look at those rules before their weights."
    if found.verdict == "differ":
        return told
    return f"{told} Proposed points: {', '.join(map(_move, found.layers))}."


def _p_words(p_value: float | None) -> str:
    return "p < 0.001" if p_value is not None and p_value < SMALLEST else f"p = {p_value:.3f}"


def _value(found: Interval | None) -> float:
    return float("nan") if found is None else found.value


def _move(each: LayerEffect) -> str:
    now, then = each.points, each.proposed
    return "" if then is None else f"{each.layer} {now:.0f} to {then.value:.0f} [{then.low:.0f}, {then.high:.0f}]"
