"""How far apart two conditions on one attribute are, from what they ask alone.

0          the same question, whatever the case of its values
1          no company can meet both: 20 to under 50 and 50 or more; Software and Retail; a member and its absence
between    named values: 1 less the share that both name of all that either names
           bounds: a quarter for each end that differs, which says that it moved and not how many companies it moves
"""

from __future__ import annotations

import math
from typing import Final

from icp_ml.deals.rule_settings import Bound, ConditionSettings

ONE_END: Final = 0.25
"""For each end of a range that differs. We chose it: a cut that wanders between neighbouring round numbers from one
quarter to the next is no news beside a criterion that is gone."""
TURNED: Final = 0.5
"""At least this far apart are `is` and `is_not`, and 1 where each value asked for is one that the other shuts out."""


def condition_distance(before: ConditionSettings, after: ConditionSettings) -> float:
    """In [0, 1], the same both ways round. before, after: conditions on one attribute."""
    if before.missing or after.missing:
        return 0.0 if before.missing and after.missing else 1.0
    named, named_after = _folded(before), _folded(after)
    if named is not None and named_after is not None:
        return _of_values(before, named, after, named_after)
    if named is not None or named_after is not None:
        return 1.0
    return _of_bounds(before, after)


def _folded(condition: ConditionSettings) -> frozenset[str] | None:
    values = condition.values or condition.others
    return frozenset(each.strip().casefold() for each in values) if values else None


def _of_values(
    before: ConditionSettings, named: frozenset[str], after: ConditionSettings, named_after: frozenset[str]
) -> float:
    if bool(before.others) == bool(after.others):
        return 1.0 - len(named & named_after) / len(named | named_after)
    asked_for = named if before.values else named_after
    return max(TURNED, len(named & named_after) / len(asked_for))


def _of_bounds(before: ConditionSettings, after: ConditionSettings) -> float:
    if _are_apart(before, after) or _are_apart(after, before):
        return 1.0
    ends = ((before.lower, after.lower), (before.upper, after.upper))
    return ONE_END * sum(_differ(first, second) for first, second in ends)


def _are_apart(one: ConditionSettings, other: ConditionSettings) -> bool:
    """Whether all of `one` lies below all of `other`.

    Of levels by name it is known without their order only where one bound is both ends, as in before B and B or later.
    """
    upper, lower = one.upper, other.lower
    if upper is None or lower is None:
        return False
    if isinstance(upper, str) or isinstance(lower, str):
        return (
            isinstance(upper, str) and isinstance(lower, str) and upper.strip().casefold() == lower.strip().casefold()
        )
    meet_at_one = one.at_most is not None and other.at_least is not None
    return upper < lower if meet_at_one else upper <= lower


def _differ(first: Bound | None, second: Bound | None) -> bool:
    if isinstance(first, str) and isinstance(second, str):
        return first.strip().casefold() != second.strip().casefold()
    if isinstance(first, float) and isinstance(second, float):
        return not math.isclose(first, second)
    return first is not None or second is not None
