"""`icp quarter`: the whole quarterly loop as one command, for a person or for a timer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from icp_ml.cli.learning import progress, training_line
from icp_ml.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from icp_training.line import Quarter


def quarter(
    config: Annotated[Path, typer.Argument(help="The configuration.")],
    *,
    due: Annotated[
        bool, typer.Option("--due", help="Say whether it is time for a new version, and do nothing.")
    ] = False,
    only_if_due: Annotated[bool, typer.Option("--only-if-due", help="Do nothing where it is not time.")] = False,
    promote: Annotated[bool, typer.Option("--promote", help="Make it live where every gate is green.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Search without the parameters of what is live.")] = False,
    intent: Annotated[
        bool, typer.Option("--intent", help="Learn the intent side of what is live anew, and nothing else.")
    ] = False,
    trials: Annotated[int | None, typer.Option(min=1, help="As of icp train.")] = None,
    reason: Annotated[str, typer.Option(help="Why, for the ledger.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON and nothing else.")] = False,
) -> None:
    """Train, compare with what is live, say what changed and what became of the last quarter, and recommend."""
    from icp_ml.cli.pages import print_page
    from icp_ml.cli.places import asker
    from icp_ml.cli.promote import check_reason

    check_reason(reason)
    line = training_line()
    if intent and (fresh or trials is not None):
        raise ConfigError("--intent searches nothing, and was expected without --fresh and --trials; leave these out")
    if due:
        if only_if_due or promote or fresh or intent:
            raise ConfigError("--due only asks, and was expected alone; leave the other options out")
        _tell_due(line.due(config, asker()), as_json=as_json)
        return
    asked = line.QuarterAsked(
        line.budget_of(config, trials), fresh=fresh, promote=promote, only_if_due=only_if_due, intent=intent
    )
    with progress() as on_step:
        found: Quarter = line.run_quarter(config, asked, asker(reason), on_step)
    if as_json:
        typer.echo(json.dumps(_document(found), indent=2, ensure_ascii=False))
    else:
        print_page(_page(found))
    if found.refusal is not None:
        raise found.refusal


def _tell_due(reasons: tuple[str, ...], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"due": bool(reasons), "reasons": list(reasons)}, indent=2, ensure_ascii=False))
        return
    typer.echo("It is time for a new version:" if reasons else "It is not time for a new version.")
    for each in reasons:
        typer.echo(f"  {each}")


def _page(found: Quarter) -> Iterator[RenderableType]:
    from rich.text import Text

    from icp_ml.cli.gates_page import comparison_page, gates_page
    from icp_ml.cli.review_page import review_page
    from icp_ml.watch.diff_words import changed_sentence, criterion_sentence
    from icp_ml.watch.emerging_records import emerging_sentences

    yield from (Text(reason) for reason in found.due)
    if found.was_there and found.version is not None:
        yield Text(f"{found.version} was made from these data by this configuration before; nothing was trained.")
    if found.period is not None:
        yield Text(found.period, style="bold")
    if found.version is not None and found.version.comparison is not None:
        yield from comparison_page(found.version.comparison)
    if found.changed is not None:
        yield Text(changed_sentence(found.changed))
        yield from (Text(f"  {criterion_sentence(each)}") for each in found.changed.changed())
    if found.emerging is not None:
        yield from (Text(sentence) for sentence in emerging_sentences(found.emerging))
    if found.reviewed is not None:
        yield from review_page(found.reviewed)
    if found.gates:
        yield from gates_page(found.gates)
    yield Text(found.recommendation, style="bold")


def _document(found: Quarter) -> dict[str, object]:
    version, promotion = found.version, found.promotion
    return {
        "due": list(found.due),
        "recommendation": found.recommendation,
        "was_there": found.was_there,
        "period": found.period,
        "version": None if version is None else {"name": version.name, "version": version.version},
        "refused": None if found.refusal is None else found.refusal.sentence,
        "comparison": None if version is None or version.comparison is None else version.comparison.model_dump(),
        "changed": None if found.changed is None else found.changed.model_dump(mode="json"),
        "emerging": None if found.emerging is None else found.emerging.model_dump(mode="json"),
        "review": None if found.reviewed is None else found.reviewed.model_dump(mode="json"),
        "gates": [gate.model_dump() for gate in found.gates],
        "promoted": promotion is not None,
    }
