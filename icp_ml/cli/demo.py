"""`icp demo`: the whole line on a synthetic company whose truth is known, and how much of it was found."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from icp_ml.cli.learning import progress, training_line
from icp_ml.cli.pages import add_row, plain_table, print_page, verdict_page
from icp_ml.cli.report import write_page
from icp_ml.cli.score import score

if TYPE_CHECKING:
    from types import ModuleType

    from icp_training.line import Demo, Trained


def demo(
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder for everything the demo makes.")] = Path(
        "demo"
    ),
    deals: Annotated[int, typer.Option(min=60, help="Closed deals in the synthetic CRM.")] = 2_000,
    prospects: Annotated[int, typer.Option(min=1, help="Rows in the synthetic prospect list.")] = 20_000,
    trials: Annotated[int, typer.Option(min=1, help="Parameter sets that the search tries.")] = 15,
) -> None:
    """Make a synthetic CRM with a planted ICP, train on it, score a list, and say what of the truth was found."""
    line = training_line()
    made: Demo = line.make_demo(output, deals, prospects)
    typer.echo(f"Made a synthetic CRM in {output}: {deals:,} closed deals, {prospects:,} prospects.")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with progress() as on_step:
        trained: Trained = line.train(made.config, line.Budget(trials), now, on_step)
    if trained.refusal is not None or trained.folder is None:
        print_page(verdict_page(trained.verdict))
        raise trained.refusal if trained.refusal else AssertionError("a training ends in a bundle or a refusal")
    scored = output / "scored.parquet"
    day = datetime.combine(made.extracted, datetime.min.time())
    score(made.prospects, output=scored, model=str(trained.folder), as_of=day, force=True)
    print_page(verdict_page(trained.verdict))
    _print_truth(line, made, trained)
    page = output / "report.html"
    write_page(page, line.report_of(output, trained.folder, scored)[1], force=True)
    typer.echo(
        f"Look at: {page} in a browser, icp show {trained.folder}, {scored}, and {output / 'truth.json'} for all that "
        "was planted."
    )


def _print_truth(line: ModuleType, made: Demo, trained: Trained) -> None:
    table = plain_table("What was planted, and what was found", "planted: helps", "strength", "found", "the ICP says")
    for finding in line.findings(made.truth, trained.profile, trained.definition):
        add_row(table, finding.planted, finding.strength, "yes" if finding.found else "no", finding.said)
    print_page([table])
    noise = line.noise_presented(made.truth, trained.profile)
    typer.echo(f"Noise attributes in the ICP: {len(noise)} of {len(made.truth.noise)} {', '.join(noise)}".rstrip())
    leaks = line.leaks_asked(made.truth, made.config.parent)
    typer.echo(f"Planted leaks that icp init leaves out until you answer: {len(leaks)} of {len(made.truth.leaks)}")
