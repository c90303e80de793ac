"""The ICP criteria with their evidence, what widening one would bring, and what the company believed before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from icp_ml.profile.definition import Assumed, Criterion, CriterionEvidence, Definition, Side
from icp_ml.profile.widening import Widened
from icp_ml.serve.bundle import Bundle
from icp_training.report import charts
from icp_training.report.numbers import number, percent, points, rate, share, won_of
from icp_training.report.parts import Cell, Chart, Listed, Part, Section, Table, Words, rows_of

Judged: TypeAlias = tuple[Criterion, CriterionEvidence]
"""A criterion that deals bear on, and how."""


def criteria(bundle: Bundle) -> Section:
    """One row a criterion: what deals that meet it came to, and those that do not."""
    return Section("criteria", "The ICP criteria", tuple(_parts(bundle)), terms=("criterion", "points", "found again"))


def _parts(bundle: Bundle) -> Iterator[Part]:
    definition = bundle.definition
    if definition is None:
        yield Words("This model was made before there was a definition of the ICP; train it anew to have one.")
        return
    yield Words(definition.breadth_sentence)
    judged = [(each, each.evidence) for each in definition.criteria if each.evidence is not None]
    if judged:
        yield _chart(judged, definition)
    yield from _pinned(definition)
    if definition.widened:
        yield _widened(definition.widened)
    if definition.assumed is not None:
        yield _assumed(definition.assumed)
    if definition.left_out:
        yield _left_out(definition)


def _chart(judged: list[Judged], definition: Definition) -> Chart:
    inside = [_bar(each, evidence.inside) for each, evidence in judged]
    outside = [_bar(each, evidence.outside) for each, evidence in judged]
    figure = charts.intervals(
        [charts.Series("meets it", charts.BLUE, inside), charts.Series("does not", charts.ORANGE, outside)],
        "share of deals won (bars: 95 %)",
        line=definition.win_rate.value,
    )
    gaps = {each.words: evidence.gap for each, evidence in judged}
    best = max(gaps, key=lambda words: gaps[words].value)
    surely = sum(gap.low > 0 for gap in gaps.values())
    finding = (
        f"{surely} of {len(gaps)} conditions surely win more where they are met, on deals that had no part in finding "
        f"them; most of all {best}, by {100 * gaps[best].value:.0f} points."
    )
    return Chart("criteria-rates", finding, figure, _evidence(judged), charts.height_of(len(judged)))


def _bar(criterion: Criterion, side: Side) -> charts.Bar:
    return charts.Bar(criterion.words, side.win_rate, f"{side.won:,} of {side.deals:,} deals won")


def _evidence(judged: list[Judged]) -> Table:
    headers = (
        *("condition", "points", "meets it", "does not", "not known", "difference (95 %)"),
        *("share of the explanation", "found again", "layer, axis", "look again by"),
    )
    return Table(
        "Criteria with their evidence", headers, rows_of([_row(*each) for each in judged]), frozenset({1, 6, 7})
    )


def _row(each: Criterion, evidence: CriterionEvidence) -> list[Cell | str]:
    until = "" if each.review_by is None else each.review_by.isoformat()
    sides = [won_of(side.won, side.deals) for side in (evidence.inside, evidence.outside, evidence.not_known)]
    found = "pinned" if each.origin == "pinned" else percent(evidence.stability)
    tail = [share(evidence.share), Cell(found), Cell(f"{each.layer}, {each.axis}"), Cell(until)]
    return [each.words, number(each.points), *sides, points(evidence.gap), *tail]


def _pinned(definition: Definition) -> Iterator[Part]:
    said = [f"pinned: {each.words} ({each.reason})" for each in definition.criteria if each.origin == "pinned"]
    said += [f"banned: {each.factor} ({each.reason})" for each in definition.left_out if each.banned]
    if said:
        yield Words("What people decided:")
        yield Listed(tuple(said))


def _widened(found: tuple[Widened, ...]) -> Table:
    rows = [
        (each.criterion, each.words, won_of(each.won, each.deals), rate(each.win_rate))
        for each in sorted(found, key=lambda each: (each.criterion, -each.deals))
    ]
    headers = ("criterion", "asked instead", "deals that come in", "win rate of these (95 %)")
    return Table("What asking more widely would bring", headers, rows_of(rows), frozenset({3}), folded=True)


def _assumed(found: Assumed) -> Table:
    each_row = [
        (c.words, won_of(c.inside.won, c.inside.deals), won_of(c.outside.won, c.outside.deals), points(c.gap))
        for c in found.conditions
    ]
    whole = (
        "all of them",
        won_of(found.inside.won, found.inside.deals),
        won_of(found.outside.won, found.outside.deals),
        points(found.gap),
    )
    headers = ("condition", "meets it", "does not", "difference (95 %)")
    return Table("What the company believed, on the same deals", headers, rows_of([*each_row, whole]))


def _left_out(definition: Definition) -> Table:
    rows = rows_of([(each.factor, each.reason) for each in definition.left_out])
    return Table(f"What is no criterion, and why ({len(rows)})", ("factor", "why"), rows, folded=True)
