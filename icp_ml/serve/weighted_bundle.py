"""A hand-weighted scorecard as a bundle: what people wrote down, as a folder that anyone can open.

    manifest.json     what it is, where it comes from, the hash of every file
    features.json     attributes, and how a list is read
    weighted.json     groups, their weights, and the rules that give points
    tiers.json        the scores at which tiers start
    policy.json       actions, exclusions, boundary
    golden.json       ten made-up rows with the points of each rule
    card.md           the same for people to read

Nothing was learned, so there is no probability, no profile, no evaluation and no drift reference. Reading compares
every hash, then the golden rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
from pydantic import TypeAdapter

from icp_ml.deals.attributes import Attribute, attribute_document
from icp_ml.deals.policy import TiersSettings
from icp_ml.deals.rules import bind_rules
from icp_ml.deals.settings import ProspectsSettings
from icp_ml.errors import BundleInvalid, ConfigError
from icp_ml.model.tiers import Cuts
from icp_ml.model.weighted import WeightedScorecard, score_cuts
from icp_ml.profile.records import Record
from icp_ml.profile.tiering import Policy
from icp_ml.profile.weighted_records import WeightedProvenance
from icp_ml.serve import file_names
from icp_ml.serve import folder as files
from icp_ml.serve.documents import checked, document_in, from_bytes, to_bytes
from icp_ml.serve.golden import (
    check_answers,
    check_count,
    draw_rows,
    place_of,
    possible_texts,
    read_rows,
    with_objects,
)
from icp_ml.serve.policy_files import policy_from_bytes, policy_to_bytes
from icp_ml.serve.weighted_card import weighted_card

_SOME_MEMBERS: Final = ("one", "another")
"""Members of a set that is only counted."""


@dataclass(frozen=True)
class WeightedGolden:
    """as_of: the day that ages count to. rows: text (None is missing) by source column, for each row.

    points: for each row what each rule adds to the score.
    """

    as_of: date
    rows: tuple[Mapping[str, str | None], ...]
    points: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class WeightedBundle:
    """A scorecard and what is done with its scores.

    attributes: those in use, as declared; rules of `policy` may ask about some that the scorecard does not.
    prospects: how a list is read. tiers: scores alone, no objective.
    """

    provenance: WeightedProvenance
    attributes: tuple[Attribute, ...]
    prospects: ProspectsSettings
    scorecard: WeightedScorecard
    tiers: TiersSettings
    policy: Policy
    golden: WeightedGolden

    @property
    def cuts(self) -> Cuts:
        """Tiers by score."""
        return score_cuts(self.tiers)


@dataclass(frozen=True)
class StoredWeighted:
    """A bundle as it was read. content_hash: which bundle it is; model_hash: which scorecard it holds."""

    bundle: WeightedBundle
    content_hash: str
    model_hash: str


class _FeaturesDocument(Record):
    attributes: tuple[Attribute, ...]
    prospects: ProspectsSettings


_FEATURES: Final = TypeAdapter(_FeaturesDocument)
_TIERS: Final = TypeAdapter(TiersSettings)
_GOLDEN: Final = TypeAdapter(WeightedGolden)


def write_weighted(bundle: WeightedBundle, folder: Path) -> str:
    """Write `bundle` into the new folder `folder`, all of it or nothing, and return its content hash.

    What is about to be written is read back first. Raises `ConfigError` where the folder exists or cannot be written.
    """
    content = _content(bundle)
    _verified(bundle.provenance, content)
    return files.write_files(folder, bundle.provenance, content)


def open_weighted(folder: Path) -> StoredWeighted:
    """Read and verify the bundle in `folder`.

    Raises `ModelNotFound` where there is none, `ConfigError` where it is of another kind, `BundleInvalid` where a
    hash, a shape or a golden row disagrees.
    """
    stored = files.read_weighted_files(folder)
    manifest = stored.manifest
    return StoredWeighted(_verified(manifest.provenance, stored.content), manifest.content_hash, manifest.model_hash)


def make_weighted_golden(scorecard: WeightedScorecard, as_of: date, seed: int) -> WeightedGolden:
    """Draw ten rows around what the rules name, and let the scorecard answer. Same arguments, same rows."""
    pools = {place_of(each): _texts_of(scorecard, each, as_of) for each in scorecard.attributes}
    rows = with_objects(draw_rows(pools, seed), scorecard.attributes)
    points = scorecard.points(read_rows(rows, scorecard.attributes, as_of))
    return WeightedGolden(as_of, rows, tuple(tuple(row) for row in points.tolist()))


def _texts_of(scorecard: WeightedScorecard, attribute: Attribute, as_of: date) -> tuple[str, ...]:
    rules = [rule for group in scorecard.groups for rule in group.rules if attribute.name in rule.names]
    named = dict.fromkeys(text for rule in rules for text in (*rule.exact, *rule.adjacent, *rule.levels))
    if attribute.kind == "set" and not named:
        named = dict.fromkeys(_SOME_MEMBERS)
    single = [rule for rule in rules if rule.attribute is not None]
    cuts = [cut for rule in single for cut in (*(rule.inside or ()), *rule.at_least) if cut is not None]
    return possible_texts(attribute, tuple(named), cuts, as_of)


def _verified(provenance: WeightedProvenance, content: Mapping[str, bytes]) -> WeightedBundle:
    bundle = _bundle_of(provenance, content)
    golden, scorecard = bundle.golden, bundle.scorecard
    check_count(golden.rows, file_names.GOLDEN)
    if any(len(row) != len(scorecard.factors) for row in golden.points):
        raise _unusable(file_names.GOLDEN, f"a row has not {len(scorecard.factors)} points")
    ours = scorecard.points(read_rows(golden.rows, scorecard.attributes, golden.as_of))
    check_answers(ours, np.array(golden.points, dtype=np.float64), "points", file_names.GOLDEN)
    return bundle


def _content(bundle: WeightedBundle) -> dict[str, bytes]:
    golden = bundle.golden
    card = weighted_card(bundle.provenance, bundle.scorecard, bundle.cuts, bundle.policy)
    return {
        file_names.FEATURES: to_bytes(
            {
                "attributes": [attribute_document(attribute) for attribute in bundle.attributes],
                "prospects": bundle.prospects.model_dump(mode="json"),
            }
        ),
        file_names.WEIGHTED: to_bytes(bundle.scorecard.to_json()),
        file_names.TIERS: to_bytes(bundle.tiers.model_dump(mode="json")),
        file_names.POLICY: policy_to_bytes(bundle.policy),
        file_names.GOLDEN: to_bytes({**asdict(golden), "as_of": golden.as_of.isoformat()}),
        file_names.CARD: card.encode(),
    }


def _bundle_of(provenance: WeightedProvenance, content: Mapping[str, bytes]) -> WeightedBundle:
    features = document_in(content, file_names.FEATURES, _FEATURES)
    names = {attribute.name for attribute in features.attributes}
    if len(names) < len(features.attributes):
        raise _unusable(file_names.FEATURES, "an attribute stands twice")
    return WeightedBundle(
        provenance=provenance,
        attributes=features.attributes,
        prospects=features.prospects,
        scorecard=_read_scorecard(content[file_names.WEIGHTED], features.attributes),
        tiers=_read_tiers(content[file_names.TIERS]),
        policy=_read_policy(content[file_names.POLICY], features.attributes),
        golden=document_in(content, file_names.GOLDEN, _GOLDEN),
    )


def _read_scorecard(content: bytes, attributes: Sequence[Attribute]) -> WeightedScorecard:
    try:
        return WeightedScorecard.from_json(from_bytes(content, file_names.WEIGHTED), attributes)
    except ValueError as error:
        raise _unusable(file_names.WEIGHTED, str(error)) from None


def _read_tiers(content: bytes) -> TiersSettings:
    tiers = checked(_TIERS, from_bytes(content, file_names.TIERS), file_names.TIERS)
    if tiers != TiersSettings(scores=tiers.scores):
        raise _unusable(file_names.TIERS, "tiers by score were expected, and an objective was found")
    return tiers


def _read_policy(content: bytes, attributes: Sequence[Attribute]) -> Policy:
    policy = policy_from_bytes(content)
    try:
        bind_rules((*policy.exclusions, *policy.boundary), attributes)
    except ConfigError as error:
        raise _unusable(file_names.POLICY, error.sentence) from None
    return policy


def _unusable(file: str, why: str) -> BundleInvalid:
    return BundleInvalid(f"{file} of the bundle cannot be used: {why}; {file_names.ANEW}")
