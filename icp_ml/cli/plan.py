"""`icp plan`: how many accounts a campaign takes, who is in it, and what its outcomes show.

Reads the clock once, for the day on which it was planned or looked at.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from icp_ml.errors import ConfigError

if TYPE_CHECKING:
    from icp_ml.cli.plan_files import Drawing, OutcomeFile
    from icp_ml.cli.plan_sizes import Question, Sizes

_POWER = 0.8
_LEVEL = 0.05
_LOW_TIERS = "2-3,3,out of scope"

Source = Annotated[
    Path | None,
    typer.Argument(help="A scored list to draw from; with --result the assignment file. Without it: sizes alone."),
]
StatedRate = Annotated[float | None, typer.Option("--rate", help="The rate at which an arm answers, such as 0.04.")]
OfModel = Annotated[
    str | None, typer.Option("--model", help="Instead of --rate: a model, for the win rate of its deals.")
]
Difference = Annotated[
    float | None, typer.Option(help="The difference that is to be shown, such as 0.02; below 0 for a fall.")
]
Arms = Annotated[str | None, typer.Option(help='With a list: the arms, such as "1,3". Without: how many; 2.')]
PerArm = Annotated[str | None, typer.Option(help="Accounts an arm, one number or one an arm with commas between.")]
Ratio = Annotated[float, typer.Option(min=0.05, max=20.0, help="Accounts of the second arm for each of the first.")]
Balance = Annotated[list[str] | None, typer.Option(help="A column to balance arms over; as often as needed.")]
Beside = Annotated[
    Path | None, typer.Option("--list", help="The list that was scored, for columns that the scored one lacks.")
]
HoldIn = Annotated[float, typer.Option(min=0.0, help="Accounts of low tiers to contact too: a number, or a share.")]
Outcomes = Annotated[Path | None, typer.Option("--result", help="What became of the accounts: CSV or Parquet.")]
Success = Annotated[
    str | None,
    typer.Option(help='Texts that are a success, such as "meeting,won". Default: the column says yes or no.'),
]


def plan(
    source: Source = None,
    *,
    rate: StatedRate = None,
    model: OfModel = None,
    difference: Difference = None,
    arms: Arms = None,
    per_arm: PerArm = None,
    ratio: Ratio = 1.0,
    power: Annotated[float, typer.Option(help="How sure the campaign is to show it.")] = _POWER,
    level: Annotated[float, typer.Option(help="How often chance alone may seem a difference, in all pairs.")] = _LEVEL,
    looks: Annotated[int, typer.Option(min=1, max=20, help="How often the result is looked at.")] = 1,
    per_week: Annotated[int | None, typer.Option(min=1, help="Accounts contacted in a week.")] = None,
    by: Annotated[str, typer.Option(help="The column that arms are values of.")] = "tier",
    balance: Balance = None,
    beside: Beside = None,
    hold_in: HoldIn = 0.0,
    low_tiers: Annotated[str, typer.Option(help="The tiers that the hold-in is drawn from.")] = _LOW_TIERS,
    seed: Annotated[int, typer.Option(help="Which of all random draws.")] = 1,
    id_column: Annotated[str | None, typer.Option("--id", help="The id column. Default: the first one.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where the assignment goes: .parquet or .csv.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an assignment that exists.")] = False,
    result: Outcomes = None,
    outcome: Annotated[str, typer.Option(help="With --result: the column of outcomes.")] = "outcome",
    success: Success = None,
    is_final: Annotated[bool, typer.Option("--final", help="With --result: no more outcomes will come.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON and nothing else.")] = False,
) -> None:
    """Size a campaign, draw who is contacted, or read what came of it."""
    from icp_ml.cli.plan_files import Drawing, OutcomeFile
    from icp_ml.cli.plan_sizes import Question, planned_rate
    from icp_ml.watch.sample_size import Promise

    if result is not None:
        if source is None:
            raise ConfigError("an assignment file was expected with --result, found none; name the one icp plan wrote")
        _read_result(OutcomeFile(source, result, id_column, outcome, _parts(success or ""), is_final), as_json=as_json)
        return
    labels = _labels(arms, source)
    promise = Promise(_count(arms) if labels is None else len(labels), looks, level, power)
    question = Question(promise, planned_rate(rate, model), difference, per_arm, ratio, per_week)
    if source is None or labels is None:
        if output is not None or hold_in or balance or beside is not None:
            raise ConfigError("a scored list was expected to draw accounts from, and none is named; name one")
        _tell_sizes(question, as_json=as_json)
        return
    drawing = Drawing(
        source, labels, by, tuple(balance or ()), beside, hold_in, _parts(low_tiers), seed, id_column, output
    )
    _draw(question, drawing, force=force, as_json=as_json)


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _labels(arms: str | None, source: Path | None) -> tuple[str, ...] | None:
    """The arms by name; None where there is no list, and so none to name."""
    if source is None:
        return None
    labels = tuple(dict.fromkeys(_parts(arms or "")))
    if len(labels) < 2:
        raise ConfigError(f"two arms or more were expected, found {len(labels)}; name them, such as --arms 1,3")
    return labels


def _count(arms: str | None) -> int:
    parts = _parts(arms or "2")
    return int(parts[0]) if len(parts) == 1 and parts[0].isdecimal() else len(parts)


def _tell_sizes(question: Question, *, as_json: bool) -> None:
    from icp_ml.cli.pages import print_page
    from icp_ml.cli.plan_page import sizes_page

    sizes = question.sizes(question.wanted())
    shown = question.customary()
    if not as_json:
        print_page(sizes_page(sizes, shown))
        return
    by_size = [{"accounts": accounts, **asdict(each)} for accounts, each in shown]
    _print_json({**_sizes_document(sizes), "customary": by_size})


def _sizes_document(sizes: Sizes) -> dict[str, object]:
    from icp_ml.cli.plan_page import sizes_sentence

    also = {"pairs": sizes.promise.pairs, "pair_level": sizes.promise.pair_level, "weeks": sizes.weeks}
    return {"sentence": sizes_sentence(sizes), **asdict(sizes), "total": sizes.total, **also}


def _draw(question: Question, drawing: Drawing, *, force: bool, as_json: bool) -> None:
    from icp_ml.cli.pages import print_page
    from icp_ml.cli.plan_files import draw
    from icp_ml.cli.plan_page import plan_page
    from icp_ml.watch.campaign_files import write_campaign

    if drawing.output is None:
        raise ConfigError("a place for the assignment was expected, found none; name one with -o, such as plan.csv")
    _check_output(drawing, drawing.output, force=force)
    wanted = question.wanted()
    drawn = draw(question, drawing, wanted, date.today())
    held_in = 0 if drawn.plan.hold_in is None else drawn.plan.hold_in.accounts
    sizes = question.sizes([arm.accounts for arm in drawn.plan.arms], held_in)
    write_campaign(drawing.output, drawn.plan, drawn.assignment)
    if as_json:
        _print_json({"plan": drawn.plan.model_dump(mode="json"), "shows": _sizes_document(sizes)})
        return
    print_page(plan_page(drawn.plan, sizes, wanted))
    typer.echo(f"Written to {drawing.output}; the plan is beside it, for `icp plan {drawing.output} --result`.")


def _check_output(drawing: Drawing, output: Path, *, force: bool) -> None:
    from icp_ml.serve.writing import check_keeps, check_output, check_place
    from icp_ml.watch.campaign_files import record_path

    for source in (drawing.scored, drawing.beside):
        if source is not None:
            check_keeps(source, output, "the list")
    check_output(output, "replace" if force else "refuse")
    check_place(record_path(output), "replace" if force else "refuse")


def _read_result(asked: OutcomeFile, *, as_json: bool) -> None:
    from icp_ml.cli.pages import print_page
    from icp_ml.cli.plan_files import look_at
    from icp_ml.cli.plan_page import result_page
    from icp_ml.watch.campaign_files import plan_of, record_path
    from icp_ml.watch.campaign_record import write_plan
    from icp_ml.watch.campaign_result import campaign_result, pair_sentence

    before = plan_of(asked.assignment)
    after = before.after(look_at(asked, before, date.today()))
    found = campaign_result(after)
    if after is not before:
        write_plan(record_path(asked.assignment), after)
    if as_json:
        _print_json({"sentences": [pair_sentence(pair) for pair in found.pairs], **found.model_dump(mode="json")})
        return
    print_page(result_page(after, found))


def _print_json(document: dict[str, object]) -> None:
    from icp_ml.serve.documents import as_json_value

    typer.echo(json.dumps(as_json_value(document), indent=2, ensure_ascii=False))
