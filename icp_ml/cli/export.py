"""`icp export`: the ICP as files for the places where people work, and which of them are of an older version.

icp export -o exports --to duckdb --to yaml      # what is live, as SQL and as a definition
icp export icp/v3 -o exports --all
icp export --check exports dashboards/icp.sql    # exit code 9 where one is not of the live version
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from uuid import uuid4

import typer

from icp_ml.errors import ConfigError, GateNotPassed, InputError

if TYPE_CHECKING:
    from icp_ml.serve.exports.sql import SqlOptions
    from icp_ml.serve.exports.sql_conditions import Dialect
    from icp_ml.serve.exports.stamp import Exported, Stamp
    from icp_ml.serve.loading import AnyStored


IdColumn = Annotated[
    str | None, typer.Option("--id", help="For the whole model: the table's id column. Default: that of lists.")
]
Schema = Annotated[str | None, typer.Option(help="For the whole model: where its tables and views stand, such as crm.")]


def export(
    named: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[MODEL]",
            help="A bundle folder or the name of a model; with --check, files and folders. Default: what is live.",
        ),
    ] = None,
    *,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--to",
            help="As often as needed: yaml, duckdb, postgres, snowflake, bigquery, clay, points, apollo, hubspot, "
            "salesforce; and model-sql-duckdb, -postgres, -snowflake, -bigquery, the whole model.",
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Write every format but the whole model.")] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The folder to write to.")] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="For SQL: the day to which ages count. Default: the day it runs."),
    ] = None,
    table: Annotated[str, typer.Option(help="For SQL: the table of the companies.")] = "companies",
    sets: Annotated[
        Literal["text", "array"], typer.Option(help="For SQL: columns with several values are texts or lists.")
    ] = "text",
    id_column: IdColumn = None,
    schema: Schema = None,
    scored: Annotated[
        Path | None, typer.Option(help="For hubspot and salesforce: a scored list, to write as an import file too.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that are there.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing: name the files that are not of the live version.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON and nothing else.")] = False,
) -> None:
    """Write the ICP as SQL, YAML or for a tool, stamped with its version; or check which exports are stale."""
    if check:
        _check([Path(text) for text in named or []], as_json=as_json)
        return
    from icp_ml.cli.places import find_model
    from icp_ml.serve.exports.formats import FORMATS
    from icp_ml.serve.exports.from_bundle import exported_of
    from icp_ml.serve.exports.sql import SqlOptions
    from icp_ml.serve.loading import open_any

    wanted = _wanted(formats or [], FORMATS, every=every)
    folder = _folder(output)
    stored = open_any(find_model(_model(named or [])))
    exported = exported_of(stored)
    options = SqlOptions(table, as_of.date() if as_of else None, sets, id_column, schema)
    files = _files(stored, exported, wanted, options)
    with _whole_folder(folder, overwrite=overwrite) as partial:
        for name, content in files.items():
            (partial / name).write_bytes(content)
        rows = {} if scored is None else _write_lists(partial, scored, wanted, exported)
    _print(exported, folder, {name: rows.get(name) for name in sorted([*files, *rows])}, as_json=as_json)


def _files(stored: AnyStored, exported: Exported, wanted: Sequence[str], options: SqlOptions) -> dict[str, bytes]:
    """The files of all formats that are wanted, by name."""
    from icp_ml.serve.exports.formats import WHOLE_MODEL, exported_files

    plain = tuple(each for each in wanted if each not in WHOLE_MODEL)
    whole = [WHOLE_MODEL[each] for each in wanted if each in WHOLE_MODEL]
    return exported_files(exported, plain, options) | _whole_model(stored, whole, options)


def _whole_model(stored: AnyStored, dialects: Sequence[Dialect], options: SqlOptions) -> dict[str, bytes]:
    """The files of the whole model, by name; what compiles a model is loaded only where it is asked for."""
    if not dialects:
        return {}
    from icp_ml.serve.exports.model_sql import model_sql_files

    files: dict[str, bytes] = {}
    for dialect in dialects:
        files |= model_sql_files(stored, dialect, options)
    return files


def _print(exported: Exported, folder: Path, written: Mapping[str, int | None], *, as_json: bool) -> None:
    """written: the files by name, each with its rows where it has some."""
    if as_json:
        document = {"name": exported.name, "version": exported.version, "content_hash": exported.content_hash}
        rows = {name: count for name, count in written.items() if count is not None}
        typer.echo(json.dumps({**document, "folder": str(folder), "files": list(written), "rows": rows}, indent=2))
        return
    typer.echo(f"{exported.name}, version {exported.version}: {len(written)} files in {folder}")
    for name, count in written.items():
        typer.echo(f"  {name}" if count is None else f"  {name} ({count:,} rows)")


def _wanted(formats: Sequence[str], known: tuple[str, ...], *, every: bool) -> tuple[str, ...]:
    if every == bool(formats):
        raise ConfigError(
            f"either --to FORMAT or --all was expected, and {'both were' if every else 'neither was'} found; the "
            f"formats are {', '.join(known)}, and model-sql-DIALECT"
        )
    return known if every else tuple(dict.fromkeys(formats))


def _folder(output: Path | None) -> Path:
    if output is None:
        raise ConfigError("a folder to write to was expected, and none was named; add -o FOLDER")
    if output.exists() and not output.is_dir():
        raise ConfigError(f"a folder was expected at {output}, and it is a file; name a folder")
    if not output.resolve().parent.is_dir():
        raise ConfigError(f"a folder was expected at {output.resolve().parent}, and there is none; make it first")
    return output


def _model(named: Sequence[str]) -> str | None:
    if len(named) > 1:
        raise ConfigError(f"one model was expected, and {len(named)} were named; export them one after the other")
    return named[0] if named else None


# --- all of it or nothing -----------------------------------------------------------------------------------------


@contextmanager
def _whole_folder(folder: Path, *, overwrite: bool) -> Iterator[Path]:
    """A hidden folder beside `folder` to write to, which takes its place at the end; where a folder is there, its files
    take theirs, one after the other.

    Raises `ConfigError` where one of them is there already and may not be replaced; then none is written.
    """
    partial = folder.with_name(f".{folder.name}.{uuid4().hex}.partial")
    try:
        partial.mkdir()
        yield partial
        _refuse_replacing(partial, folder, overwrite=overwrite)
        if folder.exists():
            for made in sorted(partial.iterdir()):
                made.replace(folder / made.name)
        else:
            partial.rename(folder)
    except OSError as error:
        raise ConfigError(
            f"{folder} could not be written ({error.strerror or error}); name a place that can be written"
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _refuse_replacing(partial: Path, folder: Path, *, overwrite: bool) -> None:
    from icp_ml.deals.words import listed

    there = [made.name for made in sorted(partial.iterdir()) if (folder / made.name).exists()]
    if there and not overwrite:
        raise ConfigError(
            f"{folder} was expected to hold none of the files to write, and holds {len(there)}, {listed(there)}; name "
            "another folder, or allow them to be replaced (--overwrite)"
        )


def _write_lists(folder: Path, scored: Path, wanted: Sequence[str], exported: Exported) -> dict[str, int]:
    """The import files of the CRMs among the formats, and their rows by file name."""
    from icp_ml.serve.exports.crm_files import scored_batches, write_crm_file
    from icp_ml.serve.exports.formats import CRMS

    crms = [crm for crm in CRMS if crm in wanted]
    if not crms:
        raise ConfigError("--to hubspot or --to salesforce was expected beside --scored, and neither was found")
    return {
        f"{crm}.import.csv": write_crm_file(
            folder / f"{crm}.import.csv", scored_batches(scored), crm, exported
        ).written
        for crm in crms
    }  # fmt: skip


# --- stale files --------------------------------------------------------------------------------------------------


def _check(paths: Sequence[Path], *, as_json: bool) -> None:
    """Print which files are stale. Raises `GateNotPassed` where one is, `InputError` where no file is an export."""
    stamps = _stamps(paths)
    live = {name: _live(name) for name in sorted({stamp.name for stamp in stamps.values()})}
    stale = {path: stamp for path, stamp in stamps.items() if stamp.content_hash != live[stamp.name][1]}
    if as_json:
        typer.echo(json.dumps(_checked(stamps, stale, live), indent=2))
    else:
        for path, stamp in stamps.items():
            state = f"stale: live is version {live[stamp.name][0]}" if path in stale else "up to date"
            typer.echo(f"{path}: version {stamp.version} of {stamp.name}, {state}")
    if stale:
        raise GateNotPassed(
            f"files of the live version were expected, and {len(stale)} of {len(stamps)} are of another one; export "
            "them anew with `icp export`"
        )


def _checked(
    stamps: Mapping[Path, Stamp], stale: Mapping[Path, Stamp], live: Mapping[str, tuple[int, str]]
) -> dict[str, object]:
    return {
        "checked": len(stamps),
        "stale": [
            {"file": str(path), "name": stamp.name, "version": stamp.version, "live_version": live[stamp.name][0]}
            for path, stamp in stale.items()
        ],
    }


def _live(name: str) -> tuple[int, str]:
    """Version and content hash of what is live under a name, else of its newest version."""
    from icp_ml.cli.places import find_model
    from icp_ml.serve.loading import open_any

    stored = open_any(find_model(name))
    return stored.bundle.provenance.version, stored.content_hash


def _stamps(paths: Sequence[Path]) -> dict[Path, Stamp]:
    """The stamp of each file. What is found in a folder without a stamp is no export, and not looked at further."""
    from icp_ml.serve.exports.stamp import read_stamp

    if not paths:
        raise ConfigError("files or folders to check were expected, and none were named; add them after --check")
    found: dict[Path, Stamp] = {}
    for path in paths:
        inside = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
        stamps = {each: read_stamp(_text(each)) for each in inside}
        if not any(stamps.values()):
            raise InputError(f"{path} was expected to be stamped with a version, and no stamp is in it; export it anew")
        found |= {each: stamp for each, stamp in stamps.items() if stamp is not None}
    return found


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror or error}); name a file that is there") from None
