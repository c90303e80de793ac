"""The versions that scored the lists, where they are below models/ still: their criteria, the points of scorecards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.conditions import Condition, bind_condition
from icp_ml.deals.kinds import ParsedTable
from icp_ml.deals.settings import Layer
from icp_ml.errors import BundleInvalid, InputError, ModelNotFound
from icp_ml.serve.bundle import StoredBundle
from icp_ml.serve.loading import AnyStored, open_any
from icp_ml.serve.weighted_bundle import StoredWeighted
from icp_ml.watch.followed import NOT_KNOWN
from icp_ml.watch.given import Given, GivenList
from icp_ml.watch.layer_weights import HandPoints
from icp_training.backtest.as_known import History
from icp_training.comparing import as_champion_reads
from icp_training.config import Config

Labels = NDArray[np.object_]

MET, NOT_MET = "met", "not met"


def versions_of(root: Path, lists: Sequence[GivenList]) -> dict[str, AnyStored]:
    """By content hash, each version that scored one of the lists and can be read."""
    wanted = {each.content_hash: each.model for each in lists if each.content_hash}
    found = {}
    for content_hash, model in wanted.items():
        for folder in sorted((root / "models").glob("*/v*")):
            if f"{folder.parent.name} version {folder.name[1:]}" == model:
                stored = _opened(folder)
                if stored is not None and stored.content_hash == content_hash:
                    found[content_hash] = stored
    return found


def _opened(folder: Path) -> AnyStored | None:
    try:
        return open_any(folder)
    except (BundleInvalid, InputError, ModelNotFound):
        return None


def hand_points(versions: Mapping[str, AnyStored]) -> dict[str, HandPoints]:
    """By content hash, the points of each hand-weighted scorecard by layer."""
    return {
        content_hash: _points(stored) for content_hash, stored in versions.items() if isinstance(stored, StoredWeighted)
    }


def _points(stored: StoredWeighted) -> dict[Layer, float]:
    points: dict[Layer, float] = {}
    for factor in stored.bundle.scorecard.factors:
        points[factor.layer] = points.get(factor.layer, 0.0) + factor.weight
    return points


def criteria_met(
    config: Config, root: Path, history: History, versions: Mapping[str, AnyStored]
) -> dict[str, dict[str, Labels]]:
    """By content hash and by each criterion in words, object[m]: met, not met, or not known when the deal opened.

    The m deals are the decided ones of the history and then the open ones.
    """
    found = {}
    for content_hash, stored in versions.items():
        if isinstance(stored, StoredBundle) and stored.bundle.definition is not None:
            found[content_hash] = dict(_of_version(config, root, history, stored))
    return found


def _of_version(config: Config, root: Path, history: History, stored: StoredBundle) -> Iterator[tuple[str, Labels]]:
    attributes = {each.name: each for each in stored.bundle.attributes}
    decided, _ = as_champion_reads(config, root, history.deals, stored.bundle.attributes)
    definition = stored.bundle.definition
    for criterion in () if definition is None else definition.criteria:
        condition = bind_condition(criterion.condition, attributes, f"the criterion '{criterion.name}'")
        yield criterion.words, np.append(_words(condition, decided), _of_open(condition, history, attributes))


def _of_open(condition: Condition, history: History, attributes: Mapping[str, Attribute]) -> Labels:
    """Of the open deals, whose attributes are known only where they are declared as they were."""
    if history.still_open is None:
        return np.empty(0, dtype=object)
    now = {each.name: each for each in history.deals.attributes}
    name = condition.attribute.name
    if now.get(name) == attributes[name]:
        return _words(condition, history.still_open.parsed)
    return np.full(len(history.still_open.opened), NOT_KNOWN, dtype=object)


def _words(condition: Condition, parsed: ParsedTable) -> Labels:
    told = np.where(condition.holds(parsed), MET, np.where(condition.fails(parsed), NOT_MET, NOT_KNOWN))
    return np.asarray(told.astype(object))


def as_given(
    criteria: Mapping[str, Mapping[str, Labels]], lists: Sequence[GivenList], given: Given, rows: NDArray[np.intp]
) -> dict[str, Labels]:
    """By criterion in words, what holds of each deal by the version that scored the list that it was given; "" where
    that version had no such criterion. rows: of the deals, in `criteria`.
    """
    found: dict[str, Labels] = {}
    for place, each in enumerate(lists):
        here = given.at(place)
        for words, labels in criteria.get(each.content_hash, {}).items():
            found.setdefault(words, np.full(len(rows), "", dtype=object))[here] = labels[rows[here]]
    return found
