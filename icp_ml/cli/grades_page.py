"""What the terminal shows of ideal wins: grades with what their wins measure, and how a model does on the best."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from icp_ml.cli.pages import add_row, percent, plain_table

if TYPE_CHECKING:
    from rich.table import Table

    from icp_ml.profile.ideal_wins import IdealTierRow
    from icp_training.grades_report import GradesReport


def grades_page(report: GradesReport | None) -> Iterator[Table | str]:
    """Nothing where wins are not graded."""
    if report is None:
        return
    yield _grades_table(report)
    yield from report.notes
    if report.predicted != "won":
        yield f"Where this page says won, it means: {report.predicted}."
    if report.unmatched:
        yield f"{report.unmatched:,} won deals have no row in ideal.source; nothing is known of them from there."
    for found in report.measures:
        if found.too_young:
            yield f"{found.name}: not known yet for {found.too_young:,} wins, which closed too recently."
        if found.unreadable:
            examples = ", ".join(f"'{text}'" for text in found.examples)
            yield f"{found.name}: {found.unreadable:,} values cannot be read as {found.kind}, such as {examples}."


def ideal_table(rows: Sequence[IdealTierRow]) -> Iterator[Table]:
    """Wins of the best grade by tier; nothing where there is none."""
    if not rows:
        return
    table = plain_table("Wins of grade A by tier", "tier", "deals", "grade A", "rate (90 %)", "share of grade A")
    for row in rows:
        add_row(table, row.label, f"{row.deals:,}", f"{row.ideal:,}", percent(row.rate), f"{row.share:.0%}")
    yield table


def _grades_table(report: GradesReport) -> Table:
    names = [found.name for found in report.measures]
    titles = [f"{found.name} (share kept)" if found.kind == "left" else found.name for found in report.measures]
    table = plain_table("Wins by grade, with the mean of each measure", "grade", "wins", *titles)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in report.grades:
        means = (row.means[name] for name in names)
        add_row(table, row.grade, f"{row.wins:,}", *("" if mean is None else f"{mean:,.4g}" for mean in means))
    known = (f"{found.known:,} known" for found in report.measures)
    add_row(table, "all", f"{sum(row.wins for row in report.grades):,}", *known)
    return table
