"""A model of resemblance as a bundle: won accounts against a company universe, as a folder that anyone can open.

    manifest.json     what it is, where it comes from, the hash of every file
    features.json, scorecard.json, trees.txt, stack.json      the model, as in any bundle that learned
    resemblance.json  the universe's log-odds at each per cent, by which log-odds become a place in the universe
    profile.json      what won accounts have in common
    evaluation.json   how it was judged, and what was asked about
    tiers.json        cuts at shares of the universe, and how many won accounts that the cuts had not seen each holds
    policy.json, drift.json   as in any bundle; drift is held against the universe
    golden.json       ten made-up rows with their answers
    card.md           the same for people to read

Nowhere in it is a probability. Reading compares every hash, then the golden rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
from pydantic import TypeAdapter

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.lookalike_settings import KIND as LOOKALIKE_KIND
from icp_ml.deals.point_in_time_settings import DatedTables
from icp_ml.deals.policy import TiersSettings
from icp_ml.deals.rules import bind_rules
from icp_ml.deals.settings import ProspectsSettings
from icp_ml.errors import BundleInvalid, ConfigError
from icp_ml.model.resemblance import Resemblance
from icp_ml.model.tiers import Cuts
from icp_ml.model.win_model import WinModel
from icp_ml.profile.lookalike_records import (
    LookalikeProfile,
    LookalikeProvenance,
    LookalikeTierTable,
    LookalikeVerdict,
)
from icp_ml.profile.records import Record
from icp_ml.profile.reference import DriftReference
from icp_ml.profile.tiering import Policy
from icp_ml.serve import file_names
from icp_ml.serve import folder as files
from icp_ml.serve.documents import checked, document_in, from_bytes, to_bytes
from icp_ml.serve.golden import GoldenRows, check_answers, check_count, read_rows, used_attributes
from icp_ml.serve.lookalike_card import lookalike_card
from icp_ml.serve.manifests import content_hash, hashes_of, model_hash
from icp_ml.serve.model_files import Features, model_from_files, model_to_files, read_features
from icp_ml.serve.policy_files import (
    CutsDocument,
    policy_from_bytes,
    policy_to_bytes,
    reference_from_bytes,
    reference_to_bytes,
)


@dataclass(frozen=True)
class LookalikeTiering:
    """settings: shares of the universe. cuts: fitted last, on the whole universe that was drawn. table: what such cuts

    did with companies that they did not see.
    """

    settings: TiersSettings
    cuts: Cuts
    table: LookalikeTierTable


@dataclass(frozen=True)
class LookalikeGolden:
    """as_of: the day that ages count to. rows: text (None is missing) by source column, for each row.

    log_odds, resemblance: one a row. contributions: for each row one a column of the vocabulary, in log-odds.
    """

    as_of: date
    rows: tuple[Mapping[str, str | None], ...]
    log_odds: tuple[float, ...]
    resemblance: tuple[float, ...]
    contributions: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class LookalikeBundle:
    """A model with its evidence; fields as in `Bundle`. resemblance: from log-odds to a place in the universe."""

    provenance: LookalikeProvenance
    attributes: tuple[Attribute, ...]
    prospects: ProspectsSettings
    model: WinModel
    resemblance: Resemblance
    tiering: LookalikeTiering
    policy: Policy
    profile: LookalikeProfile
    reference: DriftReference
    verdict: LookalikeVerdict
    golden: LookalikeGolden


@dataclass(frozen=True)
class StoredLookalike:
    """A bundle as it was read. content_hash: which bundle it is; model_hash: which model it holds."""

    bundle: LookalikeBundle
    content_hash: str
    model_hash: str


class _TiersDocument(Record):
    settings: TiersSettings
    cuts: CutsDocument
    table: LookalikeTierTable


_PROFILE: Final = TypeAdapter(LookalikeProfile)
_VERDICT: Final = TypeAdapter(LookalikeVerdict)
_TIERS: Final = TypeAdapter(_TiersDocument)
_GOLDEN: Final = TypeAdapter(LookalikeGolden)
_RESEMBLANCE: Final = TypeAdapter(Resemblance)


def write_lookalike(bundle: LookalikeBundle, folder: Path, report: str | None = None) -> str:
    """Write `bundle` into the new folder `folder`, all of it or nothing, and return its content hash.

    report: the page for people. What is about to be written is read back first. Raises `ConfigError` where the folder
    exists or cannot be written.
    """
    content = _content(bundle)
    _verified(bundle.provenance, content)
    page = {} if report is None else {file_names.REPORT: report.encode()}
    return files.write_files(folder, bundle.provenance, content | page)


def as_stored_lookalike(bundle: LookalikeBundle) -> StoredLookalike:
    """`bundle` with the hashes that it will be written with; name, version, dates and run are in neither."""
    found = hashes_of(_content(bundle))
    return StoredLookalike(bundle, content_hash(found, LOOKALIKE_KIND), model_hash(found, LOOKALIKE_KIND))


def open_lookalike(folder: Path) -> StoredLookalike:
    """Read and verify the bundle in `folder`.

    Raises `ModelNotFound` where there is none, `ConfigError` where it is of another kind, `BundleInvalid` where a
    hash, a shape or a golden row disagrees.
    """
    stored = files.read_lookalike_files(folder)
    manifest = stored.manifest
    return StoredLookalike(_verified(manifest.provenance, stored.content), manifest.content_hash, manifest.model_hash)


def resembling(golden: GoldenRows, scale: Resemblance) -> LookalikeGolden:
    """Golden rows of a model with their resemblance in the place of a probability."""
    found = scale.percentile(np.array(golden.log_odds))
    return LookalikeGolden(golden.as_of, golden.rows, golden.log_odds, tuple(found.tolist()), golden.contributions)


def _verified(provenance: LookalikeProvenance, content: Mapping[str, bytes]) -> LookalikeBundle:
    bundle = _bundle_of(provenance, content)
    _check_golden(bundle)
    return bundle


def _check_golden(bundle: LookalikeBundle) -> None:
    golden, model = bundle.golden, bundle.model
    check_count(golden.rows, file_names.GOLDEN)
    if any(len(row) != len(model.vocabulary.columns) for row in golden.contributions):
        raise _unusable(file_names.GOLDEN, f"a row has not {len(model.vocabulary.columns)} contributions")
    used = used_attributes(model, bundle.attributes)
    encoded = model.vocabulary.encode(read_rows(golden.rows, used, golden.as_of))
    log_odds = model.log_odds(encoded)
    answers = (
        ("log_odds", log_odds, golden.log_odds),
        ("resemblance", bundle.resemblance.percentile(log_odds), golden.resemblance),
        ("contributions", model.contributions(encoded).values, golden.contributions),
    )
    for name, ours, theirs in answers:
        check_answers(ours, np.array(theirs, dtype=np.float64), name, file_names.GOLDEN)


def _content(bundle: LookalikeBundle) -> dict[str, bytes]:
    tiering = bundle.tiering
    tiers = {
        "settings": tiering.settings.model_dump(mode="json"),
        "cuts": CutsDocument(**vars(tiering.cuts)).model_dump(),
        "table": tiering.table.model_dump(),
    }
    card = lookalike_card(bundle.provenance, bundle.profile, bundle.verdict, tiering.table, bundle.policy)
    return {
        **model_to_files(bundle.model, bundle.attributes, bundle.prospects, DatedTables()),
        file_names.RESEMBLANCE: to_bytes(asdict(bundle.resemblance)),
        file_names.PROFILE: to_bytes(bundle.profile.model_dump()),
        file_names.EVALUATION: to_bytes(bundle.verdict.model_dump()),
        file_names.GOLDEN: to_bytes({**asdict(bundle.golden), "as_of": bundle.golden.as_of.isoformat()}),
        file_names.TIERS: to_bytes(tiers),
        file_names.POLICY: policy_to_bytes(bundle.policy),
        file_names.DRIFT: reference_to_bytes(bundle.reference),
        file_names.CARD: card.encode(),
    }


def _bundle_of(provenance: LookalikeProvenance, content: Mapping[str, bytes]) -> LookalikeBundle:
    features = read_features(content[file_names.FEATURES])
    return LookalikeBundle(
        provenance=provenance,
        attributes=features.attributes,
        prospects=features.prospects,
        model=model_from_files(features, content),
        resemblance=document_in(content, file_names.RESEMBLANCE, _RESEMBLANCE),
        tiering=_read_tiering(content[file_names.TIERS]),
        policy=_read_policy(features, content[file_names.POLICY]),
        reference=reference_from_bytes(content[file_names.DRIFT], features.vocabulary.columns),
        profile=document_in(content, file_names.PROFILE, _PROFILE),
        verdict=document_in(content, file_names.EVALUATION, _VERDICT),
        golden=document_in(content, file_names.GOLDEN, _GOLDEN),
    )


def _read_tiering(content: bytes) -> LookalikeTiering:
    document = checked(_TIERS, from_bytes(content, file_names.TIERS), file_names.TIERS)
    try:
        cuts = Cuts(**vars(document.cuts))
    except ValueError as error:
        raise _unusable(file_names.TIERS, str(error)) from None
    if tuple(row.label for row in document.table.rows) != cuts.labels:
        raise _unusable(file_names.TIERS, "table and cuts name other tiers")
    return LookalikeTiering(document.settings, cuts, document.table)


def _read_policy(features: Features, content: bytes) -> Policy:
    policy = policy_from_bytes(content)
    try:
        bind_rules((*policy.exclusions, *policy.boundary), features.attributes)
    except ConfigError as error:
        raise _unusable(file_names.POLICY, error.sentence) from None
    return policy


def _unusable(file: str, why: str) -> BundleInvalid:
    return BundleInvalid(f"{file} of the bundle cannot be used: {why}; {file_names.ANEW}")
