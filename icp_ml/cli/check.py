"""`icp check`: what the data is, before anything is learned from it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from icp_ml.cli.learning import training_line
from icp_ml.cli.pages import add_row, plain_table, print_page

if TYPE_CHECKING:
    from rich.table import Table

    from icp_training.checking import AttributeCheck
    from icp_training.line import CheckReport

THIN = 0.05
"""A difference in how often an attribute is known that is worth pointing at, between won and lost deals."""


def check(
    config: Annotated[Path, typer.Argument(help="The configuration; `icp init` drafts one from an export.")],
    *,
    rejected: Annotated[
        Path | None, typer.Option(help="Write the rejected rows, with line and reason, to this CSV file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON and nothing else.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a file of rejected rows that exists.")] = False,
) -> None:
    """Say which rows were kept and why, whether they are enough, and what each attribute holds."""
    from icp_ml.serve.writing import check_keeps, check_place

    if rejected is not None:
        check_keeps(config, rejected, "the configuration")
        check_place(rejected, "replace" if force else "refuse")
    line = training_line()
    report: CheckReport = line.check(config)
    if rejected is not None:
        for source in report.sources:
            check_keeps(Path(source), rejected, "a source of the configuration")
        _write_rejected(report, rejected)
    if as_json:
        typer.echo(json.dumps(_document(report), indent=2, ensure_ascii=False))
    else:
        print_page(_page(report, rejected))
    if report.refusal is not None:
        raise report.refusal


def _document(report: CheckReport) -> dict[str, object]:
    refusal = None if report.refusal is None else report.refusal.sentence
    return {**asdict(report), "refusal": refusal}


def _write_rejected(report: CheckReport, path: Path) -> None:
    from icp_ml.serve.writing import write_text

    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["line", "deal", "reason"])
    writer.writerows(report.rejected_rows)
    write_text(path, text.getvalue())


def _page(report: CheckReport, rejected: Path | None) -> Iterator[Table | str]:
    yield _ledger_table(report)
    yield from (f"  rejected: {count:,} rows: {reason}" for reason, count in report.rejected)
    if report.rejected_rows:
        yield f"  written to {rejected}" if rejected else "  (list them with --rejected FILE.csv)"
    yield (
        f"{report.deals:,} deals, {report.win_rate:.1%} won, on {report.accounts.won_accounts:,} accounts with a win "
        f"and {report.accounts.lost_accounts:,} with a loss."
    )
    if report.unmatched_accounts:
        yield f"{report.unmatched_accounts:,} deals name an account that the accounts table lacks; they are kept."
    if report.judgement:
        yield report.judgement
    if report.stale_after:
        yield f"{report.stale_open:,} open deals are older than {report.stale_after} days: 95 % had closed by then."
    yield from _attribute_tables(report)
    yield from _remarks(report)


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
            yield f"{found.name}: {found.unreadable:,} values cannot be read as {found.kind}, such as {examples}."
        if abs(found.won - found.lost) > THIN:
            yield (
                f"{found.name}: known for {found.won:.0%} of won and {found.lost:.0%} of lost deals; was it filled in "
                f"after the outcome?"
            )
    if report.absent_in_prospects:
        yield f"The prospect list lacks: {', '.join(report.absent_in_prospects)}."
