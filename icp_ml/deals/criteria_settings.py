"""What people say about the ICP's criteria, and what they believe the ICP to be.

criteria:
  pin:
    - {name: our sizes, attribute: employees, at_least: 50, under: 500, reason: what onboarding is built for}
  ban:
    - {factor: "tools:HubSpot", reason: an artefact of last year's campaign}
assumed_icp:
  - {attribute: industry, is: [Software]}
  - {attribute: employees, at_least: 200}
"""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Self

from pydantic import StringConstraints, model_validator

from icp_ml.deals.rule_settings import ConditionSettings
from icp_ml.deals.settings import ColumnName, Settings

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class PinnedCriterion(ConditionSettings):
    """A criterion that stands whatever the deals say. name: of the criterion. reason: why; it enters the record."""

    name: ColumnName
    reason: Reason

    @property
    def condition(self) -> ConditionSettings:
        """What it asks, without who asks and why."""
        return ConditionSettings.model_validate({name: getattr(self, name) for name in ConditionSettings.model_fields})


class BannedCriterion(Settings):
    """A factor that gets no criterion: an attribute, or a member of a set as "tools:HubSpot". reason: why."""

    factor: ColumnName
    reason: Reason


class CriteriaSettings(Settings):
    """Criteria that people pin and ban."""

    pin: tuple[PinnedCriterion, ...] = ()
    ban: tuple[BannedCriterion, ...] = ()

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        for what, names in (
            ("pin", [each.name.casefold() for each in self.pin]),
            ("ban", [each.factor.casefold() for each in self.ban]),
        ):
            twice = sorted(name for name, times in Counter(names).items() if times > 1)
            if twice:
                raise ValueError(f"expected each name under '{what}' once, found '{twice[0]}' twice")
        return self
