"""`icp history`: which version of a model was live when, who made it so, and why."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from icp_ml.serve.ledger import Entry


def history(
    name: Annotated[str | None, typer.Argument(help="The name of the model. Default: all there are.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the events as JSON and nothing else.")] = False,
) -> None:
    """Show the ledger: what was live when, and why."""
    from icp_ml.cli.places import project_root

    found = _entries(project_root(), name)
    if as_json:
        document = [{**entry.model_dump(), "live": _is_live(entry, found)} for entry in found]
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
    elif not found:
        typer.echo("Nothing was promoted yet; `icp promote` makes the newest model live.")
    else:
        _print(found)


def _entries(root: Path, name: str | None) -> Sequence[Entry]:
    """By the registry where it can be asked, else by the ledger file, which a plain installation can read too."""
    from icp_ml.cli.learning import training_line
    from icp_ml.cli.places import asker
    from icp_ml.errors import ConfigError
    from icp_ml.serve.ledger import entries

    try:
        asked: Sequence[Entry] = training_line().history(root, asker(), name)
    except ConfigError as error:
        sys.stderr.write(f"icp: as of the file {root / 'models' / 'ledger.jsonl'}, because {error.sentence}\n")
        return [entry for entry in entries(root / "models") if name in (None, entry.name)]
    return asked


def _is_live(entry: Entry, found: Sequence[Entry]) -> bool:
    return entry == [other for other in found if other.name == entry.name][-1]


def _why(entry: Entry) -> str:
    """The reason that was given, after a word on the gates that refused."""
    red = [name for name, state in entry.gates.items() if state == "red"]
    return f"FORCED past {', '.join(red)}: {entry.reason}" if entry.forced else entry.reason


def _print(found: Sequence[Entry]) -> None:
    from icp_ml.cli.pages import add_row, plain_table, print_page

    table = plain_table("What was live when", "from", "model", "by way of", "live", "content hash", "by", "reason")
    for entry in found:
        model = f"{entry.name} v{entry.version}"
        live = "now" if _is_live(entry, found) else ""
        add_row(table, entry.time, model, entry.action, live, entry.content_hash[:12], entry.by, _why(entry))
    print_page([table])
