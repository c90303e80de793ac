"""Where things are: the project's root, and the models below it.

ROOT/models/NAME/v3     a bundle: version 3 of the model NAME
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from icp_ml.deals.words import listed, suggestion
from icp_ml.errors import ModelNotFound

_VERSION = re.compile(r"^v(\d+)$")
_MANIFEST = "manifest.json"


def project_root(config: Path | None = None) -> Path:
    """The folder of the configuration; without one what ICP_HOME names; else the current folder."""
    if config is not None:
        return config.resolve().parent
    home = os.environ.get("ICP_HOME", "")
    return Path(home).expanduser().resolve() if home else Path.cwd()


def find_model(text: str | None = None, root: Path | None = None) -> Path:
    """The bundle folder that a person means.

    text: a bundle folder; a folder of versions; "NAME" or "NAME/v3" below models/; None for the newest version,
    where models/ holds a single name. root: the project's root, by default as `project_root` has it.

    Raises `ModelNotFound`, saying what there is.
    """
    models = (project_root() if root is None else root) / "models"
    if text is None:
        return _only_model(models)
    for folder in (Path(text), models / text):
        found = _bundle_in(folder)
        if found is not None:
            return found
    known = _names(models)
    there = suggestion(text, known) if known else f"there is none in {models} either; make one with `icp train`"
    raise ModelNotFound(f"a bundle folder or the name of a model was expected, and '{text}' is neither; {there}")


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
