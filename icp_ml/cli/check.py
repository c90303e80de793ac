"""`icp check`: what the data is, before anything is learned from it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from icp_ml.cli.learning import training_line
from icp_ml.cli.pages import print_page
from icp_ml.cli.rejected import check_rejected_place, write_rejected

if TYPE_CHECKING:
    from icp_training.leakage.questions import ColumnLeakage
    from icp_training.line import CheckReport


def check(
    config: Annotated[Path, typer.Argument(help="The configuration; `icp init` drafts one from an export.")],
    *,
    rejected: Annotated[
        Path | None, typer.Option(help="Write the rejected rows, with line and reason, to this CSV file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON and nothing else.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="End with 6 while any column of the configuration is asked about.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a file of rejected rows that exists.")] = False,
) -> None:
    """Say which rows were kept and why, whether they are enough, and what each attribute holds and may have leaked."""
    from icp_ml.cli.check_page import check_page

    if rejected is not None:
        check_rejected_place(rejected, config, force=force)
    line = training_line()
    report: CheckReport = line.check(config, strict=strict)
    if rejected is not None:
        write_rejected(report.rejected_rows, rejected, report.sources)
    if as_json:
        typer.echo(json.dumps(_document(report), indent=2, ensure_ascii=False))
    else:
        print_page(check_page(report, rejected))
    if report.refusal is not None:
        raise report.refusal
    line.refuse_personal(report.personal)
    if report.question is not None:
        raise report.question


def _document(report: CheckReport) -> dict[str, object]:
    refusal = None if report.refusal is None else report.refusal.sentence
    question = None if report.question is None else report.question.sentence
    leakage = [_leakage_row(row) for row in report.leakage]
    records = {"base_rates": report.base_rates, "representativeness": report.representativeness}
    dumped = {name: None if record is None else record.model_dump() for name, record in records.items()}
    return {**asdict(report), **dumped, "leakage": leakage, "refusal": refusal, "question": question}


def _leakage_row(row: ColumnLeakage) -> dict[str, object]:
    evidence = [{**asdict(one), "figures": dict(one.figures)} for one in row.verdict.evidence]
    return {**asdict(row.verdict), "place": row.place, "answered": row.answered, "evidence": evidence}
