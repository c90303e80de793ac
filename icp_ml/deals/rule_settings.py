"""Conditions and rules as a person writes them: who is left out, who is in the market, who the ICP is.

    exclusions:
      - {name: public sector, attribute: industry, is: [Government], reason: policy}
      - {name: locked in, attribute: contract age, under: 1, until: 2026-03-31}
      - name: small and without a CRM
        all:
          - {attribute: employees, at_least: 1, under: 50}
          - {attribute: tools, is_not: [HubSpot]}
    boundary:
      - {name: our stages, attribute: funding stage, at_least: Series A}

They are declared here and bound to attributes elsewhere.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Self

from pydantic import BeforeValidator, ConfigDict, Field, FiniteFloat, StrictStr, model_validator

from icp_ml.deals.settings import Answers, ColumnName, Settings


def _a_number_or_a_level(value: object) -> object:
    # Compared, because a whole number of 400 digits cannot be made a float to be asked.
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max
    if not is_number and not isinstance(value, str):
        is_too_large = isinstance(value, int) and not isinstance(value, bool)
        found = "a number of more than 308 digits" if is_too_large else str(value).lower()
        raise ValueError(f"expected a number or the name of a level, found {found}")
    return value


Bound = Annotated[FiniteFloat | StrictStr, BeforeValidator(_a_number_or_a_level)]
"""A number, an age in years, or the name of a level of an ordered attribute."""

_LOWER, _UPPER = ("over", "at_least"), ("under", "at_most")


class _Question(Settings):
    """The fields of a condition; see `ConditionSettings`."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    values: Answers = Field(default=(), alias="is")
    others: Answers = Field(default=(), alias="is_not")
    over: Bound | None = None
    at_least: Bound | None = None
    under: Bound | None = None
    at_most: Bound | None = None
    missing: bool = False

    def asked(self) -> tuple[str, ...]:
        """The keys by which something is asked, in the order of the fields."""
        given = {
            "is": bool(self.values),
            "is_not": bool(self.others),
            **{name: getattr(self, name) is not None for name in ("over", "at_least", "under", "at_most")},
            "missing": self.missing,
        }
        return tuple(name for name, is_given in given.items() if is_given)

    @property
    def lower(self) -> Bound | None:
        """What is asked to be passed, whether or not reaching it is enough."""
        return self.at_least if self.over is None else self.over

    @property
    def upper(self) -> Bound | None:
        """What is not to be passed, whether or not reaching it is allowed."""
        return self.at_most if self.under is None else self.under

    def _check_one_question(self) -> None:
        found = self.asked()
        bounds = [name for name in found if name in (*_LOWER, *_UPPER)]
        is_band = len(bounds) == 2 and bounds[0] in _LOWER and bounds[1] in _UPPER
        if len(found) != 1 and not (is_band and len(found) == 2):
            raise ValueError(
                "expected exactly one of 'is: [values]', 'is_not: [values]', 'missing: true' and bounds ('over' or "
                f"'at_least', 'under' or 'at_most', or one of each), found {', '.join(found) or 'none'}"
            )
        low, high = self.lower, self.upper
        if isinstance(low, float) and isinstance(high, float) and low >= high:
            raise ValueError(f"expected a lower bound below the upper one, found {low:g} and {high:g}")


class ConditionSettings(_Question):
    """One question about one attribute.

    Exactly one of: `is` (field `values`: values of a category, ordered or flag, or members of a set, any of them);
    `is_not` (`others`: known, and none of these); bounds, for numbers, ages in years of a date or year, and levels of
    an ordered attribute: `over` or `at_least`, `under` or `at_most`, or one of each; `missing: true`.
    What is not known meets `missing: true` and nothing else.
    """

    attribute: ColumnName

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        self._check_one_question()
        return self


class RuleSettings(_Question):
    """A named condition, or several that all have to hold.

    As an exclusion, a row that meets it is left out; as a boundary, one that is known not to meet it is outside.
    name: what outputs call the rule. `attribute` with one condition (see `ConditionSettings`), or `all` with two or
    more. reason: why, in words. until: the first day on which the rule holds no more, as when a lock-in ends; None is
    for good.
    """

    name: ColumnName
    attribute: ColumnName | None = None
    all: tuple[ConditionSettings, ...] = ()
    reason: str = ""
    until: date | None = None

    @model_validator(mode="before")
    @classmethod
    def _all_is_a_list(cls, data: object) -> object:
        if isinstance(data, Mapping) and "all" in data and not data["all"] and data.get("attribute") is None:
            raise ValueError("expected two or more conditions under 'all', found none")
        return data

    @model_validator(mode="after")
    def _one_way_to_ask(self) -> Self:
        if self.all:
            beside = [*(["attribute"] if self.attribute is not None else []), *self.asked()]
            if beside:
                raise ValueError(f"expected every condition under 'all', found {', '.join(beside)} beside it")
            if len(self.all) == 1:
                raise ValueError("expected two or more conditions under 'all', found one; write it without 'all'")
            return self
        if self.attribute is None:
            raise ValueError("expected 'attribute' with a condition, or 'all' with two or more, found neither")
        self._check_one_question()
        return self

    @property
    def conditions(self) -> tuple[ConditionSettings, ...]:
        """The conditions, all of which have to hold; at least one."""
        if self.all:
            return self.all
        fields = {name: getattr(self, name) for name in ConditionSettings.model_fields}
        return (ConditionSettings.model_validate(fields),)

    @property
    def attributes(self) -> tuple[str, ...]:
        """The names of the attributes that it asks about, each once."""
        return tuple(dict.fromkeys(each.attribute for each in self.conditions))


def rule_of(name: str, conditions: tuple[ConditionSettings, ...], reason: str = "") -> RuleSettings:
    """A rule made of conditions, at least one; written as a person would write it."""
    if len(conditions) > 1:
        return RuleSettings(name=name, all=conditions, reason=reason)
    return RuleSettings.model_validate({"name": name, "reason": reason, **conditions[0].model_dump()})
