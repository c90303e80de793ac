"""Lists and the deals since, in memory: one list row and one deal for each company that a test names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from icp_ml.deals.companies import account_keys
from icp_ml.deals.settings import Layer
from icp_ml.serve.known import key_hashes
from icp_ml.watch.followed import Followed
from icp_ml.watch.given import GivenList, given_to

LISTED, OPENED, EXTRACTED = date(2025, 1, 6), date(2025, 1, 10), date(2025, 6, 30)


@dataclass(frozen=True)
class Company:
    """tier, quadrant: as given, None for none. won: None for a deal that is open. days: to its closing."""

    name: str
    won: bool | None
    tier: str | None = "1"
    quadrant: str | None = None
    is_known: bool = False
    is_listed: bool = True
    days: int = 20
    amount: float = 1000.0


def given_list(
    companies: Sequence[Company], sub_scores: Mapping[Layer, Sequence[float]] | None = None, content_hash: str = ""
) -> GivenList:
    """The list of `LISTED`. sub_scores: of the companies, in their order."""
    hashes = key_hashes(account_keys(pa.array([each.name for each in companies])))
    order = np.argsort(hashes)
    tiers = sorted({each.tier for each in companies if each.tier})
    quadrants = sorted({each.quadrant for each in companies if each.quadrant})
    tier = [tiers.index(each.tier) if each.tier else -1 for each in companies]
    quadrant = [quadrants.index(each.quadrant) if each.quadrant else -1 for each in companies]
    return GivenList(
        name="list.parquet",
        day=LISTED,
        model="start version 1",
        content_hash=content_hash,
        hashes=hashes[order],
        tier=np.array(tier, dtype=np.int32)[order],
        tiers=tuple(tiers),
        score=np.full(len(order), 50.0),
        probability=np.full(len(order), np.nan),
        quadrant=np.array(quadrant, dtype=np.int32)[order],
        known=np.array([each.is_known for each in companies])[order],
        quadrants=tuple(quadrants),
        sub_scores={layer: np.array(values)[order] for layer, values in (sub_scores or {}).items()},
    )


def followed_of(
    companies: Sequence[Company], given: GivenList | None = None, worked_by: Sequence[str] | None = None,
    parted_by: Mapping[str, Sequence[str]] | None = None,
) -> Followed:  # fmt: skip
    """One deal a company, opened on `OPENED`; mature are those opened 60 days before `EXTRACTED`."""
    lists = (given or given_list([each for each in companies if each.is_listed]),)
    opened = np.full(len(companies), np.datetime64(OPENED))
    names = [each.name for each in companies]
    days = np.array([each.days for each in companies])
    still_open = np.array([each.won is None for each in companies])
    won = np.array([bool(each.won) for each in companies], dtype=np.int8)
    return Followed(
        lists=lists,
        given=given_to(lists, pa.array(names), opened),
        opened=opened,
        closed=np.where(still_open, np.datetime64("NaT", "D"), opened + days),
        won=won,
        groups=np.unique(names, return_inverse=True)[1].astype(np.int64),
        amounts=np.where(won == 1, [each.amount for each in companies], np.nan),
        extracted=EXTRACTED,
        gap=60,
        parted_by={by: np.array(labels, dtype=object) for by, labels in (parted_by or {}).items()},
        worked_by=None if worked_by is None else np.array(worked_by, dtype=object),
    )
