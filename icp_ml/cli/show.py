"""`icp show`: the ICP of a model, how the model was judged, and where it comes from, in the terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from icp_ml.serve.bundle import Bundle, StoredBundle


def show(
    model: Annotated[
        str | None, typer.Argument(help="A bundle folder or the name of a model. Default: the newest one there is.")
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON and nothing else.")] = False,
) -> None:
    """Show a model's ICP, how it was judged, and where it comes from."""
    from icp_ml.cli.pages import print_page
    from icp_ml.cli.places import find_model
    from icp_ml.serve.bundle import open_bundle

    folder = find_model(model)
    stored = open_bundle(folder)
    if as_json:
        typer.echo(json.dumps(_document(stored), indent=2, ensure_ascii=False))
        return
    print_page(_page(stored))
    typer.echo(f"Bundle: {folder}")


def _document(stored: StoredBundle) -> dict[str, object]:
    from icp_ml.serve.documents import as_json_value

    bundle = stored.bundle
    return {
        "content_hash": stored.content_hash,
        "provenance": as_json_value(bundle.provenance.model_dump()),
        "profile": as_json_value(bundle.profile.model_dump()),
        "verdict": as_json_value(bundle.verdict.model_dump()),
    }


def _page(stored: StoredBundle) -> Iterator[RenderableType]:
    from rich.text import Text

    from icp_ml.cli.pages import profile_page, verdict_page

    yield Text(_heading(stored.bundle), style="bold")
    yield from profile_page(stored.bundle.profile)
    yield from verdict_page(stored.bundle.verdict)
    yield _provenance_table(stored)


def _heading(bundle: Bundle) -> str:
    from icp_ml.cli.pages import percent

    profile, provenance = bundle.profile, bundle.provenance
    return (
        f"{provenance.name}, version {provenance.version}, target '{profile.target}': learned from "
        f"{profile.deals:,} deals of {profile.accounts:,} accounts, win rate {percent(profile.win_rate)}"
    )


def _provenance_table(stored: StoredBundle) -> Table:
    from icp_ml.cli.pages import add_row, plain_table

    provenance = stored.bundle.provenance
    table = plain_table("Where it comes from", "fact", "value")
    params = (f"{part}: {_listing(values)}" for part, values in provenance.params.items())
    rows = (
        ("created", provenance.created),
        ("target", provenance.target),
        ("data extracted", provenance.extracted or "no dates"),
        ("rows", _listing(provenance.ledger)),
        ("parameters", "\n".join(params)),
        ("trials, seed", f"{provenance.trials}, {provenance.seed}"),
        ("run", provenance.run_id or "none"),
        ("code version", provenance.code_version),
        ("config hash", provenance.config_hash),
        ("data hash", provenance.data_hash),
        ("content hash", stored.content_hash),
    )
    for name, value in rows:
        add_row(table, name, value)
    return table


def _listing(values: Mapping[str, float]) -> str:
    """Largest first, so that rows read stand before rows kept."""
    ordered = sorted(values.items(), key=lambda entry: (-entry[1], entry[0]))
    return ", ".join(f"{name} {_number(value)}" for name, value in ordered)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:.3g}"
