"""`icp check`: what the data is, before anything is learned from it."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from icp_ml.cli.learning import training_line

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

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
) -> None:
    """Say which rows were kept and why, whether they are enough, and what each attribute holds."""
    line = training_line()
    report: CheckReport = line.check(config)
    if rejected is not None:
        _write_rejected(report, rejected)
    if as_json:
        typer.echo(json.dumps(_document(report), indent=2, ensure_ascii=False))
    else:
        _print(report, rejected)
    if report.refusal is not None:
        raise report.refusal


def _document(report: CheckReport) -> dict[str, object]:
    refusal = None if report.refusal is None else report.refusal.sentence
    return {**asdict(report), "refusal": refusal}


def _write_rejected(report: CheckReport, path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["line", "deal", "reason"])
        writer.writerows(report.rejected_rows)


def _print(report: CheckReport, rejected: Path | None) -> None:
    from rich.console import Console

    console = Console()
    for part in _page(report, rejected):
        console.print(part)


def _page(report: CheckReport, rejected: Path | None) -> Iterator[RenderableType]:
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
    yield _attribute_table(report)
    yield from _remarks(report)


def _ledger_table(report: CheckReport) -> Table:
    from rich.table import Table

    table = Table(title="Every row of the deals", title_justify="left")
    table.add_column("step")
    table.add_column("rows", justify="right")
    table.add_column("what it means", overflow="fold")
    for name, rows, explanation in report.ledger:
        table.add_row(name, f"{rows:,}", explanation)
    return table


def _attribute_table(report: CheckReport) -> Table:
    from rich.table import Table

    listed = any(attribute.in_prospects is not None for attribute in report.attributes)
    table = Table(title="What each attribute holds", title_justify="left")
    table.add_column("attribute", overflow="fold")
    table.add_column("layer and kind", overflow="fold")
    for name in ("known", "if won", "if lost", *(["in list"] if listed else []), "values", "unreadable"):
        table.add_column(name, justify="right")
    for found in report.attributes:
        shares = [f"{found.known:.0%}", f"{found.won:.0%}", f"{found.lost:.0%}"]
        in_list = [f"{found.in_prospects:.0%}" if found.in_prospects is not None else ""] if listed else []
        counts = [f"{found.distinct:,}", f"{found.unreadable:,}"]
        table.add_row(found.name, f"{found.layer}, {found.kind}", *shares, *in_list, *counts)
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
