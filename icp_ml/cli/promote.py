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
    check: Annotated[bool, typer.Option("--check", help="Say what the gates make of it, and change nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Even where a gate refuses; needs a --reason.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON and nothing else.")] = False,
) -> None:
    """Make a model live, if no gate refuses."""
    from icp_ml.cli.learning import training_line
    from icp_ml.cli.places import asker, project_root

    check_reason(reason)
    if check:
        _check(model, as_json=as_json)
        return
    if force and not reason.strip():
        raise ConfigError("--force was expected beside a --reason, which the ledger keeps, and there is none; say why")
    say(training_line().promote(project_root(), model, asker(reason), force=force), as_json=as_json)


def _check(model: str | None, *, as_json: bool) -> None:
    """Print the gates. Raises `GateNotPassed` where one refuses."""
    from icp_ml.cli.gates_page import gates_page
    from icp_ml.cli.learning import training_line
    from icp_ml.cli.pages import print_page
    from icp_ml.cli.places import asker, project_root

    line = training_line()
    chosen, gates = line.gates(project_root(), model, asker())
    if as_json:
        document = {"name": chosen.name, "version": chosen.version, "gates": [gate.model_dump() for gate in gates]}
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        typer.echo(f"{chosen}:")
        print_page(gates_page(gates))
    line.check_passed(gates, str(chosen))


def check_reason(reason: str) -> None:
    """Raise `ConfigError` where a reason is longer than the ledger can keep."""
    if len(reason) > LONGEST_REASON:
        raise ConfigError(
            f"--reason was expected to have at most {LONGEST_REASON:,} characters, and it has {len(reason):,}; "
            "shorten it"
        )


def say(done: Promotion, *, as_json: bool) -> None:
    """What is live now, and whether anything was done."""
    from icp_ml.cli.gates_page import gates_page
    from icp_ml.cli.pages import print_page

    live = done.live
    if as_json:
        document = {
            "changed": done.entry is not None,
            "name": live.name,
            "version": live.version,
            "content_hash": live.content_hash,
            "gates": [gate.model_dump() for gate in done.gates],
            "forced": done.forced,
            "entry": None if done.entry is None else done.entry.model_dump(),
        }
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    if done.gates:
        print_page(gates_page(done.gates))
    if done.forced:
        typer.echo(f"ATTENTION: {live} was made live although a gate refuses it; the ledger says who did it and why.")
    if done.entry is None:
        typer.echo(f"{live} is live already; nothing was changed.")
    else:
        typer.echo(f"{live} is live (models/{live.name}/v{live.version}, content hash {live.content_hash[:12]}).")
        typer.echo("To undo it: icp rollback. What was live when: icp history.")
