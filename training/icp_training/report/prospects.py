"""The best rows of a scored list, each with what makes up its score, its reasons, and whom it is like."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from icp_ml.deals.reading import column_names, stream_batches
from icp_ml.deals.settings import AXIS_OF_LAYER
from icp_ml.errors import InputError
from icp_ml.serve.previous import CONTENT_HASH, DELIMITER, ENCODING, SCORE, SUB_SCORE, TIER, metadata_of
from icp_training.report.numbers import count, percent, share
from icp_training.report.parts import Cell, Part, Prospect, Prospects, Section, Table, Words, rows_of

MOST: Final = 200
"""Rows that the page holds; more would be no page."""
MISSING: Final = "attributes_missing"
MEASURES: Final = ("probability", "resemblance")
"""What a score is in numbers, by the kind of the model: of winning, 0 to 1; a place in the universe, 0 to 100."""
NEAREST: Final = re.compile(r"nearest_(won|lost)_\d+")
REASON: Final = re.compile(r"reason_(for|against)_\d+")

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Beside:
    """The model beside which a list is shown. tiers: each with its share `of` that which it was measured on."""

    content_hash: str
    tiers: tuple[tuple[str, float], ...]
    of: str


def prospects(beside: Beside, scored: Path) -> Section:
    """scored: an output of `icp score`. Raises `InputError` where it is none."""
    return Section("prospects", "The best prospects", tuple(_parts(beside, scored)), terms=("score", "log-odds"))


def _parts(beside: Beside, scored: Path) -> Iterator[Part]:
    read = _read(scored)
    by = metadata_of(scored).get(CONTENT_HASH, b"").decode()
    if by and by != beside.content_hash:
        yield Words(
            f"{scored.name} was scored by another model (content hash {by[:12]}...), not by this one.", "warning"
        )
    if not read.best.num_rows:
        yield Words(f"No row of {scored.name} has a tier.")
        return
    name = read.best.schema.names[0]
    shown = tuple(_prospect(values, name) for values in read.best.to_pylist())
    headers = (name, "tier", "score", read.measure, "action", "not known")
    caption = f"The {len(shown):,} best of {read.rows:,} rows of {scored.name}"
    yield Prospects(caption, headers, shown, frozenset({2, 3, 5}))
    yield _beside_measured(beside, read)


def _beside_measured(beside: Beside, read: _Read) -> Table:
    """How the list is parted by tiers beside what the tiers were measured on."""
    tiered = sum(read.tiers.values())
    rows = [
        (label, count(read.tiers[label]), share(read.tiers[label] / tiered), share(measured))
        for label, measured in beside.tiers
    ]
    lacking = "" if read.missing is None else f"; {read.missing:.1f} attributes are not known of a row on average"
    caption = f"The list beside what was learned from: {tiered:,} rows have a tier{lacking}"
    return Table(caption, ("tier", "rows", "of the list", beside.of), rows_of(rows), frozenset({1, 2, 3}))


@dataclass(frozen=True)
class _Read:
    """best: the rows with the highest scores that have a tier, best first. rows: of the whole list.

    tiers: rows by tier. missing: attributes not known of a row with a tier, the mean; None where the list does not say.
    measure: which of `MEASURES` the list has.
    """

    best: pa.Table
    rows: int
    tiers: Counter[str]
    missing: float | None
    measure: str


def _read(scored: Path) -> _Read:
    names = column_names(scored, delimiter=DELIMITER, encoding=ENCODING)
    lacking = [each for each in (TIER, SCORE) if each not in names]
    if lacking:
        raise InputError(
            f"{scored.name}: an output of icp score was expected, and it has no column '{lacking[0]}'; name a file "
            "that icp score wrote"
        )
    kept, rows, tiers, missing = None, 0, Counter[str](), 0.0
    for batch in stream_batches(scored, delimiter=DELIMITER, encoding=ENCODING):
        rows += batch.num_rows
        plain = _plain(pa.Table.from_batches([batch]))
        tiered = plain.filter(pc.and_(_given(plain, TIER), _given(plain, SCORE)))
        tiers.update(tiered.column(TIER).to_pylist())
        missing += (pc.sum(tiered.column(MISSING)).as_py() or 0.0) if MISSING in names else 0.0
        together = tiered if kept is None else pa.concat_tables([kept, tiered])
        kept = together.take(pc.select_k_unstable(together, MOST, [(SCORE, "descending")])) if len(together) else None
    best = pa.table({name: [] for name in names}) if kept is None else kept
    measure = next((each for each in MEASURES if each in names), MEASURES[0])
    return _Read(best, rows, tiers, missing / max(tiers.total(), 1) if MISSING in names else None, measure)


def _plain(table: pa.Table) -> pa.Table:
    """Without dictionaries; numbers as numbers, which a CSV file does not have."""
    made = {}
    for name, column in zip(table.schema.names, table.columns, strict=True):
        decoded = column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
        is_number = name in {SCORE, MISSING, *MEASURES} or name.startswith(SUB_SCORE)
        is_number = is_number or name.endswith("_effect")
        made[name] = _number(decoded) if is_number else decoded.cast(pa.string())
    return pa.table(made)


def _number(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pa.types.is_string(column.type) and not pa.types.is_large_string(column.type):
        return column.cast(pa.float64())
    return pc.if_else(pc.equal(column, ""), None, column).cast(pa.float64())


def _given(table: pa.Table, name: str) -> pa.ChunkedArray:
    column = table.column(name)
    given = column.is_valid()
    return pc.and_(given, pc.not_equal(column, "")) if pa.types.is_string(column.type) else given


def _prospect(values: Values, name: str) -> Prospect:
    score = float(values[SCORE])
    missing = values.get(MISSING)
    facts = (
        Cell(str(values[TIER])),
        Cell(f"{score:.1f}", repr(score)),
        _measured(values),
        Cell(values.get("action") or ""),
        Cell("" if missing is None else f"{missing:.0f}"),
    )
    return Prospect(str(values[name]), facts, tuple(_reasons(values)), _steps(values, score), tuple(_details(values)))


def _measured(values: Values) -> Cell:
    probability, resemblance = (values.get(name) for name in MEASURES)
    if probability is not None:
        return Cell(percent(probability), repr(probability))
    return Cell("") if resemblance is None else Cell(f"{resemblance:.1f}", repr(resemblance))


def _reasons(values: Values) -> Iterator[tuple[str, float]]:
    for column, text in values.items():
        if REASON.fullmatch(column) and text:
            yield str(text), float(values[f"{column}_effect"])


def _steps(values: Values, score: float) -> tuple[tuple[str, float], ...]:
    """The average's score, then what each layer adds; they add up to the score."""
    layers = [(layer, values.get(f"{SUB_SCORE}{layer}")) for layer in AXIS_OF_LAYER]
    known = [(layer, float(points)) for layer, points in layers if points is not None]
    return ("the average", score - sum(points for _, points in known)), *known


def _details(values: Values) -> Iterator[str]:
    yield str(values.get("status") or "")
    for kind in ("won", "lost"):
        names = [str(v) for column, v in values.items() if (m := NEAREST.fullmatch(column)) and m[1] == kind and v]
        if names:
            yield f"Most like these {kind} accounts: {', '.join(names)}."
    if values.get("resembles_nothing_because"):
        yield f"Resembles no account sold to before: {values['resembles_nothing_because']}."
    if values.get("outside_proposed_market"):
        yield f"Outside of a boundary that the deals suggest: {values['outside_proposed_market']}."
