"""Types that hardly ever buy, proposed as exclusions: in force only once a person has approved them.

    employees under 20 and no CRM     2 of 96 deals won, 24 % overall; on other accounts' deals at most 7 %: proposed
    country: Norway                   3 of 40 deals won; on other accounts' deals at most 19 %, over half of 24 %: not

What is not known of a company excludes it from nothing. A type is proposed where a search would rarely find as much by
chance, and where on deals that did not find it the win rate's upper bound is under half of the overall one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.conditions import bind_condition
from icp_ml.deals.rule_settings import ConditionSettings, rule_of
from icp_ml.model.tier_rates import one_set, rate_bounds
from icp_ml.profile.condition_words import rule_words
from icp_ml.profile.definition import Proposal
from icp_ml.profile.rates import win_rate
from icp_ml.profile.subgroup_conditions import LEAST_ACCOUNTS, Mask, SearchedDeals
from icp_ml.profile.subgroup_finds import Plan, Subgroup
from icp_ml.profile.subgroups import Aim

HALF: Final = 0.5
"""A type is left out only where it wins surely under half as often as all deals (issue 6)."""
LONGEST_NAME: Final = 60
CONTRACT_MEASURE: Final = "days_to_contract_end"


def upper_bound(won: NDArray[np.int8], groups: NDArray[np.int64], among: Mask) -> float:
    """One-sided 95 % upper bound of the win rate of the deals `among`, over accounts; 1 where there are none."""
    if not among.any():
        return 1.0
    return float(rate_bounds(one_set(won[among], groups[among]))[1][0])


def _can_be_spared(deals: SearchedDeals, inside: Mask, wider: Mask) -> bool:
    """Whether the simpler rule still is surely under half, and what it adds does not win more than half as often."""
    limit = HALF * float(deals.won.mean())
    added = deals.won[wider & ~inside]
    if len(added) and float(added.mean()) > limit:
        return False
    return upper_bound(deals.won, deals.groups, wider) < limit


EXCLUSIONS: Final = Plan(Aim(sign=-1.0, fewest=1, allowance=HALF), _can_be_spared)
"""What the search is asked for."""


def exclusions_of(deals: SearchedDeals, finds: Sequence[Subgroup]) -> tuple[Proposal, ...]:
    """Proposals from the finds of the plan `EXCLUSIONS`, best first. deals: all that were searched."""
    limit = HALF * float(deals.won.mean()) if len(deals.won) else 0.0
    held = [
        each
        for each in finds
        if upper_bound(deals.won, deals.groups, each.unseen) < limit and _has_support(deals, each)
    ]
    return named_once([_proposal(deals, each) for each in held])


def named_once(proposals: Sequence[Proposal]) -> tuple[Proposal, ...]:
    """The same, a name that an earlier one has with a number behind it."""
    taken: set[str] = set()
    renamed = []
    for each in proposals:
        name, number = each.rule.name, 2
        while name.casefold() in taken:
            name, number = f"{each.rule.name} ({number})", number + 1
        taken.add(name.casefold())
        renamed.append(each.model_copy(update={"rule": each.rule.model_copy(update={"name": name})}))
    return tuple(renamed)


def _has_support(deals: SearchedDeals, found: Subgroup) -> bool:
    return len(np.unique(deals.groups[found.holds])) >= LEAST_ACCOUNTS


def _proposal(deals: SearchedDeals, found: Subgroup) -> Proposal:
    base, inside, seen = float(deals.won.mean()), found.holds, found.unseen
    accounts, won = len(np.unique(deals.groups[inside])), int(deals.won[inside].sum())
    bound = upper_bound(deals.won, deals.groups, seen)
    why = (
        f"{won:,} of {int(inside.sum()):,} such deals on {accounts:,} accounts were won, {base:.0%} overall; of the "
        f"{int(seen.sum()):,} deals that the search came to without their accounts {int(deals.won[seen].sum()):,} were "
        f"won, at most {bound:.0%} with 95 % confidence, under half of the overall rate"
    )
    return proposal_of(deals, found.conditions, (inside, seen), why)


def proposal_of(
    deals: SearchedDeals, conditions: tuple[ConditionSettings, ...], masks: tuple[Mask, Mask], why: str
) -> Proposal:
    """An exclusion named after its conditions. masks: the deals that it hits, and those that its win rate is of."""
    words = rule_words(rule_of("unnamed", conditions), deals.attributes)
    attributes = " and ".join(dict.fromkeys(each.attribute for each in conditions))
    rule = rule_of(words if len(words) <= LONGEST_NAME else attributes, conditions, reason=why)
    return Proposal(
        rule=rule,
        kind="exclusion",
        deals=int(masks[0].sum()),
        won=int(deals.won[masks[0]].sum()),
        win_rate=win_rate(deals.won, deals.groups, masks[1]),
        why=why,
    )


def lock_ins(deals: SearchedDeals) -> tuple[Proposal, ...]:
    """One exclusion for each attribute that counts the days to the end of a tool's contract, none where there is none.

    Such an attribute exists only where the configuration declares `contract_end` for the table of technologies. It is
    counted anew on the day of each list and not known once the contract has ended, so that the rule lets every company
    go on its own date; an `until`, which is one date for all companies, is not set. Nothing was searched for: the
    figures are of all deals that were locked in when they opened.
    """
    return named_once([_lock_in(deals, each) for each in _contract_attributes(deals.attributes)])


def _contract_attributes(attributes: Sequence[Attribute]) -> Iterator[Attribute]:
    yield from (each for each in attributes if each.recipe is not None and each.recipe.measure == CONTRACT_MEASURE)


def _lock_in(deals: SearchedDeals, attribute: Attribute) -> Proposal:
    asked = ConditionSettings(attribute=attribute.name, at_least=0.0)
    inside = bind_condition(asked, {attribute.name: attribute}, "the proposal of a lock-in").holds(deals.parsed)
    won, count = int(deals.won[inside].sum()), int(inside.sum())
    why = (
        f"under contract until a known date, which ends the exclusion; {won:,} of {count:,} deals that opened under "
        f"such a contract were won, {float(deals.won.mean()):.0%} overall"
    )
    return proposal_of(deals, (asked,), (inside, inside), why)
