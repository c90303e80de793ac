"""`icp report`: the page that people review, as one HTML file that opens without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def report(
    model: Annotated[
        str | None, typer.Argument(help="A bundle folder or the name of a model. Default: the one that is live.")
    ] = None,
    *,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The HTML file. Default: NAME-vN.html in this folder.")
    ] = None,
    scored: Annotated[
        Path | None, typer.Option("--scored", help="An output of icp score, whose best rows are shown too.")
    ] = None,
    least_cell: Annotated[
        int | None,
        typer.Option(
            min=2,
            help="For a page that is handed around: leave out counts of deals and accounts under this number, with "
            "their rates, and what would give them away within a table.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file where it exists.")] = False,
) -> None:
    """Draw the page of a model for those who review it."""
    from icp_ml.cli.learning import training_line
    from icp_ml.cli.places import find_model, root_of
    from icp_ml.deals.weighted_settings import KIND as WEIGHTED
    from icp_ml.errors import ConfigError
    from icp_ml.serve.folder import kind_of
    from icp_ml.serve.manifests import KINDS

    folder = find_model(model)
    kind = kind_of(folder)
    if kind == WEIGHTED:
        raise ConfigError(
            f"a model that learned was expected in {folder}, and {KINDS[kind].words} is there, of which no page is "
            f"drawn; see it by icp show {folder}"
        )
    _check_can_leave_out(kind, scored, least_cell)
    line = training_line()
    name, page = line.report_of(root_of(folder), folder, scored, least_cell)
    place = Path(f"{name}.html") if output is None else output
    write_page(place, page, force=force)
    typer.echo(f"Report: {place} ({len(page.encode()) / 1e6:.1f} MB); open it in a browser.")


def _check_can_leave_out(kind: str, scored: Path | None, least_cell: int | None) -> None:
    from icp_ml.errors import ConfigError
    from icp_ml.serve.manifests import KIND, words_of

    if least_cell is None:
        return
    if scored is not None:
        raise ConfigError(
            "--least-cell was given with --scored, which shows companies one by one; leave one of them out"
        )
    if kind != KIND:
        raise ConfigError(
            f"--least-cell was expected with {words_of(KIND)}, and {words_of(kind)} was named, of whose page small "
            "counts are not left out yet; leave the option out, or do not hand the page around"
        )


def write_page(place: Path, page: str, *, force: bool) -> None:
    """Write the page, all of it or nothing. Raises `ConfigError` where that cannot be done."""
    from icp_ml.errors import ConfigError
    from icp_ml.serve.writing import write_text

    if place.exists() and not force:
        raise ConfigError(
            f"a new file was expected for the report, and {place} exists; name another one, or add --force"
        )
    write_text(place, page)
