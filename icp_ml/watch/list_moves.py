"""Every account of a list that changes tier between two models, with the cause, and the attribute behind it.

Three passes at most: the old model over the old list, the old model over the new list, the new model over the new list;
then the rows of those that moved once more, for what their attributes add. Held at once are 17 bytes a row and pass,
and the accounts that moved.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.texts import Flags
from icp_ml.model.tiers import Cuts, in_common
from icp_ml.serve.known import Hashes
from icp_ml.serve.scoring import Scorer
from icp_ml.watch.carried_cuts import carried_cuts, spread_ratio
from icp_ml.watch.passages import Explained, Passage, Passed, explained, pass_over
from icp_ml.watch.tier_moves import CAUSES, NO_TIER, Cause, MoveCounts, Places, count_moves, main_causes

Floats = NDArray[np.float64]

DATA: Final = CAUSES.index("data")
MODEL: Final = CAUSES.index("model")
RULES: Final = CAUSES.index("rules")


@dataclass(frozen=True)
class TierMove:
    """An account that moved. steps: its tier at each of the five steps.

    because: the attribute whose contribution changed most in the direction of the move, or the status that gave or
    took the tier; empty for calibration and cuts, which are about no attribute. by: its change in log-odds of the newer
    model, None for a status.
    """

    id: str
    before: str
    after: str
    cause: Cause
    because: str
    by: float | None
    steps: tuple[str, ...]


@dataclass(frozen=True)
class ListMoves:
    """counts: of the accounts on both lists. came, gone: accounts on the new list only, and on the old one only.

    notes: what the tiers were held to, in words.
    """

    counts: MoveCounts
    moves: tuple[TierMove, ...]
    came: int
    gone: int
    notes: tuple[str, ...]


def list_moves(old_on_old: Passage, old_on_new: Passage, new_on_new: Passage) -> ListMoves:
    """What moved. With one list, `old_on_new` is `old_on_old` itself, and the data change nothing.

    Raises `ConfigError` for a list without ids, and as `Scorer.score_stream` does.
    """
    first = pass_over(old_on_old)
    second = first if old_on_new is old_on_old else pass_over(old_on_new)
    third = pass_over(new_on_new)
    hashes = reduce(np.intersect1d, (each.hashes for each in (first, second, third)))
    found = [each.at(hashes) for each in (first, second, third)]
    yardstick = _yardstick(old_on_old.scorer, new_on_new.scorer)
    path = yardstick.path(found)
    moved = path[:, 0] != path[:, -1]
    labels = (*yardstick.labels, NO_TIER)
    movers = _Movers(hashes[moved], path[moved], labels)
    return ListMoves(
        counts=count_moves(path, labels),
        moves=_moves(movers, old_on_old, old_on_new, new_on_new),
        came=len(second.hashes) - len(hashes),
        gone=len(first.hashes) - len(hashes),
        notes=yardstick.notes,
    )


@dataclass(frozen=True)
class _Yardstick:
    """The cuts of each step. labels: of the tiers that both models have."""

    old: Cuts
    carried: Cuts
    new: Cuts
    notes: tuple[str, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        return self.new.labels

    def path(self, found: Sequence[Passed]) -> Places:
        """int64[n, 5]: see `tier_moves`."""
        first, second, third = found
        steps = (
            (self.old, first.log_odds, first.barred),
            (self.old, second.log_odds, second.barred),
            (self.carried, third.log_odds, second.barred),
            (self.new, third.log_odds, second.barred),
            (self.new, third.log_odds, third.barred),
        )
        return np.column_stack([self._tiers(*step) for step in steps])

    def _tiers(self, cuts: Cuts, log_odds: Floats, barred: Flags) -> Places:
        without = barred | np.isnan(log_odds)
        return np.where(without, len(self.labels), cuts.tiers(np.nan_to_num(log_odds))).astype(np.int64)


@dataclass(frozen=True)
class _Movers:
    """hashes: ascending. path: (n, 5). labels: of the tiers, the last of them for none."""

    hashes: Hashes
    path: Places
    labels: tuple[str, ...]


def _yardstick(old: Scorer, new: Scorer) -> _Yardstick:
    both = (old.bundle.tiering.cuts, new.bundle.tiering.cuts)
    then, now = in_common(both)
    references = (old.bundle.reference.log_odds, new.bundle.reference.log_odds)
    merged = [
        f"{which} model has the tiers {', '.join(cuts.labels)}; compared are {', '.join(kept.labels)}, whose bounds "
        "both models have."
        for which, cuts, kept in zip(("The old", "The new"), both, (then, now), strict=True)
        if cuts.labels != kept.labels
    ]
    carried = carried_cuts(then, *references)
    return _Yardstick(then, replace(carried, labels=now.labels), replace(now, labels=now.labels), tuple(merged))


def _moves(movers: _Movers, old_on_old: Passage, old_on_new: Passage, new_on_new: Passage) -> tuple[TierMove, ...]:
    if not len(movers.hashes):
        return ()
    first = explained(old_on_old, movers.hashes)
    second = first if old_on_new is old_on_old else explained(old_on_new, movers.hashes)
    third = explained(new_on_new, movers.hashes)
    references = (each.scorer.bundle.reference.log_odds for each in (old_on_old, new_on_new))
    ratio = spread_ratio(*references)
    attributes = tuple(dict.fromkeys((*second.attributes, *third.attributes)))
    then, between, now = (each.aligned(attributes) for each in (first, second, third))
    changes = {DATA: (between - then) * ratio, MODEL: now - between * ratio}
    return tuple(_told(movers, (first, second, third), attributes, changes))


def _told(
    movers: _Movers, found: Sequence[Explained], attributes: Sequence[str], changes: Mapping[int, Floats]
) -> Iterator[TierMove]:
    labels, causes = movers.labels, main_causes(movers.path)
    _, second, third = found
    for place, (path, cause) in enumerate(zip(movers.path.tolist(), causes.tolist(), strict=True)):
        because, by = _barring(cause, found, place), None
        if not because and cause in changes:
            pull = changes[cause][place] * np.sign(path[0] - path[-1])
            strongest = int(np.argmax(pull))
            if pull[strongest] > 0:
                because, by = attributes[strongest], float(changes[cause][place, strongest])
        yield TierMove(
            id=third.ids[place] or second.ids[place],
            before=labels[path[0]],
            after=labels[path[-1]],
            cause=CAUSES[cause],
            because=because,
            by=by,
            steps=tuple(labels[step] for step in path),
        )


def _barring(cause: int, found: Sequence[Explained], place: int) -> str:
    """The status that gave or took the tier at the step of the cause; empty where a tier stands on both sides of it.

    A change of the model gives or takes a score; what rules do is another step.
    """
    first, second, third = (each.statuses[place] for each in found)
    sides = {DATA: (first, second), MODEL: (second, third), RULES: (second, third)}
    if cause not in sides:
        return ""
    before, after = sides[cause]
    lacks = "not scored" if cause == MODEL else ("not scored", "excluded", "outside")
    if before.startswith(lacks) == after.startswith(lacks):
        return ""
    return before if before.startswith(lacks) else after
