"""Columns that are about people: addresses, telephone numbers, names. What a company is like is said by none of them.

A column is judged by its own values where they have a form (ann@corp.example, +49 30 1234567), and by its name where
they have none (first_name, date_of_birth). A range of employees, an amount or a date has too few digits, or no sign
before them, to be taken for a telephone number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final, Literal

Personal = Literal["e-mail addresses", "telephone numbers", "names of people", "facts about a person"]

MOSTLY: Final = 0.5
"""Share of a column's different values that have the form from which it is called one of such values. We chose it."""
DIGITS: Final = 7
"""The fewest digits of a telephone number with its area."""
_EMAIL: Final = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>.]{2,}")
_PHONE: Final = re.compile(r"(?:tel:\s*)?(?:\+|00|\()[\d\s()./-]+(?:\s*(?:x|ext\.?)\s*\d{1,6})?", re.IGNORECASE)
_PHONE_NAME: Final = re.compile(r"(?:^|_| )(?:tele)?phone(?:$|_number$| number$)|mobile|(?:^|_| )fax", re.IGNORECASE)
_NAMES: Final = re.compile(
    r"^(?:(?:first|middle|last|given|family|full|maiden|contact|person|employee|decision.?maker|champion)[ _.-]?names?"
    r"|surname|forename)$",
    re.IGNORECASE,
)
_FACTS: Final = re.compile(
    r"^(?:date.?of.?birth|birth.?(?:date|day|year)|dob|gender|sex|ethnicity|religion|marital.?status|nationality"
    r"|salutation|passport.*|social.?security.*|ssn)$",
    re.IGNORECASE,
)
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


def personal(name: str, values: Sequence[str]) -> Personal | None:
    """What of people a column holds; None where it is about companies, as far as its name and values tell.

    name: as the file has it. values: its different known values as texts.
    """
    words = _CAMEL.sub("_", name.strip())
    if _NAMES.match(words):
        return "names of people"
    if _FACTS.match(words):
        return "facts about a person"
    if _share(values, _is_email) > MOSTLY:
        return "e-mail addresses"
    called_so = bool(_PHONE_NAME.search(words)) and _share(values, _has_digits) > MOSTLY
    return "telephone numbers" if called_so or _share(values, _is_phone) > MOSTLY else None


def _share(values: Sequence[str], holds: Callable[[str], bool]) -> float:
    return sum(map(holds, values)) / len(values) if values else 0.0


def _is_email(text: str) -> bool:
    return _EMAIL.fullmatch(text.strip()) is not None


def _is_phone(text: str) -> bool:
    return _PHONE.fullmatch(text.strip()) is not None and _has_digits(text)


def _has_digits(text: str) -> bool:
    return sum(letter.isdigit() for letter in text) >= DIGITS
