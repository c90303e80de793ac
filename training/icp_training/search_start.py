"""What a training's search builds on: trials that are kept, and the parameters of the champion.

The champion's parameters are tried first, before the fixed starting points. In the outer folds they are not: they
were chosen with the deals that those folds judge.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from icp_ml.errors import BundleInvalid, ConfigError, InputError, ModelNotFound
from icp_ml.model.win_model import ModelParams
from icp_ml.serve.bundle import open_bundle
from icp_ml.serve.folder import kind_of
from icp_ml.serve.ledger import live_folder
from icp_ml.serve.manifests import KIND
from icp_training.config import Config
from icp_training.search import Budget, SearchResult
from icp_training.search_space import params_from
from icp_training.studies import open_studies


@dataclass(frozen=True)
class Champion:
    """The parameters of what is live; without them where nothing is, or nothing that was searched for.

    note: why they cannot be had although something is live; else empty.
    """

    params: tuple[ModelParams, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Start:
    """budget: with all that the search may build on. note: what a person should know about that, or empty."""

    budget: Budget
    note: str = ""


@contextmanager
def ready_to_search(config: Config, root: Path, budget: Budget, *, fresh: bool) -> Iterator[Start]:
    """Open the kept trials and look up the champion's parameters; fresh: without the latter.

    Raises `ConfigError` or `Locked` where the trials cannot be kept.
    """
    champion = Champion() if fresh else champion_of(root, config.name)
    with open_studies(root, config.name, _url(config), config.search.variable or "") as studies:
        yield Start(replace(budget, studies=studies, first=champion.params), champion.note)


def champion_of(root: Path, name: str) -> Champion:
    """The live bundle's parameters. One that cannot be read is no obstacle: a training is how it gets replaced."""
    try:
        folder = live_folder(root / "models", name)
        if folder is None or kind_of(folder) != KIND:
            return Champion()
        return Champion((params_from(open_bundle(folder).bundle.provenance.params),))
    except (BundleInvalid, InputError, ModelNotFound) as error:
        return Champion(note=f"The search began without the live version's parameters: {error.sentence}.")


def notes_on(start: Start, found: SearchResult) -> tuple[str, ...]:
    """What a person should know about a search that is over."""
    notes = [start.note] if start.note else []
    if found.found:
        notes.append(
            f"The search went on from {found.found} of {len(found.tried)} trials that an earlier run had made."
        )
    if found.several:
        notes.append("Several workers shared the search: another run may choose other parameters.")
    if found.cut_short:
        notes.append("The search was ended by its minutes: another run may choose other parameters.")
    return tuple(notes)


def _url(config: Config) -> str | None:
    variable = config.search.variable
    if variable is None:
        return None
    url = os.environ.get(variable)
    if not url:
        raise ConfigError(
            f"search.storage: expected the URL of a database in the environment variable {variable}, found it not "
            f"set; export it and try again, or leave search.storage out"
        )
    return url
