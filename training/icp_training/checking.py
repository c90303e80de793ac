"""The verdict on the data, before anything is learnt: what was read, what was left out, what each column holds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.companies import SameCompany, same_companies
from icp_ml.deals.contract import DealTable, read_deals
from icp_ml.deals.kinds import CategoryColumn, ParsedTable, SetColumn
from icp_ml.deals.ledger import TableLedger
from icp_ml.deals.openings import DatedJoin
from icp_ml.deals.sources import file_of
from icp_ml.deals.sufficiency import AccountCounts, account_floor, check_floors
from icp_ml.errors import LeakageQuestion, TooFewDeals
from icp_ml.model.judgement import plan_judgement
from icp_ml.profile.records import BaseRates
from icp_ml.profile.representativeness_records import Representativeness
from icp_training.config import Config
from icp_training.grades_report import GradesReport, grades_report
from icp_training.leakage.questions import ColumnLeakage, judge_config, question_of
from icp_training.list_sample import read_list_sample
from icp_training.maturing import Maturing, maturing
from icp_training.personal_attributes import personal_attributes
from icp_training.potential import amounts_sentence
from icp_training.representativeness import representativeness
from icp_training.sufficiency import Sufficiency, sufficiency_of
from icp_training.verdict import base_rates_of


@dataclass(frozen=True)
class AttributeCheck:
    """What one attribute holds: shares are of rows, 0 to 1; `in_prospects` is the share known in the list, if any.

    won, lost: share known among won and among lost deals. distinct: different values (members for a set). unmapped:
    phrases that no declared category fits, with examples in `phrases`.
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
    unmapped: int = 0
    phrases: tuple[str, ...] = ()


@dataclass(frozen=True)
class CheckReport:
    """Everything `icp check` shows. sources: the files read. refusal: what stands in the way of training, or None.

    tables: those beside the deals. dated: what was joined as of the opening. identical_rows, repeated_ids: accepted
    rows that are copies of an earlier one, or carry its id. same_companies: accounts that look like one. maturing,
    sufficiency, representativeness, base_rates: None where dates, accounts or a prospect list are lacking.
    potential: of how many wins it is known what they brought, None where nobody says where that stands. personal: a
    sentence for each attribute that holds values of people.
    """

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
    dated: DatedJoin
    attributes: tuple[AttributeCheck, ...]
    absent_in_prospects: tuple[str, ...]
    leakage: tuple[ColumnLeakage, ...]
    tables: tuple[TableLedger, ...]
    identical_rows: int
    repeated_ids: int
    same_companies: tuple[SameCompany, ...]
    maturing: Maturing | None
    sufficiency: Sufficiency | None
    representativeness: Representativeness | None
    refusal: TooFewDeals | None
    question: LeakageQuestion | None
    grades: GradesReport | None = None
    potential: str | None = None
    base_rates: BaseRates | None = None
    personal: tuple[str, ...] = ()


def check_data(config: Config, root: Path, *, strict: bool = False) -> CheckReport:
    """Read the deals, and the prospect list where one is named, and say what is in them.

    strict: ask about every column of the configuration of which nobody has said when it is known.

    Raises what reading raises; too few accounts are reported, not raised, so that the rest can be seen.
    """
    deals = read_deals(
        config.deals,
        config.tables,
        config.resolved(),
        root,
        besides=config.besides(),
    )
    accounts = account_floor(deals.won, deals.accounts)
    refusal = _refusal(accounts, deals.predicted)
    plan = None if refusal else plan_judgement(deals, config.seed)
    waiting = maturing(deals, plan.maturity if plan else None)
    listed = read_list_sample(config, deals, root)
    known_in_list = {} if listed is None else listed.known()
    leakage = judge_config(config, root, strict=strict)
    return CheckReport(
        name=config.name,
        sources=sources_of(config, root),
        ledger=tuple((step.name, step.rows, step.explanation) for step in deals.ledger.steps),
        rejected=tuple(Counter(row.reason for row in deals.rejected).most_common()),
        rejected_rows=rejected_rows(deals),
        accounts=accounts,
        deals=len(deals.won),
        win_rate=float(deals.won.mean()),
        unmatched_accounts=deals.unmatched_accounts,
        judgement=plan.sentence if plan else None,
        stale_after=waiting.stale_after if waiting else None,
        stale_open=waiting.stale if waiting else 0,
        dated=deals.dated,
        attributes=tuple(_attribute(deals, attribute, known_in_list) for attribute in deals.attributes),
        absent_in_prospects=listed.absent if listed else (),
        leakage=leakage,
        tables=deals.tables,
        identical_rows=len(deals.won) - len(np.unique(deals.identical)),
        repeated_ids=len(deals.won) - len(set(deals.ids)),
        same_companies=same_companies(deals.accounts, deals.won, deals.company) if deals.company else (),
        maturing=waiting,
        sufficiency=None if refusal else sufficiency_of(deals, config.seed),
        representativeness=representativeness(deals, listed, config.seed) if listed else None,
        refusal=refusal,
        grades=grades_report(deals),
        potential=amounts_sentence(deals),
        base_rates=base_rates_of(deals, plan),
        question=question_of(leakage, strict=strict),
        personal=personal_attributes(deals.attributes, deals.parsed),
    )


def rejected_rows(deals: DealTable) -> tuple[tuple[int, str, str], ...]:
    """Line, deal and reason of each row that breaks the contract."""
    return tuple((row.line, row.deal, row.reason) for row in deals.rejected)


def sources_of(config: Config, root: Path) -> tuple[str, ...]:
    """The files and folders that are read; a query is none."""
    wins = [each for each in (config.ideal, config.potential) if each is not None]
    declared = (config.deals, *config.tables.declared(), *wins, config.prospects)
    found = [*(file_of(each, root) for each in declared), config.tables.taxonomy_file(root)]
    return tuple(str(path) for path in found if path is not None)


def _refusal(accounts: AccountCounts, predicted: str) -> TooFewDeals | None:
    try:
        check_floors(accounts, predicted)
    except TooFewDeals as refusal:
        return refusal
    return None


def _attribute(deals: DealTable, attribute: Attribute, in_list: dict[str, float]) -> AttributeCheck:
    known = ~deals.parsed.missing(attribute.name)
    trouble = next((t for t in deals.parsed.unreadable if t.attribute == attribute.name), None)
    other = next((t for t in deals.parsed.unmapped if t.attribute == attribute.name), None)
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
        unmapped=other.rows if other else 0,
        phrases=other.examples if other else (),
    )


def _distinct(parsed: ParsedTable, name: str) -> int:
    column = parsed.columns[name]
    if isinstance(column, CategoryColumn):
        return len(np.unique(column.codes[column.codes >= 0]))
    if isinstance(column, SetColumn):
        return len(np.unique(column.indices))
    return len(np.unique(column.values[~np.isnan(column.values)]))
