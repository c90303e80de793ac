"""`icp backtest`: what this tool would have said in each past quarter, and what then happened."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from icp_ml.cli.learning import progress, training_line

if TYPE_CHECKING:
    from icp_training.line import Backtest


def backtest(
    config: Annotated[Path, typer.Argument(help="The configuration that training uses.")],
    *,
    quarters: Annotated[int | None, typer.Option(min=2, help="Only the latest quarters, this many.")] = None,
    trials: Annotated[int, typer.Option(min=1, help="As in `icp train`; each quarter has a fifth of them.")] = 30,
    against: Annotated[
        list[Path] | None,
        typer.Option(help="A hand-weighted scorecard to compare with; may be given again. Default: equal weights."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON and nothing else.")] = False,
) -> None:
    """Tell past quarters by what was known on their first day, and hold it against what happened."""
    line = training_line()
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with progress() as on_step:
        found: Backtest = line.backtest(
            config, line.Budget(trials), now, on_step, latest=quarters, against=tuple(against or ())
        )
    if as_json:
        typer.echo(json.dumps(line.backtest_document(found), indent=2, ensure_ascii=False))
    else:
        _print(found)
    if found.refusal is not None:
        raise found.refusal


def _print(found: Backtest) -> None:
    from icp_ml.cli.backtest_page import backtest_page
    from icp_ml.cli.pages import print_page

    line = training_line()
    print_page(backtest_page(found, () if found.pooled is None else line.yardsticks(found.pooled)))
