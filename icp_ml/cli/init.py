"""`icp init`: a first configuration from exports of deals, accounts and what else there is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from icp_ml.cli.learning import training_line
from icp_ml.errors import ConfigError

if TYPE_CHECKING:
    from icp_training.line import Draft


def init(
    exports: Annotated[
        list[Path] | None,
        typer.Argument(metavar="EXPORT...", help="The exports, in any order: deals, accounts, contacts, histories."),
    ] = None,
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the configuration goes.")] = Path("icp.yaml"),
    prospects: Annotated[
        Path | None,
        typer.Option(
            help="A prospect list to draft the map for; without an EXPORT it is printed for the file at --output."
        ),
    ] = None,
    delimiter: Annotated[
        str | None, typer.Option(help="What separates the columns. Default: what the header shows.")
    ] = None,
    encoding: Annotated[str, typer.Option(help="The encoding of a CSV file. Default: what the file shows.")] = "auto",
    force: Annotated[bool, typer.Option("--force", help="Replace the configuration that is there.")] = False,
) -> None:
    """Draft a configuration, with the reason for each guess beside it, and the safe answer where there is doubt."""
    from icp_ml.serve.writing import check_keeps, check_place, write_text

    line = training_line()
    if not exports:
        if prospects is None:
            raise ConfigError("expected the export of deals, found no file named; run: icp init deals.csv")
        typer.echo(line.draft_prospects(output, prospects, delimiter, encoding), nl=False)
        return
    for path in (*exports, *([prospects] if prospects else [])):
        check_keeps(path, output, "the export" if path in exports else "the prospect list")
    check_place(output, "replace" if force else "refuse")
    draft: Draft = line.draft_config(exports, output.resolve().parent, delimiter, encoding, prospects=prospects)
    write_text(output, draft.text)
    for said in draft.files:
        typer.echo(said)
    if draft.left_out:
        typer.echo(f"{draft.left_out:,} deals are left out as no new business, tests or losses that were none.")
    typer.echo(f"Drafted {output}: {len(draft.used)} attributes in use, {len(draft.asked)} left out until you answer.")
    if draft.asked:
        typer.echo(
            "Look for '# asked': was the value known when the deal opened, and never changed since? Then write "
            "known: at_open and use: yes."
        )
    typer.echo(f"Next: icp check {output}, then icp train {output}")
