"""`icp init`: a first configuration from an export, with each guess explained in a comment.

What is not certain to have been known when the deal opened is written down with the safe answer, `use: no`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from icp_ml.deals.reading import is_parquet, read_table
from icp_ml.deals.settings import DateOrder, FileSettings, Layer, parse_settings
from icp_ml.deals.words import listed
from icp_ml.errors import InputError, TooFewDeals
from icp_training.guessing import DATE_ORDERS, Guess, Texts, date_order, date_orders, guess, is_nested, texts_of

_WON = re.compile(r"\b(won|win|closed.?won|yes|true|1)\b", re.IGNORECASE)
_LOST = re.compile(r"\b(lost|loss|lose|closed.?lost|no|false|0)\b", re.IGNORECASE)
_NOT_WON = re.compile(r"\bnot[ _-]?won\b", re.IGNORECASE)
_IGNORED = re.compile(r"duplicate|\btest\b", re.IGNORECASE)
_OUTCOME_NAMES = ("outcome", "result", "stage", "status", "won")
_OPENED = re.compile(r"open|creat|start|engage|begin", re.IGNORECASE)
_CLOSED = re.compile(r"clos|won.?(date|at|on)|end.?date|decided", re.IGNORECASE)
_ID = re.compile(r"(deal|opportunity|opp|record)?.?(id|number|key)$", re.IGNORECASE)
_ACCOUNT = re.compile(r"account|company|customer|client|organi[sz]ation", re.IGNORECASE)
_IDENTITY = re.compile(r"id$|number$|name$|^account$|^company$|^customer$|domain", re.IGNORECASE)
MOST_OUTCOMES = 30
MOST_ANSWERS = 4
"""Values of an outcome that is told by yes and no, or 1 and 0, with room for "open" and the like. A column with more
of them, such as the days in a stage, only happens to hold a 0 and a 1; we chose it."""
REPEATS = 0.98
"""Share of distinct values from which a column may be the deals' identifier although some are repeated."""
LAYERS: tuple[Layer, ...] = ("firmographic", "technographic", "behavioural", "engagement")


@dataclass(frozen=True)
class Roles:
    """Which column plays which part; None where none was found."""

    outcome: Texts
    won: tuple[str, ...]
    lost: tuple[str, ...]
    ignore: tuple[str, ...]
    open: tuple[str, ...]
    id: str | None
    repeated: int
    account: str | None
    opened: str | None
    closed: str | None
    order: DateOrder
    order_asked: str

    def taken(self) -> set[str]:
        """The columns that are not attributes."""
        return {name for name in (self.outcome.name, self.id, self.account, self.opened, self.closed) if name}


@dataclass(frozen=True)
class Draft:
    """text: the configuration as YAML. used, asked: attributes in use, and left out until somebody answers."""

    text: str
    used: tuple[str, ...]
    asked: tuple[str, ...]


def draft_config(export: Path, root: Path, delimiter: str | None = None, encoding: str = "utf-8") -> Draft:
    """Draft a configuration for an export of deals; its source is written relative to `root`.

    Raises `InputError` where no outcome column can be found, `TooFewDeals` where it knows one outcome only,
    `ConfigError` for a delimiter or an encoding that is none, and what reading raises.
    """
    given = parse_settings(FileSettings, {"encoding": encoding, "delimiter": delimiter or ","})
    separator = given.delimiter if delimiter else _delimiter(export, given.encoding)
    table = read_table(export, delimiter=separator, encoding=given.encoding)
    flat = [field.name for field in table.schema if not is_nested(field)]
    columns = {name: texts_of(name, table[name]) for name in flat}
    roles = _roles(columns)
    won, decided = _outcomes(roles)
    named = _identical_ids(columns, roles)
    guesses = {name: guess(texts, won, decided) for name, texts in columns.items() if name not in roles.taken()}
    offered = {name: found for name, found in guesses.items() if found.kind and name not in named}
    if not offered:
        raise InputError(
            f"expected columns to learn from beside the deal's own, found none among {listed(list(columns))}"
        )
    source = os.path.relpath(export.resolve(), root.resolve())
    lines = [*_head(export, source, roles, separator, encoding), *_attributes(guesses, named)]
    lines += [f"  # left out: {name}: holds nested values" for name in table.column_names if name not in flat]
    used = tuple(name for name, found in offered.items() if found.use)
    asked = tuple(name for name, found in offered.items() if not found.use)
    return Draft("\n".join(lines) + "\n", used, asked)


def _delimiter(export: Path, encoding: str) -> str:
    """The separator that occurs most often in the header."""
    if not export.is_file() or is_parquet(export):
        return ","
    with export.open(encoding=encoding, errors="replace") as lines:
        header = lines.readline()
    return max(",;\t|", key=header.count)


def _roles(columns: Mapping[str, Texts]) -> Roles:
    outcome = _outcome(columns)
    lost = tuple(v for v in outcome.values if _is_lost(v))
    won = tuple(v for v in outcome.values if _is_won(v))
    ignore = tuple(v for v in outcome.values if _IGNORED.search(v) and v not in won + lost)
    rest = tuple(v for v in outcome.values if v not in won + lost + ignore)
    dates = [name for name, texts in columns.items() if date_order(texts) is not None]
    opened = next((name for name in dates if _OPENED.search(name) and not _CLOSED.search(name)), None)
    closed = next((name for name in dates if _CLOSED.search(name)), None)
    order, asked = _common_order([columns[name] for name in (opened, closed) if name])
    identifier, repeated = _identifier(columns)
    return Roles(
        outcome, won, lost, ignore, rest, identifier, repeated, _account(columns, identifier), opened, closed,
        order, asked,
    )  # fmt: skip


def _is_lost(value: str) -> bool:
    return bool(_NOT_WON.search(value) or (_LOST.search(value) and not _WON.search(value)))


def _is_won(value: str) -> bool:
    return bool(_WON.search(value) and not _LOST.search(value) and not _NOT_WON.search(value))


def _outcome(columns: Mapping[str, Texts]) -> Texts:
    def fits(texts: Texts) -> bool:
        few = 2 <= len(texts.values) <= MOST_OUTCOMES
        return few and any(map(_is_won, texts.values)) and any(map(_is_lost, texts.values))

    found = [texts for texts in columns.values() if fits(texts)]
    named = [t for word in _OUTCOME_NAMES for t in found if word in t.name.casefold()]
    spoken = [t for t in found if any(re.search("won|lost|loss", v, re.IGNORECASE) for v in t.values)]
    if spoken:
        return next((t for t in named if t in spoken), spoken[0])
    _refuse_one_outcome(columns)
    answers = [t for t in named if len(t.values) <= MOST_ANSWERS]
    if answers:
        return answers[0]
    raise InputError(
        f"expected a column with the outcome of each deal (values such as 'Closed Won' and 'Closed Lost'), found none "
        f"among {listed(list(columns))}; add one to the export"
    )


def _refuse_one_outcome(columns: Mapping[str, Texts]) -> None:
    """A stage that speaks of won deals and of no lost ones, or the other way round, is half an outcome."""
    for texts in columns.values():
        if len(texts.values) > MOST_OUTCOMES or not any(word in texts.name.casefold() for word in _OUTCOME_NAMES):
            continue
        for there, lacking in (("won", "lost"), ("lost", "won")):
            if any(re.search(rf"\b{there}\b", value, re.IGNORECASE) for value in texts.values):
                raise TooFewDeals(
                    f"expected won and lost deals, found in column '{texts.name}' only {listed(texts.values)}, none of "
                    f"which is {lacking}; export those deals too"
                )


def _common_order(dates: Sequence[Texts]) -> tuple[DateOrder, str]:
    """The order in which all the dates can be read, and what has to be asked about it."""
    readings = [date_orders(texts) for texts in dates]
    common = [order for order in DATE_ORDERS if readings and all(order in found for found in readings)]
    if not common:
        asked = "asked: openings and closings are not written alike; export them in one order" if readings else ""
        return (readings[0][0] if readings else "iso"), asked
    if len(common) > 1:
        return common[0], f"asked: every date can be read as {' and as '.join(common)}; correct this if it is wrong"
    return common[0], ""


def _identifier(columns: Mapping[str, Texts]) -> tuple[str | None, int]:
    for name, texts in columns.items():
        rows = int(texts.known.sum())
        if _ID.search(name) and not _ACCOUNT.search(name) and rows and len(texts.values) >= REPEATS * rows:
            return name, rows - len(texts.values)
    return None, 0


def _account(columns: Mapping[str, Texts], identifier: str | None) -> str | None:
    fitting = [
        name
        for name, texts in columns.items()
        if name != identifier and _ACCOUNT.search(name) and _IDENTITY.search(name) and len(texts.values) > MOST_OUTCOMES
    ]
    return min(fitting, key=lambda name: (not name.lower().endswith("id"), len(name)), default=None)


def _identical_ids(columns: Mapping[str, Texts], roles: Roles) -> set[str]:
    """Columns that only name the account again."""
    if roles.account is None:
        return set()
    return {name for name, t in columns.items() if _IDENTITY.search(name) and len(t.values) > MOST_OUTCOMES}


def _outcomes(roles: Roles) -> tuple[np.ndarray[tuple[int], np.dtype[np.bool_]], ...]:
    is_won = np.array([value in roles.won for value in roles.outcome.values] + [False])
    is_lost = np.array([value in roles.lost for value in roles.outcome.values] + [False])
    won = is_won[roles.outcome.codes]
    return won, won | is_lost[roles.outcome.codes]


def _head(export: Path, source: str, roles: Roles, delimiter: str, encoding: str) -> Iterable[str]:
    yield f"# Drafted by icp init from {export.name}. Read each line, correct it, then run: icp check"
    yield "name: icp"
    yield "deals:"
    yield f"  source: {_quoted(source)}"
    if delimiter != ",":
        yield f"  delimiter: {_quoted(delimiter)}"
    if encoding != "utf-8":
        yield f"  encoding: {_quoted(encoding)}"
    yield from _role_lines(roles)
    yield "  outcome:"
    yield f"    column: {_quoted(roles.outcome.name)}"
    for name in ("won", "lost", "open", "ignore"):
        values = getattr(roles, name)
        if values:
            yield f"    {name}: [{', '.join(map(_quoted, values))}]"


def _role_lines(roles: Roles) -> Iterable[str]:
    yield f"  id: {_quoted(roles.id)}" if roles.id else "  # id: no column was found that names each deal once"
    if roles.repeated:
        yield f"  repeated_ids: keep_all  # asked: {roles.repeated} rows repeat an id; they are kept on one side"
    if roles.account:
        yield f"  account: {_quoted(roles.account)}  # deals of one account are never on both sides of a split"
    else:
        yield "  # account: no column was found that names the company; each deal counts as an account of its own"
    if roles.opened and roles.closed:
        yield f"  opened: {_quoted(roles.opened)}"
        yield f"  closed: {_quoted(roles.closed)}"
        if roles.order != "iso" or roles.order_asked:
            yield f"  date_order: {roles.order}" + (f"  # {roles.order_asked}" if roles.order_asked else "")
    else:
        yield "  # opened, closed: no such dates were found, so nothing can be judged forward in time"
        yield "  window: {months: null}"


def _attributes(guesses: Mapping[str, Guess], names: set[str]) -> Iterable[str]:
    yield "attributes:"
    for layer in LAYERS:
        here = {
            name: found for name, found in guesses.items() if found.layer == layer and found.kind and name not in names
        }
        if here:
            yield f"  {layer}:"
            yield from (_attribute_line(name, found) for name, found in here.items())
    left_out = {name: found.why for name, found in guesses.items() if found.kind is None or name in names}
    for name, why in left_out.items():
        yield f"  # left out: {name}: {'names the account' if name in names else why}".replace("\n", " ")


def _attribute_line(name: str, found: Guess) -> str:
    parts = [f"kind: {found.kind}"]
    if found.order != "iso":
        parts.append(f"date_order: {found.order}")
    if not found.use:
        parts.append("use: no")
    settings = found.kind if len(parts) == 1 else f"{{{', '.join(parts)}}}"
    return f"    {_quoted(name)}: {settings}  # {'' if found.use else 'asked: '}{found.why}"


def _quoted(text: str) -> str:
    """A YAML scalar; JSON's quoting is YAML's where a plain word would be read as something else."""
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_ ./-]*[A-Za-z0-9_/-]|[A-Za-z_]", text)
    reserved = text.lower() in ("yes", "no", "true", "false", "null", "on", "off", "y", "n")
    return text if plain and not reserved else json.dumps(text, ensure_ascii=False)
