"""`icp compare`: a challenger beside what is live now, on the same deals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from icp_ml.cli.learning import progress, training_line


def compare(
    config: Annotated[Path, typer.Argument(help="The configuration that made the challenger.")],
    *,
    model: Annotated[
        str | None, typer.Option(help="The challenger: as MODEL of icp promote. Default: the newest one.")
    ] = None,
    trials: Annotated[int | None, typer.Option(min=1, help="As of icp train; a fifth of them is spent.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the comparison as JSON and nothing else.")] = False,
) -> None:
    """Compare a challenger with what is live now, and say what the gates make of it; nothing is promoted."""
    from icp_ml.cli.gates_page import comparison_page, gates_page
    from icp_ml.cli.pages import print_page
    from icp_ml.cli.places import asker, project_root

    line = training_line()
    with progress() as on_step:
        found = line.compare_again(config, model, line.budget_of(config, trials), asker(), on_step)
    chosen, gates = line.gates(project_root(), model, asker())
    if as_json:
        document = {
            "challenger": str(chosen),
            "comparison": found.model_dump(),
            "gates": [g.model_dump() for g in gates],
        }
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    print_page(comparison_page(found))
    print_page(gates_page(gates))
    typer.echo(f"Next: icp promote, which makes {chosen} live where no gate refuses.")
