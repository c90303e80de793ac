"""Which deals are not new business that was won or lost: other types, tests, and losses that never were deals.

    deals:
      types: {column: Type, new: [New Business], leave_out: [Renewal, Existing Customer - Upgrade]}
      reasons: {column: Loss Reason, not_a_loss: [Duplicate, Created in error]}
      tests: {column: Opportunity Name, words: [test]}
      deleted: IsDeleted

Values are compared without regard to case or outer space. Rows that are left out are counted in the ledger of rows.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator


def _as_texts(value: object) -> object:
    """YAML reads codes such as 12 as numbers; one value may stand without a list."""
    values = value if isinstance(value, list | tuple) else (value,)
    return tuple(str(each) if isinstance(each, int | float) and not isinstance(each, bool) else each for each in values)


Values = Annotated[tuple[str, ...], BeforeValidator(_as_texts)]
SomeValues = Annotated[Values, Field(min_length=1)]
RuleColumn = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _Rule(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    column: RuleColumn


class DealTypesSettings(_Rule):
    """What each value of the type column means: new business, which is learned from, or another type.

    A deal without a type counts as new business. A value in neither list is refused.
    """

    new: Values = ()
    leave_out: Values = ()

    @model_validator(mode="after")
    def _each_type_means_one_thing(self) -> Self:
        if not (self.new or self.leave_out):
            raise ValueError("expected at least one value in 'new' or 'leave_out', found none")
        new = {value.strip().casefold() for value in self.new}
        for value in self.leave_out:
            if value.strip().casefold() in new:
                raise ValueError(f"expected '{value}' to mean one thing, found it under 'new' and 'leave_out'")
        return self


class LossReasonsSettings(_Rule):
    """Reasons of lost deals that say that there was no deal to lose, such as a duplicate record.

    Lost deals with any other reason, or none, count as losses.
    """

    not_a_loss: SomeValues


class TestDealsSettings(_Rule):
    """Words that, standing alone in a deal's name, mark it as a test."""

    __test__ = False  # its name starts like that of a test

    words: SomeValues
