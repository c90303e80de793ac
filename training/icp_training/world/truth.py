"""What was planted, so that what a model finds can be held against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import pandas as pd

from icp_training.world.catalogue import ATTRIBUTES, Kind, Layer
from icp_training.world.leaks import Leak
from icp_training.world.planting import Strength
from icp_training.world.winning import WinModel


@dataclass(frozen=True)
class Planted:
    """One planted attribute: `helps` says where deals are won more often, `odds_ratio` by how much.

    `member` is the tool where the attribute is a set. `only_where` is the condition that makes it count more.
    """

    attribute: str
    kind: Kind
    layer: Layer
    strength: Strength
    helps: str
    odds_ratio: float
    weight: float
    member: str = ""
    only_where: str = ""


@dataclass(frozen=True)
class Truth:
    """`noise` attributes are independent of everything; `bystanders` are not planted but may share a trait
    with it. `buys_and_leaves` says which accounts win more often and leave within a year, empty where none do.

    `deals` holds `deal_id`, `probability`, `anti_icp` per deal row; `prospects` the same per row of the list,
    with its `status`. `oracle_auc` is the expected AUC of the true probability over the closed deals of this
    world. `later` is what is planted from `changes_on` (ISO date) on, empty where nothing changes.
    """

    planted: tuple[Planted, ...]
    noise: tuple[str, ...]
    bystanders: tuple[str, ...]
    anti_icp: tuple[str, ...]
    leaks: tuple[Leak, ...]
    in_process: tuple[str, ...]
    buys_and_leaves: str
    base_rate: float
    drift: float
    account_spread: float
    oracle_auc: float
    missing_in_crm: Mapping[str, float]
    missing_in_list: Mapping[str, float]
    prospect_counts: Mapping[str, int]
    deals: pd.DataFrame
    prospects: pd.DataFrame
    later: tuple[Planted, ...] = ()
    changes_on: str = ""

    def strong(self) -> tuple[str, ...]:
        """Names of the strongly planted attributes, in the order of planting."""
        return tuple(planted.attribute for planted in self.planted if planted.strength == "strong")

    def as_json(self) -> dict[str, object]:
        """All but the two tables, as plain JSON types."""
        plain = (
            "anti_icp",
            "base_rate",
            "drift",
            "account_spread",
            "oracle_auc",
            "noise",
            "bystanders",
            "in_process",
            "buys_and_leaves",
        )
        return {
            "planted": [asdict(planted) for planted in self.planted],
            **self._changed(),
            "leaks": [asdict(leak) for leak in self.leaks],
            **{name: _plain(getattr(self, name)) for name in plain},
            "missing_in_crm": dict(self.missing_in_crm),
            "missing_in_list": dict(self.missing_in_list),
            "prospect_counts": dict(self.prospect_counts),
        }

    def _changed(self) -> dict[str, object]:
        """Nothing in a world whose truth stays."""
        if not self.later:
            return {}
        return {"later": [asdict(planted) for planted in self.later], "changes_on": self.changes_on}


def _plain(value: float | str | tuple[str, ...]) -> float | str | list[str]:
    return list(value) if isinstance(value, tuple) else value


def planted_of(model: WinModel) -> tuple[Planted, ...]:
    """The terms of the model in words."""
    return tuple(
        Planted(
            attribute=term.condition.attribute,
            kind=ATTRIBUTES[term.condition.attribute].kind,
            layer=ATTRIBUTES[term.condition.attribute].layer,
            strength=term.strength,
            helps=term.condition.describe(),
            odds_ratio=round(term.odds_ratio, 3),
            weight=round(weight, 4),
            member=term.condition.member,
            only_where=term.modifier.describe() if term.modifier is not None else "",
        )
        for term, weight in zip(model.terms, model.weights, strict=True)
    )


def missing_shares(table: pd.DataFrame, names: Sequence[str]) -> dict[str, float]:
    """Share of empty cells per attribute."""
    return {name: round(float(table[name].isna().mean()), 4) if len(table) else 0.0 for name in names}
