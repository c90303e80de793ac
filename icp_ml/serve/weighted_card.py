"""The card of a hand-weighted scorecard: weights, rules and tiers for people to read. Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from icp_ml.deals.policy import OUT_OF_SCOPE
from icp_ml.deals.vocabulary import OTHER_CODE
from icp_ml.model.tiers import Cuts
from icp_ml.model.weighted import WeightedScorecard
from icp_ml.model.weighted_rules import WeightedFactor
from icp_ml.profile.tiering import Policy
from icp_ml.profile.weighted_records import NOT_A_PROBABILITY, WeightedProvenance
from icp_ml.serve.card import policy_part


def weighted_card(provenance: WeightedProvenance, scorecard: WeightedScorecard, cuts: Cuts, policy: Policy) -> str:
    """The text of card.md, UTF-8, ending in a line end."""
    parts = (_head(provenance), _weights(scorecard), _tiers(cuts), policy_part(policy), _use(scorecard))
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def points_in_words(factor: WeightedFactor) -> str:
    """What each outcome of a rule adds to the score: those it names, then otherwise, then not known."""
    added = [f"{outcome.text}: {points:.3g}" for outcome, points in zip(factor.outcomes, factor.points, strict=True)]
    return "; ".join([*added[OTHER_CODE + 1 :], *added[OTHER_CODE::-1]])


def tier_bands(cuts: Cuts) -> tuple[tuple[str, str], ...]:
    """The label of each tier in words, and from which score it starts."""
    labels = (label if label == OUT_OF_SCOPE else f"tier {label}" for label in cuts.labels)
    starts = (*(f"from {score:g}" for score in cuts.scores), f"under {cuts.scores[-1]:g}")
    return tuple(zip(labels, starts, strict=True))


def _head(provenance: WeightedProvenance) -> Iterator[str]:
    yield f"# {provenance.name}, version {provenance.version}"
    yield ""
    yield (
        f"A {NOT_A_PROBABILITY}. Nothing was learned from deals: the score, 0 to 100, says how well a prospect meets "
        f"what was written down, and makes no claim about winning. Made {provenance.created}."
    )
    for title, lines in (("What was done to the weights", provenance.notes), ("Changed since", provenance.changes)):
        if lines:
            yield ""
            yield f"{title}:"
            yield from (f"- {line}" for line in lines)


def _weights(scorecard: WeightedScorecard) -> Iterator[str]:
    yield "## What gives points"
    yield ""
    yield "| group | weight | rule | layer | adds to the score |"
    yield "|---|---|---|---|---|"
    weight_of = {group.name: group.weight for group in scorecard.groups}
    for factor in scorecard.factors:
        yield (
            f"| {_cell(factor.group)} | {weight_of[factor.group]:.3g} | {_cell(factor.name)} | {factor.layer} | "
            f"{_cell(points_in_words(factor))} |"
        )


def _tiers(cuts: Cuts) -> Iterator[str]:
    yield "## Tiers"
    yield ""
    yield from (f"- {label}: {start}" for label, start in tier_bands(cuts))


def _use(scorecard: WeightedScorecard) -> Iterator[str]:
    yield "## How to read it"
    yield ""
    yield (
        f"Reasons and sub-scores are points of score, and add to {scorecard.base:.3g}, the score of a prospect for "
        "which every rule gives its usual points: the mean of the different points that it can give. They follow from "
        "the rules alone, and are no average over companies."
    )


def _cell(text: str) -> str:
    """A text that a table's cell can hold."""
    return text.replace("|", "\\|")
