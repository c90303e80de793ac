"""One writer of the registry at a time: a lock with an owner and an expiry, in models/.promotion.db.

SQLite makes reading and writing the lock one step, on every system, and a process that is killed leaves no step half
done. What it leaves is its name in the lock: that counts for nothing once the process is gone or the time is up.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from icp_ml.errors import ConfigError, Locked

LOCK = ".promotion.db"
HOLD = timedelta(minutes=10)
"""How long a lock counts when nobody can say whether its owner lives, as on another machine. A promotion takes
seconds, and minutes where a server is slow: we chose a multiple of that."""
FARTHEST = timedelta(days=1)
"""An expiry farther off was written under a clock that was wrong, since no lock is held longer than `HOLD`. We chose
it: the clocks of two machines may differ by a time zone that was mistaken for another, and are not a day apart."""
WAIT = 30.0  # seconds for a look into the lock, not for the lock


@dataclass(frozen=True)
class Asker:
    """Who wants something changed, when and why. owner: user@host:process. now: ISO date and time with its offset."""

    owner: str
    now: str
    reason: str = ""

    @property
    def until(self) -> str:
        """When what this asker holds expires."""
        return (datetime.fromisoformat(self.now) + HOLD).isoformat()


def is_live(owner: str, until: str, asker: Asker) -> bool:
    """Whether `owner`, who holds something until then, may still be at work. A process of this machine can be seen."""
    left = datetime.fromisoformat(until) - datetime.fromisoformat(asker.now)
    if owner == asker.owner or left <= timedelta(0):
        return False
    machine, _, process = owner.rpartition(":")
    if _host(machine) != _host(asker.owner.rpartition(":")[0]) or os.name != "posix":
        return left <= FARTHEST
    return _runs(process)


def _host(machine: str) -> str:
    return machine.rpartition("@")[2]


def _runs(process: str) -> bool:
    """Whether a process of this machine is there; asking does nothing to it."""
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    except ValueError:  # not a number: somebody who cannot be asked
        return True
    return True


@dataclass(frozen=True)
class HeldLock:
    """The lock while it is ours."""

    path: Path
    token: str

    def check(self) -> None:
        """Raise `Locked` where somebody took over what had expired."""
        with _database(self.path) as database:
            held = database.execute("select 1 from lock where token = ?", (self.token,)).fetchone()
        if held is None:
            raise Locked(
                "the lock of the registry had expired and somebody else took it; look at `icp history`, and try again"
            )


@contextmanager
def locked(models: Path, asker: Asker) -> Iterator[HeldLock]:
    """Hold the lock of `models`. Raises `Locked`, naming the owner, where somebody else holds it; waits for nobody."""
    path = models / LOCK
    held = HeldLock(path, uuid4().hex)
    with _database(path) as database:
        for owner, until in database.execute("select owner, until from lock"):
            if is_live(owner, until, asker):
                raise Locked(f"{owner} is changing the registry, until {until} at the latest; try again later")
        database.execute("delete from lock")
        database.execute("insert into lock values (?, ?, ?)", (held.token, asker.owner, asker.until))
    try:
        yield held
    finally:
        with _database(path) as database:
            database.execute("delete from lock where token = ?", (held.token,))


@contextmanager
def _database(path: Path) -> Iterator[sqlite3.Connection]:
    """What happens in here happens at once or not at all, and to nobody else meanwhile."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path, timeout=WAIT, isolation_level=None)) as database:
            database.execute("begin immediate")
            database.execute("create table if not exists lock (token text, owner text, until text)")
            yield database
            database.execute("commit")
    except (sqlite3.Error, OSError) as error:
        raise ConfigError(
            f"the lock {path} was expected to be writable, and it is not ({error}); see who owns it"
        ) from error
