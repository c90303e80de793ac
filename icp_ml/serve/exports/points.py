"""The points scorecard: whole points for each criterion that a company meets, and a tier by their sum.

    criterion             points      a company with 120 employees, no known industry, and Cartellux
    employees 51 to 500       22      22
    industry: Software        16       0    what is not known meets nothing
    uses Cartellux            10      10
                                      32    tier by the points at which each starts

It is what a person can add up by hand and what other tools can run. Its tiers are not the model's: how often both
agree is in `PointsScorecard.agreement`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.conditions import Condition, bind_condition
from icp_ml.deals.kinds import ParsedTable
from icp_ml.errors import ConfigError
from icp_ml.profile.definition import Criterion, Definition, PointsScorecard
from icp_ml.serve.exports.cells import safe_text
from icp_ml.serve.exports.stamp import Exported, stamp_lines

CSV_NAME: Final = "points.csv"
PAGE_NAME: Final = "points.md"
_HEADER: Final = ("criterion", "condition", "layer", "points", "won_inside", "deals_inside", "review_by")


def scorecard_of(definition: Definition) -> PointsScorecard:
    """The tiers by points. Raises `ConfigError` where the definition has no criterion, and so no points."""
    if definition.points is None or not definition.criteria:
        raise ConfigError(
            "expected an ICP with at least one criterion to make a points scorecard of, found none; pin a criterion "
            "with `icp amend`, or train on more deals"
        )
    return definition.points


def bound_criteria(definition: Definition, attributes: Sequence[Attribute]) -> tuple[tuple[Criterion, Condition], ...]:
    """Each criterion with its condition bound to its attribute. Raises as `bind_condition` does."""
    attribute_of = {each.name: each for each in attributes}
    return tuple(
        (each, bind_condition(each.condition, attribute_of, f"the criterion '{each.name}'"))
        for each in definition.criteria
    )


def points_of(definition: Definition, attributes: Sequence[Attribute], parsed: ParsedTable) -> NDArray[np.int64]:
    """int64[n]: the points of each row, the sum over the criteria of which it is known that the row meets them.

    parsed: holds every attribute that a criterion asks about.
    """
    points: NDArray[np.int64] = np.zeros(parsed.n_rows, dtype=np.int64)
    for criterion, condition in bound_criteria(definition, attributes):
        points += criterion.points * condition.holds(parsed)
    return points


def points_tier(scorecard: PointsScorecard, points: NDArray[np.int64]) -> NDArray[np.int32]:
    """int32[n]: the place in `scorecard.tiers` (best first) of each row's tier; the last one takes all that is left."""
    place: NDArray[np.int32] = np.full(len(points), len(scorecard.tiers) - 1, dtype=np.int32)
    for rank in reversed(range(len(scorecard.tiers) - 1)):
        place[points >= scorecard.tiers[rank].points_from] = rank
    return place


def points(exported: Exported) -> Mapping[str, bytes]:
    """The format "points": the table as CSV, and the same with its tiers as a page to print."""
    scorecard = scorecard_of(exported.definition)
    return {
        CSV_NAME: _table(exported).encode("utf-8"),
        PAGE_NAME: _page(exported, scorecard).encode("utf-8"),
    }


def _table(exported: Exported) -> str:
    """The stamp stands in the last column of every row, so that the file has one header and no other line."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*_HEADER, "version"])
    stamp = stamp_lines(exported)[0]
    for criterion in exported.definition.criteria:
        writer.writerow([*_cells(criterion), stamp])
    return text.getvalue()


def _cells(criterion: Criterion) -> tuple[str, ...]:
    found = criterion.evidence
    return (
        safe_text(criterion.name),
        safe_text(criterion.words),
        criterion.layer,
        str(criterion.points),
        "" if found is None else str(found.inside.won),
        "" if found is None else str(found.inside.deals),
        "" if criterion.review_by is None else criterion.review_by.isoformat(),
    )


def _page(exported: Exported, scorecard: PointsScorecard) -> str:
    definition = exported.definition
    most = sum(each.points for each in definition.criteria)
    lines = [
        f"# Points scorecard of {exported.name}",
        "",
        *(f"{line}  " for line in stamp_lines(exported)),
        "",
        f"Add the points of every line that is known to hold; what is not known adds nothing. The most is {most}.",
        "",
        "| points | criterion | layer | such deals won |",
        "|---:|---|---|---|",
        *(_row(each) for each in definition.criteria),
        "",
        "| tier | points |",
        "|---|---|",
        *_tier_rows(scorecard, most),
        "",
        _agreement_words(scorecard),
        "",
    ]
    return "\n".join(lines)


def _agreement_words(scorecard: PointsScorecard) -> str:
    agreement = scorecard.agreement
    if agreement is None:
        return "How often this is the tier that the model gives was not measured since criteria were changed."
    return (
        f"In {agreement.value:.0%} of deals (95 % interval {agreement.low:.0%} to {agreement.high:.0%}) this is the "
        "tier that the model gives."
    )


def _row(criterion: Criterion) -> str:
    found = criterion.evidence
    won = "no deal tells" if found is None else f"{found.inside.won} of {found.inside.deals}"
    return f"| {criterion.points} | {cell_words(criterion.words)} | {criterion.layer} | {won} |"


def _tier_rows(scorecard: PointsScorecard, most: int) -> list[str]:
    tops = [most, *(each.points_from - 1 for each in scorecard.tiers[:-1])]
    return [
        f"| {cell_words(tier.label)} | {tier.points_from} to {top} |"
        for tier, top in zip(scorecard.tiers, tops, strict=True)
    ]


def cell_words(text: str) -> str:
    """A text as it may stand in a cell of a Markdown table."""
    return " ".join(text.replace("|", "\\|").split())
