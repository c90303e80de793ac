"""`icp review`: did the tiers hold, and has something changed?"""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from icp_ml.errors import ConfigError, InputError

if TYPE_CHECKING:
    from icp_training.line import ListFile

_DATED: Final = re.compile(r"^(?P<day>\d{4}-\d{2}-\d{2})=(?P<path>.+)$")


def review(
    config: Annotated[Path, typer.Argument(help="The configuration; its deals say what happened.")],
    scored: Annotated[
        list[str], typer.Argument(help="Lists as icp score wrote them; DAY=FILE where a file has no day.")
    ],
    *,
    id_column: Annotated[str | None, typer.Option("--id", help="The lists' id column; else as configured.")] = None,
    account: Annotated[
        str | None, typer.Option(help="The deals' column with that id; else as 'known' has it, or the deals' account.")
    ] = None,
    campaign: Annotated[
        list[Path] | None, typer.Option(help="An assignment file of icp plan, to show its result; as often as needed.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the review as JSON and nothing else.")] = False,
) -> None:
    """Hold lists as they were given against the deals since, and those against what the live model learned from."""
    from icp_ml.cli.learning import training_line
    from icp_ml.cli.pages import print_page
    from icp_ml.cli.review_page import review_page
    from icp_ml.watch.review_campaigns import read_campaign

    files = [_file(text) for text in scored]
    campaigns = tuple(read_campaign(each) for each in campaign or ())
    found = training_line().review_lists(config, files, id_column, account).model_copy(update={"campaigns": campaigns})
    if as_json:
        typer.echo(json.dumps(found.model_dump(mode="json"), indent=2, ensure_ascii=False))
    else:
        print_page(review_page(found))


def _file(text: str) -> ListFile:
    """A list as a person names it. Raises `ConfigError` for a day that is none, `InputError` where there is no file."""
    from icp_ml.cli.learning import training_line

    match = _DATED.match(text)
    path = Path(match["path"] if match else text)
    if not path.exists():
        raise InputError(f"a scored list was expected at {path}, and there is none; name a file that icp score wrote")
    try:
        day = date.fromisoformat(match["day"]) if match else None
    except ValueError:
        raise ConfigError(f"a day such as 2025-06-30 was expected before {path}, and '{text[:10]}' is none") from None
    made: ListFile = training_line().ListFile(path, day)
    return made
