"""The verdict on the data, before anything is learnt: what was read, what was left out, what each column holds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.contract import DealTable, read_deals
from icp_ml.deals.kinds import CategoryColumn, ParsedTable, SetColumn, parse_attributes
from icp_ml.deals.prospects import absent_attributes, prospect_batches
from icp_ml.deals.reading import column_names
from icp_ml.deals.sufficiency import AccountCounts, account_floor, check_floors
from icp_ml.errors import TooFewDeals
from icp_ml.model.judgement import plan_judgement
from icp_training.config import Config

PROSPECTS_LOOKED_AT = 50_000


@dataclass(frozen=True)
class AttributeCheck:
    """What one attribute holds: shares are of rows, 0 to 1; `in_prospects` is the share known in the list, if any.

    won, lost: share known among won and among lost deals. distinct: different values (members for a set).
    """

    name: str
    layer: str
    kind: str
    known: float
    won: float
    lost: float
    distinct: int
    unreadable: int
    examples: tuple[str, ...]
    in_prospects: float | None


@dataclass(frozen=True)
class CheckReport:
    """Everything `icp check` shows. sources: the files read. refusal: what stands in the way of training, or None."""

    name: str
    sources: tuple[str, ...]
    ledger: tuple[tuple[str, int, str], ...]
    rejected: tuple[tuple[str, int], ...]
    rejected_rows: tuple[tuple[int, str, str], ...]
    accounts: AccountCounts
    deals: int
    win_rate: float
    unmatched_accounts: int
    judgement: str | None
    stale_after: int | None
    stale_open: int
    attributes: tuple[AttributeCheck, ...]
    absent_in_prospects: tuple[str, ...]
    refusal: TooFewDeals | None


def check_data(config: Config, root: Path) -> CheckReport:
    """Read the deals, and the prospect list where one is named, and say what is in them.

    Raises what reading raises; too few accounts are reported, not raised, so that the rest can be seen.
    """
    deals = read_deals(config.deals, config.tables, config.resolved(), root)
    accounts = account_floor(deals.won, deals.accounts)
    refusal = _refusal(accounts)
    plan = None if refusal else plan_judgement(deals, config.seed)
    stale = plan.maturity.stale_after if plan and plan.maturity else None
    known_in_list, absent = _prospects(config, deals, root)
    return CheckReport(
        name=config.name,
        sources=tuple(str(root / source) for source in _sources(config)),
        ledger=tuple((step.name, step.rows, step.explanation) for step in deals.ledger.steps),
        rejected=tuple(Counter(row.reason for row in deals.rejected).most_common()),
        rejected_rows=tuple((row.line, row.deal, row.reason) for row in deals.rejected),
        accounts=accounts,
        deals=len(deals.won),
        win_rate=float(deals.won.mean()),
        unmatched_accounts=deals.unmatched_accounts,
        judgement=plan.sentence if plan else None,
        stale_after=stale,
        stale_open=_stale(deals, stale),
        attributes=tuple(_attribute(deals, attribute, known_in_list) for attribute in deals.attributes),
        absent_in_prospects=absent,
        refusal=refusal,
    )


def _sources(config: Config) -> tuple[str, ...]:
    accounts, prospects = config.tables.accounts, config.prospects.source
    named = (config.deals.source, accounts.source if accounts else None, prospects)
    return tuple(source for source in named if source is not None)


def _refusal(accounts: AccountCounts) -> TooFewDeals | None:
    try:
        check_floors(accounts)
    except TooFewDeals as refusal:
        return refusal
    return None


def _stale(deals: DealTable, after: int | None) -> int:
    if after is None or deals.extracted is None:
        return 0
    return int(((deals.extracted - deals.open_deals.opened).astype(int) > after).sum())


def _attribute(deals: DealTable, attribute: Attribute, in_list: dict[str, float]) -> AttributeCheck:
    known = ~deals.parsed.missing(attribute.name)
    trouble = next((t for t in deals.parsed.unreadable if t.attribute == attribute.name), None)
    return AttributeCheck(
        name=attribute.name,
        layer=attribute.layer,
        kind=attribute.kind,
        known=float(known.mean()),
        won=float(known[deals.won == 1].mean()),
        lost=float(known[deals.won == 0].mean()),
        distinct=_distinct(deals.parsed, attribute.name),
        unreadable=trouble.rows if trouble else 0,
        examples=trouble.examples if trouble else (),
        in_prospects=in_list.get(attribute.name),
    )


def _distinct(parsed: ParsedTable, name: str) -> int:
    column = parsed.columns[name]
    if isinstance(column, CategoryColumn):
        return len(np.unique(column.codes[column.codes >= 0]))
    if isinstance(column, SetColumn):
        return len(np.unique(column.indices))
    return len(np.unique(column.values[~np.isnan(column.values)]))


def _prospects(config: Config, deals: DealTable, root: Path) -> tuple[dict[str, float], tuple[str, ...]]:
    """Share of rows with each attribute known in the first 50,000 prospects, and the attributes they lack."""
    settings = config.prospects
    if settings.source is None:
        return {}, ()
    path = root / settings.source
    names = column_names(path, delimiter=settings.delimiter, encoding=settings.encoding)
    absent = absent_attributes([settings.map.get(name, name) for name in names], deals.attributes)
    known = {attribute.name: 0 for attribute in deals.attributes}
    rows = 0
    for batch in prospect_batches(path, settings, deals.attributes):
        as_of = _same_day(deals, batch.num_rows)
        parsed = parse_attributes(batch, deals.attributes, as_of, frozenset(absent))
        for name in known:
            known[name] += int((~parsed.missing(name)).sum())
        rows += batch.num_rows
        if rows >= PROSPECTS_LOOKED_AT:
            break
    return {name: count / max(rows, 1) for name, count in known.items()}, absent


def _same_day(deals: DealTable, rows: int) -> NDArray[np.datetime64] | None:
    return None if deals.extracted is None else np.full(rows, deals.extracted)
