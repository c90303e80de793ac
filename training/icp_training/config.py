"""The one YAML file that a person writes, composed from the settings of each room."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag

from icp_ml.deals.attributes import Attribute, resolve_attributes
from icp_ml.deals.company_settings import CompanySettings
from icp_ml.deals.contract import Besides
from icp_ml.deals.criteria_settings import CriteriaSettings
from icp_ml.deals.ideal_settings import IdealSettings
from icp_ml.deals.known_settings import KnownSettings
from icp_ml.deals.lookalike_settings import KIND as LOOKALIKE
from icp_ml.deals.lookalike_settings import LookalikeSettings
from icp_ml.deals.point_in_time_settings import JoinedTables
from icp_ml.deals.policy import ActionsSettings, TiersSettings
from icp_ml.deals.potential_settings import PotentialSettings, columns_of
from icp_ml.deals.profile_settings import ProfileSettings, check_distinct, columns_of_profiles
from icp_ml.deals.rule_settings import ConditionSettings, RuleSettings
from icp_ml.deals.rules import bind_rules
from icp_ml.deals.segments_settings import SegmentsSettings
from icp_ml.deals.settings import (
    AttributesSettings,
    DealsSettings,
    Known,
    ProspectsSettings,
    parse_settings,
)
from icp_ml.deals.sources import connected
from icp_ml.deals.weighted_settings import KIND as WEIGHTED
from icp_ml.deals.weighted_settings import WeightedSettings
from icp_ml.deals.words import suggestion
from icp_ml.deals.yaml_files import read_yaml
from icp_ml.errors import ConfigError
from icp_ml.profile.tiering import Policy
from icp_training.evaluate_settings import EvaluateSettings
from icp_training.refresh_settings import RefreshSettings
from icp_training.search_settings import SearchSettings
from icp_training.train_settings import TrainSettings

_KIND = "kind"
_KINDS = (WEIGHTED, LOOKALIKE)
_HASHED = "hashed"


def _form_of_ids(value: object) -> str:
    return "[hashed]" if value == _HASHED else "[whether]"


AccountIds = Annotated[
    Annotated[bool, Tag("[whether]")] | Annotated[Literal["hashed"], Tag("[hashed]")], Discriminator(_form_of_ids)
]


class Config(BaseModel):
    """A whole configuration.

    name: becomes the model's name and folder. root: the project's folder, relative to the configuration's own;
    sources, models/ and mlruns/ are relative to it. missing: texts that mean "not known" in every column, such as
    "Select". use_known: attributes known at these times may be learned from. outcome_fields: columns that are part
    of the outcome and can never be attributes; those that `ideal` names are too. company: by what companies are
    recognised. ideal: how wins are graded, and what grades do. potential: what a win brings. segments:
    bands by which closed deals are parted. tiers, actions,
    exclusions, boundary, known: what the bundle carries besides the model (see `icp_ml.deals.policy`). criteria: of the
    ICP, pinned and banned by people. assumed_icp: what the company believes today, to be tested on the same deals.
    profiles: several ICPs, each of the deals that its filter names; none for one ICP of all deals.
    evaluate, train: how it is judged, and what it learns from, beyond what is always done. refresh: how long a version
    holds. neighbours: whether ids of accounts travel in the bundle, to compare prospects with, and whether hashed.
    base_rate: stated share of companies like the deals that would be won, by which probabilities are moved and nothing
    else is. seed: of everything that is drawn.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(default="icp", pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")
    root: str = "."
    deals: DealsSettings
    tables: JoinedTables = JoinedTables()
    company: CompanySettings = CompanySettings()
    attributes: AttributesSettings
    outcome_fields: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    use_known: tuple[Known, ...] = ("before", "at_open")
    prospects: ProspectsSettings = ProspectsSettings()
    tiers: TiersSettings = TiersSettings()
    actions: ActionsSettings = ActionsSettings()
    ideal: IdealSettings | None = None
    potential: PotentialSettings | None = None
    segments: SegmentsSettings = SegmentsSettings()
    exclusions: tuple[RuleSettings, ...] = ()
    boundary: tuple[RuleSettings, ...] = ()
    criteria: CriteriaSettings = CriteriaSettings()
    assumed_icp: tuple[ConditionSettings, ...] = ()
    profiles: Annotated[tuple[ProfileSettings, ...], AfterValidator(check_distinct)] = ()
    known: KnownSettings | None = None
    evaluate: EvaluateSettings = EvaluateSettings()
    search: SearchSettings = SearchSettings()
    train: TrainSettings = TrainSettings()
    refresh: RefreshSettings = RefreshSettings()
    neighbours: AccountIds = False
    base_rate: float | None = Field(default=None, gt=0.0, lt=1.0)
    seed: int = Field(default=7, ge=0)

    def besides(self) -> Besides:
        """What is read of a deal besides its attributes."""
        return Besides(self.company, self.ideal, self.potential, columns_of_profiles(self.profiles))

    def resolved(self) -> tuple[Attribute, ...]:
        """The attributes to learn from. Raises `ConfigError` where there is none or one is an outcome field."""
        attributes = resolve_attributes(self.attributes, self.missing, self.use_known)
        if not attributes:
            raise ConfigError("attributes: expected at least one attribute in use, found none; name some columns")
        self._refuse_outcomes(attributes)
        return attributes

    def _refuse_outcomes(self, attributes: tuple[Attribute, ...]) -> None:
        forbidden = self.known_after()
        for column in self.prospects.map:
            if column in forbidden - {self.deals.outcome.column, self.deals.closed}:
                raise ConfigError(
                    f"prospects.map: '{column}' is part of the outcome, and a list is never read by it; remove it"
                )
        for attribute in attributes:
            if attribute.column in forbidden:
                raise ConfigError(
                    f"attributes: '{attribute.name}' reads the column '{attribute.column}', which is part of the "
                    f"outcome and was not known beforehand; remove it from attributes"
                )

    def errors(self) -> dict[str, float]:
        """The relative error of each attribute in use that declares one."""
        named = {name: each.error for _, layer in self.attributes.layers() for name, each in layer.items()}
        used = {attribute.name for attribute in self.resolved()}
        return {name: error for name, error in named.items() if error is not None and name in used}

    def known_after(self) -> frozenset[str]:
        """The columns that are part of the outcome, whatever attribute may want to read them."""
        named = {*self.outcome_fields, self.deals.outcome.column, *(self.ideal.columns() if self.ideal else ())}
        named |= {*columns_of(self.potential)} - {*(self.ideal.measures if self.ideal else ())}
        reason = self.deals.reasons.column if self.deals.reasons else None
        return frozenset(named | {column for column in (self.deals.closed, reason) if column})

    def policy(self) -> Policy:
        """What is done with prospects. Raises `ConfigError` where a rule's attribute is not among those in use."""
        bind_rules((*self.exclusions, *self.boundary), self.resolved())
        return Policy(actions=self.actions, exclusions=self.exclusions, boundary=self.boundary, known=self.known)

    def project_root(self, config_path: Path) -> Path:
        """The folder that sources, models/ and mlruns/ are relative to."""
        return root_of(config_path, self.root)

    def digest(self) -> str:
        """SHA-256 of the configuration's meaning."""
        return digest_of(self)


def root_of(config_path: Path, root: str) -> Path:
    """The project's folder. root: as the configuration says it, relative to the configuration's own folder."""
    return (config_path.resolve().parent / root).resolve()


def digest_of(settings: BaseModel) -> str:
    """SHA-256 of what settings mean: their values, not the comments in the file or the order of its keys."""
    text = json.dumps(settings.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def load_config(path: Path) -> Config:
    """Read a configuration file, and connect its queries to the databases whose URLs are in the environment.

    Raises `ConfigError`: not there, not YAML, or not what is expected.
    """
    written = _written(path)
    if _KIND in written:
        raise ConfigError(
            f"{path}: expected a configuration with deals to learn from, found one with '{_KIND}', as a hand-weighted "
            f"scorecard or a lookalike has it; icp train makes a model of it, and there is nothing to check before"
        )
    config = parse_settings(Config, written)
    return connected(config, os.environ, config.project_root(path))


def load_weighted(path: Path) -> WeightedSettings:
    """Read the configuration of a hand-weighted scorecard. Raises as `load_config` does."""
    return parse_settings(WeightedSettings, _written(path))


def load_lookalike(path: Path) -> LookalikeSettings:
    """Read the configuration of a model of resemblance, its queries connected. Raises as `load_config` does."""
    settings = parse_settings(LookalikeSettings, _written(path))
    return connected(settings, os.environ, root_of(path, settings.root))


def kind_said(path: Path) -> str | None:
    """The kind that a configuration states, whatever else is in it; None where it states none, as one with deals does.

    Raises `ConfigError` where it is not there, not YAML, or states a kind that does not exist.
    """
    written = _written(path)
    if _KIND not in written:
        return None
    said = str(written[_KIND])
    if said not in _KINDS:
        raise ConfigError(f"{path}: kind: '{said}' is none; {suggestion(said, _KINDS)}")
    return said


def _written(path: Path) -> dict[str, object]:
    return read_yaml(path, "a configuration file", "deals and attributes", "icp init drafts one from an export")
