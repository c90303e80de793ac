"""`icp init`: a first configuration from an export of deals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from icp_ml.cli.learning import training_line

if TYPE_CHECKING:
    from icp_training.line import Draft


def init(
    export: Annotated[Path, typer.Argument(help="The export of deals: CSV or Parquet.")],
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the configuration goes.")] = Path("icp.yaml"),
    delimiter: Annotated[
        str | None, typer.Option(help="What separates the columns. Default: what the header shows.")
    ] = None,
    encoding: Annotated[str, typer.Option(help="The encoding of a CSV file.")] = "utf-8",
    force: Annotated[bool, typer.Option("--force", help="Replace the configuration that is there.")] = False,
) -> None:
    """Draft a configuration, with the reason for each guess beside it, and the safe answer where there is doubt."""
    from icp_ml.serve.writing import check_keeps, check_place, write_text

    check_keeps(export, output, "the export")
    check_place(output, "replace" if force else "refuse")
    line = training_line()
    draft: Draft = line.draft_config(export, output.resolve().parent, delimiter, encoding)
    write_text(output, draft.text)
    typer.echo(f"Drafted {output}: {len(draft.used)} attributes in use, {len(draft.asked)} left out until you answer.")
    if draft.asked:
        typer.echo(
            "Look for '# asked': was the value known when the deal opened, and never changed since? Then use: yes."
        )
    typer.echo(f"Next: icp check {output}, then icp train {output}")
