"""`icp init`: a first configuration from an export of deals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from icp_ml.cli.learning import training_line
from icp_ml.errors import ConfigError

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
    if output.exists() and not force:
        raise ConfigError(f"{output} is already there and may hold your work; name another with -o, or use --force")
    line = training_line()
    draft: Draft = line.draft_config(export, output.resolve().parent, delimiter, encoding)
    output.write_text(draft.text, encoding="utf-8")
    typer.echo(f"Drafted {output}: {len(draft.used)} attributes in use, {len(draft.asked)} left out until you answer.")
    if draft.asked:
        typer.echo(
            "Look for '# asked': was the value known when the deal opened, and never changed since? Then use: yes."
        )
    typer.echo(f"Next: icp check {output}, then icp train {output}")
