"""The ledger: which bundle of each name was live when, one line an event, in models/ledger.jsonl.

    {"action": "promote", "by": "ana@crm1:4711", "content_hash": "...", "id": "000003-5f2c9a10", "name": "icp",
     "reason": "Q3", "run_id": "...", "time": "2025-07-01T08:00:00+00:00", "version": 3}

The last line of a name says which bundle is live. Reading needs neither MLflow nor a registry: the file is rebuilt
from the registry by whoever promotes, and is all that scoring looks at.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, ValidationError

from icp_ml.deals.words import listed
from icp_ml.errors import BundleInvalid, InputError, ModelNotFound
from icp_ml.profile.records import Record

LEDGER: Final = "ledger.jsonl"
_MANIFEST: Final = "manifest.json"

Action = Literal["promote", "rollback"]


class Entry(Record):
    """One event. id: its number among the events of its name, from 000001, with a tail that no other event has.

    time: ISO date and time in UTC. version: the bundle's own, as in models/NAME/v3. run_id: the run that made it.
    reason: what the person said, possibly nothing. by: user@host:process. gates: the state of each gate by its name,
    none of a rollback. forced: whether it was made live in spite of a red one.
    """

    id: str
    time: str
    action: Action
    name: str
    version: int
    content_hash: str
    run_id: str | None
    reason: str
    by: str
    gates: dict[str, str] = Field(default_factory=dict)
    forced: bool = False


def entry_line(entry: Entry) -> str:
    """The entry as one line of the ledger, keys sorted, without the line end; older events have no word of gates."""
    return json.dumps(entry.model_dump(exclude_defaults=True), sort_keys=True, ensure_ascii=False)


def entry_of(text: str, place: str) -> Entry:
    """The entry in a line. place: where it was found, for the error. Raises `InputError`."""
    try:
        return Entry.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise InputError(
            f"an event of the ledger was expected in {place}, and {first['msg']} there; restore the file from a copy, "
            "or move it away and run `icp history`, which rebuilds it from the registry"
        ) from None


def entries(models: Path) -> tuple[Entry, ...]:
    """All events, oldest first; none where there is no ledger. Raises `InputError` where a line is no event."""
    path = models / LEDGER
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} was expected to be a text that can be read, and it is not ({error})") from None
    return tuple(entry_of(line, f"{path}, line {number}") for number, line in enumerate(lines, 1) if line.strip())


def in_order(found: Iterable[Entry]) -> tuple[Entry, ...]:
    """Events by time; of one name by number, which never contradicts the time."""
    return tuple(sorted(found, key=lambda entry: (entry.time, entry.name, entry.id)))


def live(models: Path, name: str | None = None) -> Entry | None:
    """The event that made the live bundle of `name` live; None where the ledger holds none.

    name: None for the only name in the ledger. Raises `ModelNotFound` where None could mean several, `InputError`
    where the ledger cannot be read.
    """
    last = {entry.name: entry for entry in entries(models)}
    if name is not None:
        return last.get(name)
    if len(last) > 1:
        raise ModelNotFound(
            f"{len(last)} models are live in {models}, {listed(sorted(last))}; say which of them you mean"
        )
    return next(iter(last.values()), None)


def live_folder(models: Path, name: str | None = None) -> Path | None:
    """The folder of the live bundle; None where the ledger holds none.

    Raises as `live` does; `ModelNotFound` where the folder is gone, `BundleInvalid` where it holds another model.
    """
    entry = live(models, name)
    if entry is None:
        return None
    folder = models / entry.name / f"v{entry.version}"
    if not (folder / _MANIFEST).is_file():
        raise ModelNotFound(
            f"version {entry.version} of {entry.name} is live by {models / LEDGER}, and {folder} holds no bundle; "
            f"copy it back, or run `icp promote {entry.name}/v{entry.version}`, which brings it from the registry"
        )
    found = _content_hash(folder / _MANIFEST)
    if found != entry.content_hash:
        raise BundleInvalid(
            f"the bundle with the content hash {entry.content_hash[:12]} was expected in {folder}, because "
            f"{models / LEDGER} says that it is live, and {(found or 'none')[:12]} was found; copy the bundle back, or "
            "promote another version"
        )
    return folder


def _content_hash(manifest: Path) -> str | None:
    """What the manifest states; whether it is true is found out when the bundle is opened."""
    try:
        document = json.loads(manifest.read_bytes())
    except (OSError, ValueError):
        return None
    found = document.get("content_hash") if isinstance(document, dict) else None
    return found if isinstance(found, str) else None
