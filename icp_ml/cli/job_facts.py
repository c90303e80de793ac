"""What makes two scoring jobs the same: the facts that a resumed one has to agree with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from icp_ml.errors import InputError

if TYPE_CHECKING:
    from icp_ml.cli.scoring_job import Job
    from icp_ml.serve.parts import ListFile

_OF_NO_MATTER: Final = frozenset(
    {"prospects", "output", "model", "as_of", "part_rows", "threads", "resume", "force", "as_json", "engine"}
    | {"connection", "into"}  # of queries and tables, which are in no parts
)
"""Options that are told otherwise, or that change no byte of the parts."""


def facts_of(job: Job, options: Mapping[str, object]) -> dict[str, str]:
    """Facts in words by name. options: what was asked for on the command line, as it was given."""
    from icp_ml import __version__

    listed = job.prospects
    return {
        "model": job.scorer.content_hash,
        "list": str(listed.path),
        "id": str(listed.id),
        "as of": job.as_of.isoformat(),
        "icp-ml": __version__,
        **{name.replace("_", " "): _text(value) for name, value in options.items() if name not in _OF_NO_MATTER},
    }


def _text(value: object) -> str:
    return "none" if value in (None, [], ()) else str(value)


def files_of(job: Job) -> tuple[ListFile, ...]:
    """The files of the list, each with what tells whether it is still the same; none where it is a query."""
    from icp_ml.deals.reading import is_parquet, parquet_files

    path = job.prospects.path
    if not isinstance(path, Path):
        return ()
    return tuple(_file(each) for each in (parquet_files(path) if is_parquet(path) else [path]))


def _file(path: Path) -> ListFile:
    from icp_ml.deals.reading import rows_known
    from icp_ml.serve.parts import ListFile

    found = path.stat()
    try:
        rows = rows_known(path)
    except InputError:  # it will be told when the job comes to it, which may be hours of work later
        rows = None
    return ListFile(name=path.name, size=found.st_size, changed=found.st_mtime_ns, rows=rows)
