"""What the terminal shows of deal potential: what a win brings, how long it takes, and the tiers in money."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from icp_ml.profile.potential import MoneyRow, OutcomeRecord, PotentialRecord
    from icp_ml.profile.records import Interval


def potential_page(potential: PotentialRecord) -> Iterator[RenderableType]:
    """Each outcome in a row with what was found of it, and the tiers in money where there are any."""
    from rich.text import Text

    yield _outcomes(potential)
    for outcome in potential.outcomes():
        yield Text(outcome.sentence)
        if outcome.range_sentence:
            yield Text(outcome.range_sentence)
    if potential.tiers:
        yield _money(potential)
    yield from (Text(note) for note in potential.notes)


def _outcomes(potential: PotentialRecord) -> Table:
    from icp_ml.cli.pages import add_row, plain_table

    table = plain_table(
        "What a win brings, beside the score",
        "of a win",
        "wins",
        "accounts",
        "mean",
        "median",
        "off by",
        "median off by",
    )
    for outcome in potential.outcomes():
        counts = (f"{outcome.wins:,}", f"{outcome.accounts:,}")
        figures = (outcome.mean, outcome.median, outcome.typical_error, outcome.typical_error_of_median)
        add_row(table, _name(outcome), *counts, *(_amount(figure) for figure in figures))
    return table


def _name(outcome: OutcomeRecord) -> str:
    return f"{outcome.name} ({outcome.unit})" if outcome.unit else outcome.name


def _money(potential: PotentialRecord) -> Table:
    from icp_ml.cli.pages import add_row, plain_table

    columns = ("deals", "won", "value won", "pipeline value", "expected value", "won over expected", "mean ACV")
    table = plain_table("Tiers in money", "tier", *columns)
    for row in potential.tiers:
        add_row(table, row.label, *_cells(row))
    return table


def _cells(row: MoneyRow) -> tuple[str, ...]:
    amounts = (_amount(each) for each in (row.won_value, row.pipeline_value, row.expected_value))
    ratio = row.observed_over_expected
    over = "too few" if ratio is None else f"{ratio.value:.2f} [{ratio.low:.2f}, {ratio.high:.2f}]"
    return (f"{row.deals:,}", f"{row.won:,}", *amounts, over, _with_bounds(row.mean_acv))


def _with_bounds(found: Interval | None) -> str:
    if found is None:
        return "too few"
    return f"{_amount(found.value)} [{_amount(found.low)}, {_amount(found.high)}]"


def _amount(value: float | None) -> str:
    """Three digits are what an expectation is good for; nothing where there is none."""
    if value is None or value != value:  # noqa: PLR0124 - NaN: no win to take a mean of
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
