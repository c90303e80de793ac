"""Evidence from what a column is: its name, whom it is about, what it tells apart, and where it stands."""

from __future__ import annotations

import re

import numpy as np

from icp_training.leakage.columns import Column, Facts, Flags, Floats
from icp_training.leakage.measures import own_area, rank_correlation
from icp_training.leakage.records import Evidence, found, not_applicable, noted, passed, supports

COURSE = re.compile(
    r"elapsed|\bdays?\b|duration|\bchanges?\b|probab|forecast|next step|activit|reason|\bclosed?\b|\bclosing\b|\blost\b"
    r"|\bwon\b|expected|cycle|discount|churn|expansion|\bnps\b|renew|\bsupport\b|last modif|updat|\bqualif"
    r"|\b(current|sales|deal|pipeline|opportunity|lifecycle|last|final|lead)\s+(stage|status)\b|^(stage|status)$"
    r"|\bis\s+(mql|sql|sal|sqo)\b",
    re.IGNORECASE,
)
"""Words in which the course and the end of a deal are told."""
OUTCOME = re.compile(r"reason|probab|forecast|\bclosed?\b|\bclosing\b|\blost\b|\bwon\b", re.IGNORECASE)
"""The narrower ones, by which a column is taken for a part of the outcome that others may copy."""
SELLER_SIDE = re.compile(
    r"\bowner\b|\brep\b|\bseller\b|\bagent\b|\bmanager\b|\bteam\b|created by|salesperson", re.IGNORECASE
)
AMOUNT = re.compile(r"amount|\bacv\b|\barr\b|\btcv\b|price|deal (size|value)|close value", re.IGNORECASE)
NEARLY_DISTINCT = 0.95
FEWEST = 50
RISES = 0.95
HARDLY, OFTEN = 0.02, 0.2
CONSTANT, APART = 0.98, 0.9
FEWEST_ACCOUNTS = 20


def name_speaks(column: Column, _facts: Facts) -> Evidence:
    """L06. A name in the words of the outcome or of the course of a deal; alone a reason to ask."""
    if COURSE.search(column.words):
        return found("L06", "its name speaks of the course or the end of the deal")
    return passed("L06", "its name does not speak of the outcome")


def called_an_amount(column: Column, _facts: Facts) -> Evidence:
    """L17. A name of the deal's amount. It may be strong and known at the opening, so that it never adds to a drop."""
    if not column.on_deal_row:
        return not_applicable("L17", "it stands in a table beside the deals, and is no deal's own amount")
    if AMOUNT.search(column.words):
        return found("L17", "amounts are often changed to what was finally sold")
    return passed("L17", "its name does not speak of an amount")


def seller_side(column: Column, facts: Facts) -> Evidence:
    """L11. About the seller: kept out of the ICP, with its own effect told."""
    if not SELLER_SIDE.search(column.words):
        return passed("L11", "its name does not speak of the seller")
    area = own_area(column, facts)[0]
    effect = "" if np.isnan(area) else f", and alone tells won from lost deals with an AUC of {area:.2f}"
    return found("L11", f"it is about the seller, not the company sold to{effect}", auc=area)


def identifier(column: Column, facts: Facts) -> Evidence:
    """L08. Nearly every row its own text, or whole numbers that rise with time: nothing that holds for others."""
    count = int(column.known.sum())
    if count < FEWEST:
        return not_applicable("L08", f"it is known in fewer than {FEWEST} rows")
    if column.is_list or column.days is not None:
        return not_applicable("L08", "it is a date or a list")
    distinct = len(column.texts.values) / count
    if distinct < NEARLY_DISTINCT:
        return passed("L08", f"{distinct:.0%} of its texts are distinct", distinct=distinct)
    if column.numbers is None:
        said = f"{len(column.texts.values):,} different texts in {count:,} rows: a name, an identifier or free text"
        return found("L08", said, distinct=distinct)
    return _running_number(column.numbers, column.known, facts)


def _running_number(numbers: Floats, rows: Flags, facts: Facts) -> Evidence:
    """Of numbers that are nearly all distinct."""
    if (np.round(numbers[rows]) != numbers[rows]).any():
        return passed("L08", "its numbers are not whole")
    times = [days for days in (facts.opened, facts.closed) if days is not None]
    times = times or [np.arange(len(rows), dtype=np.float64)]
    rise = max(abs(rank_correlation(numbers, days, rows)[0]) for days in times)
    said = f"its whole numbers are nearly all distinct and follow time with a rank correlation of {rise:.2f}"
    return found("L08", said, rank=rise) if rise >= RISES else passed("L08", said, rank=rise)


def tells_accounts_apart(column: Column, facts: Facts) -> Evidence:
    """L12. A text that is the same on every deal of an account and another on every other account."""
    if facts.accounts is None:
        return not_applicable("L12", "no column names the account")
    if not column.is_text:
        return not_applicable("L12", "it is not a text")
    rows = column.known & (facts.accounts >= 0)
    pairs = np.unique(np.stack([facts.accounts[rows], column.texts.codes[rows]]), axis=1)
    accounts, values = pairs
    deals = np.bincount(facts.accounts[rows])
    repeated = np.flatnonzero(deals >= 2)
    if len(repeated) < FEWEST_ACCOUNTS:
        return not_applicable("L12", f"fewer than {FEWEST_ACCOUNTS} accounts have several deals")
    constant = float((np.bincount(accounts, minlength=len(deals))[repeated] == 1).mean())
    apart = len(np.unique(values)) / len(np.unique(accounts))
    said = f"one value for {constant:.0%} of accounts with several deals, and {apart:.0%} as many values as accounts"
    if constant >= CONSTANT and apart >= APART:
        return found("L12", f"it only tells accounts apart: {said}", constant=constant, apart=apart)
    return passed("L12", said, constant=constant, apart=apart)


def in_prospects(column: Column, facts: Facts) -> Evidence:
    """L10. Absent or empty in the prospect list; it supports other evidence, for a new list may bring the column."""
    if facts.listed is None:
        return not_applicable("L10", "no prospect list is named")
    if column.name not in facts.listed:
        return supports("L10", "the prospect list does not have it", listed=0.0)
    share, here = facts.listed[column.name], float(column.known.mean())
    if share < HARDLY and here > OFTEN:
        said = f"it is known for {share:.0%} of prospects and {here:.0%} of deals"
        return supports("L10", said, listed=share, deals=here)
    return passed("L10", f"it is known for {share:.0%} of prospects", listed=share, deals=here)


def without_history(column: Column, facts: Facts) -> Evidence:
    """L16. On the deal's row nothing says since when a value is there; only noted, and asked about by `--strict`."""
    if not column.on_deal_row:
        return passed("L16", "it comes from a table beside the deals")
    in_history = facts.history is not None and bool((facts.history.field == column.name).any())
    if in_history or column.rewound is not None:
        return passed("L16", "its history is there")
    return noted("L16", "it stands on the deal's row without a history of its changes")
