"""The evidence about a column and the verdict on it, as records that can be printed, stored and compared.

A code never changes its meaning; a new kind of evidence takes the next one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan
from types import MappingProxyType
from typing import Literal

Answer = Literal["use", "ask", "drop"]
State = Literal["found", "passed", "not applicable"]
Weight = Literal["asks", "supports", "notes"]
Family = Literal[
    "strength",
    "filling",
    "values",
    "history",
    "timing",
    "copy",
    "total",
    "name",
    "list",
    "identity",
    "seller",
    "place",
    "amount",
    "gap",
]

MEANING_OF: Mapping[str, str] = MappingProxyType(
    {
        "L01": "it tells won from lost deals too well",
        "L02": "filled for one outcome and not for the other",
        "L03": "values seen after one outcome only",
        "L04": "changed or filled after the opening, by the field's history",
        "L05": "measured today, for past deals too",
        "L06": "a name in the words of the outcome or of the course of a deal",
        "L07": "a near-copy of an outcome field",
        "L08": "an identifier",
        "L09": "dated after the opening",
        "L10": "absent or empty in the prospect list",
        "L11": "about the seller",
        "L12": "tells accounts apart",
        "L13": "a total that includes the deal itself",
        "L14": "grows until the close",
        "L15": "filled only once a deal is decided",
        "L16": "on the deal's row, without a history",
        "L17": "called an amount",
        "L18": "filled far more often for one outcome",
    }
)
"""What each code means, in a few words."""

FAMILY_OF: Mapping[str, Family] = MappingProxyType(
    {
        "L01": "strength",
        "L02": "filling",
        "L03": "values",
        "L04": "history",
        "L05": "timing",
        "L06": "name",
        "L07": "copy",
        "L08": "identity",
        "L09": "timing",
        "L10": "list",
        "L11": "seller",
        "L12": "identity",
        "L13": "total",
        "L14": "timing",
        "L15": "timing",
        "L16": "place",
        "L17": "amount",
        "L18": "gap",
    }
)
"""Evidence of one family is one kind of evidence, however often it is found."""


@dataclass(frozen=True)
class Evidence:
    """One check of one column.

    code: a key of `MEANING_OF`. state: "not applicable" where the check could not be made, which is not "passed".
    weight: of what is found: it asks, it only supports other evidence, or it is only noted. figures: named numbers,
    shares from 0 to 1. sentence: what was found, or why the check could not be made.
    """

    code: str
    state: State
    sentence: str
    figures: tuple[tuple[str, float], ...] = ()
    weight: Weight = "asks"

    @property
    def is_found(self) -> bool:
        """Whether there is something to tell."""
        return self.state == "found"


@dataclass(frozen=True)
class ColumnVerdict:
    """Whether a column may be learned from.

    codes: of what was found and counts, in order. evidence: every check, found or not. sentence: for a person.
    """

    column: str
    answer: Answer
    codes: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    sentence: str

    @property
    def reasons(self) -> str:
        """What was found, the strongest first, with the codes."""
        told = [one for one in self.evidence if one.code in self.codes]
        told.sort(key=lambda one: one.weight != "asks")
        return f"{'; '.join(one.sentence for one in told)} ({' '.join(self.codes)})"

    @property
    def is_accused(self) -> bool:
        """Whether it is asked about or dropped."""
        return self.answer != "use"


def found(code: str, sentence: str, **figures: float) -> Evidence:
    """Evidence that speaks against the column."""
    return Evidence(code, "found", sentence, _rounded(figures))


def supports(code: str, sentence: str, **figures: float) -> Evidence:
    """Evidence that speaks against the column only beside other evidence."""
    return Evidence(code, "found", sentence, _rounded(figures), "supports")


def noted(code: str, sentence: str) -> Evidence:
    """What is true of the column and speaks against it only where every doubt counts."""
    return Evidence(code, "found", sentence, (), "notes")


def passed(code: str, sentence: str, **figures: float) -> Evidence:
    """The check was made, and nothing speaks against the column."""
    return Evidence(code, "passed", sentence, _rounded(figures))


def not_applicable(code: str, why: str) -> Evidence:
    """The check could not be made."""
    return Evidence(code, "not applicable", why)


def _rounded(figures: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    """What could not be measured is no figure."""
    return tuple((name, round(float(value), 4)) for name, value in figures.items() if not isnan(value))
