"""All evidence about a column, and what follows from it.

Strength alone, a name alone, or any other single kind of evidence is a reason to ask and never more. A column is
dropped where evidence in the data itself meets a second kind, or where it is an identifier, about which there is
nothing to ask. What is about the seller is asked about.

    a name in the outcome's words                               ask
    an AUC of 0.93 alone                                        ask
    an AUC of 0.93, and filled for won deals only               drop
    a name in the outcome's words, and an AUC of 0.93           drop
    a name in the outcome's words, and not in the prospect list ask: neither is in the data
    called an amount, and an AUC of 0.8                         ask: the legitimate amount can be as strong
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from icp_training.leakage.columns import Column, Facts
from icp_training.leakage.outcomes import filling, filling_gap, includes_the_deal, one_outcome, outcome_copy, strength
from icp_training.leakage.records import FAMILY_OF, Answer, ColumnVerdict, Evidence, Family
from icp_training.leakage.roles import (
    called_an_amount,
    identifier,
    in_prospects,
    name_speaks,
    seller_side,
    tells_accounts_apart,
    without_history,
)
from icp_training.leakage.times import (
    after_opening,
    changed_later,
    filled_when_decided,
    measured_today,
    until_the_close,
)

CHECKS: tuple[Callable[[Column, Facts], Evidence], ...] = (
    strength,
    filling,
    one_outcome,
    changed_later,
    measured_today,
    name_speaks,
    outcome_copy,
    identifier,
    after_opening,
    in_prospects,
    seller_side,
    tells_accounts_apart,
    includes_the_deal,
    until_the_close,
    filled_when_decided,
    without_history,
    called_an_amount,
    filling_gap,
)
"""In the order of their codes."""

IN_THE_DATA: frozenset[Family] = frozenset({"strength", "filling", "values", "history", "timing", "copy", "total"})
"""Kinds of evidence that are traces in the data and not only what a column is called or where it stands."""
ONLY_ASKS: frozenset[Family] = frozenset({"seller", "amount", "gap", "place"})
"""Kinds of evidence that ask and never help to drop: each is what a legitimate column may well look like."""
QUESTION = "was it known when the deal opened, and never changed since?"


def judge_columns(columns: Iterable[Column], facts: Facts, *, strict: bool = False) -> tuple[ColumnVerdict, ...]:
    """One verdict for each column, in their order. strict: what stands on the deal's row without a history is asked."""
    return tuple(judge_column(column, facts, strict=strict) for column in columns)


def judge_column(column: Column, facts: Facts, *, strict: bool = False) -> ColumnVerdict:
    """The verdict on one column, every check included."""
    evidence = tuple(check(column, facts) for check in CHECKS)
    against = [one for one in evidence if one.is_found and (strict or one.weight != "notes")]
    answer = _answer(against, strict=strict)
    codes = () if answer == "use" else tuple(one.code for one in against)
    verdict = ColumnVerdict(column.name, answer, codes, evidence, "nothing speaks against it")
    return verdict if answer == "use" else replace(verdict, sentence=_sentence(verdict))


def _answer(against: Sequence[Evidence], *, strict: bool) -> Answer:
    asking = [one for one in against if one.weight == "asks" or (strict and one.weight == "notes")]
    if not asking:
        return "use"
    families = {FAMILY_OF[one.code] for one in against} - ONLY_ASKS
    is_identifier = any(one.code == "L08" for one in asking)
    return "drop" if is_identifier or (len(families) > 1 and families & IN_THE_DATA) else "ask"


def _sentence(verdict: ColumnVerdict) -> str:
    return f"{verdict.reasons}; {QUESTION}" if verdict.answer == "ask" else verdict.reasons
