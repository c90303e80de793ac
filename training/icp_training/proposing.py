"""What the deals suggest beyond the criteria: clusters, exclusions, and types whose wins turn out badly.

churn rate       the measure of `ideal` of kind `left`         NPS, support cost   measures that are called so
grade C          the grades of `ideal`
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from icp_ml.deals.table import DealTable
from icp_ml.profile.clusters import CLUSTERS, Clusters, clusters_of
from icp_ml.profile.definition import Proposal
from icp_ml.profile.exclusions import EXCLUSIONS, exclusions_of, lock_ins, named_once
from icp_ml.profile.outcome_patterns import OutcomePattern, churned, costly, detracted, of_grade_c, outcome_proposals
from icp_ml.profile.subgroup_conditions import deals_to_search
from icp_ml.profile.subgroup_finds import search_subgroups
from icp_training.closed_won import measure_of
from icp_training.search import sample_groups

MOST_SEARCHED: Final = 10_000
"""Deals among which types are searched for, drawn by account; the search is repeated some hundred times."""
NPS, SUPPORT_COST = "nps", "support_cost"
"""Measures of `ideal` by their names, in any case of letters."""


@dataclass(frozen=True)
class Suggested:
    """Clusters, and exclusions that nobody has approved yet."""

    clusters: Clusters
    exclusions: tuple[Proposal, ...]


def suggested(deals: DealTable, seed: int) -> Suggested:
    """What a search of the deals, or of 10,000 of them, suggests."""
    if len(deals.won) > MOST_SEARCHED:
        deals = deals.take(sample_groups(deals.groups(), MOST_SEARCHED, seed))
    searched = deals_to_search(deals)
    search = search_subgroups(searched, (CLUSTERS, EXCLUSIONS), seed)
    exclusions = (
        *exclusions_of(searched, search.finds[1]),
        *outcome_proposals(searched, tuple(patterns_of(deals)), seed),
        *lock_ins(searched),
    )
    return Suggested(clusters_of(searched, search.finds[0], search), named_once(exclusions))


def patterns_of(deals: DealTable) -> Iterator[OutcomePattern]:
    """The ways in which a win can turn out badly, of which something is known; n values each, NaN where not won."""
    won = deals.won if deals.graded is None else deals.graded.won
    for what, pattern in (("left", churned), (NPS, detracted), (SUPPORT_COST, costly)):
        measure = measure_of(deals, what)
        if measure is not None:
            yield pattern(np.where(won == 1, measure.values, np.nan))
    if deals.graded is not None:
        yield of_grade_c(deals.graded)
