"""`icp explain`: one prospect of a list, with everything that speaks for and against it.

Reads the clock once, for the day to which ages count.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from icp_ml.serve.explaining import Explanation
    from icp_ml.serve.manifests import AnyProvenance


def explain(
    prospects: Annotated[Path, typer.Argument(help="The list: CSV, Parquet, or a folder of Parquet files.")],
    *,
    wanted: Annotated[str, typer.Option("--id", help="The id of the prospect; its row number where there is no id.")],
    model: Annotated[
        str | None, typer.Option(help="A bundle folder or the name of a model. Default: what is live, else the newest.")
    ] = None,
    id_column: Annotated[str | None, typer.Option(help="The list's id column.")] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option("--map", help='"List Column=attribute column", as often as needed; adds to the model\'s map.'),
    ] = None,
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day to which ages count. Default: today.")
    ] = None,
    delimiter: Annotated[str | None, typer.Option(help="What separates the columns of a CSV list.")] = None,
    encoding: Annotated[str | None, typer.Option(help="The encoding of a CSV list, such as cp1252.")] = None,
    sheet: Annotated[str | None, typer.Option(help="The sheet of an Excel list, where several hold rows.")] = None,
    known: Annotated[
        Path | None, typer.Option(help="The deals in which customers and open deals are recognised today.")
    ] = None,
    no_known: Annotated[bool, typer.Option("--no-known", help="Recognise no customers and open deals.")] = False,
    tables: Annotated[
        list[str] | None, typer.Option("--table", help='"TABLE=FILE", as often as needed: a table beside the list.')
    ] = None,
    no_tables: Annotated[
        bool, typer.Option("--no-tables", help="Make no attributes of tables; they count as missing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON and nothing else.")] = False,
) -> None:
    """Explain the score of one prospect: what speaks for it, what against, and what is not known."""
    from icp_ml.cli.lists import batches_in, known_accounts, open_list
    from icp_ml.cli.pages import print_page
    from icp_ml.cli.places import find_model
    from icp_ml.cli.tables_beside import can_make, tables_for
    from icp_ml.serve import explaining
    from icp_ml.serve.loading import load

    folder = find_model(model)
    scorer = load(folder)
    opened = open_list(
        prospects, scorer, id_column=id_column, columns=columns or [], delimiter=delimiter, encoding=encoding,
        sheet=sheet, makes=can_make(scorer, no_tables=no_tables),
    )  # fmt: skip
    day = as_of.date() if as_of else date.today()
    made = None if no_tables else tables_for(opened, scorer, folder, tables or [], day)
    scorer = replace(scorer, known=None if no_known else known_accounts(scorer, folder, known))
    found = explaining.find_row(batches_in(opened, scorer, made, day), wanted)
    explanation = explaining.explain(scorer, found, day)
    provenance = scorer.bundle.provenance
    if as_json:
        about = {"model": provenance.name, "version": provenance.version, "target": provenance.target}
        document = {**about, "as_of": day.isoformat(), **asdict(explanation)}
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        print_page(_page(explanation, provenance, day))


def _page(found: Explanation, provenance: AnyProvenance, day: date) -> Iterator[RenderableType]:
    from rich.text import Text

    from icp_ml.profile.weighted_records import NOT_A_PROBABILITY

    others = f"; {found.rows:,} rows have this id, and this is the first" if found.rows > 1 else ""
    what = f"a {NOT_A_PROBABILITY}" if provenance.target is None else f"target '{provenance.target}'"
    yield Text(f"{found.id} (row {found.row:,}{others})", style="bold")
    yield f"{provenance.name} version {provenance.version}, {what}, as of {day}"
    yield f"Status: {found.status}"
    if found.profile is not None:
        yield f"Profile: {found.profile}, which gives it the highest probability of those that it may belong to"
    if found.score is not None:
        yield from _scored(found, found.score)
    if found.not_known:
        yield f"Not known: {', '.join(found.not_known)}"
    if found.resemblance is not None:
        yield (
            "Resemblance orders a list and is no chance to win. Reasons say what won accounts have more or less often "
            "than the universe, not what causes a win."
        )
    elif found.score is not None and found.log_odds is not None:
        yield (
            "The order is supported by the deals; for a company that nobody talks to yet the probability is an "
            "assumption. Reasons say what the model uses, not what causes a win."
        )


def _scored(found: Explanation, score: float) -> Iterator[RenderableType]:
    tier = "No tier" if found.tier is None else _tier(found.tier)
    probability = "" if found.probability is None else f", probability {found.probability:.1%}{_interval(found)}"
    quadrant = "" if found.quadrant is None else f", {found.quadrant}"
    yield f"{tier}: score {score:.1f}{probability}{quadrant}"
    if found.resemblance is not None:
        yield f"Resemblance: it resembles the won accounts more than {found.resemblance:.1f} % of the universe does"
    yield f"Action: {found.action}"
    yield _sum_table(found, score)
    yield _reasons_table(found, score)
    if found.neighbours is not None:
        from icp_ml.cli.neighbours_page import neighbours_page

        yield from neighbours_page(found.neighbours)


def _interval(found: Explanation) -> str:
    low, high = found.probability_low, found.probability_high
    between = "" if low is None or high is None else f" [{low:.1%}, {high:.1%}]"
    return between if found.probability_level is None else f"{between} at a {found.probability_level}"


def _tier(label: str) -> str:
    return f"Tier {label}" if label[:1].isdecimal() else label.capitalize()


def _start(found: Explanation) -> str:
    """What the parts and the reasons add to."""
    if found.log_odds is None:
        return "the usual points"
    return "the average deal" if found.resemblance is None else "the average company"


def _sum_table(found: Explanation, score: float) -> Table:
    from icp_ml.cli.pages import add_row, plain_table

    table = plain_table("How the score adds up", "part", "points")
    table.columns[1].justify = "right"
    add_row(table, _start(found), f"{found.base_score:.2f}")
    for layer, points in found.layers.items():
        add_row(table, layer, f"{points:+.2f}")
    add_row(table, "score", f"{score:.2f}")
    for axis, points in found.axes.items():
        add_row(table, f"of which {axis}", f"{points:+.2f}")
    return table


def _reasons_table(found: Explanation, score: float) -> Table:
    """Every factor that moves this row at all; with the base they add up to the log-odds, or to the score."""
    from icp_ml.cli.pages import add_row, plain_table

    unit, base, total = ("log-odds", found.base_log_odds, found.log_odds)
    if base is None or total is None:
        unit, base, total = ("points", found.base_score, score)
    table = plain_table("What speaks for it, and what against", "reason", unit)
    table.columns[1].justify = "right"
    for reason in found.speaks_for:
        add_row(table, f"for: {reason.text}", f"{reason.effect:+.3f}")
    for reason in found.against:
        add_row(table, f"against: {reason.text}", f"{reason.effect:+.3f}")
    add_row(table, _start(found), f"{base:+.3f}")
    add_row(table, "sum", f"{total:+.3f}")
    return table
