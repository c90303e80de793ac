"""What the command line asks of the registry, with the names that people type.

icp                    the challenger of icp
icp/v3, models/icp/v3  a bundle; it is registered first where the registry does not know it
models:/icp/3          MLflow's number 3 of icp
models:/icp@previous   an alias
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from icp_ml.deals.words import listed, suggestion
from icp_ml.errors import BundleInvalid, ConfigError, ModelNotFound
from icp_ml.serve import ledger
from icp_ml.serve.ledger import Entry
from icp_ml.serve.loading import open_any
from icp_ml.watch.comparison import Comparison
from icp_ml.watch.gates import Gate
from icp_training import promotion
from icp_training.promotion import INTENT, Promotion
from icp_training.registry import CHALLENGER, CHAMPION, PREVIOUS, Registered, Registry, register, registry_of
from icp_training.registry_lock import Asker, locked
from icp_training.tracking import closing_run, has_record, open_run, place_of, reaching

_URI: Final = re.compile(r"^models:/+(?P<name>[^/@]+)(?:@(?P<alias>[\w-]+)|/(?P<number>\d+))$")
_NAME: Final = re.compile(r"^(?P<name>[^/\\]+)(?:/(?P<version>v\d+))?$")


def promote(root: Path, model: str | None, asker: Asker, *, force: bool = False) -> Promotion:
    """Make a model live. model: see the head of the file; None for the challenger of the only name.

    force: even where a gate is red.
    """
    with _wanted_in(root, model, asker) as (registry, wanted):
        return promotion.promote(registry, wanted, asker, force=force)


def gates(root: Path, model: str | None, asker: Asker) -> tuple[Registered, tuple[Gate, ...]]:
    """The version that `promote` would make live, and what the gates say of it; what is live stays."""
    with _wanted_in(root, model, asker) as (registry, wanted):
        chosen = registry.need(wanted)
        return chosen, promotion.gates_before(registry, chosen, asker)


def learned_since(root: Path, model: str | None, config_hash: str, asker: Asker) -> str | None:
    """The day of a turn before which a challenger left deals out, None where there was none.

    Raises `ConfigError` where it was not made by a whole training of the configuration with this hash.
    """
    with _wanted_in(root, model, asker) as (registry, wanted):
        chosen = registry.need(wanted)
        _check_comparable(registry, chosen, config_hash)
        since: str | None = getattr(registry.fetch(chosen)[1].bundle.provenance, "since", None)
        return since


def keep_comparison(root: Path, model: str | None, comparison: Comparison, config_hash: str, asker: Asker) -> None:
    """Write down what a challenger was compared with. Raises as `learned_since` does."""
    with _wanted_in(root, model, asker) as (registry, wanted):
        chosen = registry.need(wanted)
        _check_comparable(registry, chosen, config_hash)
        registry.compared(chosen, comparison)


def _check_comparable(registry: Registry, chosen: Registered, config_hash: str) -> None:
    provenance = registry.fetch(chosen)[1].bundle.provenance
    if getattr(provenance, "config_hash", None) != config_hash:
        raise ConfigError(
            f"the configuration that made {chosen} was expected, and this one differs from it; train anew, which "
            "compares too"
        )
    if getattr(provenance, "refreshed_from", None) is not None:
        raise ConfigError(
            f"a version that was trained as a whole was expected, and {chosen} keeps the fit side of another; it was "
            "compared when it was made, and icp quarter --intent makes it anew"
        )


@contextmanager
def _wanted_in(root: Path, model: str | None, asker: Asker) -> Iterator[tuple[Registry, str]]:
    """The registry that holds what is wanted, and what `Registry.find` is to look for."""
    with _reaching(root):
        name, wanted = _wanted(root, model, asker)
        registry = registry_of(root, name)
        _restore(root, registry, asker)
        yield registry, wanted


def rollback(root: Path, name: str | None, asker: Asker) -> Promotion:
    """Make the version before the live one live again. name: None for the only one."""
    with _reaching(root):
        registry = registry_of(root, only_name(root) if name is None else _known_name(root, name))
        _restore(root, registry, asker)
        return promotion.rollback(registry, asker)


def history(root: Path, asker: Asker, name: str | None = None) -> tuple[Entry, ...]:
    """The ledger, after what was left half done has been settled, where there is a registry; else as the file is.

    name: None for all names that models/ knows; one that it does not know is looked up in the registry.
    """
    if has_record(root):
        with _reaching(root):
            for each in [_known_name(root, name)] if name else _names(root):
                promotion.settle(registry_of(root, each), asker)
    return tuple(entry for entry in ledger.entries(root / "models") if name in (None, entry.name))


def bundle_at(root: Path, uri: str, asker: Asker) -> Path:
    """The bundle folder of a `models:/` URI, brought from the registry where it is not there."""
    name, wanted = _of_uri(uri)
    with _reaching(root):
        registry = registry_of(root, name)
        promotion.settle(registry, asker)
        return registry.fetch(registry.need(wanted))[0]


def only_name(root: Path) -> str:
    """The name of the models of a project that has one. Raises `ModelNotFound` where it has none or several."""
    names = _names(root)
    if len(names) != 1:
        if not names:
            raise ModelNotFound(
                f"a model was expected in {root / 'models'}, and there is none; make one with `icp train`"
            )
        raise ModelNotFound(
            f"models of one name were expected in {root / 'models'}, and there are {len(names)} names, "
            f"{listed(names)}; say which you mean"
        )
    return names[0]


def _names(root: Path) -> list[str]:
    models = root / "models"
    folders = {found.parent.parent.name for found in models.glob("*/v*/manifest.json")}
    return sorted(folders | {entry.name for entry in ledger.entries(models)})


def _wanted(root: Path, model: str | None, asker: Asker) -> tuple[str, str]:
    """The name, and what `Registry.find` is to look for."""
    if model is None:
        return only_name(root), f"@{CHALLENGER}"
    if model.startswith("models:/"):
        return _of_uri(model)
    for folder in (Path(model), root / "models" / model):
        if (folder / "manifest.json").is_file():
            return _registered_number(root, folder, asker)
    match = _NAME.match(model)
    if match is None:
        raise ModelNotFound(f"a bundle folder or the name of a model was expected, and '{model}' is neither")
    return _known_name(root, match["name"]), match["version"] or f"@{CHALLENGER}"


def _known_name(root: Path, name: str) -> str:
    """A name of which models/ or the registry holds something. Raises `ModelNotFound` with the nearest there is."""
    names = _names(root)
    asks_registry = has_record(root) and re.fullmatch(r"[^/:\\]+", name)
    if name in names or (asks_registry and registry_of(root, name).versions()):
        return name
    there = suggestion(name, names) if names else "there is none; make one with `icp train`"
    raise ModelNotFound(f"the name of a model, such as icp, was expected, and '{name}' is none; {there}")


def _restore(root: Path, registry: Registry, asker: Asker) -> None:
    """A registry that was lost knows of nothing that is live: the ledger and the folders in models/ still do.

    The live version and the one before it are registered anew, so that the gate and a rollback find them.
    """
    if not _is_lost(registry):
        return
    with locked(registry.models, asker):
        told = [entry for entry in ledger.entries(registry.models) if entry.name == registry.name]
        if not told or not _is_lost(registry):
            return
        before = next((entry for entry in reversed(told) if entry.version != told[-1].version), None)
        for alias, entry in ((PREVIOUS, before), (CHAMPION, told[-1])):
            number = None if entry is None else _number_of(root, registry, entry, asker)
            if number is not None:
                registry.point(alias, number)


def _is_lost(registry: Registry) -> bool:
    return INTENT not in registry.tags() and CHAMPION not in registry.aliases()


def _number_of(root: Path, registry: Registry, entry: Entry, asker: Asker) -> str | None:
    """MLflow's number of a version that the ledger knows; None where its folder is gone or holds another bundle."""
    for each in registry.versions():
        if (each.version, each.content_hash) == (entry.version, entry.content_hash):
            return each.number
    folder = registry.models / entry.name / f"v{entry.version}"
    try:
        stored = open_any(folder)
    except (ModelNotFound, BundleInvalid):
        return None
    if stored.content_hash != entry.content_hash:
        return None
    challenger = registry.aliases().get(CHALLENGER)
    number = _register_alone(root, registry, folder, asker).number
    registry.point(CHALLENGER, challenger)
    return number


def _of_uri(uri: str) -> tuple[str, str]:
    match = _URI.match(uri)
    if match is None:
        raise ConfigError(f"a URI such as models:/icp@champion or models:/icp/3 was expected, and '{uri}' was found")
    return match["name"], match["number"] or f"@{match['alias']}"


def _registered_number(root: Path, folder: Path, asker: Asker) -> tuple[str, str]:
    """The version of this bundle; one that the registry does not know, such as an amended one, is registered."""
    stored = open_any(folder)
    provenance = stored.bundle.provenance
    registry = registry_of(root, provenance.name)
    for each in reversed(registry.versions()):
        if (each.version, each.content_hash) == (provenance.version, stored.content_hash):
            return registry.name, each.number
    return registry.name, _register_alone(root, registry, folder, asker).number


def _register_alone(root: Path, registry: Registry, folder: Path, asker: Asker) -> Registered:
    run = open_run(root, registry.name, {"registered": asker.now})
    with closing_run(run):
        return register(run, registry, folder)


@contextmanager
def _reaching(root: Path) -> Iterator[None]:
    place = place_of(root)
    with reaching(place.shown, place.mend):
        yield
