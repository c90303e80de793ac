"""The rules that `icp init` drafts for deals that are no new business, won or lost, with counts beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from icp_ml.deals.deal_types import names_a_test
from icp_ml.deals.parsing import parse_flags
from icp_training.guessing import Texts
from icp_training.outcomes import Outcome
from icp_training.presets.matching import Recognised
from icp_training.presets.reading import says, value_words
from icp_training.yaml_text import flow, quoted, said

MOST_TESTS = 0.2
"""The largest share of deals that a rule about names may take for tests without being asked: with more, "test" is
rather what the company sells or is called. We chose it."""
MOST_VALUES = 200
"""A column with more values than this is not one of types or of reasons."""
SHOWN = 12

_TYPE_NAME = re.compile(r"((deal|opportunity|opp|order|sale|sales|business)[ _-]*)?type", re.IGNORECASE)
_REASON_NAME = re.compile(r".*reason.*", re.IGNORECASE)

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Rule:
    """A drafted rule: its lines in the configuration, the rows it leaves out, and the column that it reads, if any."""

    lines: tuple[str, ...]
    rows: Flags
    column: str | None


def left_out_rules(
    columns: Mapping[str, Texts], seen: Recognised | None, outcome: Outcome, taken: Iterable[str]
) -> tuple[Rule, ...]:
    """The rules for deleted rows, tests, other types and losses that are none, as far as the export tells them."""
    free = {name: texts for name, texts in columns.items() if name not in set(taken)}
    makers = (_deleted, _tests, _types)
    rules = [rule for make in makers if (rule := make(free, seen)) is not None]
    gone = np.zeros(len(outcome.column.codes), dtype=bool)
    for rule in rules:
        gone |= rule.rows
    reasons = _reasons(free, seen, outcome.rows(outcome.lost) & ~gone)
    return (*rules, reasons) if reasons is not None else tuple(rules)


def _deleted(columns: Mapping[str, Texts], seen: Recognised | None) -> Rule | None:
    name = _part(columns, seen, "deleted")
    if name is None:
        return None
    texts = columns[name]
    rows = _of_values(texts, parse_flags(pa.array(texts.values)).values == 1)
    if rows.all():
        asked = f"  # asked: {name} says that every deal was deleted, so it is not applied"
        return Rule((f"{asked}; add deleted: {quoted(name)} if so",), np.zeros(len(rows), dtype=bool), name)
    return Rule((f"  deleted: {quoted(name)}  # {_deals(rows)} that the CRM deleted",), rows, name)


def _tests(columns: Mapping[str, Texts], seen: Recognised | None) -> Rule | None:
    name = _part(columns, seen, "name")
    if name is None:
        return None
    texts = columns[name]
    words = [word for word in value_words().tests.words if any(map(names_a_test([word]), texts.values))]
    if not words:
        return None
    is_test = names_a_test(words)
    rows = _of_values(texts, np.array([is_test(value) for value in texts.values]))
    rule = f"tests: {{column: {quoted(name)}, words: {flow(words)}}}"
    if rows.mean() > MOST_TESTS:
        line = f"  # asked: are {_deals(rows)} tests by their name? They are kept; if they are, add {rule}"
        return Rule((line,), np.zeros(len(rows), dtype=bool), None)
    return Rule((f"  {rule}  # {_deals(rows)} whose name says test",), rows, None)


def _types(columns: Mapping[str, Texts], seen: Recognised | None) -> Rule | None:
    name = _part(columns, seen, "type") or (None if seen else _by_name(columns, _TYPE_NAME))
    if name is None:
        return None
    texts, words = columns[name], value_words().types
    leave = [value for value in texts.values if says(value, words.leave_out)]
    new = [value for value in texts.values if value not in leave and says(value, words.new)]
    rest = [value for value in texts.values if value not in leave + new]
    if not leave and (seen is None or not new):
        return _types_unknown(texts) if seen else None
    kept = [*new, *rest]
    lines = [
        "  types:  # new business only: a renewal or an expansion is won for other reasons than a first deal",
        f"    column: {quoted(name)}",
        f"    new: {flow(kept)}  # {_deals(_of_values(texts, _among(texts, kept)))}, and those without a type",
    ]
    lines += [
        f"    # asked: is {quoted(value)} ({_count(texts, value)}) new business? It counts as such" for value in rest
    ]
    if leave:
        lines.append(f"    leave_out: {flow(leave)}  # {_shown(texts, leave)}")
    return Rule(tuple(lines), _of_values(texts, _among(texts, leave)), name)


def _types_unknown(texts: Texts) -> Rule | None:
    if len(texts.values) > MOST_VALUES or not texts.values:
        return None
    line = (
        f"  # asked: no value of {said(texts.name)} is known as new business or as a renewal "
        f"({_shown(texts, texts.values)}); all types are kept until you add types"
    )
    return Rule((line,), np.zeros(len(texts.codes), dtype=bool), texts.name)


def _reasons(columns: Mapping[str, Texts], seen: Recognised | None, lost: Flags) -> Rule | None:
    name = _part(columns, seen, "reason") or (None if seen else _by_name(columns, _REASON_NAME))
    if name is None or len(columns[name].values) > MOST_VALUES:
        return None
    texts = columns[name]
    among_lost = Texts(name, texts.values, np.where(lost, texts.codes, -1))
    given = [value for value in texts.values if _count(among_lost, value)]
    words = value_words().reasons
    none = [value for value in given if says(value, words.not_a_loss)]
    if not none and seen is None:
        return None
    counted = [value for value in given if value not in none]
    return Rule(tuple(_reason_lines(among_lost, none, counted)), _of_values(among_lost, _among(texts, none)), name)


def _reason_lines(texts: Texts, none: Sequence[str], counted: Sequence[str]) -> Iterator[str]:
    if none:
        yield "  reasons:  # a lost deal with one of these reasons was no deal to lose"
        yield f"    column: {quoted(texts.name)}"
        yield f"    not_a_loss: {flow(none)}  # {_shown(texts, none)}"
    if counted:
        yield f"  # reasons that count as losses: {_shown(texts, counted)}"
    for value in counted:
        if says(value, value_words().reasons.asked):
            yield (
                f"  # asked: is {quoted(value)} ({_count(texts, value):,} deals) a loss? It counts as one; "
                f"if not, add it to not_a_loss"
            )


def _part(columns: Mapping[str, Texts], seen: Recognised | None, part: str) -> str | None:
    names = seen.parts.get(part, ()) if seen else ()
    return next((name for name in names if name in columns and columns[name].values), None)


def _by_name(columns: Mapping[str, Texts], pattern: re.Pattern[str]) -> str | None:
    fitting = (name for name, texts in columns.items() if pattern.fullmatch(name) and len(texts.values) <= MOST_VALUES)
    return next(fitting, None)


def _among(texts: Texts, values: Sequence[str]) -> Flags:
    return np.array([value in values for value in texts.values], dtype=bool)


def _of_values(texts: Texts, holds: Flags) -> Flags:
    return np.append(holds, False)[texts.codes]


def _count(texts: Texts, value: str) -> int:
    return int((texts.codes == texts.values.index(value)).sum())


def _shown(texts: Texts, values: Sequence[str]) -> str:
    ordered = sorted(values, key=lambda value: -_count(texts, value))
    more = f" and {len(values) - SHOWN} more" if len(values) > SHOWN else ""
    return said(", ".join(f"{value} {_count(texts, value):,}" for value in ordered[:SHOWN])) + more


def _deals(rows: Flags) -> str:
    count = int(rows.sum())
    return "1 deal" if count == 1 else f"{count:,} deals"
