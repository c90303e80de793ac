"""A bundle's manifest: its kind, the hash of every file, and whether it agrees with itself and with what is there.

The content hash covers the content files, the format and the kind. It leaves out name, version, dates and
the run, so that two bundles with one content hash are the same. The model hash covers the model alone: it stays
when tiers, rules or actions are amended. The bundle of a profile lies within that of all deals and has a manifest of
its own; its content hash stands in a content file of the whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Final, Generic, Literal, TypeAlias, TypeVar

from pydantic import Field, TypeAdapter

from icp_ml.deals.lookalike_settings import KIND as LOOKALIKE_KIND
from icp_ml.deals.weighted_settings import KIND as WEIGHTED_KIND
from icp_ml.errors import BundleInvalid
from icp_ml.profile.lookalike_records import LookalikeProvenance
from icp_ml.profile.records import Provenance, Record
from icp_ml.profile.weighted_records import WeightedProvenance
from icp_ml.serve.documents import Json, checked, from_bytes, to_bytes
from icp_ml.serve.file_names import (
    ANEW,
    CARD,
    CONTENT_FILES,
    FORMAT,
    LATER_FILES,
    LOOKALIKE_CONTENT_FILES,
    MANIFEST,
    MODEL_FILES,
    NESTED,
    OPTIONAL_FILES,
    PROFILES,
    REPORT,
    WEIGHTED_CONTENT_FILES,
    WEIGHTED_MODEL_FILES,
)

Kind = Literal["win-model", "weighted-scorecard", "lookalike"]
KIND: Final = "win-model"
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _AnyManifest(Record):
    """model_hash: of the files that scores come from. manifest_hash: SHA-256 of all other fields as canonical JSON."""

    format: Literal[1]
    files: dict[str, Sha256]
    content_hash: Sha256
    model_hash: Sha256
    manifest_hash: Sha256


class Manifest(_AnyManifest):
    """The first page of a bundle whose model learned from deals."""

    kind: Literal["win-model"]
    provenance: Provenance


class WeightedManifest(_AnyManifest):
    """The first page of a bundle that holds a hand-weighted scorecard."""

    kind: Literal["weighted-scorecard"]
    provenance: WeightedProvenance


class LookalikeManifest(_AnyManifest):
    """The first page of a bundle whose model learned from won accounts and a company universe."""

    kind: Literal["lookalike"]
    provenance: LookalikeProvenance


AnyManifest: TypeAlias = Manifest | WeightedManifest | LookalikeManifest
AnyProvenance: TypeAlias = Provenance | WeightedProvenance | LookalikeProvenance
M = TypeVar("M", Manifest, WeightedManifest, LookalikeManifest)


@dataclass(frozen=True)
class BundleFiles(Generic[M]):
    """What was read and agrees with its hashes."""

    manifest: M
    content: Mapping[str, bytes]


@dataclass(frozen=True)
class _Made:
    """What a kind of bundle is made of. words: what people call it. optional: content files that it may lack."""

    words: str
    model_files: tuple[str, ...]
    content_files: tuple[str, ...]
    optional: tuple[str, ...] = ()


KINDS: Final[Mapping[Kind, _Made]] = MappingProxyType(
    {
        KIND: _Made("a model learned from deals", MODEL_FILES, CONTENT_FILES, OPTIONAL_FILES),
        WEIGHTED_KIND: _Made("a hand-weighted scorecard", WEIGHTED_MODEL_FILES, WEIGHTED_CONTENT_FILES),
        LOOKALIKE_KIND: _Made("a model of resemblance", MODEL_FILES, LOOKALIKE_CONTENT_FILES),
    }
)
MANIFEST_TYPE: Final = TypeAdapter(Manifest)
WEIGHTED_MANIFEST_TYPE: Final = TypeAdapter(WeightedManifest)
LOOKALIKE_MANIFEST_TYPE: Final = TypeAdapter(LookalikeManifest)
_ANY_MANIFEST: Final[TypeAdapter[AnyManifest]] = TypeAdapter(Annotated[AnyManifest, Field(discriminator="kind")])


def content_hash(files: Mapping[str, str], kind: Kind = KIND) -> str:
    """The hash that says "the same bundle", from the SHA-256 of each file by name; card and report are left out."""
    made = KINDS[kind]
    return _hash_over(files, (*made.content_files, *made.optional), kind)


def model_hash(files: Mapping[str, str], kind: Kind = KIND) -> str:
    """The hash that says "the same model", from the SHA-256 of each file by name."""
    return _hash_over(files, KINDS[kind].model_files, kind)


def _hash_over(files: Mapping[str, str], names: Sequence[str], kind: Kind) -> str:
    covered = {name: files[name] for name in names if name in files}
    return sha256(to_bytes({"format": FORMAT, "kind": kind, "files": covered}))


def hashes_of(content: Mapping[str, bytes]) -> dict[str, str]:
    """SHA-256 of each file, by name."""
    return {name: sha256(data) for name, data in content.items()}


def manifest_of(provenance: AnyProvenance, content: Mapping[str, bytes]) -> AnyManifest:
    """The manifest of a bundle with these files. The provenance says of which kind it is."""
    kind = _kind_with(provenance)
    files = hashes_of(content)
    fields = {
        "format": FORMAT,
        "kind": kind,
        "provenance": provenance.model_dump(),
        "files": files,
        "content_hash": content_hash(files, kind),
        "model_hash": model_hash(files, kind),
    }
    return _ANY_MANIFEST.validate_python({**fields, "manifest_hash": sha256(to_bytes(fields))})


def _kind_with(provenance: AnyProvenance) -> Kind:
    if isinstance(provenance, WeightedProvenance):
        return WEIGHTED_KIND
    return LOOKALIKE_KIND if isinstance(provenance, LookalikeProvenance) else KIND


def words_of(kind: str) -> str:
    """What people call a kind; empty for one that this version does not know."""
    return next((made.words for known, made in KINDS.items() if known == kind), "")


def manifest_document(content: bytes) -> dict[str, Json]:
    """What a manifest file states, its format known. Raises `BundleInvalid`."""
    document = from_bytes(content, MANIFEST)
    if not isinstance(document, dict) or "format" not in document:
        raise BundleInvalid(f"{MANIFEST} was expected to state a format number, and it states none; {ANEW}")
    if document["format"] != FORMAT or isinstance(document["format"], bool | float):
        raise BundleInvalid(
            f"{MANIFEST} states format {document['format']!r}, and this version reads format {FORMAT}; "
            "use the version of icp-ml that wrote the bundle, or train anew"
        )
    return document


def _check_manifest_agrees(document: Mapping[str, Json], manifest: AnyManifest, content: bytes) -> None:
    others = {name: value for name, value in document.items() if name != "manifest_hash"}
    if sha256(to_bytes(others)) != manifest.manifest_hash or to_bytes(document) != content:
        raise BundleInvalid(f"{MANIFEST} of the bundle was changed after it was written; {ANEW}")
    hashes = (content_hash(manifest.files, manifest.kind), model_hash(manifest.files, manifest.kind))
    if hashes != (manifest.content_hash, manifest.model_hash):
        raise BundleInvalid(f"the content or model hash in {MANIFEST} does not follow from its list of files; {ANEW}")


def check_names(manifest: AnyManifest, present: Set[str], place: str) -> None:
    """Whether the files that a manifest lists are those of its kind, and those that are there.

    present: names of the files there, the manifest left out. place: where, for messages. Raises `BundleInvalid`.
    """
    made = KINDS[manifest.kind]
    listed = {name for name in manifest.files if not _is_of_a_profile(name, manifest)}
    expected = {*made.content_files, CARD}
    expected = (expected - (LATER_FILES - listed)) | (listed & {*made.optional, REPORT})
    if listed != expected:
        wrong = sorted(listed ^ expected)[0]
        verb = "lists the unknown file" if wrong in listed else "does not list"
        raise BundleInvalid(
            f"{MANIFEST} {verb} {wrong!r}; a bundle of format {FORMAT} has a fixed set of files; {ANEW}"
        )
    if missing := sorted(set(manifest.files) - present):
        raise BundleInvalid(f"{missing[0]} of the bundle is missing; {ANEW}")
    if extra := sorted(present - set(manifest.files)):
        raise BundleInvalid(f"{extra[0]!r} does not belong to the bundle in {place}; move it elsewhere")


def _is_of_a_profile(name: str, manifest: AnyManifest) -> bool:
    return PROFILES in manifest.files and NESTED.fullmatch(name) is not None


def check_content(name: str, content: bytes, manifest: AnyManifest) -> bytes:
    """The content of a file. Raises `BundleInvalid` where it is not what the manifest vouches for."""
    if sha256(content) != manifest.files[name]:
        raise BundleInvalid(f"{name} of the bundle was changed after it was written: its SHA-256 differs; {ANEW}")
    return content


def parse_manifest(content: bytes, adapter: TypeAdapter[M]) -> M:
    """The manifest in a file. Raises `BundleInvalid` where it does not agree with itself."""
    document = manifest_document(content)
    manifest = checked(adapter, document, MANIFEST)
    _check_manifest_agrees(document, manifest, content)
    return manifest


def any_manifest(content: bytes) -> AnyManifest:
    """The same for a manifest of any kind."""
    document = manifest_document(content)
    manifest = checked(_ANY_MANIFEST, document, MANIFEST)
    _check_manifest_agrees(document, manifest, content)
    return manifest


def nested_files(content: Mapping[str, bytes], profile: str) -> BundleFiles[Manifest]:
    """The bundle of a profile among the files of the whole. Raises `BundleInvalid` where it disagrees with itself."""
    parts = ((NESTED.fullmatch(name), data) for name, data in content.items())
    own = {found[2]: data for found, data in parts if found is not None and found[1] == profile}
    if MANIFEST not in own:
        raise BundleInvalid(f"the profile '{profile}' of the bundle has no {MANIFEST}; {ANEW}")
    manifest = parse_manifest(own.pop(MANIFEST), MANIFEST_TYPE)
    check_names(manifest, set(own), profile)
    return BundleFiles(manifest, {name: check_content(name, data, manifest) for name, data in own.items()})


def sha256(content: bytes) -> str:
    """SHA-256, as hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()
