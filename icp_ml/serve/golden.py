"""Golden rows: ten made-up rows whose answers travel with the model, so that any machine can prove it agrees.

They are raw texts, so that reading them is part of the proof. Every value is drawn by itself, from the
levels of the vocabulary, around the cut points of the scorecard, missing, or a text that no model knows; no
row of any deal is in them.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import DAYS_PER_YEAR, ParsedTable, parse_attributes
from icp_ml.deals.vocabulary import FIRST_VALUE_CODE
from icp_ml.errors import BundleInvalid
from icp_ml.model.intervals import Band
from icp_ml.model.win_model import WinModel

Floats = NDArray[np.float64]

GOLDEN_ROWS: Final = 10
TOLERANCE: Final = 1e-9
"""Two machines may differ by this much in log-odds, in a probability, or in a contribution."""
NOT_GIVEN: Final = 0.15
"""Share of values left out:

with ten rows nearly every attribute is missing once, and every row keeps some.
"""
UNSEEN: Final = "golden value that no deal has"
LONGEST_AGE: Final = 800.0
"""Years back from the day of the rows;

a made-up company older than this would fall outside the calendar read.
"""


@dataclass(frozen=True)
class GoldenRows:
    """as_of: the day that ages count to. rows: text (None is missing) by source column, for each row.

    log_odds, probability: one a row. contributions: for each row one a column of the vocabulary, in log-odds.
    probability_low, probability_high: one a row, none where the bundle has no intervals.
    """

    as_of: date
    rows: tuple[Mapping[str, str | None], ...]
    log_odds: tuple[float, ...]
    probability: tuple[float, ...]
    contributions: tuple[tuple[float, ...], ...]
    probability_low: tuple[float, ...] = ()
    probability_high: tuple[float, ...] = ()


@dataclass(frozen=True)
class Answering:
    """What answers encoded rows (n, p): their log-odds (n,), and what each column adds to these, (n, p)."""

    log_odds: Callable[[Floats], Floats]
    contributions: Callable[[Floats], Floats]


def by_members(model: WinModel) -> Answering:
    """The members of a model themselves: the trees are walked by LightGBM."""
    return Answering(model.log_odds, lambda rows: model.contributions(rows).values)


@dataclass(frozen=True)
class _Answers:
    log_odds: Floats
    probability: Floats
    contributions: Floats
    probability_low: Floats
    probability_high: Floats


def used_attributes(model: WinModel, attributes: Sequence[Attribute]) -> tuple[Attribute, ...]:
    """The attributes that have a column in the model, in the order given; the model needs no other."""
    used = {column.attribute for column in model.vocabulary.columns}
    return tuple(attribute for attribute in attributes if attribute.name in used)


def make_golden(
    model: WinModel, attributes: Sequence[Attribute], as_of: date, seed: int, band: Band | None = None
) -> GoldenRows:
    """Draw ten rows and let the model answer. The same arguments give the same rows."""
    used = used_attributes(model, attributes)
    pools = {place_of(attribute): _texts_of(model, attribute, as_of) for attribute in used}
    currencies = [attribute.currency for attribute in used if attribute.currency is not None]
    pools |= {currency.column: currency.accepts for currency in currencies if currency.column is not None}
    rows = with_objects(draw_rows(pools, seed), used)
    answers = _answer(model, used, as_of, rows, band, by=by_members(model))
    return GoldenRows(
        as_of=as_of,
        rows=rows,
        log_odds=tuple(answers.log_odds.tolist()),
        probability=tuple(answers.probability.tolist()),
        contributions=tuple(tuple(row) for row in answers.contributions.tolist()),
        probability_low=tuple(answers.probability_low.tolist()),
        probability_high=tuple(answers.probability_high.tolist()),
    )


def at_level(golden: GoldenRows, model: WinModel, band: Band | None) -> GoldenRows:
    """The same rows with the probabilities of this model, whose log-odds are the same. band: of its intervals."""
    log_odds = np.array(golden.log_odds)
    low, high = _bounds(model, log_odds, band)
    return replace(
        golden,
        probability=tuple(model.probability(log_odds).tolist()),
        probability_low=tuple(low.tolist()),
        probability_high=tuple(high.tolist()),
    )


def check_golden(
    model: WinModel,
    attributes: Sequence[Attribute],
    golden: GoldenRows,
    file: str,
    band: Band | None = None,
    *,
    by: Answering | None = None,
) -> None:
    """Raise `BundleInvalid` unless the golden rows are answered as they were when the bundle was written.

    by: what answers them, the members of the model unless it is given. What was written came from the members, so that
    tables which pass agree with them, and with LightGBM as it was then.
    """
    check_count(golden.rows, file)
    answers = _answer(
        model, used_attributes(model, attributes), golden.as_of, golden.rows, band, by=by or by_members(model)
    )
    expected = _Answers(
        np.array(golden.log_odds),
        np.array(golden.probability),
        np.array(golden.contributions, dtype=np.float64),
        np.array(golden.probability_low),
        np.array(golden.probability_high),
    )
    for name in _Answers.__dataclass_fields__:
        check_answers(getattr(answers, name), getattr(expected, name), name, file)


def check_count(rows: Sequence[Mapping[str, str | None]], file: str) -> None:
    """Raise `BundleInvalid` unless there are ten."""
    if len(rows) != GOLDEN_ROWS:
        raise BundleInvalid(
            f"{file} of the bundle was expected to hold {GOLDEN_ROWS} golden rows and holds {len(rows)}; "
            "export the bundle anew"
        )


def check_answers(ours: Floats, theirs: Floats, name: str, file: str) -> None:
    """Raise `BundleInvalid` unless the answers called `name` agree, in shape and to `TOLERANCE`."""
    gap = float(np.abs(ours - theirs).max(initial=0.0)) if ours.shape == theirs.shape else np.inf
    if not gap <= TOLERANCE:
        raise BundleInvalid(
            f"the model does not reproduce {name} of its golden rows: {file} of the bundle differs by {gap:.1e} "
            f"where {TOLERANCE:.0e} is allowed; export the bundle anew with this version"
        )


def _answer(
    model: WinModel,
    used: Sequence[Attribute],
    as_of: date,
    rows: Sequence[Mapping[str, str | None]],
    band: Band | None,
    *,
    by: Answering,
) -> _Answers:
    encoded = model.vocabulary.encode(read_rows(rows, used, as_of))
    log_odds, contributions = by.log_odds(encoded), by.contributions(encoded)
    return _Answers(log_odds, model.probability(log_odds), contributions, *_bounds(model, log_odds, band))


def _bounds(model: WinModel, log_odds: Floats, band: Band | None) -> tuple[Floats, Floats]:
    """Lower and upper bounds of the probabilities; empty where there are no intervals."""
    return (np.empty(0), np.empty(0)) if band is None else band.bounds(log_odds, model.shift)


def read_rows(rows: Sequence[Mapping[str, str | None]], attributes: Sequence[Attribute], as_of: date) -> ParsedTable:
    """Golden rows as any list is read."""
    names = list(dict.fromkeys(column for attribute in attributes for column in attribute.columns))
    table = pa.table({name: pa.array([row.get(name) for row in rows], pa.string()) for name in names})
    return parse_attributes(table, attributes, np.array(as_of, dtype="datetime64[D]"))


def draw_rows(pools: Mapping[str, Sequence[str]], seed: int) -> tuple[Mapping[str, str | None], ...]:
    """Ten rows, each value drawn by itself. pools: by column what `possible_texts` gives. Same seed, same rows."""
    rng = np.random.default_rng(seed)
    columns = {name: _draw(pool, rng) for name, pool in pools.items()}
    return tuple(_one_known({name: texts[i] for name, texts in columns.items()}, pools) for i in range(GOLDEN_ROWS))


def place_of(attribute: Attribute) -> str:
    """Where the text of an attribute is drawn: its column, or its place in the JSON object that the column holds."""
    return attribute.column if attribute.answer is None else f"{attribute.column}\n{attribute.answer}"


def with_objects(
    rows: Sequence[Mapping[str, str | None]], attributes: Sequence[Attribute]
) -> tuple[Mapping[str, str | None], ...]:
    """The rows by source column, with the answers of each column as one JSON object; none where all are left out."""
    answered = [attribute for attribute in attributes if attribute.answer is not None]
    return tuple(_with_object(row, answered) for row in rows)


def _with_object(row: Mapping[str, str | None], answered: Sequence[Attribute]) -> Mapping[str, str | None]:
    places = {place_of(attribute) for attribute in answered}
    objects: dict[str, dict[str, object]] = {attribute.column: {} for attribute in answered}
    for attribute in answered:
        text = row[place_of(attribute)]
        if text is not None and attribute.answer is not None:
            *outer, last = attribute.answer.split(".")
            inner = objects[attribute.column]
            for key in outer:
                found = inner.setdefault(key, {})
                inner = found if isinstance(found, dict) else {}
            inner[last] = text
    written = {column: json.dumps(held, ensure_ascii=False) if held else None for column, held in objects.items()}
    return {**{name: text for name, text in row.items() if name not in places}, **written}


def _draw(pool: Sequence[str], rng: np.random.Generator) -> list[str | None]:
    chosen = rng.integers(0, len(pool), GOLDEN_ROWS)
    given = rng.random(GOLDEN_ROWS) >= NOT_GIVEN
    return [pool[place] if known else None for place, known in zip(chosen, given, strict=True)]


def _one_known(row: dict[str, str | None], pools: Mapping[str, Sequence[str]]) -> dict[str, str | None]:
    """A row of which nothing is known has no answer;

    such a row gets its first value, which is always readable.
    """
    first = next(iter(pools))
    unreadable = all(text is None or text == UNSEEN for text in row.values())
    return {**row, first: pools[first][0]} if unreadable else row


def _texts_of(model: WinModel, attribute: Attribute, as_of: date) -> tuple[str, ...]:
    return possible_texts(attribute, tuple(_named(model, attribute)), _cuts(model, attribute), as_of)


def possible_texts(attribute: Attribute, named: Sequence[str], cuts: Iterable[float], as_of: date) -> tuple[str, ...]:
    """Texts that an attribute's column could hold; the first is always readable, the last is always unknown.

    named: the values of a category or members of a set that matter. cuts: the amounts, or ages, at which an answer
    changes.
    """
    if attribute.kind == "category":
        return (*named, UNSEEN)
    if attribute.kind == "set":
        return (*_member_texts(named, attribute.separator), UNSEEN)
    if attribute.kind == "flag":
        return ("yes", "no", UNSEEN)
    if attribute.order:
        return (*attribute.order, UNSEEN)
    return (*dict.fromkeys((*named, *_amount_texts(attribute, cuts, as_of))), UNSEEN)


def _named(model: WinModel, attribute: Attribute) -> Iterator[str]:
    """The levels of a category, the members of a set; nothing for other kinds."""
    for column in model.vocabulary.columns:
        if column.attribute == attribute.name:
            yield from column.levels[FIRST_VALUE_CODE:]
            if column.member:
                yield column.member


def _member_texts(members: Sequence[str], separator: str) -> Iterator[str]:
    """Each member alone, each with its neighbour, and all together."""
    yield from members
    yield from (separator.join(pair) for pair in itertools.pairwise(members))
    yield separator.join([*members, UNSEEN])


def _amount_texts(attribute: Attribute, cuts: Iterable[float], as_of: date) -> Iterator[str]:
    for value in _around(cuts):
        if attribute.kind == "date":
            yield (as_of - timedelta(days=round(_age(value) * DAYS_PER_YEAR))).isoformat()
        elif attribute.kind == "year":
            yield f"{as_of.year - round(_age(value)):04d}"
        else:
            yield repr(value).replace(".", attribute.decimal)


def _age(value: float) -> float:
    return min(max(value, 0.0), LONGEST_AGE)


def _cuts(model: WinModel, attribute: Attribute) -> Iterator[float]:
    for column, points in zip(model.vocabulary.columns, model.scorecard.columns, strict=True):
        if column.attribute == attribute.name:
            yield from points.thresholds.tolist()


def _around(cuts: Iterable[float]) -> Iterator[float]:
    """1, then below, on and above each cut."""
    yield 1.0
    for cut in cuts:
        yield from (cut - abs(cut) / 8, cut, cut + abs(cut) / 8)
