"""Rows for a model as a warehouse holds them, in typed columns: gaps, values that no deal had, spaces and quotes around
texts, and amounts on the cuts themselves, just above them and far away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.vocabulary import FIRST_VALUE_CODE
from icp_ml.serve.bundle import Bundle

Arrow: TypeAlias = Any
"""pyarrow ships no types."""

FAR = (np.nan, np.inf, -np.inf, 0.0, -1.5, 1e300, -1e300, 1.7e308, 1e-35)
ODD_TEXTS = ("", "  ", "never seen", 'it\'s "odd"\n;,\\', "\u00fcber \u00a6 all", "NULL")
NOT_KNOWN = 0.1


def typed_rows(bundle: Bundle, count: int, seed: int, as_of: date) -> Arrow:
    """A table with the id column of the bundle's lists and one for each attribute of its model."""
    rng = np.random.default_rng(seed)
    named = {column: listed for listed, column in bundle.prospects.map.items()}
    columns = {
        named.get(each.column, each.column): _column(bundle, each, count, rng, as_of) for each in bundle.attributes
    }
    return pa.table({bundle.prospects.id or "id": ids(count), **columns})


def ids(count: int) -> Arrow:
    """Texts of which no two are the same; some are blank, and one is null."""
    ids = [f"c{place}.example" if place % 97 else " " * place for place in range(count)]
    return pa.array([None, *ids[1:]], pa.string())


def _column(bundle: Bundle, attribute: Attribute, count: int, rng: np.random.Generator, as_of: date) -> Arrow:
    gaps = rng.random(count) < NOT_KNOWN
    if attribute.kind == "set":
        members = [*_names(bundle, attribute), *ODD_TEXTS]
        texts = [attribute.separator.join(_some(members, rng)) for _ in range(count)]
        return _with_gaps(texts, gaps, pa.string())
    if attribute.kind == "category" or attribute.order:
        names = list(_names(bundle, attribute))
        spelled = [*names, *(f" {name}\t" for name in names), *(name.upper() for name in names), *ODD_TEXTS]
        return _with_gaps([spelled[place] for place in rng.integers(0, len(spelled), count)], gaps, pa.string())
    if attribute.kind == "flag":
        return pa.array(rng.random(count) < 0.5, mask=gaps)
    if attribute.kind == "date":
        days = np.datetime64(as_of) - rng.integers(-200, 9_000, count)
        days[: len(days) // 50] = np.datetime64("9999-12-31")
        return pa.array(days, mask=gaps)
    if attribute.kind == "year":
        return pa.array(
            rng.choice([999, 1000, 99_999, *range(1950, as_of.year + 2)], count).astype(np.int32), mask=gaps
        )
    return pa.array(rng.choice(_amounts(bundle, attribute), count), mask=gaps)


def _some(members: Sequence[str], rng: np.random.Generator) -> list[str]:
    return [members[place] for place in rng.integers(0, len(members), rng.integers(0, 6))]


def _with_gaps(texts: Sequence[str], gaps: np.ndarray, kind: Arrow) -> Arrow:
    return pa.array([None if gap else text for text, gap in zip(texts, gaps, strict=True)], kind)


def _names(bundle: Bundle, attribute: Attribute) -> Iterator[str]:
    yield from attribute.order
    for column in bundle.model.vocabulary.columns:
        if column.attribute == attribute.name:
            yield from (column.member,) if column.member else column.levels[FIRST_VALUE_CODE:]


def _amounts(bundle: Bundle, attribute: Attribute) -> np.ndarray:
    """Every cut of the scorecard and the doubles beside it, what lies between, and what is far away."""
    pairs = zip(bundle.model.vocabulary.columns, bundle.model.scorecard.columns, strict=True)
    cuts = np.concatenate(
        [points.thresholds for column, points in pairs if column.attribute == attribute.name] or [np.zeros(1)]
    )
    middles = (cuts[:-1] + cuts[1:]) / 2
    around = [cuts, np.nextafter(cuts, np.inf), np.nextafter(cuts, -np.inf), middles, cuts - 1, cuts + 1]
    return np.concatenate([*around, *around, *around, FAR])
