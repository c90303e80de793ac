"""`icp diff`: what changed in the ICP between two models, and which accounts of a list change tier, and why.

Reads the clock once, for the day to which ages count.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from icp_ml.cli.score import Day, NoTables, Pairs, Tables
from icp_ml.errors import ConfigError

if TYPE_CHECKING:
    from icp_ml.serve.scoring import Scorer
    from icp_ml.watch.definition_diff import DefinitionDiff
    from icp_ml.watch.list_moves import ListMoves
    from icp_ml.watch.passages import Passage

OldDay = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="The day to which ages of the old list count. Default: that of the list."),
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="Where every account that moved goes: .parquet or .csv.")
]


def diff(
    old: Annotated[str, typer.Argument(help="The earlier model: a bundle folder or the name of a model.")],
    new: Annotated[str, typer.Argument(help="The later model.")],
    *,
    prospects: Annotated[Path | None, typer.Option("--list", help="A list: who on it changes tier.")] = None,
    old_prospects: Annotated[
        Path | None, typer.Option("--old-list", help="The list as it was then; with --list, by id.")
    ] = None,
    id_column: Annotated[str | None, typer.Option("--id", help="The id column of the lists.")] = None,
    columns: Pairs = None,
    as_of: Day = None,
    old_as_of: OldDay = None,
    delimiter: Annotated[str | None, typer.Option(help="What separates the columns of a CSV list.")] = None,
    encoding: Annotated[str | None, typer.Option(help="The encoding of a CSV list, such as cp1252.")] = None,
    sheet: Annotated[str | None, typer.Option(help="The sheet of an Excel list, where several hold rows.")] = None,
    tables: Tables = None,
    no_tables: NoTables = False,
    output: Output = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an output file that exists.")] = False,
    changelog: Annotated[
        bool, typer.Option("--changelog", help="Print a drafted changelog entry in Markdown and nothing else.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON and nothing else.")] = False,
) -> None:
    """Show what changed between two models: criteria with their evidence, and who changes tier and why."""
    from icp_ml.cli.places import find_model

    if prospects is None and (old_prospects is not None or output is not None):
        raise ConfigError("--old-list and --output are about the accounts of a list, and --list names none; name one")
    if changelog and as_json:
        raise ConfigError("--changelog and --json were both given, and only one thing can be printed; leave one out")
    _check_output(output, (prospects, old_prospects), force=force)
    models = (_learned(find_model(old)), _learned(find_model(new)))
    day = as_of.date() if as_of else date.today()
    moves: ListMoves | None = None
    if prospects is not None:
        reading = _Reading(id_column, tuple(columns or ()), delimiter, encoding, sheet, tuple(tables or ()), no_tables)
        lists = _Lists(prospects, old_prospects, day, old_as_of.date() if old_as_of else day)
        moves = _moves(models, lists, reading)
    if output is not None and moves is not None:
        _write(moves, output)
    _tell(models, moves, how="changelog" if changelog else "json" if as_json else "page")


@dataclass(frozen=True)
class _Model:
    """A model, and the folder of its bundle."""

    scorer: Scorer
    folder: Path


@dataclass(frozen=True)
class _Lists:
    """The list now, and then where it was another; the days to which ages count."""

    new: Path
    old: Path | None
    as_of: date
    old_as_of: date


@dataclass(frozen=True)
class _Reading:
    """How lists are read: the options of the command line."""

    id_column: str | None
    columns: tuple[str, ...]
    delimiter: str | None
    encoding: str | None
    sheet: str | None
    tables: tuple[str, ...]
    no_tables: bool


def _learned(folder: Path) -> _Model:
    """The model in a folder. Raises `ConfigError` for one that did not learn from deals."""
    from icp_ml.serve.loading import load
    from icp_ml.serve.scoring import Scorer

    scorer = load(folder)
    if not isinstance(scorer, Scorer):
        raise ConfigError(
            f"two models that learned from won and lost deals were expected, and {folder} is of another kind; name "
            "another version"
        )
    return _Model(scorer, folder)


def _check_output(output: Path | None, sources: tuple[Path | None, ...], *, force: bool) -> None:
    from icp_ml.serve.writing import check_keeps, check_output

    if output is None:
        return
    for source in sources:
        if source is not None:
            check_keeps(source, output, "the list")
    check_output(output, "replace" if force else "refuse")


def _moves(models: tuple[_Model, _Model], lists: _Lists, reading: _Reading) -> ListMoves:
    from icp_ml.watch.list_moves import list_moves

    old, new = models
    on_new = _passage(old, lists.new, lists.as_of, reading)
    on_old = on_new if lists.old is None else _passage(old, lists.old, lists.old_as_of, reading)
    typer.echo("Scoring with both models ...", err=True)
    return list_moves(on_old, on_new, _passage(new, lists.new, lists.as_of, reading))


def _passage(model: _Model, path: Path, day: date, reading: _Reading) -> Passage:
    from icp_ml.cli.lists import batches_in, open_list
    from icp_ml.cli.tables_beside import can_make, tables_for
    from icp_ml.watch.passages import Passage

    scorer = model.scorer
    opened = open_list(
        path, scorer, id_column=reading.id_column, columns=reading.columns, delimiter=reading.delimiter,
        encoding=reading.encoding, sheet=reading.sheet, makes=can_make(scorer, no_tables=reading.no_tables),
    )  # fmt: skip
    made = None if reading.no_tables else tables_for(opened, scorer, model.folder, list(reading.tables), day)
    return Passage(scorer, lambda: batches_in(opened, scorer, made, day), day)


def _diff_of(old: Scorer, new: Scorer) -> DefinitionDiff | None:
    from icp_ml.watch.definition_diff import definition_diff

    then, now = old.bundle.definition, new.bundle.definition
    if then is None or now is None:
        return None
    return definition_diff(then, now, old.bundle.policy, new.bundle.policy)


def _tell(models: tuple[_Model, _Model], moves: ListMoves | None, *, how: str) -> None:
    from icp_ml.cli.diff_page import diff_page
    from icp_ml.cli.pages import print_page
    from icp_ml.watch.changelog import changelog_entry

    old, new = (each.scorer for each in models)
    found = _diff_of(old, new)
    provenance = (old.bundle.provenance, new.bundle.provenance)
    if how == "changelog":
        typer.echo(changelog_entry(*provenance, found, moves), nl=False)
    elif how == "json":
        typer.echo(json.dumps(_document(models, found, moves), indent=2, ensure_ascii=False))
    else:
        print_page(diff_page(*provenance, found, moves))


def _document(
    models: tuple[_Model, _Model], found: DefinitionDiff | None, moves: ListMoves | None
) -> dict[str, object]:
    from icp_ml.serve.documents import as_json_value

    document: dict[str, object] = {"old": str(models[0].folder), "new": str(models[1].folder)}
    document["definition"] = None if found is None else as_json_value(found.model_dump(mode="json"))
    if moves is None:
        return document
    counts = moves.counts
    paths = [{"from": start, "to": end, "accounts": count} for (start, end), count in sorted(counts.by_path.items())]
    told = {**asdict(counts), "by_path": paths, "came": moves.came, "gone": moves.gone, "notes": list(moves.notes)}
    return {**document, "tier_moves": {**told, "moves": [asdict(each) for each in moves.moves]}}


def _write(moves: ListMoves, output: Path) -> None:
    """A row for each account that moved."""
    import pyarrow as pa

    from icp_ml.serve.writing import whole_file, write_batches

    names = ("id", "before", "after", "cause", "because", "by")
    rows = [asdict(each) for each in moves.moves]
    texts = {name: pa.array([row[name] for row in rows], pa.string()) for name in names[:-1]}
    batch = pa.RecordBatch.from_pydict({**texts, "by": pa.array([row["by"] for row in rows], pa.float64())})
    with whole_file(output) as partial:
        write_batches(partial, [batch])
    typer.echo(f"{len(rows):,} accounts that moved are written to {output}.", err=True)
