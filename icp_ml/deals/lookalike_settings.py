"""What a person writes where losses were never recorded: won accounts, and a universe of companies beside them.

    name: lookalike
    kind: lookalike
    won: {source: customers.csv, id: domain}
    universe: {source: market.csv, id: domain, map: {Company Size: employees}}
    attributes:
      firmographic: {employees: number, industry: category}
      technographic: {tools: set}
    tiers: {objective: capacity, capacity: {1: 0.05, 2: 0.2, 3: 0.5}}   # shares of the universe, from the top

The won accounts may be all of them, or the 10 to 50 best. Nothing has to be known of the companies of the universe but
the attributes, and whether they would buy is not.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from icp_ml.deals.attributes import Attribute, resolve_attributes
from icp_ml.deals.company_settings import CompanySettings
from icp_ml.deals.known_settings import KnownSettings
from icp_ml.deals.policy import ActionsSettings, TiersSettings
from icp_ml.deals.rule_settings import RuleSettings
from icp_ml.deals.settings import AttributesSettings, ColumnName, FileSettings, ProspectsSettings, Settings, Words
from icp_ml.deals.source_settings import Source
from icp_ml.errors import ConfigError

KIND: Final = "lookalike"
USUAL_SHARES: Final = (0.05, 0.2, 0.5)
"""Of the universe, from the top, in tiers 1, 2 and 3. We chose it: one company in twenty is what a team can call."""
USUAL_TIERS: Final = TiersSettings(objective="capacity", capacity=USUAL_SHARES)


class CompaniesSettings(FileSettings):
    """A list of companies. id: names the company. map: from a column of the list to the column of an attribute."""

    source: Source
    id: ColumnName
    map: dict[ColumnName, ColumnName] = Field(default_factory=dict)


class WonSettings(CompaniesSettings):
    """The won accounts.

    attributes: where theirs are read: `own`, in this list; or `universe`, in the universe's rows of these companies,
    so that both sides come from one source. Then the list needs no column but its id, and a company that the universe
    lacks is left out.
    """

    attributes: Literal["own", "universe"] = "own"


class LookalikeSettings(Settings):
    """A whole configuration of a model of resemblance.

    `won`, `universe`: the two lists; companies that are in both are taken out of the universe. `company`: columns by
    which a company is recognised beside its id. `as_of`: the day of both lists, to which ages count. `tiers`: shares of
    the universe. All else is as in the configuration of a training run.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
    kind: Literal["lookalike"]
    root: str = "."
    won: WonSettings
    universe: CompaniesSettings
    company: CompanySettings = CompanySettings()
    attributes: AttributesSettings
    missing: Words = ()
    as_of: date | None = None
    prospects: ProspectsSettings = ProspectsSettings()
    tiers: TiersSettings = USUAL_TIERS
    actions: ActionsSettings = ActionsSettings()
    exclusions: tuple[RuleSettings, ...] = ()
    boundary: tuple[RuleSettings, ...] = ()
    known: KnownSettings | None = None
    seed: Annotated[int, Field(ge=0)] = 7

    @model_validator(mode="after")
    def _tiers_are_shares(self) -> Self:
        if self.tiers.capacity is None:
            raise ValueError(
                "expected 'tiers' as shares of the universe, such as {objective: capacity, capacity: {1: 0.05, 2: 0.2, "
                f"3: 0.5}}, found 'objective: {self.tiers.objective}', which needs deals that were won and lost"
            )
        return self

    @property
    def shares(self) -> tuple[float, ...]:
        """Cumulative shares of the universe in tiers 1, 2, ..., rising."""
        return self.tiers.capacity or USUAL_SHARES

    def resolved(self) -> tuple[Attribute, ...]:
        """The attributes in use, in the order they are written.

        Raises `ConfigError` where there is none, one is made from a table, or one counts ages and `as_of` is not said.
        """
        attributes = resolve_attributes(self.attributes, self.missing)
        if not attributes:
            raise ConfigError("attributes: expected at least one attribute in use, found none; name some columns")
        made = [attribute.name for attribute in attributes if attribute.recipe is not None]
        if made:
            raise ConfigError(
                f"attributes: expected columns of both lists, found '{made[0]}' made from a table; remove 'from' and "
                f"give the lists that column"
            )
        aged = [attribute.name for attribute in attributes if attribute.kind in ("date", "year")]
        if aged and self.as_of is None:
            raise ConfigError(
                f"as_of: expected the day of the lists, because '{aged[0]}' is an age, found none; write as_of: and "
                f"the day"
            )
        return attributes

    def asked_for(self) -> frozenset[str]:
        """Names of the attributes for which somebody wrote `use: yes`, whatever the lists look like."""
        return frozenset(
            name
            for _, layer in self.attributes.layers()
            for name, declared in layer.items()
            if declared.use and "use" in declared.model_fields_set
        )
