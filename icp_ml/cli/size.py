"""`icp size`: how many companies of a list match the ICP, criterion by criterion and tier by tier.

Reads the clock once, for the day to which ages count; everything else is in the list and the bundle.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from icp_ml.cli.score import Day, Known, Model, NoKnown, NoTables, Pairs, Tables
from icp_ml.errors import ConfigError

if TYPE_CHECKING:
    from icp_ml.profile.definition import Definition
    from icp_ml.profile.market import MarketTally
    from icp_ml.profile.market_size import MarketSize
    from icp_ml.serve.contacted import ContactedAccounts
    from icp_ml.serve.incoming import NamedBatch
    from icp_ml.serve.loading import AnyScorer
    from icp_ml.serve.sizing import Names

Contacted = Annotated[
    str | None, typer.Option(help='"FILE:COLUMN": where it stands which accounts were written to already.')
]


def size(
    prospects: Annotated[Path, typer.Argument(help="The company list: CSV, Parquet, or a folder of Parquet files.")],
    *,
    model: Model = None,
    id_column: Annotated[str | None, typer.Option("--id", help="The list's id column.")] = None,
    columns: Pairs = None,
    as_of: Day = None,
    delimiter: Annotated[str | None, typer.Option(help="What separates the columns of a CSV list.")] = None,
    encoding: Annotated[str | None, typer.Option(help="The encoding of a CSV list, such as cp1252.")] = None,
    sheet: Annotated[str | None, typer.Option(help="The sheet of an Excel list, where several hold rows.")] = None,
    known: Known = None,
    no_known: NoKnown = False,
    contacted: Contacted = None,
    tables: Tables = None,
    no_tables: NoTables = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON and nothing else.")] = False,
) -> None:
    """Count how many companies of a list match the ICP, and what widening it buys and costs."""
    from icp_ml.cli.lists import batches_in, known_accounts, open_list
    from icp_ml.cli.places import find_model
    from icp_ml.cli.tables_beside import can_make, tables_for
    from icp_ml.serve.loading import load
    from icp_ml.serve.profiled_scoring import ProfiledScorer
    from icp_ml.serve.sizing import Names

    written_to = None if contacted is None else _read_contacted(contacted)
    folder = find_model(model)
    scorer = load(folder)
    opened = open_list(
        prospects, scorer, id_column=id_column, columns=columns or [], delimiter=delimiter, encoding=encoding,
        sheet=sheet, makes=can_make(scorer, no_tables=no_tables),
    )  # fmt: skip
    names = Names(None if no_known else known_accounts(scorer, folder, known), written_to)
    if opened.id is None and (names.known is not None or names.contacted is not None):
        raise ConfigError(
            "customers and contacted accounts are recognised by their id, and the list has no id column; name one "
            "with --id, or leave out --contacted and say --no-known"
        )
    day = as_of.date() if as_of else date.today()
    made = None if no_tables else tables_for(opened, scorer, folder, tables or [], day)

    def sized(by: AnyScorer) -> MarketSize:
        return _sized(by, batches_in(opened, scorer, made, day), names, day)

    if not isinstance(scorer, ProfiledScorer):
        _tell(_Sized(scorer, folder, prospects, opened.absent, day, sized(scorer)), as_json=as_json)
        return
    each = {name: sized(by) for name, by in scorer.profiles.items()}
    batches = batches_in(opened, scorer, made, day)
    several = sum(one.notes.in_several for one in scorer.score_stream(batches, as_of=day, reasons=0))
    whole = _Sized(scorer.whole, folder, prospects, opened.absent, day, sized(scorer.whole), each, several)
    _tell(whole, as_json=as_json)


@dataclass(frozen=True)
class _Sized:
    """What was counted, of what, and by which model. absent: attributes whose column the list lacks.

    profiles: the same by each of several ICPs, empty where there is one. in_several: companies in several of these.
    """

    scorer: AnyScorer
    model: Path
    prospects: Path
    absent: tuple[str, ...]
    as_of: date
    found: MarketSize
    profiles: Mapping[str, MarketSize] = field(default_factory=dict)
    in_several: int = 0


def _sized(scorer: AnyScorer, batches: Iterator[NamedBatch], names: Names, day: date) -> MarketSize:
    from icp_ml.cli.progress import rows_done
    from icp_ml.profile.market import MarketTally
    from icp_ml.profile.market_size import market_size
    from icp_ml.serve.sizing import count_batches, money_unit, questions_of

    definition = _definition(scorer)
    asked = questions_of(scorer, definition)
    with rows_done("counting") as done:
        tally = reduce(MarketTally.plus, _told(count_batches(scorer, asked, batches, names, day), done))
    return market_size(
        tally,
        asked,
        definition,
        on_deals=() if definition is None else definition.widened,
        unit=money_unit(scorer),
        names_known=names.known is not None,
        names_contacted=names.contacted is not None,
    )


def _told(counts: Iterator[MarketTally], done: Callable[[int], None]) -> Iterator[MarketTally]:
    """One at least: a list without a row is refused where it is read."""
    for each in counts:
        done(int(each.rows[0]))
        yield each


def _definition(scorer: AnyScorer) -> Definition | None:
    """The ICP of the model; None for models that hold none."""
    from icp_ml.serve.bundle import Bundle

    return scorer.bundle.definition if isinstance(scorer.bundle, Bundle) else None


def _read_contacted(text: str) -> ContactedAccounts:
    from icp_ml.serve.contacted import read_contacted

    path, colon, column = text.rpartition(":")
    if not (path and colon and column.strip()):
        raise ConfigError(f"--contacted was expected as FILE:COLUMN, and '{text}' was found; write it so")
    return read_contacted(Path(path), column.strip())


def _tell(sized: _Sized, *, as_json: bool) -> None:
    from icp_ml.cli.pages import print_page
    from icp_ml.cli.profiles_page import sizes_page
    from icp_ml.cli.size_page import size_page
    from icp_ml.serve.documents import as_json_value

    provenance = sized.scorer.bundle.provenance
    if not as_json:
        print_page(size_page(sized.found, provenance.target, sized.absent))
        if sized.profiles:
            print_page(sizes_page(sized.profiles, sized.in_several))
        typer.echo(f"Counted with {sized.model} ({provenance.name} version {provenance.version}), as of {sized.as_of}.")
        return
    about = {
        "list": str(sized.prospects),
        "model": str(sized.model),
        "version": provenance.version,
        "target": provenance.target,
        "as_of": sized.as_of.isoformat(),
        "attributes_absent": list(sized.absent),
    }
    of_profiles = {name: size.model_dump(mode="json") for name, size in sized.profiles.items()}
    beside = {"profiles": of_profiles, "in_several_profiles": sized.in_several} if of_profiles else {}
    document = as_json_value({**about, **sized.found.model_dump(mode="json"), **beside})
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
