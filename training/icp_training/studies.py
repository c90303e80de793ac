"""Where trials are kept, so that a search that was interrupted goes on: a database of Optuna's, one study a search.

    mlruns/studies.db     unless the configuration names another database, which several machines may share

A study's name is a digest of all that a trial depends on: the rows, the seed, the first parameters, the code of the
learner and the libraries under it. The same training finds its trials again; another one never sees them. A trial is
one transaction, made when it is over: a process that is killed leaves no half of one behind. Losing the database
loses time and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Final, Protocol

import optuna
from optuna.exceptions import StorageInternalError
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import (
    ArgumentError,
    IntegrityError,
    NoSuchModuleError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)

import icp_ml
import icp_training
from icp_ml.errors import ConfigError, Locked
from icp_ml.model.win_model import TrainingRows
from icp_training.search_space import Values

DATABASE: Final = "studies.db"
OVER: Final = (TrialState.COMPLETE, TrialState.PRUNED)
SEVERAL: Final = "several workers"
PATIENCE: Final = 60
"""Seconds that a writer waits for another one to come to an end."""
OPENINGS: Final = 3
"""How often a database is opened before it is said that it cannot be; its tables are made at the first opening."""
LIBRARIES: Final = ("lightgbm", "numpy", "optuna", "scikit-learn", "scipy")
LEARNER: Final = ("model", "search.py", "search_space.py", "trials.py")
"""Code on which a trial depends: a room of icp_ml, and modules of icp_training."""


class Kept(Protocol):
    """The trials of one search, in the order in which they were over. A protocol: it has no code of its own."""

    @property
    def several(self) -> bool:
        """Whether more than one process has made trials at the same time."""

    def trials(self) -> tuple[FrozenTrial, ...]:
        """All that are over."""

    def add(self, trial: FrozenTrial, after: int) -> None:
        """Keep a trial that is over. after: how many it knew of when it began."""


class Unkept:
    """Trials that nobody needs after the search."""

    several = False

    def __init__(self) -> None:
        self._trials: list[FrozenTrial] = []

    def trials(self) -> tuple[FrozenTrial, ...]:
        """All that are over."""
        return tuple(self._trials)

    def add(self, trial: FrozenTrial, after: int) -> None:
        """Keep a trial that is over."""
        assert after == len(self._trials)
        self._trials.append(trial)


@dataclass(frozen=True)
class KeptStudy:
    """The trials of one search in a database. place: what it is called in a sentence."""

    study: optuna.Study
    place: str

    @property
    def several(self) -> bool:
        """Whether more than one process has made trials at the same time."""
        with _reaching(self.place):
            return bool(self.study.user_attrs.get(SEVERAL, False))

    def trials(self) -> tuple[FrozenTrial, ...]:
        """All that are over."""
        with _reaching(self.place):
            return tuple(self.study.get_trials(deepcopy=False, states=OVER))

    def add(self, trial: FrozenTrial, after: int) -> None:
        """Keep a trial that is over; not one with the parameters of a trial that another process made meanwhile."""
        with _reaching(self.place):
            since = self.trials()[after:]
            if since and not self.several:
                self.study.set_user_attr(SEVERAL, value=True)
            if all(trial.params != other.params for other in since):
                self.study.add_trial(trial)


@dataclass(frozen=True)
class Studies:
    """A database of searches. name: of the model, for people who look into it. place: how a sentence calls it."""

    storage: optuna.storages.RDBStorage
    name: str
    place: str

    def kept(self, data: TrainingRows, seed: int, starts: Sequence[Values]) -> KeptStudy:
        """The trials of the search on these rows; none of a new one. Raises `ConfigError`, or `Locked` for a while."""
        digest = search_digest(data, seed, starts)
        with _reaching(self.place):
            study = optuna.create_study(
                storage=self.storage, study_name=f"{self.name} {digest[:32]}", load_if_exists=True
            )
            return KeptStudy(study, self.place)


@contextmanager
def open_studies(root: Path, name: str, url: str | None = None, variable: str = "") -> Iterator[Studies]:
    """The database at `url`, which the environment variable `variable` holds; mlruns/studies.db below `root` for None.

    Raises `ConfigError` where it cannot be used; no sentence repeats the URL, which may hold a password.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    local = (root / "mlruns" / DATABASE).resolve()
    place = str(local) if url is None else f"the URL in {variable}"
    with _reaching(place):
        if url is None:
            local.parent.mkdir(parents=True, exist_ok=True)
            url = f"sqlite:///{local}"
        waiting = {"connect_args": {"timeout": PATIENCE}} if url.startswith("sqlite") else {}
        storage = _storage(url, waiting)
    try:
        yield Studies(storage, name, place)
    finally:
        storage.remove_session()
        storage.engine.dispose()


def _storage(url: str, options: dict[str, dict[str, int]]) -> optuna.storages.RDBStorage:
    """The database, with its tables. Where two open a new one at the same time, the second finds those of the first."""
    for _ in range(OPENINGS - 1):
        try:
            return optuna.storages.RDBStorage(url, engine_kwargs=dict(options))
        except (IntegrityError, OperationalError, ProgrammingError):
            time.sleep(1.0)
    return optuna.storages.RDBStorage(url, engine_kwargs=dict(options))


def search_digest(data: TrainingRows, seed: int, starts: Sequence[Values]) -> str:
    """SHA-256 of all that the trials of a search depend on."""
    digest = hashlib.sha256(_code().encode())
    digest.update(json.dumps([seed, list(starts), str(data.vocabulary), data.rows.shape]).encode())
    for column in (data.rows, data.won, data.groups, data.weights, *data.copies):
        digest.update(b"none" if column is None else column.tobytes())
    return digest.hexdigest()


@cache
def _code() -> str:
    """What the learner is: the text of its modules, and the versions of the libraries under it."""
    digest = hashlib.sha256()
    for base in (icp_ml, icp_training):
        folder = Path(base.__path__[0])
        for part in LEARNER:
            for path in sorted([*(folder / part).glob("*.py"), *folder.glob(part)]):
                if path.is_file():
                    digest.update(path.read_bytes())
    versions = [f"{library} {metadata.version(library)}" for library in LIBRARIES]
    return f"{digest.hexdigest()} {versions}"


@contextmanager
def _reaching(place: str) -> Iterator[None]:
    """Raise `ConfigError` where the database of studies cannot be used, `Locked` where somebody else is writing."""
    try:
        yield
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise ConfigError(
            f"a database for the search's trials was expected at {place}, and its kind is not known here "
            f"({type(error).__name__}); write a URL as SQLAlchemy reads it, such as "
            f"postgresql+psycopg://user:password@host/database, and install its driver"
        ) from None
    except (SQLAlchemyError, StorageInternalError, OSError, RuntimeError) as error:
        if "database is locked" in f"{error} {error.__cause__}":
            raise Locked(
                f"the search's trials at {place} are being written by somebody else; try again later"
            ) from None
        raise ConfigError(
            f"a database for the search's trials was expected at {place}, and it cannot be used "
            f"({type(error).__name__}); check it, or move it away: nothing but time is lost with it"
        ) from None
