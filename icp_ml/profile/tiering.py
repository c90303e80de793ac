"""What a bundle says about tiers, and about what is done with a prospect."""

from __future__ import annotations

from dataclasses import dataclass

from icp_ml.deals.known_settings import KnownSettings
from icp_ml.deals.policy import ActionsSettings, TiersSettings
from icp_ml.deals.rule_settings import RuleSettings
from icp_ml.model.tiers import Cuts
from icp_ml.profile.records import Record
from icp_ml.profile.tiers import TierTable


@dataclass(frozen=True)
class Tiering:
    """settings: the objective. cuts: fitted last, on all deals. table: what such cuts were worth on deals that they

    did not see. The rows of the table are the labels of the cuts.
    """

    settings: TiersSettings
    cuts: Cuts
    table: TierTable


class Policy(Record):
    """What people decide and no deal teaches.

    exclusions: a prospect that meets one is left out whatever its score. boundary: a prospect that is known not to meet
    one is outside the market. known: where customers and open deals stand, relative to the project's root.
    """

    actions: ActionsSettings = ActionsSettings()
    exclusions: tuple[RuleSettings, ...] = ()
    boundary: tuple[RuleSettings, ...] = ()
    known: KnownSettings | None = None
