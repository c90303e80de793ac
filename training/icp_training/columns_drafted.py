"""What becomes of each column of the deals and their accounts: attribute, outcome field, or left out, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.settings import DateOrder, Kind, Known, Layer
from icp_training.guessing import Guess, Texts, guess, kind_of
from icp_training.leakage.columns import Facts
from icp_training.presets.matching import Column, Recognised

Section = Literal["attribute", "outcome_field", "seller", "left_out"]
Flags = NDArray[np.bool_]

_PARTS = {
    "account": "refers to the account",
    "account_name": "names the account",
    "closed": "the close",
    "contact": "names a person; the ICP is about companies",
    "decided": "the outcome itself",
    "deleted": "marks deleted rows",
    "domain": "names the account",
    "id": "names the record",
    "name": "names the deal",
    "opened": "when the record was made",
    "reason": "written down when the deal is over",
    "stage": "the course of the deal",
    "stage_like": "the course of the deal",
    "type": "the deal's type",
    "won": "the outcome itself",
}
ENOUGH_TO_JUDGE = 30
"""Won deals, and lost ones, from which the values of a column that a vendor documents can speak against it; fewer are
noise, in which some column always looks too good."""
TODAY = "as the account says it today, since no history was given"
ON_THE_DEAL = "it stands on the deal, and nothing says when it was filled in"


@dataclass(frozen=True)
class Drafted:
    """One column. kind: None unless it is an attribute. use: whether it is learned from without an answer.

    means: the preset's word for what it holds, by which a prospect list is led to it.
    """

    name: str
    section: Section
    why: str
    kind: Kind | None = None
    layer: Layer = "firmographic"
    use: bool = False
    known: Known | None = None
    order: DateOrder = "iso"
    means: str | None = None


@dataclass(frozen=True)
class Judge:
    """Judges columns by the deals that count: bool[n] each. decided: won or lost, and not left out.

    facts: what else is known of the deals.
    """

    won: Flags
    decided: Flags
    facts: Facts | None = None

    @property
    def enough(self) -> bool:
        """Whether there are deals enough for their outcomes to say anything about a column."""
        won, decided = int(self.won.sum()), int(self.decided.sum())
        return min(won, decided - won) >= ENOUGH_TO_JUDGE

    def guess(self, texts: Texts) -> Guess:
        """What the column probably is."""
        return guess(texts, self.won, self.decided, self.facts)


def deal_columns(
    columns: Mapping[str, Texts], seen: Recognised | None, judge: Judge, naming: set[str]
) -> Iterator[Drafted]:
    """The columns of the deals that play no part. naming: those that only name the account again."""
    for name, texts in columns.items():
        if seen is None:
            found = judge.guess(texts)
            yield _left_out(name, "names the account") if name in naming else _guessed(name, found)
            continue
        known = seen.columns.get(name)
        if known is not None:
            yield _of_preset(texts, known, judge)
            continue
        own = _guessed(name, judge.guess(texts))
        yield replace(own, use=False, why=f"{own.why}; {ON_THE_DEAL}") if own.use else own


def account_columns(
    columns: Mapping[str, Texts], seen: Recognised | None, judge: Judge, naming: set[str], *, rewound: bool
) -> Iterator[Drafted]:
    """The columns of the accounts, row by row of the deals. rewound: a history says what they were at the opening."""
    for name, texts in columns.items():
        known = seen.columns.get(name) if seen else None
        if known is not None:
            drafted = _of_preset(texts, known, judge)
        elif name in naming:
            drafted = _left_out(name, "names the account")
        else:
            drafted = _guessed(name, judge.guess(texts))
        as_of = drafted.section == "attribute" and drafted.use and not rewound
        yield replace(drafted, why=f"{drafted.why}; {TODAY}") if as_of else drafted


def _of_preset(texts: Texts, column: Column, judge: Judge) -> Drafted:
    meaning, name = column.meaning, texts.name
    if column.group == "outcome_field":
        return Drafted(name, "outcome_field", meaning.why)
    if column.group == "seller":
        return Drafted(name, "seller", meaning.why)
    if column.group == "record":
        return _left_out(name, meaning.why)
    if column.group == "part":
        return _left_out(name, _PARTS.get(str(column.part), "part of the record"))
    found = judge.guess(texts) if judge.enough else _unjudged(texts, judge)
    if found.kind is None:
        return replace(_guessed(name, found), means=meaning.means)
    is_course = column.group == "course"
    doubt = "" if found.use else f"; {found.why}"
    return Drafted(
        name,
        "attribute",
        f"{meaning.why}{'' if is_course else doubt}",
        kind=_kind(found.kind, meaning.kind),
        layer=meaning.layer or found.layer,
        use=found.use and not is_course,
        known="during" if is_course else meaning.known,
        order=found.order,
        means=meaning.means,
    )


def _unjudged(texts: Texts, judge: Judge) -> Guess:
    """What the column is, whatever its values say about the outcome."""
    found = judge.guess(texts)
    kind = kind_of(texts)
    return replace(found, kind=kind, use=kind is not None)


def _kind(read: Kind, preset: Kind | None) -> Kind:
    """Codes that read as numbers are categories, and a list of one tool is a list, where the preset says so."""
    return preset if preset in ("category", "set") else read


def _guessed(name: str, found: Guess) -> Drafted:
    if found.kind is None:
        return _left_out(name, found.why)
    return Drafted(name, "attribute", found.why, kind=found.kind, layer=found.layer, use=found.use, order=found.order)


def _left_out(name: str, why: str) -> Drafted:
    return Drafted(name, "left_out", why)
