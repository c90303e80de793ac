"""`icp rollback`: make the version before the live one live again."""

from __future__ import annotations

from typing import Annotated

import typer


def rollback(
    name: Annotated[str | None, typer.Argument(help="The name of the model. Default: the only one there is.")] = None,
    *,
    reason: Annotated[str, typer.Option(help="Why, for the ledger.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON and nothing else.")] = False,
) -> None:
    """Make the version that was live before live again."""
    from icp_ml.cli.learning import training_line
    from icp_ml.cli.places import asker, project_root
    from icp_ml.cli.promote import check_reason, say

    check_reason(reason)
    say(training_line().rollback(project_root(), name, asker(reason)), as_json=as_json)
