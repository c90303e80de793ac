"""All sets together, by the protocol: how many times the best peer's skill, sets won, sets lost, refusals.

Skill is the share of the base rate's log loss removed. A peer is compared on the sets that it was run on, on the seeds
that both have, where some peer reaches 2 %; the ratio's interval resamples sets, and accounts within them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.bench_model.figures import BOUNDS, Paired
from icp_ml.model.metrics import Estimate

Floats = NDArray[np.float64]

WORTH_COMPARING = 0.02
CLEARLY_BEHIND = 0.01
RESAMPLES = 2_000


@dataclass(frozen=True)
class AgainstPeer:
    """One peer over the sets that are worth comparing. ratio: mean skill of icp-ml over mean skill of the peer.

    won: sets on which icp-ml has the smaller mean log loss. behind: sets on which it is behind by 1 % or more and the
    paired interval leaves out 0; the first number says how many of them, the others which.
    """

    peer: str
    sets: tuple[str, ...]
    ours: float
    other: float
    ratio: Estimate
    won: tuple[str, ...]
    behind: tuple[str, ...]


def worth_comparing(found: Mapping[str, Mapping[str, Paired]]) -> tuple[str, ...]:
    """The sets on which some peer removes 2 % of the base rate's log loss. found: by set, then by peer."""
    return tuple(
        name for name, peers in found.items() if any(each.skills[1] >= WORTH_COMPARING for each in peers.values())
    )


def against(peer: str, found: Mapping[str, Mapping[str, Paired]]) -> AgainstPeer | None:
    """icp-ml beside one peer; None where it was run on no set that is worth comparing."""
    names = tuple(name for name in worth_comparing(found) if peer in found[name])
    if not names:
        return None
    each = [found[name][peer] for name in names]
    ours, other = (float(np.mean([pair.skills[side] for pair in each])) for side in (0, 1))
    everywhere = [name for name in found if peer in found[name]]
    return AgainstPeer(
        peer=peer,
        sets=names,
        ours=ours,
        other=other,
        ratio=Estimate(_ratio(ours, other), *_interval(each)),
        won=tuple(name for name in everywhere if found[name][peer].difference.value < 0),
        behind=tuple(name for name in everywhere if is_behind(found[name][peer])),
    )


def is_behind(pair: Paired) -> bool:
    """Behind by 1 % or more, beyond what the accounts leave open."""
    return pair.behind >= CLEARLY_BEHIND and pair.difference.low > 0


def strongest(compared: Sequence[AgainstPeer]) -> AgainstPeer | None:
    """The peer against which icp-ml stands worst."""
    return min(compared, key=lambda each: each.ratio.value, default=None)


def _ratio(ours: float, other: float) -> float:
    return ours / other if other > 0 else float("inf")


def _interval(each: Sequence[Paired]) -> tuple[float, float]:
    rng = np.random.default_rng(1)
    skills = np.array([1.0 - pair.draws[:, :2] / pair.draws[:, 2:] for pair in each])
    chosen = rng.integers(0, len(each), (RESAMPLES, len(each)))
    draw = rng.integers(0, skills.shape[1], (RESAMPLES, len(each)))
    means = skills[chosen, draw].mean(axis=1)
    ratios = np.where(means[:, 1] > 0, means[:, 0] / np.where(means[:, 1] > 0, means[:, 1], 1.0), np.inf)
    low, high = np.quantile(ratios, BOUNDS, method="nearest")
    return float(low), float(high)
