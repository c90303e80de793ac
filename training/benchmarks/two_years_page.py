"""What two years of quarters came to, row by row, and the page that tells it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from pydantic import BaseModel

QUARTERS = 8
STILL_OLD = 4
"""Quarters in the drifting world before the truth changes."""


class Look(BaseModel):
    """One day. live: the version that is live afterwards, None where none is. promoted: whether it became so then.

    mature: deals whose outcomes the review asked about. alarms: kind of drift and column. emerging: profiles named.
    loop, frozen: forward skill on the quarter that ends on this day, of the version that was live when it began, and of
    the first one; None where nothing was judged.
    """

    day: str
    live: int | None = None
    promoted: bool = False
    mature: int = 0
    alarms: tuple[str, ...] = ()
    emerging: tuple[str, ...] = ()
    loop: float | None = None
    frozen: float | None = None


class Row(BaseModel):
    """One world. changed: attributes that decide from the change on and did not before. looks: after the first version,
    none where no version was made live. seconds: of processor time.
    """

    kind: str
    seed: int
    code: str
    changed: tuple[str, ...]
    looks: tuple[Look, ...]
    seconds: float

    def noticed(self, place: int) -> bool:
        """Whether the review of that look says that what changed is a concept that changed."""
        return any(f"concept {name}" in self.looks[place].alarms for name in self.changed)


def page_of(rows: Sequence[Row], trials: int) -> Iterator[str]:
    """The committed page."""
    codes = ", ".join(sorted({row.code for row in rows}))
    seconds = sum(row.seconds for row in rows) / max(sum(len(row.looks) + 1 for row in rows), 1)
    yield "# Two years of quarters\n"
    yield f"Made by `make two-years`, with {trials} trials a search, by the code with the hash {codes};"
    yield f"a quarter takes {seconds:.0f} seconds of processor time. 300 deals open each quarter, and a version learns"
    yield "from twelve months. Companies are founded all the time, so that nothing drifts unasked"
    yield "(`training/icp_training/founding_world.py`)."
    lived = [row for row in rows if row.looks]
    if len(lived) < len(rows):
        yield f"\nIn {len(rows) - len(lived)} of {len(rows)} worlds the first deals showed no reliable signal."
    yield from _drifting([row for row in lived if row.kind == "drifting"])
    yield from _change([row for row in lived if row.kind == "change"])
    yield from _stationary([row for row in lived if row.kind == "stationary"])


def _drifting(rows: Sequence[Row]) -> Iterator[str]:
    if not rows:
        return
    yield "\n## The loop beside a model frozen at the start\n"
    yield f"After {STILL_OLD} quarters other attributes decide. Skill is the share of the base rate's log loss removed"
    yield "on the deals of the quarter, by the version that was live on its first day; the mean over seeds.\n"
    yield "| quarter that ends on | with the loop | frozen | worlds in which the loop is ahead |"
    yield "|---|---|---|---|"
    for place in range(QUARTERS):
        looks = [row.looks[place] for row in rows]
        loop, frozen = (
            [_known(each) for each in pair] for pair in zip(*((x.loop, x.frozen) for x in looks), strict=True)
        )
        ahead = sum(one > other for one, other in zip(loop, frozen, strict=True))
        yield f"| {looks[0].day} | {np.mean(loop):.1%} | {np.mean(frozen):.1%} | {ahead} of {len(rows)} |"
    yield "\n| seed | skill after the change, loop | frozen | promotions | quarters with an alarm |"
    yield "|---|---|---|---|---|"
    for row in rows:
        after = row.looks[STILL_OLD:]
        loop, frozen = ([_known(getattr(look, name)) for look in after] for name in ("loop", "frozen"))
        promoted, alarmed = sum(look.promoted for look in row.looks), sum(bool(look.alarms) for look in row.looks)
        yield f"| {row.seed} | {np.mean(loop):.1%} | {np.mean(frozen):.1%} | {promoted} | {alarmed} |"


def _change(rows: Sequence[Row]) -> Iterator[str]:
    if not rows:
        return
    yield "\n## A change is noticed\n"
    first, second = (sum(row.noticed(place) for row in rows) for place in (0, 1))
    yield "From the day after the extract on, a flag that about half of the companies have decides by an odds ratio"
    yield "of 4. Reviews on the last day of the quarter, and on the day when all of its deals are mature.\n"
    yield f"Noticed once the cohort has matured: {second} of {len(rows)} worlds;"
    yield f"at the end of the quarter already: {first} of {len(rows)}.\n"
    yield "| seed | what changed | mature, noticed | mature, noticed | other alarms | emerging on the last day |"
    yield "|---|---|---|---|---|---|"
    for row in rows:
        told = [f"{look.mature}, {'yes' if row.noticed(place) else 'no'}" for place, look in enumerate(row.looks)]
        named = {f"concept {name}" for name in row.changed}
        others = sorted({alarm for look in row.looks for alarm in look.alarms} - named)
        words = [", ".join(each) for each in (row.changed, others, row.looks[0].emerging)]
        yield f"| {row.seed} | {words[0]} | {told[0]} | {told[1]} | {words[1]} | {words[2]} |"


def _stationary(rows: Sequence[Row]) -> Iterator[str]:
    if not rows:
        return
    silent = sum(not any(look.alarms for look in row.looks) for row in rows)
    looks = [look for row in rows for look in row.looks]
    yield "\n## Nothing changes\n"
    alarmed, named = (sum(bool(getattr(look, name)) for look in looks) for name in ("alarms", "emerging"))
    yield f"No alarm in eight quarters: {silent} of {len(rows)} worlds. Of {len(looks)} reviews {alarmed} made an"
    yield f"alarm, and {named} of as many quarters named an emerging profile.\n"
    yield "| seed | promotions | mature deals a review | alarms | emerging |"
    yield "|---|---|---|---|---|"
    for row in rows:
        mature = ", ".join(str(look.mature) for look in row.looks)
        alarms, emerging = ("; ".join(_of_looks(row, name)) for name in ("alarms", "emerging"))
        yield f"| {row.seed} | {sum(look.promoted for look in row.looks)} | {mature} | {alarms} | {emerging} |"


def _of_looks(row: Row, name: str) -> Iterator[str]:
    yield from (f"{look.day} {', '.join(getattr(look, name))}" for look in row.looks if getattr(look, name))


def _known(skill: float | None) -> float:
    return float("nan") if skill is None else skill
