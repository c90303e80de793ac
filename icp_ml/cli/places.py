"""Where things are, and who asks: the project's root, the models below it, the person at the keyboard.

ROOT/models/NAME/v3        a bundle: version 3 of the model NAME
ROOT/models/ledger.jsonl   which version of each name was live when
"""

from __future__ import annotations

import getpass
import os
import re
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from icp_ml.cli.learning import training_line
from icp_ml.deals.words import listed, suggestion
from icp_ml.errors import ModelNotFound

if TYPE_CHECKING:
    from icp_training.line import Asker

_VERSION = re.compile(r"^v(\d+)$")
_MANIFEST = "manifest.json"
LEDGER = "ledger.jsonl"


def project_root(config: Path | None = None) -> Path:
    """The folder of the configuration; without one what ICP_HOME names; else the current folder."""
    if config is not None:
        return config.resolve().parent
    home = os.environ.get("ICP_HOME", "")
    return Path(home).expanduser().resolve() if home else Path.cwd()


def root_of(model: Path) -> Path:
    """The root of the project in which a bundle lies: above models/NAME/vN; elsewhere what `project_root` says."""
    above = model.resolve().parents
    return above[2] if len(above) > 2 and above[1].name == "models" else project_root()


def find_model(text: str | None = None, root: Path | None = None) -> Path:
    """The bundle folder that a person means.

    text: a bundle folder; a folder of versions, for the newest; "NAME/v3" below models/; "NAME", for the version that
    is live by the ledger, else for the newest; a URI such as "models:/NAME@champion"; None for what is live, or, where
    there is no ledger and models/ holds a single name, for the newest version. root: the project's root, by default
    as `project_root` has it.

    Raises `ModelNotFound`, saying what there is; `BundleInvalid` where the live version's folder holds another model;
    `ConfigError` for a URI where the train extra is missing.
    """
    root = project_root() if root is None else root
    models = root / "models"
    if text is not None and text.startswith("models:/"):
        fetched: Path = training_line().bundle_at(root, text, asker())
        return fetched
    live = _live(models, text)
    if live is not None:
        return live
    if text is None:
        return _only_model(models)
    for folder in (Path(text), models / text):
        found = _bundle_in(folder)
        if found is not None:
            return found
    known = _names(models)
    there = suggestion(text, known) if known else f"there is none in {models} either; make one with `icp train`"
    raise ModelNotFound(f"a bundle folder or the name of a model was expected, and '{text}' is neither; {there}")


def asker(reason: str = "") -> Asker:
    """Who asks, from where, and when: what the registry writes down beside a change."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number that has no name
        user = "unknown"
    now = datetime.now(UTC).isoformat(timespec="seconds")
    made: Asker = training_line().Asker(f"{user}@{socket.gethostname()}:{os.getpid()}", now, reason)
    return made


def _live(models: Path, text: str | None) -> Path | None:
    """What is live of the name `text`, or of all; read without a registry. A folder that was named goes first."""
    if not (models / LEDGER).is_file() or (text is not None and Path(text).exists()):
        return None
    from icp_ml.serve.ledger import live_folder

    return live_folder(models, text)


def _only_model(models: Path) -> Path:
    names = _names(models)
    if not names:
        raise ModelNotFound(
            f"a model was expected in {models}, and there is none; make one with `icp train`, or name a bundle folder"
        )
    if len(names) > 1:
        raise ModelNotFound(f"{models} holds {len(names)} models, {listed(names)}; say which of them you mean")
    return _versions(models / names[0])[-1]


def _bundle_in(folder: Path) -> Path | None:
    if (folder / _MANIFEST).is_file():
        return folder
    versions = _versions(folder)
    return versions[-1] if versions else None


def _names(models: Path) -> list[str]:
    if not models.is_dir():
        return []
    return sorted(folder.name for folder in models.iterdir() if _versions(folder))


def _versions(folder: Path) -> list[Path]:
    """The versions in a folder, oldest first; a folder that is being written has another name."""
    if not folder.is_dir():
        return []
    found = [(int(match[1]), path) for path in folder.iterdir() if (match := _VERSION.match(path.name))]
    return [path for _, path in sorted(found) if (path / _MANIFEST).is_file()]
