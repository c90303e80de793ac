"""The cuts of one model carried over to the scale of another.

Cuts are log-odds of their own model. The next model may give every deal half a unit more because more deals are won,
or spread them wider because its stack trusts its members more; neither says that one company is better than another.
To tell such a change of level from a change of ranking, an old cut is carried over by the share of the *reference
population*, the training deals: the cut that 20 % of the old model's deals reached becomes the one that 20 % of the new
model's deals reach, each by out-of-fold log-odds.

Why not otherwise. By probability, a base rate that rose from 25 % to 35 % would count as if every company had become
better. By the share of the list that is scored, tiers would keep their size whatever the new model says of the list: a
list that lost what the ICP asks for would look as if only the cuts had moved. What it costs: the deals of two quarters
are not the same, and a shift among them counts as a change of the model.

Both references are eleven quantiles, 0 % to 100 %, linear between them, so that a model whose log-odds are those of
the other, shifted and stretched, has the carried cuts of the other shifted and stretched: exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.model.tiers import MARGIN, Cuts

Floats = NDArray[np.float64]

TENTH: Final = 1
NINE_TENTHS: Final = -2
"""Places of the 10 % and the 90 % quantile, between which the spread of a model is taken."""


def carried_cuts(cuts: Cuts, old: Sequence[float], new: Sequence[float]) -> Cuts:
    """The cuts where the new model's reference has what the old one's had at them; scores and labels stay.

    old, new: 0 %, 10 %, ... 100 % quantiles of the log-odds of each model's training deals, out of fold. Where two
    cuts fall on one place, because the new model cannot tell these deals apart, the lower one lies just below.
    """
    bounds = carried(np.array(cuts.log_odds), old, new)
    for place in range(1, len(bounds)):
        bounds[place] = min(bounds[place], np.nextafter(bounds[place - 1], -np.inf))
    if not len(bounds):
        return cuts
    low = min(float(carried(np.array([cuts.low]), old, new)[0]), bounds[-1] - MARGIN)
    high = max(float(carried(np.array([cuts.high]), old, new)[0]), bounds[0] + MARGIN)
    return replace(cuts, log_odds=tuple(bounds.tolist()), low=low, high=high)


def carried(log_odds: Floats, old: Sequence[float], new: Sequence[float]) -> Floats:
    """Log-odds of the old model on the scale of the new one, float64[n], never falling.

    Beyond the reference by the ratio of the two spreads; as they are where both references are one.
    """
    if tuple(old) == tuple(new):
        return log_odds.copy()
    source, target = np.asarray(old, dtype=np.float64), np.asarray(new, dtype=np.float64)
    inside: Floats = np.interp(log_odds, *_distinct(source, target))
    ratio = spread_ratio(old, new)
    below = np.minimum(log_odds - source[0], 0.0) * ratio
    above = np.maximum(log_odds - source[-1], 0.0) * ratio
    moved: Floats = inside + below + above
    return moved


def spread_ratio(old: Sequence[float], new: Sequence[float]) -> float:
    """How much wider the new model spreads its deals than the old one does its own; 1 where either gives all the same.

    The spread is from the 10 % to the 90 % quantile.
    """
    was, is_now = (each[NINE_TENTHS] - each[TENTH] for each in (old, new))
    return is_now / was if was > 0 and is_now > 0 else 1.0


def _distinct(source: Floats, target: Floats) -> tuple[Floats, Floats]:
    """Without repeats of the source; a run of equal quantiles stands for the middle of what it is carried to."""
    kept = np.unique(source)
    return kept, np.array([target[source == each].mean() for each in kept])
