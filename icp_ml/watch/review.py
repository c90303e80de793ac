"""What became of scores as they were given: by tier, beside what was promised, and only where there was time for it.

    on a list     its account stood on a list before the deal opened; the last such list counts
    mature        opened so long ago that four in five deals of its age have closed, at least 30 days
    outside       worked although its account had no tier, or stood on no list

A list counts for opportunities from 30 days on. What is not mature yet is counted, with the day on which it will be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

import numpy as np
from scipy.special import logit

from icp_ml.deals.policy import OUT_OF_SCOPE
from icp_ml.model.held_up import measure_held_up, ranking_of
from icp_ml.model.metrics import Judged
from icp_ml.model.tier_outcomes import ToldDeals, pooled, told_by_cuts
from icp_ml.profile.records import Interval
from icp_ml.profile.yardsticks_of_tiers import measure_yardsticks
from icp_ml.watch.followed import NO_LIST, NO_TIER, Followed
from icp_ml.watch.layer_weights import HandPoints, measure_layers
from icp_ml.watch.review_parts import cuts_of, interval, parts_of, with_opportunities
from icp_ml.watch.review_records import Kept, ListReview, PartReview, Review
from icp_ml.watch.worked_outside import measure_outside

LEAST_MATURE: Final = 20
"""Mature deals under which nothing is said of tiers: fewer than a handful in each. We chose it."""
CERTAIN: Final = 1e-6
"""Probabilities nearer to 0 or 1 are read as this: a file may have rounded them."""


def measure_review(followed: Followed, seed: int, points: Mapping[str, HandPoints] | None = None) -> Review:
    """Everything of deals but drift, which is about the live model and not about what was given.

    points: as of `measure_layers`.
    """
    places = range(len(followed.lists))
    told = [each for place in places if len((each := _told(followed, place)).won)]
    on_list = followed.given.list >= 0
    found = Review(
        extracted=followed.extracted.isoformat(),
        gap=followed.gap,
        lists=tuple(_list(followed, place) for place in places),
        mature=sum(len(each.won) for each in told),
        too_young=int((~followed.mature & on_list).sum()),
        outside={
            NO_LIST: int((followed.mature & ~on_list).sum()),
            NO_TIER: sum(len(followed.mature_of(place, in_tier=False)) for place in places),
        },
    )
    if found.mature < LEAST_MATURE:
        return found.model_copy(update={"sentences": tuple(_not_yet(found))})
    together = pooled(told)
    measured = {
        "tiers": _tiers(followed, together, seed),
        "cuts": tuple(cuts_of(followed, seed)),
        "worked_outside": measure_outside(followed, seed),
        "layers": measure_layers(followed, points or {}, seed),
        "yardsticks": measure_yardsticks(together, seed),
        "kept": _kept(followed, seed),
    }
    found = found.model_copy(update=measured)
    return found.model_copy(update={"sentences": tuple(_sentences(found))})


def _told(followed: Followed, place: int) -> ToldDeals:
    """The mature deals of one list that had a tier."""
    rows, given = followed.mature_of(place), followed.lists[place]
    labels = sorted(given.tiers, key=lambda label: (label == OUT_OF_SCOPE, label))
    code = np.array([labels.index(label) for label in given.tiers], dtype=np.int8)
    closed = np.where(followed.is_open[rows], np.datetime64(followed.extracted), followed.closed[rows])
    return told_by_cuts(
        labels,
        code[given.tier[followed.given.row[rows]]],
        followed.won[rows],
        followed.groups[rows],
        days=(closed - followed.opened[rows]).astype("timedelta64[D]").astype(np.float64),
        is_open=followed.is_open[rows],
        block=place,
    )


def _list(followed: Followed, place: int) -> ListReview:
    rows, given = followed.given.at(place), followed.lists[place]
    last = followed.opened[rows].max().astype(object) if len(rows) else given.day
    return ListReview(
        name=given.name,
        day=given.day.isoformat(),
        model=given.model,
        accounts=len(given),
        deals=len(rows),
        mature=int(followed.mature[rows].sum()),
        matures=(last + timedelta(days=followed.gap)).isoformat(),
    )


def _tiers(followed: Followed, together: ToldDeals, seed: int) -> tuple[PartReview, ...]:
    rows = followed.told
    parts = parts_of(followed, rows, followed.tier[rows], together.labels, seed)
    return with_opportunities(followed, parts, "tier")


def _kept(followed: Followed, seed: int) -> Kept:
    """By the probability where every list has one, else the order by the score alone. Decided deals only."""
    rows = [each[~followed.is_open[each]] for each in map(followed.mature_of, range(len(followed.lists)))]
    pairs = [(followed.lists[place], each) for place, each in enumerate(rows)]
    score, probability = (
        np.concatenate([np.asarray(getattr(given, name))[followed.given.row[each]] for given, each in pairs])
        for name in ("score", "probability")
    )
    every = np.concatenate(rows)
    has_probability = bool(len(every)) and not np.isnan(probability).any()
    told = Judged(
        log_odds=logit(np.clip(probability, CERTAIN, 1.0 - CERTAIN)) if has_probability else score,
        base=np.zeros(len(every)),
        won=followed.won[every],
        groups=followed.groups[every],
        block=np.repeat(np.arange(len(rows)), [len(each) for each in rows]),
    )
    if not 0 < told.won.sum() < len(told):
        return Kept(ranking=None, observed_over_expected=None, slope=None)
    if not has_probability:
        return Kept(ranking=interval(ranking_of(score, told, seed)), observed_over_expected=None, slope=None)
    held = measure_held_up(told, seed)
    level, slope = interval(held.observed_over_expected), interval(held.slope)
    return Kept(ranking=interval(held.ranking), observed_over_expected=level, slope=slope)


def _not_yet(found: Review) -> Iterator[str]:
    coming = max((each.matures for each in found.lists if each.deals > each.mature), default="")
    later = f" {found.too_young:,} more will be by {coming}." if coming else ""
    yield (
        f"{found.mature:,} deals of accounts on a list are mature (opened {found.gap} days before {found.extracted} or "
        f"earlier), and {LEAST_MATURE} are needed to say anything of tiers.{later}"
    )


def _sentences(found: Review) -> Iterator[str]:
    if found.kept is not None and found.kept.ranking is not None:
        ranking = found.kept.ranking
        order = "held" if ranking.low > 0.5 else "did not hold" if ranking.high < 0.5 else "cannot be told from chance"
        yield f"The order {order}: {_share(ranking)} of pairs of a won and a lost deal were in the right order."
    if found.kept is not None and found.kept.observed_over_expected is not None:
        level = found.kept.observed_over_expected
        if not level.low <= 1.0 <= level.high:
            more = "more" if level.value > 1 else "fewer"
            yield (
                f"Probabilities were off: {level.value:.2f} [{level.low:.2f}, {level.high:.2f}] times as many deals "
                f"were won as promised, {more} than the lists said. Train anew, or state the base rate."
            )
    if found.yardsticks is not None:
        yield from (each.sentence for each in found.yardsticks.yardsticks)
    if found.layers is not None:
        yield found.layers.sentence
    outside = sum(found.outside.values())
    if outside:
        yield (
            f"{outside:,} mature deals were worked outside of the tiers: {found.outside[NO_LIST]:,} with accounts on "
            f"no list, {found.outside[NO_TIER]:,} with accounts that had no tier."
        )
    if found.worked_outside is not None:
        yield from found.worked_outside.sentences
    if found.too_young:
        yield f"{found.too_young:,} deals on lists are too young to say anything."


def _share(found: Interval) -> str:
    return f"{found.value:.0%} [{found.low:.0%}, {found.high:.0%}]"
