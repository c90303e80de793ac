"""What a column of an export probably is, judged by its name and by every value in it, with the reason in words."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from icp_ml.deals.answers import read_documents
from icp_ml.deals.parsing import parse_flags, parse_numbers, parse_range_levels, parse_sets, parse_years
from icp_ml.deals.personal import personal
from icp_ml.deals.settings import DateOrder, Kind, Layer
from icp_training.column_texts import (
    DATE_ORDERS,
    Texts,
    date_order,
    date_orders,
    is_nested,
    readable,
    texts_of,
)
from icp_training.leakage.columns import LIST_SHARE, Facts, Flags, read_column
from icp_training.leakage.records import ColumnVerdict
from icp_training.leakage.verdicts import judge_column

__all__ = ["DATE_ORDERS", "Guess", "Texts", "date_order", "date_orders", "guess", "is_nested", "texts_of"]

MOST_LEVELS = 300
"""A text column with more values than this is a name or free text, not a category; we chose it."""
_YEAR = re.compile(r"year|founded|established", re.IGNORECASE)
_LAYERS: tuple[tuple[Layer, re.Pattern[str]], ...] = (
    ("technographic", re.compile(r"tool|tech|stack|\bcrm\b|platform|software|cloud|integrat", re.IGNORECASE)),
    (
        "behavioural",
        re.compile(r"intent|hiring|signal|news|visit|research|review|executive|content|\bopen.?roles", re.IGNORECASE),
    ),
    (
        "engagement",
        re.compile(r"e-?mail|demo|meeting|trial|usage|lead.?source|source|contact|reply|webinar|engag", re.IGNORECASE),
    ),
)


@dataclass(frozen=True)
class Guess:
    """kind: None where the column is not usable as an attribute. why: in words. use: whether it is safe to learn from.

    order: how a date is written; "iso" for every other kind. verdict: with the evidence, where the column has a kind.
    """

    kind: Kind | None
    layer: Layer
    why: str
    use: bool
    order: DateOrder = "iso"
    verdict: ColumnVerdict | None = None


def guess(texts: Texts, won: Flags, decided: Flags, facts: Facts | None = None) -> Guess:
    """Kind and layer of a column, and whether it may be learned from.

    won, decided: of each row, whether the deal was won, and whether it was won or lost. facts: what else is known of
    the deals, so that more kinds of evidence can be looked for; by default nothing. A column that the evidence drops
    has no kind, and `why` begins with "dropped".
    """
    layer = _layer(texts.name)
    of_people = personal(texts.name, texts.values)
    if of_people is not None:
        return Guess(None, layer, f"holds {of_people}; the ICP is about companies", use=False)
    kind, why = _kind(texts)
    if kind is None:
        return Guess(None, layer, why, use=False)
    known = facts or Facts(won, decided, open=np.zeros(len(won), dtype=bool))
    verdict = judge_column(read_column(texts), known)
    if verdict.answer == "drop":
        return Guess(None, layer, f"dropped: {verdict.reasons}", use=False, verdict=verdict)
    read = date_order(texts) if kind == "date" else None
    reason = f"{why}; {verdict.reasons}" if verdict.is_accused else why
    order: DateOrder = read[0] if read else "iso"
    return Guess(kind, layer, reason, use=not verdict.is_accused, order=order, verdict=verdict)


def _layer(name: str) -> Layer:
    for layer, words in _LAYERS:
        if words.search(name):
            return layer
    return "firmographic"


def kind_of(texts: Texts) -> Kind | None:
    """The kind that a column can be read as, whatever it has to do with the outcome; None where there is none."""
    return _kind(texts)[0]


def _kind(texts: Texts) -> tuple[Kind | None, str]:
    if len(texts.values) < 2:
        return None, "has fewer than two different values"
    column = pa.array(texts.values)
    is_year = _YEAR.search(texts.name) and readable(parse_years(column).trouble.rows, texts)
    readings: tuple[tuple[bool, Kind, str], ...] = (
        (readable(parse_flags(column).trouble.rows, texts), "flag", "yes or no"),
        (bool(is_year), "year", "years, read as an age at the opening"),
        (readable(parse_numbers(column).trouble.rows, texts), "number", "numbers"),
        (date_order(texts) is not None, "date", "dates, read as an age at the opening"),
        (readable(parse_range_levels(column).trouble.rows, texts), "ordered", "ranges, ordered by their lower end"),
    )
    return next(((kind, why) for fits, kind, why in readings if fits), None) or _text_kind(texts)


def _text_kind(texts: Texts) -> tuple[Kind | None, str]:
    objects = read_documents(pa.array(texts.values)).objects
    if sum(found is not None for found in objects) > LIST_SHARE * len(objects):
        return None, "holds JSON; name the answers in it as attributes (docs/reading-by-ai.md)"
    lists = np.array([";" in value for value in texts.values])
    if lists[texts.codes[texts.known]].mean() > LIST_SHARE:
        members = len(parse_sets(pa.array(texts.values)).levels)
        return "set", f"lists separated by semicolons, {members} different members"
    if len(texts.values) > min(MOST_LEVELS, max(20, int(texts.known.sum()) // 3)):
        return None, f"{len(texts.values):,} different texts: a name, an identifier or free text"
    return "category", f"{len(texts.values)} different texts"
