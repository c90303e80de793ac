"""Conditions that a synthetic world states in words, as conditions that can be asked of its deals.

employees at least 212                         founded (years ago) under 10
business_model is one of B2B, marketplace      tools with Cartellux      prior_contact is no
"""

from __future__ import annotations

import re
from typing import Final

from icp_ml.deals.rule_settings import ConditionSettings

_FORMS: Final = (
    r"is one of (?P<is>.+)",
    r"is (?P<is>yes|no)",
    r"with (?P<is>.+)",
    r"without (?P<is_not>.+)",
    r"at least (?P<at_least>.+)",
    r"under (?P<under>.+)",
    r"from (?P<at_least>\S+) to under (?P<under>\S+)",
)


def condition_of(attribute: str, words: str) -> ConditionSettings:
    """The condition that `words` say of `attribute`. Raises `ValueError` where they say none that is known here."""
    said = words.removeprefix(attribute).removeprefix(" (years ago)").strip()
    for form in _FORMS:
        found = re.fullmatch(form, said)
        if found is not None:
            asked = {key: _read(key, text) for key, text in found.groupdict().items()}
            return ConditionSettings.model_validate({"attribute": attribute, **asked})
    raise ValueError(f"expected a condition on {attribute}, found '{words}'")


def _read(key: str, text: str) -> object:
    if key in ("is", "is_not"):
        return text.split(", ")
    try:
        return float(text)
    except ValueError:
        return text
