"""One prospect of a list, in full: how its score adds up, everything for and against it, and what is not known.

base score + the points of the layers = score           to 1e-9
base log-odds + the effects of all reasons = log-odds   to 1e-9 a reason

A hand-weighted scorecard has no log-odds: the effects of its reasons are points, and add to the base score.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from icp_ml.deals.companies import account_keys
from icp_ml.deals.kinds import parse_attributes
from icp_ml.errors import InputError
from icp_ml.profile.likeness import Likeness
from icp_ml.serve.incoming import NamedBatch
from icp_ml.serve.learned_scoring import LearnedScorer
from icp_ml.serve.loading import AnyScorer
from icp_ml.serve.neighbour_columns import Comparer, neighbours_of
from icp_ml.serve.outgoing import LEVEL
from icp_ml.serve.profiled_scoring import ProfiledScorer
from icp_ml.serve.scoring import Scorer

COMPARED: Final = 50_000
"""Ids that a misspelt one is compared with, the first of the list: comparing takes a second for so many."""
AXES: Final = ("fit", "intent")


@dataclass(frozen=True)
class Reason:
    """What is known, in words, and by how much it moves the log-odds, or the points of a scorecard, from the base."""

    text: str
    effect: float


@dataclass(frozen=True)
class Found:
    """A row of a list, alone in its batch. row: its number in the list, from 1. rows: how many have its id."""

    batch: NamedBatch
    id: str
    row: int
    rows: int


@dataclass(frozen=True)
class Explanation:
    """The answer to one row; None where the status says that there is none, or the model has no such figure.

    probability_low, probability_high: its interval, where the bundle has them; probability_level: where it was stated.
    layers, axes: points by name; the layers, and where there are two the axes, add to `base_score`. speaks_for,
    against: all reasons, strongest first; effects above and below 0. not_known: attributes of the model. neighbours:
    the accounts that it is most like; None too where the bundle names none. profile: the ICP that answers for it, where
    there are several and one does.
    """

    id: str
    row: int
    rows: int
    status: str
    tier: str | None
    score: float | None
    probability: float | None
    probability_low: float | None
    probability_high: float | None
    probability_level: str | None
    log_odds: float | None
    action: str | None
    quadrant: str | None
    base_score: float
    base_log_odds: float | None
    layers: Mapping[str, float]
    axes: Mapping[str, float]
    speaks_for: tuple[Reason, ...]
    against: tuple[Reason, ...]
    not_known: tuple[str, ...]
    resemblance: float | None = None
    neighbours: Likeness | None = None
    profile: str | None = None


def find_row(batches: Iterable[NamedBatch], wanted: str) -> Found:
    """The first row whose id is `wanted`, and how many have it. All batches are read, one at a time.

    Ids compare as accounts do: whatever their case and outer space, web addresses by their domain. Where the list has
    no id column, rows go by their number from 1. Raises `InputError`, with the nearest id, where there is none.
    """
    key = account_keys(pa.array([wanted])).to_pylist()[0]
    found: tuple[NamedBatch, str, int] | None = None
    read, rows = 0, 0
    seen: list[str] = []
    for batch in batches:
        ids = _ids(batch, read)
        keys = account_keys(ids)
        places = np.flatnonzero(np.asarray(pc.fill_null(pc.equal(keys, key), fill_value=False), dtype=bool))
        if len(places) and found is None:
            place = int(places[0])
            found = (_only(batch, place), str(ids[place].as_py()), read + place + 1)
        rows += len(places)
        read += len(ids)
        seen += keys.slice(0, max(COMPARED - len(seen), 0)).drop_null().to_pylist()
    if found is None:
        raise _not_there(wanted, key, read, seen)
    return Found(*found, rows)


def explain(scorer: AnyScorer, found: Found, as_of: date | None) -> Explanation:
    """Score one row and say why, by the profile that answers for it where there are several ICPs.

    as_of: the day to which ages count. Raises as `Scorer.score_stream` does.
    """
    profile = None
    if isinstance(scorer, ProfiledScorer):
        profile, scorer = scorer.answering(found.batch, as_of)
    if isinstance(scorer, Scorer) and scorer.bundle.calibration is not None:
        scorer = scorer.with_level(intervals=True)
    width = len(scorer.columns)
    scored = next(iter(scorer.score_stream([found.batch], as_of=as_of, reasons=width)))
    row: dict[str, Any] = scored.records.to_pylist()[0]
    is_scored = row["score"] is not None
    parts = {part: row[f"score_{part}"] for part in scorer.tier_book.parts} if is_scored else {}
    return Explanation(
        id=found.id,
        row=found.row,
        rows=found.rows,
        status=row["status"],
        tier=row["tier"],
        score=row["score"],
        probability=row.get("probability"),
        probability_low=row.get("probability_low"),
        probability_high=row.get("probability_high"),
        probability_level=row.get(LEVEL),
        log_odds=row.get("log_odds"),
        resemblance=row.get("resemblance"),
        action=row["action"],
        quadrant=row["quadrant"],
        base_score=scorer.tier_book.base_score,
        base_log_odds=scorer.base if isinstance(scorer, LearnedScorer) else None,
        layers={name: points for name, points in parts.items() if name not in AXES},
        axes={name: points for name, points in parts.items() if name in AXES},
        speaks_for=_reasons(row, "for", width),
        against=_reasons(row, "against", width),
        not_known=_not_known(scorer, found.batch, as_of),
        neighbours=_neighbours(scorer, found.batch, as_of) if is_scored else None,
        profile=profile,
    )


def _ids(batch: NamedBatch, before: int) -> Any:
    if batch.id is None:
        return pa.array(np.arange(before + 1, before + batch.records.num_rows + 1))
    return batch.records.column(batch.id)


def _only(batch: NamedBatch, place: int) -> NamedBatch:
    return NamedBatch(batch.records.slice(place, 1), batch.id, batch.absent)


def _not_there(wanted: str, key: str | None, read: int, seen: list[str]) -> InputError:
    near = get_close_matches(key or "", list(dict.fromkeys(seen)), n=1, cutoff=0.5)
    advice = f"did you mean '{near[0]}'?" if near else "check the id, and which column holds the ids"
    return InputError(f"a row with the id '{wanted}' was expected, and none of {read:,} rows has it; {advice}")


def _reasons(row: Mapping[str, Any], side: str, count: int) -> tuple[Reason, ...]:
    names = [f"reason_{side}_{rank}" for rank in range(1, count + 1)]
    return tuple(Reason(row[name], row[f"{name}_effect"]) for name in names if row[name] is not None)


def _neighbours(scorer: AnyScorer, batch: NamedBatch, as_of: date | None) -> Likeness | None:
    if not isinstance(scorer, Scorer) or (known := neighbours_of(scorer)) is None:
        return None
    return Comparer(scorer, known).likeness(batch, as_of)


def _not_known(scorer: AnyScorer, batch: NamedBatch, as_of: date | None) -> tuple[str, ...]:
    day = None if as_of is None else np.array(as_of, dtype="datetime64[D]")
    parsed = parse_attributes(batch.records, scorer.attributes, day, batch.absent)
    return tuple(each.name for each in scorer.attributes if parsed.missing(each.name)[0])
