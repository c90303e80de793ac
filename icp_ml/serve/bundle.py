"""A bundle: everything that was promised about one model, as a folder that anyone can open and that runs nothing.

    manifest.json     what it is, where it comes from, the hash of every file
    features.json     attributes, how a list is read, the vocabulary
    scorecard.json    cut points and points; trees.txt: LightGBM's text format
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
    dependence.json   how each attribute acts among the deals, as counts; optional
    representativeness.json   the prospect list beside the deals; optional
    neighbours.json   and neighbours.csv: the accounts that prospects are compared with; optional
    profiles.json     several ICPs, each a bundle of its own in profiles/NAME; only where there are several
    calibration.json  the interval of each probability, and the base rate that was stated; optional
    card.md           and report.html: the same for people; the report where training drew one

Reading compares every hash, then the golden rows: a bundle that opens is the model that was exported.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter
from scipy.special import expit

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.point_in_time_settings import DatedTables
from icp_ml.deals.profile_settings import ProfileSettings
from icp_ml.deals.settings import ProspectsSettings
from icp_ml.errors import BundleInvalid
from icp_ml.model.levels import Calibration
from icp_ml.model.win_model import WinModel
from icp_ml.profile.closed_won_records import ClosedWon
from icp_ml.profile.definition import Definition
from icp_ml.profile.dependence_records import Dependence
from icp_ml.profile.neighbours import Neighbours
from icp_ml.profile.potential import Potential
from icp_ml.profile.records import Profile, Provenance, Verdict
from icp_ml.profile.reference import DriftReference
from icp_ml.profile.representativeness_records import Representativeness
from icp_ml.profile.several import ProfileRecord, ProfilesRecord
from icp_ml.profile.tiering import Policy, Tiering
from icp_ml.serve import file_names
from icp_ml.serve.bundle_parts import (
    evidence_to_files,
    golden_document,
    read_closed_won,
    read_definition,
    read_dependence,
    read_golden,
    read_policy,
    read_profiles_document,
    read_representativeness,
)
from icp_ml.serve.calibration_file import at_base_rate, calibration_from_bytes, calibration_to_bytes
from icp_ml.serve.card import Beside, card
from icp_ml.serve.documents import document_in, to_bytes
from icp_ml.serve.exports.definition_card import card_part
from icp_ml.serve.folder import read_files, write_files
from icp_ml.serve.golden import Answering, GoldenRows, at_level, by_members, check_golden
from icp_ml.serve.manifests import content_hash as hash_of_content
from icp_ml.serve.manifests import hashes_of, manifest_of, nested_files
from icp_ml.serve.manifests import model_hash as hash_of_model
from icp_ml.serve.model_files import model_from_files, model_to_files, read_features
from icp_ml.serve.neighbours_file import neighbours_from_files, neighbours_to_files
from icp_ml.serve.policy_files import (
    policy_to_bytes,
    reference_from_bytes,
    reference_to_bytes,
    tiering_from_bytes,
    tiering_to_bytes,
)
from icp_ml.serve.potential_files import potential_from_files, potential_to_files


@dataclass(frozen=True)
class Bundle:
    """A model with its evidence. `attributes`: those it was trained with, as declared; `prospects`: how a list is read.

    `tables`: what its attributes are made of that a list does not have. `potential`: what a win brings, None where that
    was not asked. `calibration`: None in bundles made before there was one; its stated base rate is the level of
    `model`. `definition`, `closed_won`, `dependence`: the ICP, the analysis of closed deals and how attributes act,
    None in bundles made before there were any. `representativeness`: the prospect list beside the deals, None where no
    list was named. `neighbours`: the accounts that prospects are compared with. `profiles`: several ICPs.
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
    dependence: Dependence | None = None
    representativeness: Representativeness | None = None
    neighbours: Neighbours | None = None
    profiles: Profiles | None = None

    def at_base_rate(self, base_rate: float | None) -> Bundle:
        """The same with its probabilities at a stated base rate, or, for None, at the level that the deals have.

        Order, score, tier and reasons stay. Raises `ConfigError` for a rate outside (0, 1), and where the bundle has no
        calibration to move it by.
        """
        calibration = at_base_rate(self.calibration, base_rate)
        model = _at_level(self.model, calibration)
        band = None if calibration is None else calibration.band
        golden = at_level(self.golden, model, band)
        shift = None if calibration is None else calibration.shift
        profiles = None if self.profiles is None else self.profiles.moved_by(shift)
        return replace(self, calibration=calibration, model=model, golden=golden, profiles=profiles)


@dataclass(frozen=True)
class Profiles:
    """Several ICPs. record: what is said of them. bundles: of each, in the same order."""

    record: ProfilesRecord
    bundles: tuple[Bundle, ...]

    def by_name(self) -> Mapping[str, Bundle]:
        """Each profile's bundle."""
        return {each.name: bundle for each, bundle in zip(self.record.profiles, self.bundles, strict=True)}

    def moved_by(self, shift: float | None) -> Profiles:
        """Their probabilities moved as those of all deals were; for None at the level that their deals have.

        Where a base rate is stated for all companies, no profile has that rate: each keeps its distance from the whole.
        """
        return replace(self, bundles=tuple(map(partial(_moved_by, shift), self.record.profiles, self.bundles)))

    def under(self, policy: Policy) -> Profiles:
        """What is done with prospects is the same for all of them, but that each has its own boundary too."""
        pairs = zip(self.record.profiles, self.bundles, strict=True)
        return replace(self, bundles=tuple(replace(b, policy=policy_of(policy, each.asked)) for each, b in pairs))

    def stamped(self, version: int, created: str) -> Profiles:
        """As part of another version of the whole."""
        update = {"version": version, "created": created}
        stamped = (replace(b, provenance=b.provenance.model_copy(update=update)) for b in self.bundles)
        return replace(self, bundles=tuple(stamped))


def led_by_the_whole(bundle: Bundle) -> Bundle:
    """The same bundle, its profiles under its own policy and of its own version."""
    if bundle.profiles is None:
        return bundle
    led = bundle.profiles.under(bundle.policy).stamped(bundle.provenance.version, bundle.provenance.created)
    return replace(bundle, profiles=led)


def policy_of(policy: Policy, profile: ProfileSettings) -> Policy:
    """The policy of all deals, and the profile's own rule added to the boundary, where it has one."""
    own = profile.boundary
    return policy if own is None else policy.model_copy(update={"boundary": (*policy.boundary, own)})


def _moved_by(shift: float | None, record: ProfileRecord, bundle: Bundle) -> Bundle:
    if shift is None or bundle.calibration is None:
        return bundle.at_base_rate(None)
    return bundle.at_base_rate(float(expit(bundle.calibration.reference + shift + record.level).mean()))


@dataclass(frozen=True)
class StoredBundle:
    """A bundle as it was read. content_hash: which bundle it is; model_hash: which model it holds."""

    bundle: Bundle
    content_hash: str
    model_hash: str


_PROFILE: Final = TypeAdapter(Profile)
_VERDICT: Final = TypeAdapter(Verdict)


def write_bundle(bundle: Bundle, folder: Path, report: str | None = None) -> str:
    """Write `bundle` into the new folder `folder`, all of it or nothing, and return its content hash.

    report: the page for people. What is about to be written is read back first: a bundle that could not be opened again
    is never announced. Raises `ConfigError` where the folder exists or cannot be written.
    """
    content = _content(bundle)
    _check_members(_bundle_of(bundle.provenance, content))
    return write_files(folder, bundle.provenance, content | ({file_names.REPORT: report.encode()} if report else {}))


def as_stored(bundle: Bundle) -> StoredBundle:
    """`bundle` with the hashes that it will be written with; name, version, dates and run are in neither."""
    found = hashes_of(_content(bundle))
    return StoredBundle(bundle, hash_of_content(found), hash_of_model(found))


def read_bundle(folder: Path) -> Bundle:
    """Read and verify the bundle in `folder`.

    Raises `ModelNotFound` where there is none, `BundleInvalid` where a hash, a shape or a golden row
    disagrees.
    """
    return open_bundle(folder).bundle


def open_bundle(folder: Path) -> StoredBundle:
    """Read and verify the bundle in `folder`, the members of its model answering. Raises as `read_bundle` does."""
    stored = open_unanswered(folder)
    _check_members(stored.bundle)
    return stored


def open_unanswered(folder: Path) -> StoredBundle:
    """The bundle in `folder`, its hashes and shapes verified, its golden rows not yet: for what then answers them.

    Nothing may be asked of it before it passed `check_answering`. Raises as `read_bundle` does.
    """
    stored = read_files(folder)
    manifest = stored.manifest
    return StoredBundle(_bundle_of(manifest.provenance, stored.content), manifest.content_hash, manifest.model_hash)


def check_answering(bundle: Bundle, by: Answering) -> None:
    """Raise `BundleInvalid` unless `by` answers the golden rows as the model did when the bundle was written.

    Where a bundle has several ICPs each of them is a bundle with golden rows of its own.
    """
    band = None if bundle.calibration is None else bundle.calibration.band
    check_golden(bundle.model, bundle.attributes, bundle.golden, file_names.GOLDEN, band, by=by)


def _check_members(bundle: Bundle) -> None:
    for each in (bundle, *(bundle.profiles.bundles if bundle.profiles else ())):
        check_answering(each, by_members(each.model))


def _content(bundle: Bundle) -> dict[str, bytes]:
    calibration = bundle.calibration
    return {
        **({} if calibration is None else {file_names.CALIBRATION: calibration_to_bytes(calibration)}),
        **model_to_files(bundle.model, bundle.attributes, bundle.prospects, bundle.tables),
        file_names.PROFILE: to_bytes(bundle.profile.model_dump()),
        file_names.EVALUATION: to_bytes(bundle.verdict.model_dump()),
        file_names.GOLDEN: to_bytes(golden_document(bundle.golden)),
        file_names.TIERS: tiering_to_bytes(bundle.tiering),
        file_names.POLICY: policy_to_bytes(bundle.policy),
        file_names.DRIFT: reference_to_bytes(bundle.reference),
        **evidence_to_files((bundle.definition, bundle.closed_won, bundle.dependence, bundle.representativeness)),
        **_profiles_to_files(bundle.profiles),
        **neighbours_to_files(bundle.neighbours, bundle.model),
        **potential_to_files(bundle.potential, bundle.model, bundle.attributes, bundle.golden),
        file_names.CARD: _card_of(bundle).encode(),
    }


def _profiles_to_files(profiles: Profiles | None) -> dict[str, bytes]:
    if profiles is None:
        return {}
    by_name = profiles.by_name()
    hashes = {name: as_stored(bundle).content_hash for name, bundle in by_name.items()}
    document = {"record": profiles.record.model_dump(mode="json"), "content_hashes": hashes}
    found = {file_names.PROFILES: to_bytes(document)}
    for name, bundle in by_name.items():
        content = _content(bundle)
        manifest = to_bytes(manifest_of(bundle.provenance, content).model_dump(mode="python"))
        for file, data in {**content, file_names.MANIFEST: manifest}.items():
            found[f"{file_names.PROFILES_FOLDER}/{name}/{file}"] = data
    return found


def _read_profiles(content: Mapping[str, bytes]) -> Profiles | None:
    document = read_profiles_document(content)
    if document is None:
        return None
    named = ((each.name, document.content_hashes[each.name]) for each in document.record.profiles)
    return Profiles(document.record, tuple(_read_profile(content, name, expected) for name, expected in named))


def _read_profile(content: Mapping[str, bytes], name: str, expected: str) -> Bundle:
    stored = nested_files(content, name)
    if stored.manifest.content_hash != expected or file_names.PROFILES in stored.content:
        raise BundleInvalid(
            f"the profile '{name}' in the bundle is not the one that {file_names.PROFILES} names; {file_names.ANEW}"
        )
    return _bundle_of(stored.manifest.provenance, stored.content)


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
            profiles=None if bundle.profiles is None else bundle.profiles.record,
        ),
    )


def _bundle_of(provenance: Provenance, content: Mapping[str, bytes]) -> Bundle:
    features = read_features(content[file_names.FEATURES])
    calibration = calibration_from_bytes(content.get(file_names.CALIBRATION))
    model = _at_level(model_from_files(features, content), calibration)
    golden = read_golden(features, content)
    return Bundle(
        provenance=provenance,
        attributes=features.attributes,
        prospects=features.prospects,
        model=model,
        tiering=tiering_from_bytes(content[file_names.TIERS]),
        policy=read_policy(features, content[file_names.POLICY]),
        reference=reference_from_bytes(content[file_names.DRIFT], features.vocabulary.columns),
        profile=document_in(content, file_names.PROFILE, _PROFILE),
        verdict=document_in(content, file_names.EVALUATION, _VERDICT),
        golden=golden,
        tables=features.tables,
        potential=potential_from_files(content, model, features.attributes, golden),
        calibration=calibration,
        definition=read_definition(features, content),
        neighbours=neighbours_from_files(content, model, features.attributes),
        closed_won=read_closed_won(content),
        dependence=read_dependence(content),
        representativeness=read_representativeness(content),
        profiles=_read_profiles(content),
    )


def _at_level(model: WinModel, calibration: Calibration | None) -> WinModel:
    return replace(model, stated=None if calibration is None else calibration.shift)
