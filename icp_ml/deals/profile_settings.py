"""More than one ICP in one configuration: profiles, each of the deals that a filter names.

    profiles:
      - name: enterprise                                     # a segment: what a company is
        where: [{attribute: employees, at_least: 1000}]
      - name: analytics                                      # a product line: what the deal was about
        deals: {column: Product, is: [Analytics]}

`where` asks about attributes, which a prospect has too: a company that is known not to meet it is outside of the
profile. `deals` asks about a column of the deals alone: any company may be scored by such a profile.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Final, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from icp_ml.deals.rule_settings import ConditionSettings, RuleSettings, rule_of
from icp_ml.deals.settings import Answers, ColumnName, Settings

USUAL_MOST: Final = 3
"""More ICPs at once than this and nobody keeps them apart (the field's advice); more are built, with a warning."""

ProfileName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,30}$")]


class DealFilter(Settings):
    """Deals whose column holds one of these values, compared without regard to case or outer space."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    column: ColumnName
    values: Annotated[Answers, Field(alias="is", min_length=1)]


class ProfileSettings(Settings):
    """One ICP among several. name: of its folder and of its columns in a scored list. reason: why it is one, in words.

    `where` (all conditions have to hold), `deals`, or both say which deals are its own.
    """

    name: ProfileName
    where: tuple[ConditionSettings, ...] = ()
    deals: DealFilter | None = None
    reason: str = ""

    @model_validator(mode="after")
    def _says_which_deals(self) -> Self:
        if not self.where and self.deals is None:
            raise ValueError("expected 'where' with conditions, or 'deals' with a column and values, found neither")
        return self

    @property
    def boundary(self) -> RuleSettings | None:
        """The rule that a prospect of this profile meets; None where only deals can be told apart."""
        return rule_of(f"profile {self.name}", self.where, self.reason) if self.where else None


def check_distinct(profiles: tuple[ProfileSettings, ...]) -> tuple[ProfileSettings, ...]:
    """The same profiles. Raises `ValueError` where a name stands twice."""
    times = Counter(each.name for each in profiles)
    twice = next((name for name in times if times[name] > 1), None)
    if twice is not None:
        raise ValueError(f"expected each name under 'profiles' once, found '{twice}' twice")
    return profiles


def columns_of_profiles(profiles: Sequence[ProfileSettings]) -> tuple[str, ...]:
    """The columns of the deals by which profiles part them, each once."""
    return tuple(dict.fromkeys(each.deals.column for each in profiles if each.deals is not None))
