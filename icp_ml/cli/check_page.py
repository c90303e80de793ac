"""What the terminal shows of `icp check`: rows, tables beside the deals, companies, enough or not, attributes, list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from icp_ml.cli.dated_page import dated_lines
from icp_ml.cli.grades_page import grades_page
from icp_ml.cli.leakage_page import leakage_part
from icp_ml.cli.pages import add_row, plain_table
from icp_ml.deals.words import listed

if TYPE_CHECKING:
    from rich.table import Table

    from icp_ml.deals.companies import SameCompany
    from icp_ml.deals.ledger import TableLedger
    from icp_ml.profile.representativeness_records import ColumnShift, Representativeness
    from icp_training.checking import AttributeCheck
    from icp_training.line import CheckReport

THIN = 0.05
"""A difference in how often an attribute is known that is worth pointing at, between won and lost deals."""
GROUPS_TOLD = 10
"""Groups of accounts that are told one by one; `--json` has them all."""


def check_page(report: CheckReport, rejected: Path | None) -> Iterator[Table | str]:
    """The parts of the page. rejected: where the rejected rows were written, None where they were not."""
    yield _ledger_table(report)
    yield from (f"  rejected: {count:,} rows: {reason}" for reason, count in report.rejected)
    if report.rejected_rows:
        yield f"  written to {rejected}" if rejected else "  (list them with --rejected FILE.csv)"
    yield (
        f"{report.deals:,} deals, {report.win_rate:.1%} won, on {report.accounts.won_accounts:,} accounts with a win "
        f"and {report.accounts.lost_accounts:,} with a loss."
    )
    yield from _copies(report)
    yield from _tables(report.tables)
    yield from dated_lines(report.dated)
    yield from _companies(report.same_companies)
    if report.judgement:
        yield report.judgement
    yield from _time(report)
    if report.base_rates is not None:
        yield report.base_rates.sentence
    if report.sufficiency is not None:
        yield from report.sufficiency.sentences
    yield from grades_page(report.grades)
    if report.potential:
        yield report.potential
    yield from _attribute_tables(report)
    yield from _remarks(report)
    yield from (f"{told}, which is about people and no attribute of a company." for told in report.personal)
    yield from _list(report)
    yield from leakage_part(report.leakage)


def _copies(report: CheckReport) -> Iterator[str]:
    if report.identical_rows or report.repeated_ids:
        yield (
            f"{report.repeated_ids:,} of them repeat an earlier id, and {report.identical_rows:,} are taken for copies "
            "of an earlier row, being alike in every attribute; either stay on one side of every split."
        )


def _time(report: CheckReport) -> Iterator[str]:
    if report.maturing is None:
        return
    yield report.maturing.sentence
    if report.stale_after:
        yield f"{report.stale_open:,} open deals are older than {report.stale_after} days: 95 % had closed by then."


def _tables(tables: Sequence[TableLedger]) -> Iterator[Table | str]:
    if not tables:
        return
    steps = ("read", "no id", "repeated", "in use", "never")
    table = plain_table("Every row of the tables beside the deals", "table", *steps)
    for column in table.columns[1:]:
        column.justify = "right"
    for each in tables:
        counts = (each.read, each.without_id, each.repeated, each.referenced, each.unreferenced)
        add_row(table, f"{each.table} (by {each.on})", *(f"{count:,}" for count in counts))
    yield table
    for each in tables:
        yield from _unmatched(each)


def _unmatched(table: TableLedger) -> Iterator[str]:
    if table.blank:
        yield f"{table.table}: {table.blank:,} of {table.deals:,} rows of the deals have no {table.on}."
    if not table.unmatched:
        return
    yield (
        f"{table.table}: {table.unmatched:,} of {table.deals:,} rows of the deals have a {table.on} that it lacks "
        f"({table.unmatched_distinct:,} different); they are kept, and its columns are empty there."
    )
    for name in table.unmatched_names:
        if name.near is None:
            yield f"  '{name.text}' in {name.deals:,} rows; nothing in the table is like it."
        else:
            hint = f"did you mean '{name.near}'? Then write spelled: {{'{name.text}': '{name.near}'}}"
            yield f"  '{name.text}' in {name.deals:,} rows; {hint}"


def _companies(groups: Sequence[SameCompany]) -> Iterator[str]:
    if not groups:
        return
    accounts = len({account for group in groups for account in group.accounts})
    yield f"{len(groups):,} groups of accounts look like one company each ({accounts:,} accounts):"
    for group in groups[:GROUPS_TOLD]:
        yield (
            f"  {listed(group.accounts)}: one {'web domain' if group.by == 'domain' else 'name'}, {group.key}; "
            f"{group.deals:,} deals, {group.won:,} won"
        )
    if len(groups) > GROUPS_TOLD:
        yield f"  and {len(groups) - GROUPS_TOLD:,} more, which --json lists."
    yield (
        "  Nothing was merged. Accounts with one web domain stay on one side of every split; accounts with one name do "
        "not. Merge them in the CRM where they are one company."
    )


def _ledger_table(report: CheckReport) -> Table:
    table = plain_table("Every row of the deals", "step", "rows", "what it means")
    table.columns[1].justify = "right"
    for name, rows, explanation in report.ledger:
        add_row(table, name, f"{rows:,}", explanation)
    return table


def _attribute_tables(report: CheckReport) -> Iterator[Table]:
    """One for each layer, so that a narrow terminal has room for the names."""
    for layer in dict.fromkeys(found.layer for found in report.attributes):
        yield _attribute_table(layer, [found for found in report.attributes if found.layer == layer])


def _attribute_table(layer: str, attributes: Sequence[AttributeCheck]) -> Table:
    listed = any(found.in_prospects is not None for found in attributes)
    counts = ("known", "if won", "if lost", *(["in list"] if listed else []), "values", "not read")
    table = plain_table(f"What each {layer} attribute holds", "attribute (kind)", *counts)
    table.padding = (0, 0)
    for column in table.columns[1:]:
        column.justify = "right"
    for found in attributes:
        shares = [f"{found.known:.0%}", f"{found.won:.0%}", f"{found.lost:.0%}"]
        in_list = [f"{found.in_prospects:.0%}" if found.in_prospects is not None else ""] if listed else []
        add_row(
            table, f"{found.name} ({found.kind})", *shares, *in_list, f"{found.distinct:,}", f"{found.unreadable:,}"
        )
    return table


def _remarks(report: CheckReport) -> Iterator[str]:
    for found in report.attributes:
        if found.unreadable:
            examples = ", ".join(f"'{text}'" for text in found.examples)
            what = "are no {}, or lie after the opening" if found.kind in ("date", "year") else "cannot be read as {}"
            yield f"{found.name}: {found.unreadable:,} values {what.format(found.kind)}, such as {examples}."
        if found.unmapped:
            examples = ", ".join(f"'{text}'" for text in found.phrases)
            yield f"{found.name}: {found.unmapped:,} values fit no phrase and became (other), such as {examples}."
        if abs(found.won - found.lost) > THIN:
            yield (
                f"{found.name}: known for {found.won:.0%} of won and {found.lost:.0%} of lost deals; was it filled in "
                f"after the outcome?"
            )


def _list(report: CheckReport) -> Iterator[Table | str]:
    if report.absent_in_prospects:
        yield f"The prospect list lacks: {', '.join(report.absent_in_prospects)}."
    if report.representativeness is not None:
        yield _shift_table(report.representativeness)
        yield from _unseen(report.representativeness.columns)
        yield from report.representativeness.sentences


def _shift_table(found: Representativeness) -> Table:
    heads = ("of the difference", "in deals", "in list", "new")
    table = plain_table(f"The list ({found.rows:,} rows) beside the deals", "attribute", *heads)
    for column in table.columns[1:]:
        column.justify = "right"
    for shift in found.columns:
        known = (f"{shift.known_deals:.0%}", f"{shift.known_list:.0%}")
        add_row(table, shift.attribute, f"{shift.share:.0%}", *known, f"{shift.unseen_rows:,}")
    return table


def _unseen(shifts: Sequence[ColumnShift]) -> Iterator[str]:
    for shift in shifts:
        if shift.unseen_rows:
            examples = ", ".join(f"'{text}' ({rows:,})" for text, rows in shift.unseen)
            yield f"{shift.attribute}: {shift.unseen_rows:,} prospects have a value that no deal had: {examples}."
