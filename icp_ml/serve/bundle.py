"""A bundle: everything that was promised about one model, as a folder that anyone can open and that runs nothing.

    manifest.json     what it is, where it comes from, the hash of every file
    features.json     attributes, how a list is read, the vocabulary
    scorecard.json    cut points and points
    trees.txt         LightGBM's text format
    stack.json        how the two members are combined
    profile.json      the ICP
    evaluation.json   how the model was judged, and the verdict
    golden.json       ten made-up rows with their answers
    tiers.json        the cuts, and what the tiers were worth on deals that such cuts had not seen
    policy.json       actions, exclusions, boundary, and where known accounts stand
    drift.json        what the deals looked like, column by column
    potential.json    what a win is expected to bring and how long it takes, with its trees; only where that was asked
    definition.json   the ICP as a definition: criteria, what counts as a match, proposals; optional
    closed_won.json   segments of closed deals, and wins minus losses; optional
    neighbours.json   and neighbours.csv: the accounts that prospects are compared with; optional
    calibration.json  the interval of each probability, and the base rate that was stated; optional
    card.md           the same for people to read

Reading compares every hash, then the golden rows: a bundle that opens is the model that was exported.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.conditions import bind_condition
from icp_ml.deals.point_in_time_settings import DatedTables
from icp_ml.deals.rules import bind_rules
from icp_ml.deals.settings import ProspectsSettings
from icp_ml.errors import BundleInvalid, ConfigError
from icp_ml.model.levels import Calibration
from icp_ml.model.win_model import WinModel
from icp_ml.profile.closed_won_records import ClosedWon
from icp_ml.profile.definition import Definition
from icp_ml.profile.neighbours import Neighbours
from icp_ml.profile.potential import Potential
from icp_ml.profile.records import Profile, Provenance, Record, Verdict
from icp_ml.profile.reference import DriftReference
from icp_ml.profile.tiering import Policy, Tiering
from icp_ml.serve import folder as files
from icp_ml.serve.calibration_file import at_base_rate, calibration_from_bytes, calibration_to_bytes
from icp_ml.serve.card import Beside, card
from icp_ml.serve.documents import checked, from_bytes, to_bytes
from icp_ml.serve.exports.definition_card import card_part
from icp_ml.serve.golden import GoldenRows, at_level, check_golden
from icp_ml.serve.model_files import Features, model_from_files, model_to_files, read_features
from icp_ml.serve.neighbours_file import neighbours_from_files, neighbours_to_files
from icp_ml.serve.policy_files import (
    policy_from_bytes,
    policy_to_bytes,
    reference_from_bytes,
    reference_to_bytes,
    tiering_from_bytes,
    tiering_to_bytes,
)
from icp_ml.serve.potential_files import potential_from_files, potential_to_files


@dataclass(frozen=True)
class Bundle:
    """A model with its evidence. `attributes`: those it was trained with, as declared; `prospects`:

    how a list is read; `tables`: what its attributes are made of that a list does not have. `potential`: what a win
    brings, None where that was not asked. `calibration`: None in bundles made before there was one; its stated base
    rate is the level of `model`. `definition`, `closed_won`: the ICP and the
    analysis of closed deals, None in bundles made before there were any.
    `neighbours`: the accounts that prospects are compared with, None where the bundle is to name none.
    """

    provenance: Provenance
    attributes: tuple[Attribute, ...]
    prospects: ProspectsSettings
    model: WinModel
    tiering: Tiering
    policy: Policy
    profile: Profile
    reference: DriftReference
    verdict: Verdict
    golden: GoldenRows
    tables: DatedTables = DatedTables()
    potential: Potential | None = None
    calibration: Calibration | None = None
    definition: Definition | None = None
    closed_won: ClosedWon | None = None
    neighbours: Neighbours | None = None

    def at_base_rate(self, base_rate: float | None) -> Bundle:
        """The same with its probabilities at a stated base rate, or, for None, at the level that the deals have.

        Order, score, tier and reasons stay. Raises `ConfigError` for a rate outside (0, 1), and where the bundle has no
        calibration to move it by.
        """
        calibration = at_base_rate(self.calibration, base_rate)
        model = _at_level(self.model, calibration)
        band = None if calibration is None else calibration.band
        golden = at_level(self.golden, model, band)
        return replace(self, calibration=calibration, model=model, golden=golden)


@dataclass(frozen=True)
class StoredBundle:
    """A bundle as it was read. content_hash: which bundle it is; model_hash: which model it holds."""

    bundle: Bundle
    content_hash: str
    model_hash: str


_PROFILE: Final = TypeAdapter(Profile)
_VERDICT: Final = TypeAdapter(Verdict)
_GOLDEN: Final = TypeAdapter(GoldenRows)
_DEFINITION: Final = TypeAdapter(Definition)
_CLOSED_WON: Final = TypeAdapter(ClosedWon)


def write_bundle(bundle: Bundle, folder: Path) -> str:
    """Write `bundle` into the new folder `folder`, all of it or nothing, and return its content hash.

    What is about to be written is read back first: a bundle that could not be opened again is never announced.
    Raises `ConfigError` where the folder exists or cannot be written.
    """
    content = _content(bundle)
    _verified(bundle.provenance, content)
    return files.write_files(folder, bundle.provenance, content)


def content_hash(bundle: Bundle) -> str:
    """The hash of what the bundle is: name, version, dates and run are left out."""
    return files.content_hash(files.hashes_of(_content(bundle)))


def read_bundle(folder: Path) -> Bundle:
    """Read and verify the bundle in `folder`.

    Raises `ModelNotFound` where there is none, `BundleInvalid` where a hash, a shape or a golden row
    disagrees.
    """
    return open_bundle(folder).bundle


def open_bundle(folder: Path) -> StoredBundle:
    """Read and verify the bundle in `folder`, and say its content hash. Raises as `read_bundle` does."""
    stored = files.read_files(folder)
    manifest = stored.manifest
    return StoredBundle(_verified(manifest.provenance, stored.content), manifest.content_hash, manifest.model_hash)


def _verified(provenance: Provenance, content: Mapping[str, bytes]) -> Bundle:
    bundle = _bundle_of(provenance, content)
    band = None if bundle.calibration is None else bundle.calibration.band
    check_golden(bundle.model, bundle.attributes, bundle.golden, files.GOLDEN, band)
    return bundle


def _content(bundle: Bundle) -> dict[str, bytes]:
    calibration = bundle.calibration
    return {
        **({} if calibration is None else {files.CALIBRATION: calibration_to_bytes(calibration)}),
        **model_to_files(bundle.model, bundle.attributes, bundle.prospects, bundle.tables),
        files.PROFILE: to_bytes(bundle.profile.model_dump()),
        files.EVALUATION: to_bytes(bundle.verdict.model_dump()),
        files.GOLDEN: to_bytes(_golden_document(bundle.golden)),
        files.TIERS: tiering_to_bytes(bundle.tiering),
        files.POLICY: policy_to_bytes(bundle.policy),
        files.DRIFT: reference_to_bytes(bundle.reference),
        **_optional(bundle),
        **neighbours_to_files(bundle.neighbours, bundle.model),
        **potential_to_files(bundle.potential, bundle.model, bundle.attributes, bundle.golden),
        files.CARD: _card_of(bundle).encode(),
    }


def _optional(bundle: Bundle) -> dict[str, bytes]:
    records: dict[str, Record | None] = {files.DEFINITION: bundle.definition, files.CLOSED_WON: bundle.closed_won}
    return {name: to_bytes(each.model_dump(mode="json")) for name, each in records.items() if each is not None}


def _card_of(bundle: Bundle) -> str:
    said = None if bundle.potential is None else bundle.potential.record
    return card(
        bundle.provenance,
        bundle.profile,
        bundle.verdict,
        bundle.tiering,
        bundle.policy,
        beside=Beside(
            potential=said,
            base_rate=None if bundle.calibration is None else bundle.calibration.base_rate,
            defined=() if bundle.definition is None else tuple(card_part(bundle.definition, bundle.attributes)),
        ),
    )


def _golden_document(golden: GoldenRows) -> dict[str, object]:
    return {**asdict(golden), "as_of": golden.as_of.isoformat()}


def _bundle_of(provenance: Provenance, content: Mapping[str, bytes]) -> Bundle:
    features = read_features(content[files.FEATURES])
    calibration = calibration_from_bytes(content.get(files.CALIBRATION))
    model = _at_level(model_from_files(features, content), calibration)
    golden = _read_golden(features, content[files.GOLDEN])
    return Bundle(
        provenance=provenance,
        attributes=features.attributes,
        prospects=features.prospects,
        model=model,
        tiering=tiering_from_bytes(content[files.TIERS]),
        policy=_read_policy(features, content[files.POLICY]),
        reference=reference_from_bytes(content[files.DRIFT], features.vocabulary.columns),
        profile=checked(_PROFILE, from_bytes(content[files.PROFILE], files.PROFILE), files.PROFILE),
        verdict=checked(_VERDICT, from_bytes(content[files.EVALUATION], files.EVALUATION), files.EVALUATION),
        golden=golden,
        tables=features.tables,
        potential=potential_from_files(content, model, features.attributes, golden),
        calibration=calibration,
        definition=_read_definition(features, content),
        neighbours=neighbours_from_files(content, model, features.attributes),
        closed_won=_read_closed_won(content),
    )


def _read_closed_won(content: Mapping[str, bytes]) -> ClosedWon | None:
    if files.CLOSED_WON not in content:
        return None
    return checked(_CLOSED_WON, from_bytes(content[files.CLOSED_WON], files.CLOSED_WON), files.CLOSED_WON)


def _read_definition(features: Features, content: Mapping[str, bytes]) -> Definition | None:
    if files.DEFINITION not in content:
        return None
    found = checked(_DEFINITION, from_bytes(content[files.DEFINITION], files.DEFINITION), files.DEFINITION)
    by_name = {each.name: each for each in features.attributes}
    try:
        for each in found.criteria:
            bind_condition(each.condition, by_name, f"the criterion '{each.name}'")
    except ConfigError as error:
        raise BundleInvalid(f"{files.DEFINITION} of the bundle cannot be used: {error.sentence}") from None
    return found


def _at_level(model: WinModel, calibration: Calibration | None) -> WinModel:
    return replace(model, stated=None if calibration is None else calibration.shift)


def _read_policy(features: Features, content: bytes) -> Policy:
    policy = policy_from_bytes(content)
    try:
        bind_rules((*policy.exclusions, *policy.boundary), features.attributes)
    except ConfigError as error:
        raise BundleInvalid(f"{files.POLICY} of the bundle cannot be used: {error.sentence}") from None
    return policy


def _read_golden(features: Features, content: bytes) -> GoldenRows:
    golden = checked(_GOLDEN, from_bytes(content, files.GOLDEN), files.GOLDEN)
    width = len(features.vocabulary.columns)
    if any(len(row) != width for row in golden.contributions):
        raise BundleInvalid(
            f"{files.GOLDEN} of the bundle was expected to hold {width} contributions a row and does not; {files.ANEW}"
        )
    return golden
