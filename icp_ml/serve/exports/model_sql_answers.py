"""From what each column adds to the answers, view by view: the same columns as a scored list has, `icp_` before them.

    sums          z and the sum of each layer and axis; the columns of a set that is not known become one reason
    strongest     score, and the greatest and least effect
    ...           where these are; then the greatest and least of the rest, and where these are; and once more
    scores        the answers, with the texts of reasons

Of equal effects the one of the earlier column comes first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from sqlglot import exp

from icp_ml.model.tiers import COINCIDE, Cuts
from icp_ml.serve.exports.model_sql_rows import (
    effect,
    is_unknown,
    label,
    sets_of_several,
)
from icp_ml.serve.exports.model_sql_tables import ModelTables
from icp_ml.serve.exports.model_sql_views import Chain, of_row, summed
from icp_ml.serve.exports.sql_conditions import exact_number
from icp_ml.serve.list_scorer import REASONS
from icp_ml.serve.tier_book import TierBook

LOG_ODDS, SCORE, SLOPE = "z", "score", "slope"
SIDES: Final = ("for", "against")
_NOTHING: Final = exp.Literal.number("0e0")


@dataclass(frozen=True)
class Answered:
    """The views up to the last but one, and the columns by which the last one finds what it says.

    parts: the column of each sub-score's sum, by the name of the sub-score.
    """

    chain: Chain
    parts: Mapping[str, str]


def answers_of_rows(chain: Chain, tables: ModelTables, book: TierBook) -> Answered:
    """chain: the views of `effects_of_rows`."""
    parts = {name: f"p{number}" for number, name in enumerate(book.parts)}
    unknown = [is_unknown(number) for number in sets_of_several(tables)]
    chain = chain.then("sums", {**_sums(tables, book, parts), **_joint(tables)}, without=unknown)
    for rank in range(1, REASONS + 1):
        found = _extremes(len(tables.columns), rank)
        chain = chain.then(f"strongest_{rank}_is", {**found, **_beside(rank, book)})
        chain = chain.then(f"strongest_{rank}_at", _places(len(tables.columns), rank))
    effects = [effect(place) for place in range(len(tables.columns))]
    labels = [label(place) for place in range(len(tables.columns))]
    return Answered(chain.then("named", _labels(len(labels)), without=[*effects, *labels]), parts)


def value_name(side: str, rank: int) -> str:
    """The column that holds the effect of a reason, 0 where there is none of its sign."""
    return f"{side}_{rank}"


def label_name(side: str, rank: int) -> str:
    """The column that holds the label of a reason."""
    return f"{side}_{rank}_label"


def _place_name(side: str, rank: int) -> str:
    return f"{side}_{rank}_at"


# --- sums ---------------------------------------------------------------------------------------------------------


def _sums(tables: ModelTables, book: TierBook, parts: Mapping[str, str]) -> dict[str, exp.Expr]:
    effects: list[exp.Expr] = [of_row(effect(place)) for place in range(len(tables.columns))]
    made = {LOG_ODDS: summed([exact_number(tables.compiled.base), exp.paren(summed(effects))])}
    for name, column in parts.items():
        own: list[exp.Expr] = [
            of_row(effect(place))
            for place, each in enumerate(tables.columns)
            if name in (each.layer, each.axis)
        ]  # fmt: skip
        made[column] = summed(own)
    return made


def _joint(tables: ModelTables) -> dict[str, exp.Expr]:
    """The effects of sets as reasons: of one that is not known the first column has all of it."""
    made: dict[str, exp.Expr] = {}
    for number, places in sets_of_several(tables).items():
        for place in places:
            instead = _NOTHING if place != places[0] else summed([of_row(effect(each)) for each in places])
            own = exp.Case().when(of_row(is_unknown(number)), instead.copy())
            made[effect(place)] = own.else_(of_row(effect(place)))
    return made


# --- the strongest ------------------------------------------------------------------------------------------------


def _extremes(columns: int, rank: int) -> dict[str, exp.Expr]:
    return {
        value_name(side, rank): extreme([_left(place, side, rank) for place in range(columns)])
        for side, extreme in zip(SIDES, (greatest, least), strict=True)
    }


def _left(place: int, side: str, rank: int) -> exp.Expr:
    """An effect, nothing where it was found already."""
    if rank == 1:
        return of_row(effect(place))
    found = [
        exp.EQ(this=of_row(_place_name(side, before)), expression=exp.Literal.number(place))
        for before in range(1, rank)
    ]
    return exp.Case().when(exp.or_(*found), _NOTHING.copy()).else_(of_row(effect(place)))


def _places(columns: int, rank: int) -> dict[str, exp.Expr]:
    made: dict[str, exp.Expr] = {}
    for side in SIDES:
        found = exp.Case(this=of_row(value_name(side, rank)))
        for place in range(columns):
            found.when(_left(place, side, rank), exp.Literal.number(place), copy=False)
        made[_place_name(side, rank)] = found
    return made


def _labels(columns: int) -> dict[str, exp.Expr]:
    made: dict[str, exp.Expr] = {}
    for side in SIDES:
        for rank in range(1, REASONS + 1):
            found = exp.Case(this=of_row(_place_name(side, rank)))
            for place in range(columns):
                found.when(exp.Literal.number(place), of_row(label(place)), copy=False)
            made[label_name(side, rank)] = found
    return made


# --- the score ----------------------------------------------------------------------------------------------------


def _beside(rank: int, book: TierBook) -> dict[str, exp.Expr]:
    """What the first two of these views find besides."""
    if rank == 1:
        return {SCORE: score_of(of_row(LOG_ODDS), book.cuts)}
    return {SLOPE: _slope(book)} if rank == 2 else {}


def score_of(log_odds: exp.Expr, cuts: Cuts) -> exp.Expr:
    """The piecewise-linear map of `icp_ml.model.tiers`."""
    knots = [cuts.low, *cuts.log_odds[::-1], cuts.high]
    scores = [float(each) for each in cuts.score(np.array(knots))]
    pieces = []
    for low, high, first, last in zip(knots, knots[1:], scores, scores[1:], strict=False):
        gone = exp.paren(exp.Sub(this=log_odds.copy(), expression=exact_number(low)))
        risen = exp.Mul(this=gone, expression=exact_number((last - first) / (high - low)))
        reached = exp.Add(this=exact_number(first), expression=risen)
        pieces.append(greatest([exact_number(first), least([exact_number(last), reached])]))
    found = exp.Case()
    for end, piece in zip(knots[1:-1], pieces, strict=False):
        found = found.when(exp.LT(this=log_odds.copy(), expression=exact_number(end)), piece)
    return found.else_(pieces[-1]) if len(pieces) > 1 else pieces[-1]


def _slope(book: TierBook) -> exp.Expr:
    """Points of score for each unit of log-odds, from the average deal to the row."""
    distance = exp.Sub(this=of_row(LOG_ODDS), expression=exact_number(book.base))
    gained = exp.Sub(this=of_row(SCORE), expression=exact_number(book.base_score))
    chord = exp.Div(this=exp.paren(gained), expression=exp.paren(distance.copy()))
    coincides = exp.LTE(this=exp.Abs(this=distance), expression=exact_number(COINCIDE))
    return exp.Case().when(coincides, exact_number(float(book.cuts.slope(book.base)))).else_(chord)


def greatest(values: Sequence[exp.Expr]) -> exp.Expr:
    """The greatest of several doubles, none of which is null."""
    return exp.Anonymous(this="GREATEST", expressions=list(values))


def least(values: Sequence[exp.Expr]) -> exp.Expr:
    """The least of several doubles, none of which is null."""
    return exp.Anonymous(this="LEAST", expressions=list(values))
