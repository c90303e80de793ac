"""Has something changed since the model was made? Four kinds, kept apart because each calls for something else.

    attributes   the companies that are talked to are others, or less is known of them
    scores       they stand elsewhere on the model's scale
    base rate    more or fewer of the matured deals are won
    concept      companies of one kind are won more or less often than the model says, the base rate apart

A review makes at most one false alarm in a hundred, over all its questions (Holm 1979). Made for 40 deals a month: a
p-value that could matter is simulated and not looked up. One deal stands for each account, its first, because deals of
one account are not independent.

A concept is judged against the model's own misfit: where predictions without the deal's account were off already,
a later cohort has to be off otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.vocabulary import ModelColumn
from icp_ml.model.scorecard import ColumnPoints
from icp_ml.model.skill import anchor
from icp_ml.profile.records import Record
from icp_ml.profile.reference import ColumnReference, DriftReference, is_category, places
from icp_ml.profile.wording import state_words
from icp_ml.watch.drift_tests import Found, alike, coarser, off_otherwise, shrunken

Floats = NDArray[np.float64]

FAMILY: Final = 0.01
"""Chance of a false alarm in a review."""
Kind = Literal["attributes", "scores", "base rate", "concept"]
Asked: TypeAlias = dict[str, Found]
"""What was found of each question, by what it is about."""


class Drift(Record):
    """One question and its answer. about: a column, "(missing)" after its name where it is about gaps; else empty.

    p_value: by itself. adjusted: the chance that a review without any change finds something like it, of any kind.
    was, now: what moved most, a share of the deals, or for a concept what was won less what was predicted. place: where
    in the column that is (`reference.places`). where: the same in words, empty where it is about no column.
    """

    kind: Kind
    about: str
    deals: int
    p_value: float
    adjusted: float
    was: float
    now: float
    place: int
    where: str = ""

    @property
    def is_alarm(self) -> bool:
        """Whether it counts."""
        return self.adjusted <= FAMILY


@dataclass(frozen=True)
class Cohort:
    """Deals opened since the model's extract, one an account. rows: (n, p) as the model encodes them.

    log_odds: (n,), as the model says them. won: (n,) int8. matured: bool (n,), whose outcome is in by now.
    """

    rows: Floats
    log_odds: Floats
    won: NDArray[np.int8]
    matured: NDArray[np.bool_]


def find_drift(reference: DriftReference, rate: tuple[int, int], cohort: Cohort, seed: int) -> tuple[Drift, ...]:
    """Every question of all four kinds, alarms and others, in the order of their p-values.

    rate: accounts that the model learned from whose first deal was won, and all of them.
    """
    rng = np.random.default_rng(seed)
    matured = cohort.matured
    asked: dict[Kind, Asked] = {
        "attributes": _attributes(reference, cohort.rows, rng) if len(cohort.rows) else {},
        "scores": _scores(reference, cohort.log_odds, rng) if len(cohort.rows) else {},
        "base rate": _base_rate(rate, cohort.won[matured], rng) if matured.any() else {},
        "concept": _concept(reference, cohort, rng) if matured.any() and reference.misfit else {},
    }
    deals = {"attributes": len(cohort.rows), "scores": len(cohort.rows)}
    questions = [(kind, about, found) for kind, each in asked.items() for about, found in each.items()]
    questions.sort(key=lambda each: each[2].p_value)
    return tuple(
        Drift(kind=kind, about=about, deals=deals.get(kind, int(matured.sum())), adjusted=adjusted, **vars(found))
        for (kind, about, found), adjusted in zip(questions, holm([f.p_value for *_, f in questions]), strict=True)
    )


def told(drift: Drift, reference: DriftReference, columns: Sequence[ModelColumn], of: Mapping[str, Attribute]) -> Drift:
    """The same with the place in words. columns: of the model, in the reference's order. of: attributes by name."""
    names = [column.name for column in columns]
    if drift.about not in names:
        return drift
    at = names.index(drift.about)
    column, edges = columns[at], np.asarray(reference.columns[at].edges)
    bins = ColumnPoints(edges, np.zeros(len(edges) + 2), 0.0, column.is_category)
    return drift.model_copy(update={"where": state_words(of[column.attribute], column, bins, [drift.place])})


def holm(ascending: Sequence[float]) -> list[float]:
    """Each of several p-values, ascending, as the chance of one so small among all of them (Holm 1979)."""
    scaled = [p_value * (len(ascending) - rank) for rank, p_value in enumerate(ascending)]
    return [min(each, 1.0) for each in accumulate(scaled, max)]


def _attributes(reference: DriftReference, rows: Floats, rng: np.random.Generator) -> Asked:
    found = {}
    for j, column in enumerate(reference.columns):
        at, gap = places(rows[:, j], column), _missing_place(column)
        before = round(column.missing * reference.deals)
        missing = int((at == gap).sum())
        gaps = np.array([[before, reference.deals - before], [missing, len(at) - missing]])
        found[f"{column.column} (missing)"] = alike(gaps, rng)
        known = np.bincount(at[at != gap], minlength=len(column.shares))[: len(column.shares)]
        was = np.rint(np.array(column.shares) * (reference.deals - before))
        found[column.column] = alike(np.array([was, known]).astype(np.int64), rng)
    return found


def _missing_place(column: ColumnReference) -> int:
    return 0 if is_category(column) else len(column.edges) + 1


def _scores(reference: DriftReference, log_odds: Floats, rng: np.random.Generator) -> Asked:
    """By the tenths of the training deals, predicted without their accounts."""
    bounds = np.asarray(reference.log_odds[1:-1])
    now = np.bincount(np.searchsorted(bounds, log_odds, side="right"), minlength=len(bounds) + 1)
    was = np.full(len(bounds) + 1, round(reference.deals / (len(bounds) + 1)))
    return {"": alike(np.array([was, now]), rng)}


def _base_rate(rate: tuple[int, int], won: NDArray[np.int8], rng: np.random.Generator) -> Asked:
    wins = int(won.sum())
    return {"": alike(np.array([[rate[0], rate[1] - rate[0]], [wins, len(won) - wins]]), rng)}


def _concept(reference: DriftReference, cohort: Cohort, rng: np.random.Generator) -> Asked:
    """Each column, the level of all predictions moved to what was won."""
    won, log_odds = cohort.won[cohort.matured], cohort.log_odds[cohort.matured]
    p = expit(log_odds + anchor(log_odds, won))
    at = [places(cohort.rows[cohort.matured, j], column) for j, column in enumerate(reference.columns)]
    known = zip(reference.columns, reference.misfit, at, strict=True)
    before = shrunken([coarser(misfit, here, in_levels=is_category(column)) for column, misfit, here in known])
    return {
        column.column: off_otherwise(earlier, here, won, p, rng)
        for column, earlier, here in zip(reference.columns, before, at, strict=True)
    }
