"""What the closed deals say by themselves: segments, wins minus losses, combinations, the field's figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from icp_ml.profile.closed_won_records import (
    Dimension,
    FactorVerdict,
    Figure,
    Metric,
    Segments,
    WinsMinusLosses,
)
from icp_ml.profile.clusters import Clusters
from icp_ml.profile.field_figures import FieldFigure
from icp_ml.serve.bundle import Bundle
from icp_training.report import charts
from icp_training.report.numbers import parts_at, percent, points, rate, share, won_of
from icp_training.report.parts import Cell, Chart, Listed, Part, Section, Table, Words, rows_of

SEGMENTED: Final = 10
"""Attributes whose segments get a table here; `icp show --segments` has them all."""


def closed_deals(bundle: Bundle) -> Section:
    """The analysis of closed deals, each attribute by itself."""
    return Section(
        "closed-deals", "Closed deals", tuple(_parts(bundle)), terms=("segment", "wins minus losses", "lift")
    )


def _parts(bundle: Bundle) -> Iterator[Part]:
    found = bundle.closed_won
    if found is None:
        yield Words("This model was made before closed deals were analysed; train it anew to have it.")
        return
    yield from _contrast(found.wins_minus_losses)
    yield from _clusters(found.clusters)
    yield from _segments(found.segments)
    if found.field:
        yield _field(found.field)


def _contrast(found: WinsMinusLosses) -> Iterator[Part]:
    attributes = sorted(
        found.of("ICP attribute"), key=lambda each: -abs(each.states[each.chosen or 0].difference.value)
    )
    if attributes:
        yield _contrast_chart(attributes, found)
    else:
        yield Words(f"Of {found.tested:,} conditions none tells won from lost accounts beyond chance.")
    boundary = found.of("market boundary")
    if boundary:
        yield Words("Nearly all won and lost accounts alike, so that these bound the market and select nobody:")
        yield Listed(tuple(each.reason for each in boundary))
    undecided = found.of("undecided")
    if undecided:
        rows = rows_of([(each.factor, each.reason) for each in undecided])
        yield Table(f"Undecided ({len(rows)})", ("factor", "why"), rows, folded=True)


def _contrast_chart(attributes: Sequence[FactorVerdict], found: WinsMinusLosses) -> Chart:
    chosen = [each.states[each.chosen or 0] for each in attributes]
    bars = [
        charts.Bar(
            state.words,
            state.difference,
            f"{percent(state.won.value)} of won, {percent(state.lost.value)} of lost accounts",
        )
        for state in chosen
    ]
    rows = [
        (
            state.words,
            rate(state.won, parts_at(state.won, state.won_accounts)),
            rate(state.lost, parts_at(state.lost, state.lost_accounts)),
            points(state.difference),
            Cell("") if verdict.beyond is None else points(verdict.beyond),
            "" if state.q_value is None else f"{state.q_value:.3f}",
        )
        for state, verdict in zip(chosen, attributes, strict=True)
    ]
    headers = (
        "condition",
        "of won accounts",
        "of lost accounts",
        "difference (95 %)",
        "on accounts that did not choose it",
        "q",
    )
    numbers = Table("Wins minus losses", headers, rows_of(rows), frozenset({1, 2, 3, 4, 5}))
    finding = (
        f"Of {found.tested:,} conditions {len(bars)} are surely commoner or rarer among won accounts than among lost "
        f"ones, each by itself; most of all {chosen[0].words}."
    )
    figure = charts.intervals(
        [charts.Series("won minus lost", charts.BLUE, bars)], "share of won accounts minus share of lost ones", line=0.0
    )
    return Chart("wins-minus-losses", finding, figure, numbers, charts.height_of(len(bars)))


def _clusters(found: Clusters | None) -> Iterator[Part]:
    if found is None:
        return
    if found.clusters:
        rows = [
            (
                each.words,
                won_of(each.won, each.deals),
                rate(each.win_rate),
                Cell(f"{each.lift.value:.1f} ({each.lift.low:.1f} to {each.lift.high:.1f})", f"{each.lift.value!r}"),
                share(each.share_of_wins),
            )
            for each in found.clusters
        ]
        headers = ("combination", "deals", "win rate elsewhere (95 %)", "lift", "share of wins")
        yield Table("Combinations that win together", headers, rows_of(rows), frozenset({2, 3, 4}))
    yield Words(found.note)


def _segments(found: Segments) -> Iterator[Part]:
    ranked = sorted(found.dimensions, key=lambda each: (each.leader is None, -_spread(each)))
    shown = [each for each in ranked if len(each.segments) > 1][:SEGMENTED]
    if shown:
        yield Words(
            f"{found.deals:,} closed deals of {found.accounts:,} accounts by segment; rates of small segments are "
            f"drawn towards the whole. The {len(shown)} of {len(found.dimensions)} attributes that differ most:"
        )
    for each in shown:
        yield _dimension(each, found)
        if each.leader is not None:
            yield Words(f"“{each.leader.words}” leads on {', '.join(each.leader.leads)}.")
        if each.warning:
            yield Words(each.warning, "warning")
    stale = found.stale
    if stale is not None and stale.open_deals and stale.after_days is not None:
        yield Words(
            f"Of {stale.open_deals:,} open deals {stale.stale:,} have been open for more than {stale.after_days:,} "
            "days, by which 95 % have closed. They are in no figure."
        )


def _spread(dimension: Dimension) -> float:
    rates = [each.figures["win rate"].drawn.value for each in dimension.segments if "win rate" in each.figures]
    return max(rates, default=0.0) - min(rates, default=0.0)


def _dimension(dimension: Dimension, found: Segments) -> Table:
    metrics: list[Metric] = list(found.whole)
    rows: list[tuple[Cell | str, ...]] = [
        (each.words, won_of(each.won, each.deals), *(_cell(m, each.figures.get(m)) for m in metrics))
        for each in dimension.segments
    ]
    if dimension.not_known:
        rows.append(("not known", won_of(dimension.not_known_won, dimension.not_known), *[""] * len(metrics)))
    rows.append(("all deals", won_of(found.won, found.deals), *(_cell(m, found.whole[m]) for m in metrics)))
    titles = [_title(metric, found.unit) for metric in metrics]
    caption = f"{dimension.attribute} ({dimension.layer})"
    return Table(
        caption, ("segment", "deals", *titles), rows_of(rows), frozenset(range(2, 2 + len(metrics))), folded=True
    )


def _title(metric: Metric, unit: str) -> str:
    if metric == "deal size" and unit:
        return f"deal size ({unit})"
    return "cycle (days)" if metric == "cycle" else metric


def _cell(metric: Metric, figure: Figure | None) -> Cell:
    if figure is None:
        return Cell("")
    counts = (figure.deals, figure.accounts)
    if metric.endswith("rate"):
        return rate(figure.drawn, counts)
    drawn = figure.drawn
    return Cell(f"{drawn.value:,.0f} ({drawn.low:,.0f} to {drawn.high:,.0f})", f"{drawn.value!r}", counts)


def _field(found: Sequence[FieldFigure]) -> Table:
    rows = [
        (
            each.words,
            each.said,
            won_of(each.won, each.deals),
            won_of(each.others_won, each.others),
            points(each.gap),
            each.answer,
        )
        for each in found
    ]
    headers = ("condition", "the field says", "where it holds", "elsewhere", "difference (95 %)", "here")
    return Table("The field's figures beside your own", headers, rows_of(rows), frozenset({4}), folded=True)
