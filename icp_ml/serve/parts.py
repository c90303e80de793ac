"""A scored list as a folder of parts: what a killed job had finished is kept, and the rest is made on request.

    scored/
      part-00000.parquet, part-00001.parquet, ...   rows of the list in their order, so many to a part
      _manifest.json    every part with its rows and SHA-256; it is there when all rows are, and not before
      _job.json         what the job is: another one is refused
      _progress/        a file for each finished part with what there is to say about it, until the job is done
      _lock             held by the job that is writing

Names that begin with an underscore or a dot are passed over by readers of such folders. A part is written under a
hidden name, flushed, and takes its own when it is whole; then its progress file is written the same way. So a part
counts where its progress file says so, and nothing half-written ever looks finished.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from icp_ml.errors import ConfigError, InputError, Locked
from icp_ml.profile.records import Record
from icp_ml.serve.documents import to_bytes
from icp_ml.serve.writing import telling_of, whole_file

MANIFEST: Final = "_manifest.json"
JOB: Final = "_job.json"
PROGRESS: Final = "_progress"
LOCK: Final = "_lock"


class Part(Record):
    """A finished part. rows_in: rows of the list. rows: of the part, fewer where not all are written."""

    name: str
    rows_in: int
    rows: int
    sha256: str


class FinishedPart(Record):
    """A part and what there is to say about it; `said` is the caller's to read."""

    part: Part
    said: dict[str, object]


class ListFile(Record):
    """A file of the list. rows: None where only reading it tells. changed: nanoseconds since 1970."""

    name: str
    size: int
    changed: int
    rows: int | None


class JobRecord(Record):
    """What makes two jobs the same: facts in words by name. part_rows: rows of the list in each part.

    files: those of the list in their order, empty where it is none.
    """

    part_rows: int
    facts: dict[str, str]
    files: tuple[ListFile, ...] = ()


class PartsManifest(Record):
    """The whole output. rows_in, rows: over all parts."""

    job: JobRecord
    parts: tuple[FinishedPart, ...]
    rows_in: int
    rows: int


R = TypeVar("R", bound=Record)
_FINISHED: Final = TypeAdapter(FinishedPart)
_JOB: Final = TypeAdapter(JobRecord)
_MANIFEST: Final = TypeAdapter(PartsManifest)


def name_of(number: int) -> str:
    """The file name of a part, from 0."""
    return f"part-{number:05d}.parquet"


def check_folder(folder: Path) -> None:
    """Whether parts could be written to `folder`, asked before any work is done and without touching it.

    Raises `ConfigError` for a folder with something else in it, and where there is no folder to make it in.
    """
    if not folder.parent.is_dir():
        raise ConfigError(f"a folder was expected at {folder.parent} for the output, and there is none; make it first")
    if folder.is_dir() and not (folder / JOB).exists() and (found := _strangers(folder)):
        raise ConfigError(f"an empty folder was expected at {folder}, and it holds '{found}'; name another one")


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a folder that parts are written to, made where it is absent. Raises `Locked` while another job holds it.

    SQLite holds it on every system, and lets go of it when the process ends, however it ends.
    """
    with telling_of(folder):
        folder.mkdir(exist_ok=True)
        (folder / LOCK).touch()
    try:
        with closing(sqlite3.connect(folder / LOCK, timeout=0.0, isolation_level=None)) as lock:
            try:
                lock.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError:
                raise Locked(
                    f"another job is writing to {folder} now; wait until it is done, or name another folder"
                ) from None
            yield
    finally:
        with suppress(OSError):  # empty where its output was discarded, and not before SQLite has let go of it
            folder.rmdir()


def begun(folder: Path, job: JobRecord, *, resume: bool, replace: bool) -> tuple[FinishedPart, ...]:
    """Make a held folder ready for a job, and say which parts are finished, from the first on.

    resume: go on with what a killed job left; a finished one stays as it is. replace: begin anew.
    Raises `ConfigError` where the folder holds an output and neither is asked for, where it holds none to resume, or
    another job's; `InputError` where a part is not what its progress file says.
    """
    there = (folder / JOB).exists()
    if replace and not resume:
        with telling_of(folder):
            _cleared(folder)
    elif there and not resume:
        state = "a finished output" if (folder / MANIFEST).exists() else "the output of a job that did not finish"
        raise ConfigError(
            f"an empty folder was expected at {folder}, and it holds {state}; go on with --resume, begin anew with "
            "--force, or name another one"
        )
    elif not there:
        check_folder(folder)
    if resume and there:
        _check_same(folder, job)
        finished = _finished(folder)
        _check_files(_read(folder / JOB, _JOB).files, job.files, sum(each.part.rows_in for each in finished))
        if not is_finished(folder):
            _write(folder / JOB, to_bytes(job.model_dump()))
        return finished
    with telling_of(folder):
        (folder / PROGRESS).mkdir(exist_ok=True)
    _write(folder / JOB, to_bytes(job.model_dump()))
    return ()


def is_finished(folder: Path) -> bool:
    """Whether the folder holds a whole output."""
    return (folder / MANIFEST).exists()


@dataclass(frozen=True)
class Written:
    """A part under its hidden name, whole. said: what there is to say about it, as JSON."""

    path: Path
    rows_in: int
    rows: int
    said: Mapping[str, object]


def progress_of(folder: Path, number: int, suffix: str) -> Path:
    """A file beside the progress file of a part, such as that of its unusable rows."""
    return folder / PROGRESS / f"{number:05d}{suffix}"


def hidden(folder: Path, number: int) -> Path:
    """Where a part is written until it is whole. What an earlier job left there is written over."""
    return folder / f".{name_of(number)}"


def add(folder: Path, number: int, written: Written) -> FinishedPart:
    """Take a part among the finished ones, under its own name."""
    target = folder / name_of(number)
    with telling_of(target):
        digest = _digest(written.path)
        _flush(written.path)
        written.path.replace(target)
        _flush(folder)
    part = Part(name=target.name, rows_in=written.rows_in, rows=written.rows, sha256=digest)
    finished = FinishedPart(part=part, said=dict(written.said))
    _write(progress_of(folder, number, ".json"), to_bytes(finished.model_dump()))
    return finished


def finish(folder: Path, job: JobRecord, finished: tuple[FinishedPart, ...]) -> None:
    """Say that the output is whole."""
    rows_in, rows = (sum(getattr(each.part, name) for each in finished) for name in ("rows_in", "rows"))
    manifest = PartsManifest(job=job, parts=finished, rows_in=rows_in, rows=rows)
    _write(folder / MANIFEST, to_bytes(manifest.model_dump()))
    with telling_of(folder):
        shutil.rmtree(folder / PROGRESS, ignore_errors=True)


def discard(folder: Path) -> None:
    """Remove an output that is not to be kept; the folder goes with the hold on it, where nothing else is in it."""
    with telling_of(folder):
        _cleared(folder)
        (folder / LOCK).unlink(missing_ok=True)


def _finished(folder: Path) -> tuple[FinishedPart, ...]:
    """The finished parts, from the first on; what comes after a gap is made anew."""
    if is_finished(folder):
        return _read(folder / MANIFEST, _MANIFEST).parts
    found: list[FinishedPart] = []
    while (path := progress_of(folder, len(found), ".json")).exists():
        each = _read(path, _FINISHED)
        part = folder / each.part.name
        if not part.is_file() or _digest(part) != each.part.sha256:
            raise InputError(
                f"{part} was expected as the job left it, and it is not; begin anew with --force instead of --resume"
            )
        found.append(each)
    return tuple(found)


def _check_same(folder: Path, job: JobRecord) -> None:
    before = _read(folder / JOB, _JOB)
    differ = [name for name in job.facts if before.facts.get(name) != job.facts[name]]
    if before.part_rows != job.part_rows:
        differ.append("part_rows")
    if differ:
        name = differ[0]
        was = before.facts.get(name, str(before.part_rows) if name == "part_rows" else "not said")
        now = job.facts.get(name, str(job.part_rows))
        raise ConfigError(
            f"the job that was begun in {folder} was expected to be resumed as it was, and {name} differs ({was} then, "
            f"{now} now); ask for the same, or begin anew with --force"
        )


def _check_files(before: Sequence[ListFile], now: Sequence[ListFile], rows_done: int) -> None:
    """What was scored already must be what the list still holds; a file that nobody came to may have been mended."""
    rows = 0
    for place, was in enumerate(before):
        if rows >= rows_done:
            return
        if place >= len(now) or now[place] != was:
            raise ConfigError(
                f"{was.name} was expected as it was when {rows_done:,} rows were scored, and it has changed since; "
                "begin anew with --force"
            )
        rows += rows_done if was.rows is None else was.rows


def _strangers(folder: Path) -> str:
    names = sorted(path.name for path in folder.iterdir())
    return next((name for name in names if not name.startswith(LOCK) and not _is_unfinished(name)), "")


def _is_unfinished(name: str) -> bool:
    """Whether a name is that of the manifest or the job's record before it was whole, as a killed job leaves it."""
    return name.endswith(".partial.json") and name.startswith((f".{Path(MANIFEST).stem}.", f".{Path(JOB).stem}."))


def _cleared(folder: Path) -> None:
    """Remove what a job made, and nothing else: the manifest first, so that no output with a part gone says that it is
    whole, and the job's record last, so that whoever is stopped here is asked to begin anew, and can.
    """
    (folder / MANIFEST).unlink(missing_ok=True)
    _flush(folder)
    shutil.rmtree(folder / PROGRESS, ignore_errors=True)
    for path in folder.iterdir():
        if path.is_file() and (path.name.startswith(("part-", ".part-")) or _is_unfinished(path.name)):
            path.unlink()
    (folder / JOB).unlink(missing_ok=True)
    left = _strangers(folder)
    if left:
        raise ConfigError(f"a folder of scored parts was expected at {folder}, and it holds '{left}'; name another one")


def _read(path: Path, adapter: TypeAdapter[R]) -> R:
    try:
        return adapter.validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise InputError(
            f"{path} was expected to say how far the job came, and it cannot be read ({type(error).__name__}); begin "
            "anew with --force"
        ) from None


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, content: bytes) -> None:
    with whole_file(path) as partial, telling_of(path):
        partial.write_bytes(content)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
