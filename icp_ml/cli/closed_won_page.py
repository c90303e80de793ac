"""What the terminal shows of closed deals: the five figures by segment, who leads, and wins minus losses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from icp_ml.cli.pages import add_row, percent, plain_table

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from icp_ml.profile.closed_won_records import (
        ClosedWon,
        Dimension,
        FactorVerdict,
        Figure,
        Metric,
        Segments,
        WinsMinusLosses,
    )
    from icp_ml.profile.field_figures import FieldFigure
    from icp_ml.profile.records import Interval

MANY: Final = 0.005
"""A p-value under which three decimals would say 0."""


def closed_won_page(found: ClosedWon) -> Iterator[RenderableType]:
    """Segments, then wins minus losses, then the field's figures."""
    yield from segments_page(found.segments)
    yield from wins_minus_losses_page(found.wins_minus_losses)
    if found.field:
        yield _field_table(found.field)
        yield "The field's figures were stated before these deals, and are asked of every attribute that they fit."


def segments_page(segments: Segments) -> Iterator[RenderableType]:
    """A table for each attribute, with its leader and its warning under it; then what is stale."""
    yield (
        f"{segments.deals:,} closed deals of {segments.accounts:,} accounts, {segments.won:,} won. Figures are drawn "
        "towards the whole where a segment is small, with 95 % intervals over accounts; in brackets, the deals they "
        "are of."
    )
    for dimension in segments.dimensions:
        yield _dimension_table(dimension, segments)
        yield from _told(dimension)
    yield from _stale(segments)


def wins_minus_losses_page(found: WinsMinusLosses) -> Iterator[RenderableType]:
    """The ICP attributes, the boundary, and what is undecided."""
    if found.target != "won":
        yield f"Where wins are set against losses, won means: {found.target}."
    attributes, boundaries = found.of("ICP attribute"), found.of("market boundary")
    if attributes:
        yield _verdict_table(f"Wins minus losses: ICP attributes ({found.tested:,} conditions tested)", attributes)
        yield (
            "Each stands alone here, whatever goes with it. Elsewhere: the difference on accounts that had no part in "
            "choosing the condition."
        )
    else:
        yield f"Of {found.tested:,} conditions none tells wins from losses beyond chance."
    if boundaries:
        yield _verdict_table("Market boundary: nearly all won and lost accounts alike", boundaries)
    yield from (f"Proposed, not in force: {each.why}." for each in found.boundary)
    undecided = found.of("undecided")
    if undecided:
        yield f"Undecided: {', '.join(each.factor for each in undecided)}."


def _dimension_table(dimension: Dimension, segments: Segments) -> Table:
    metrics: list[Metric] = list(segments.whole)
    titles = [_title(metric, segments.unit) for metric in metrics]
    table = plain_table(f"{dimension.attribute} ({dimension.layer})", "segment", "deals", "won", *titles)
    for segment in dimension.segments:
        cells = [_figure(metric, segment.figures.get(metric)) for metric in metrics]
        add_row(table, segment.words, f"{segment.deals:,}", f"{segment.won:,}", *cells)
    if dimension.not_known:
        blanks = [""] * len(metrics)
        add_row(table, "not known", f"{dimension.not_known:,}", f"{dimension.not_known_won:,}", *blanks)
    cells = [_figure(metric, segments.whole[metric]) for metric in metrics]
    add_row(table, "all deals", f"{segments.deals:,}", f"{segments.won:,}", *cells)
    return table


def _title(metric: Metric, unit: str) -> str:
    if metric == "deal size":
        return f"deal size ({unit})" if unit else metric
    return "cycle (days)" if metric == "cycle" else metric


def _figure(metric: Metric, figure: Figure | None) -> str:
    if figure is None:
        return ""
    drawn = figure.drawn
    if metric.endswith("rate"):
        return f"{percent(drawn)} ({figure.deals:,})"
    return f"{_amount(drawn.value)} [{_amount(drawn.low)}, {_amount(drawn.high)}] ({figure.deals:,})"


def _amount(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _told(dimension: Dimension) -> Iterator[RenderableType]:
    from rich.text import Text

    if dimension.leader is not None:
        leader = dimension.leader
        clearly = f"clearly on {', '.join(leader.clearly)}" if leader.clearly else "on none of them clearly"
        yield f"'{leader.words}' leads on {', '.join(leader.leads)}; {clearly}."
    if dimension.warning:
        yield Text(f"Warning: {dimension.warning}", style="yellow")


def _stale(segments: Segments) -> Iterator[str]:
    stale = segments.stale
    if stale is None or not stale.open_deals:
        return
    if stale.after_days is None:
        yield f"{stale.open_deals:,} deals are open; too few have closed to say from when on one is stale."
        return
    yield (
        f"Of {stale.open_deals:,} open deals {stale.stale:,} are stale: open for more than {stale.after_days:,} days, "
        "by which 95 % have closed. They are in no figure above."
    )


def _verdict_table(title: str, verdicts: Sequence[FactorVerdict]) -> Table:
    table = plain_table(title, "condition", "of won accounts", "of lost accounts", "difference", "elsewhere", "p")
    for verdict in verdicts:
        state = verdict.states[verdict.chosen or 0]
        elsewhere = "" if verdict.beyond is None else _points(verdict.beyond)
        p = "" if state.p_value is None else (f"under {MANY:g}" if state.p_value < MANY else f"{state.p_value:.3f}")
        difference = _points(state.difference)
        add_row(table, state.words, percent(state.won), percent(state.lost), difference, elsewhere, p)
    return table


def _field_table(figures: Sequence[FieldFigure]) -> Table:
    columns = ("condition", "the field says", "won where it holds", "won elsewhere", "gap (95 %)", "here")
    table = plain_table("The field's figures beside your own", *columns)
    for each in figures:
        inside, outside = (
            f"{rate.value:.0%} ({won:,} of {deals:,})"
            for rate, won, deals in (
                (each.rate, each.won, each.deals),
                (each.others_rate, each.others_won, each.others),
            )
        )
        add_row(table, each.words, each.said, inside, outside, _points(each.gap), each.answer)
    return table


def _points(found: Interval) -> str:
    return f"{found.value:+.0%} [{found.low:+.0%}, {found.high:+.0%}]"
