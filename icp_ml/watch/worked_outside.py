"""Deals worked outside of the recommended tiers: how they went beside those inside, and whose they are.

    recommended    the account had a tier on the last list before the deal opened, and was not out of scope
    outside        it was out of scope, had no tier, or stood on no list

Customers, and accounts that had an open deal, are on neither side: no list recommends them, and they are somebody's.
A representative with few deals is not judged: all such are shown as one. Mature deals only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.policy import OUT_OF_SCOPE
from icp_ml.profile.records import Interval
from icp_ml.watch.followed import NO_LIST, NO_TIER, NOT_KNOWN, Followed, Labels, Rows
from icp_ml.watch.review_parts import parts_of, rate_of
from icp_ml.watch.review_records import OutsideReview, PartReview, RepresentativeReview

Flags = NDArray[np.bool_]

INSIDE, OUTSIDE = "recommended tiers", "outside of them"
LEAST_OF_ONE: Final = 10
"""Mature deals under which a representative is not shown alone. We chose it: the interval of 5 wins in 10 is 27 to 73 %
wide, and of fewer deals each could be recognised."""
FEW: Final = "with under 10 deals each"


def measure_outside(followed: Followed, seed: int) -> OutsideReview:
    """Both sides, and by representative where the deals say who worked them."""
    rows = np.flatnonzero(followed.mature & ~followed.known)
    outside = np.isin(followed.tier[rows], (NO_LIST, NO_TIER, OUT_OF_SCOPE))
    sides = np.where(outside, OUTSIDE, INSIDE).astype(object)
    parts = parts_of(followed, rows, sides, (INSIDE, OUTSIDE), seed)
    if followed.worked_by is None:
        return OutsideReview(parts=parts, representatives=None, sentences=tuple(_beside(parts)))
    labels = _shown(followed.worked_by[rows])
    representatives = tuple(_representatives(followed, rows, outside, labels))
    best = _best(representatives, followed, rows)
    sentences = (*_beside(parts), *_of_the_best(best, labels, outside, followed.groups[rows]))
    return OutsideReview(parts=parts, representatives=representatives, sentences=sentences)


def _shown(names: Labels) -> Labels:
    """object[k]: who is shown for each deal."""
    known = np.where(names == "", NOT_KNOWN, names).astype(object)
    distinct, counts = np.unique(known.astype(str), return_counts=True)
    few = np.isin(known.astype(str), distinct[counts < LEAST_OF_ONE])
    return np.where(few & (known != NOT_KNOWN), FEW, known)


def _representatives(followed: Followed, rows: Rows, outside: Flags, labels: Labels) -> Iterator[RepresentativeReview]:
    for label in sorted(set(labels.tolist()), key=lambda each: (each == NOT_KNOWN, each == FEW, each)):
        here = labels == label
        decided = rows[here & ~followed.is_open[rows]]
        share = rate_of(outside[here].astype(np.int8), followed.groups[rows[here]])
        if share is not None:
            yield RepresentativeReview(
                label=label,
                deals=int(here.sum()),
                outside=int(outside[here].sum()),
                share=share,
                decided=len(decided),
                won=int(followed.won[decided].sum()),
                win_rate=rate_of(followed.won[decided], followed.groups[decided]),
            )


def _best(found: Sequence[RepresentativeReview], followed: Followed, rows: Rows) -> list[str]:
    """Those who win more often than all together beyond chance."""
    decided = rows[~followed.is_open[rows]]
    usual = float(followed.won[decided].mean()) if len(decided) else 1.0
    named = [each for each in found if each.label not in (FEW, NOT_KNOWN)]
    return [each.label for each in named if each.win_rate is not None and each.win_rate.low > usual]


def _beside(parts: Sequence[PartReview]) -> Iterator[str]:
    rate = {each.label: each.win_rate for each in parts}
    inside, outside = rate.get(INSIDE), rate.get(OUTSIDE)
    if inside is None or outside is None:
        return
    better = outside.low > inside.high
    warning = " The lists leave out companies that are won more often: look at who they are." if better else ""
    yield f"Worked outside of the recommended tiers: {_share(outside)} were won, {_share(inside)} inside.{warning}"


def _of_the_best(best: Sequence[str], labels: Labels, outside: Flags, groups: NDArray[np.int64]) -> Iterator[str]:
    """The warning sign that the best representatives do not follow the lists."""
    among = np.isin(labels.astype(str), best)
    theirs, others = (rate_of(outside[side].astype(np.int8), groups[side]) for side in (among, ~among))
    if theirs is not None and others is not None and theirs.low > others.high:
        yield (
            f"The representatives who win most often ({len(best)} of them) work outside of the recommended tiers: "
            f"{_share(theirs)} of their deals, {_share(others)} of all others'. Ask them whom they look for."
        )


def _share(found: Interval) -> str:
    return f"{found.value:.0%} [{found.low:.0%}, {found.high:.0%}]"
