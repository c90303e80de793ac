"""What goes with the model as files: tiers, policy and drift reference, and back, with what they promise checked."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, FiniteFloat, TypeAdapter

from icp_ml.deals.policy import TiersSettings
from icp_ml.deals.vocabulary import ModelColumn
from icp_ml.errors import BundleInvalid
from icp_ml.model.tiers import Cuts
from icp_ml.profile.records import Record
from icp_ml.profile.reference import DriftReference
from icp_ml.profile.tiering import Policy, Tiering
from icp_ml.profile.tiers import TierTable
from icp_ml.serve.documents import checked, from_bytes, to_bytes
from icp_ml.serve.file_names import ANEW, DRIFT, POLICY, TIERS


class CutsDocument(Record):
    """`Cuts` as they stand in a file."""

    log_odds: tuple[FiniteFloat, ...]
    scores: tuple[FiniteFloat, ...]
    labels: Annotated[tuple[str, ...], Field(min_length=1)]
    low: FiniteFloat
    high: FiniteFloat


class _TiersDocument(Record):
    settings: TiersSettings
    cuts: CutsDocument
    table: TierTable


_TIERS_DOCUMENT: Final = TypeAdapter(_TiersDocument)
_POLICY: Final = TypeAdapter(Policy)
_REFERENCE: Final = TypeAdapter(DriftReference)


def tiering_to_bytes(tiering: Tiering) -> bytes:
    """`tiers.json`."""
    cuts = CutsDocument(**vars(tiering.cuts))
    return to_bytes(
        {
            "settings": tiering.settings.model_dump(mode="json"),
            "cuts": cuts.model_dump(),
            "table": tiering.table.model_dump(),
        }
    )


def tiering_from_bytes(content: bytes) -> Tiering:
    """The tiers of a bundle. Raises `BundleInvalid` where cuts do not fall, or the table has other tiers."""
    document = checked(_TIERS_DOCUMENT, from_bytes(content, TIERS), TIERS)
    try:
        cuts = Cuts(**vars(document.cuts))
    except ValueError as error:
        raise BundleInvalid(f"{TIERS} of the bundle cannot be used: {error}; {ANEW}") from None
    if tuple(row.label for row in document.table.rows) != cuts.labels:
        raise BundleInvalid(f"{TIERS} of the bundle cannot be used: table and cuts name other tiers; {ANEW}")
    return Tiering(document.settings, cuts, document.table)


def policy_to_bytes(policy: Policy) -> bytes:
    """`policy.json`."""
    return to_bytes(policy.model_dump(mode="json", by_alias=True))


def policy_from_bytes(content: bytes) -> Policy:
    """Actions and rules of a bundle. Raises `BundleInvalid` where they cannot be read."""
    return checked(_POLICY, from_bytes(content, POLICY), POLICY)


def reference_to_bytes(reference: DriftReference) -> bytes:
    """`drift.json`."""
    return to_bytes(reference.model_dump())


def reference_from_bytes(content: bytes, columns: tuple[ModelColumn, ...]) -> DriftReference:
    """The drift reference of a bundle. Raises `BundleInvalid` where it is not about the model's columns."""
    reference = checked(_REFERENCE, from_bytes(content, DRIFT), DRIFT)
    if [column.column for column in reference.columns] != [column.name for column in columns]:
        raise BundleInvalid(f"{DRIFT} of the bundle cannot be used: its columns are not the vocabulary's; {ANEW}")
    return reference
