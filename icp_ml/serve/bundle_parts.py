"""Parts of a bundle as files, checked as they are read: the ICP, closed deals, several ICPs, policy, golden rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Final

from pydantic import TypeAdapter

from icp_ml.deals.conditions import bind_condition
from icp_ml.deals.rules import bind_rules
from icp_ml.errors import BundleInvalid, ConfigError
from icp_ml.profile.closed_won_records import ClosedWon
from icp_ml.profile.definition import Definition
from icp_ml.profile.dependence_records import Dependence
from icp_ml.profile.records import Record
from icp_ml.profile.representativeness_records import Representativeness
from icp_ml.profile.several import ProfilesRecord
from icp_ml.profile.tiering import Policy
from icp_ml.serve import file_names
from icp_ml.serve.documents import document_in, to_bytes
from icp_ml.serve.golden import GoldenRows
from icp_ml.serve.manifests import Sha256
from icp_ml.serve.model_files import Features
from icp_ml.serve.policy_files import policy_from_bytes


class ProfilesDocument(Record):
    """What stands in `profiles.json`. content_hashes: by the name of each profile that of its bundle."""

    record: ProfilesRecord
    content_hashes: dict[str, Sha256]


_GOLDEN: Final = TypeAdapter(GoldenRows)
_DEFINITION: Final = TypeAdapter(Definition)
_CLOSED_WON: Final = TypeAdapter(ClosedWon)
_DEPENDENCE: Final = TypeAdapter(Dependence)
_REPRESENTATIVENESS: Final = TypeAdapter(Representativeness)
_PROFILES: Final = TypeAdapter(ProfilesDocument)


def golden_document(golden: GoldenRows) -> dict[str, object]:
    """What stands in `golden.json`."""
    return {**asdict(golden), "as_of": golden.as_of.isoformat()}


def evidence_to_files(
    records: tuple[Definition | None, ClosedWon | None, Dependence | None, Representativeness | None],
) -> dict[str, bytes]:
    """Each in a file of its own, in the order of `EVIDENCE_FILES`; what is None in none."""
    pairs = zip(file_names.EVIDENCE_FILES, records, strict=True)
    return {name: to_bytes(each.model_dump(mode="json")) for name, each in pairs if each is not None}


def read_closed_won(content: Mapping[str, bytes]) -> ClosedWon | None:
    """The analysis of closed deals; None where there is none."""
    if file_names.CLOSED_WON not in content:
        return None
    return document_in(content, file_names.CLOSED_WON, _CLOSED_WON)


def read_dependence(content: Mapping[str, bytes]) -> Dependence | None:
    """How attributes act; None where it was not kept."""
    if file_names.DEPENDENCE not in content:
        return None
    return document_in(content, file_names.DEPENDENCE, _DEPENDENCE)


def read_representativeness(content: Mapping[str, bytes]) -> Representativeness | None:
    """The prospect list beside the deals; None where no list was named."""
    if file_names.REPRESENTATIVENESS not in content:
        return None
    return document_in(content, file_names.REPRESENTATIVENESS, _REPRESENTATIVENESS)


def read_definition(features: Features, content: Mapping[str, bytes]) -> Definition | None:
    """The ICP; None where there is none. Raises `BundleInvalid` where a criterion asks what no attribute answers."""
    if file_names.DEFINITION not in content:
        return None
    found = document_in(content, file_names.DEFINITION, _DEFINITION)
    by_name = {each.name: each for each in features.attributes}
    try:
        for each in found.criteria:
            bind_condition(each.condition, by_name, f"the criterion '{each.name}'")
    except ConfigError as error:
        raise BundleInvalid(f"{file_names.DEFINITION} of the bundle cannot be used: {error.sentence}") from None
    return found


def read_policy(features: Features, content: bytes) -> Policy:
    """What is done with prospects. Raises `BundleInvalid` where a rule asks what no attribute answers."""
    policy = policy_from_bytes(content)
    try:
        bind_rules((*policy.exclusions, *policy.boundary), features.attributes)
    except ConfigError as error:
        raise BundleInvalid(f"{file_names.POLICY} of the bundle cannot be used: {error.sentence}") from None
    return policy


def read_golden(features: Features, content: Mapping[str, bytes]) -> GoldenRows:
    """The golden rows. Raises `BundleInvalid` where a row has another number of contributions than columns."""
    golden = document_in(content, file_names.GOLDEN, _GOLDEN)
    width = len(features.vocabulary.columns)
    if any(len(row) != width for row in golden.contributions):
        raise BundleInvalid(
            f"{file_names.GOLDEN} of the bundle was expected to hold {width} contributions a row and does not; "
            f"{file_names.ANEW}"
        )
    return golden


def read_profiles_document(content: Mapping[str, bytes]) -> ProfilesDocument | None:
    """What is said of several ICPs; None where there is one. Raises `BundleInvalid` where they are not those held."""
    if file_names.PROFILES not in content:
        return None
    document = document_in(content, file_names.PROFILES, _PROFILES)
    said = [each.name for each in document.record.profiles]
    held = {found[1] for name in content if (found := file_names.NESTED.fullmatch(name)) is not None}
    if len(set(said)) < len(said) or set(said) != held or set(said) != set(document.content_hashes):
        raise BundleInvalid(
            f"{file_names.PROFILES} of the bundle was expected to name each profile in it once, and it does not; "
            f"{file_names.ANEW}"
        )
    return document
