"""`icp promote`: make a trained model the one that every job scores with, if it passes the gate."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from icp_ml.errors import ConfigError

if TYPE_CHECKING:
    from icp_training.line import Promotion

LONGEST_REASON = 1000  # characters: a sentence or two, within what every database behind MLflow can keep


def promote(
    model: Annotated[
        str | None,
        typer.Argument(help="A bundle folder, NAME/v3, NAME or a models:/ URI. Default: the newest challenger."),
    ] = None,
    *,
    reason: Annotated[str, typer.Option(help="Why, for the ledger.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON and nothing else.")] = False,
) -> None:
    """Make a model live, after the gate."""
    from icp_ml.cli.learning import training_line
    from icp_ml.cli.places import asker, project_root

    check_reason(reason)
    say(training_line().promote(project_root(), model, asker(reason)), as_json=as_json)


def check_reason(reason: str) -> None:
    """Raise `ConfigError` where a reason is longer than the ledger can keep."""
    if len(reason) > LONGEST_REASON:
        raise ConfigError(
            f"--reason was expected to have at most {LONGEST_REASON:,} characters, and it has {len(reason):,}; "
            "shorten it"
        )


def say(done: Promotion, *, as_json: bool) -> None:
    """What is live now, and whether anything was done."""
    live = done.live
    if as_json:
        document = {
            "changed": done.entry is not None,
            "name": live.name,
            "version": live.version,
            "content_hash": live.content_hash,
            "gate": done.gate or None,
            "entry": None if done.entry is None else done.entry.model_dump(),
        }
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    if done.gate:
        typer.echo(done.gate)
    if done.entry is None:
        typer.echo(f"{live} is live already; nothing was changed.")
    else:
        typer.echo(f"{live} is live (models/{live.name}/v{live.version}, content hash {live.content_hash[:12]}).")
        typer.echo("To undo it: icp rollback. What was live when: icp history.")
