"""A bundle's folder: which files it holds, their hashes, and how it comes to be there whole or not at all.

    manifest.json   format, kind, provenance, SHA-256 of every other file, content and model hash, and the
                    manifest's own hash
    card.md         the same for people to read
    the others      content: what the model is, and what is done with it

A bundle is of one kind, which says what its files are: a model that learned from deals, a model of resemblance that
learned from won accounts and a company universe, or a hand-weighted scorecard.

The content hash covers the content files, the format and the kind. It leaves out name, version, dates and
the run, so that two bundles with one content hash are the same. The model hash covers the model alone: it stays
when tiers, rules or actions are amended.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final, Generic, Literal, TypeAlias, TypeVar
from uuid import uuid4

from pydantic import Field, TypeAdapter

from icp_ml.deals.lookalike_settings import KIND as LOOKALIKE_KIND
from icp_ml.deals.weighted_settings import KIND as WEIGHTED_KIND
from icp_ml.errors import BundleInvalid, ConfigError, ModelNotFound
from icp_ml.profile.lookalike_records import LookalikeProvenance
from icp_ml.profile.records import Provenance, Record
from icp_ml.profile.weighted_records import WeightedProvenance
from icp_ml.serve.documents import Json, checked, from_bytes, to_bytes

FORMAT: Final = 1
Kind = Literal["win-model", "weighted-scorecard", "lookalike"]
KIND: Final = "win-model"
MANIFEST: Final = "manifest.json"
FEATURES: Final = "features.json"
SCORECARD: Final = "scorecard.json"
TREES: Final = "trees.txt"
STACK: Final = "stack.json"
PROFILE: Final = "profile.json"
EVALUATION: Final = "evaluation.json"
GOLDEN: Final = "golden.json"
TIERS: Final = "tiers.json"
POLICY: Final = "policy.json"
DRIFT: Final = "drift.json"
CALIBRATION: Final = "calibration.json"
WEIGHTED: Final = "weighted.json"
POTENTIAL: Final = "potential.json"
POTENTIAL_ACV: Final = "potential_acv.txt"
POTENTIAL_CYCLE: Final = "potential_cycle.txt"
RESEMBLANCE: Final = "resemblance.json"
NEIGHBOURS: Final = "neighbours.json"
NEIGHBOUR_ACCOUNTS: Final = "neighbours.csv"
DEFINITION: Final = "definition.json"
CLOSED_WON: Final = "closed_won.json"
CARD: Final = "card.md"
MODEL_FILES: Final = (FEATURES, SCORECARD, STACK, TREES)
"""What log-odds and contributions come from; an amendment leaves them as they are."""
CONTENT_FILES: Final = (*MODEL_FILES, EVALUATION, GOLDEN, PROFILE, TIERS, POLICY, DRIFT, CALIBRATION)
"""What the content hash covers: all but the manifest and the card, which repeats name, version and dates."""
POTENTIAL_FILES: Final = (POTENTIAL, POTENTIAL_ACV, POTENTIAL_CYCLE)
OPTIONAL_FILES: Final = (*POTENTIAL_FILES, DEFINITION, CLOSED_WON, NEIGHBOURS, NEIGHBOUR_ACCOUNTS)
"""Deal potential where it was asked for; the ICP, closed deals and accounts to compare with, which older ones lack."""
WEIGHTED_MODEL_FILES: Final = (FEATURES, WEIGHTED)
WEIGHTED_CONTENT_FILES: Final = (*WEIGHTED_MODEL_FILES, GOLDEN, TIERS, POLICY)
LATER_FILES: Final = frozenset({CALIBRATION})
"""What came to format 1 later: a bundle that was made without them is whole."""
LOOKALIKE_CONTENT_FILES: Final = (*MODEL_FILES, EVALUATION, GOLDEN, PROFILE, TIERS, POLICY, DRIFT, RESEMBLANCE)

ANEW: Final = "copy or export the bundle anew"
"""What to do about a bundle that does not agree with itself: nobody repairs one by hand."""

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


_KINDS: Final[Mapping[Kind, _Made]] = MappingProxyType(
    {
        KIND: _Made("a model learned from deals", MODEL_FILES, CONTENT_FILES, OPTIONAL_FILES),
        WEIGHTED_KIND: _Made("a hand-weighted scorecard", WEIGHTED_MODEL_FILES, WEIGHTED_CONTENT_FILES),
        LOOKALIKE_KIND: _Made("a model of resemblance", MODEL_FILES, LOOKALIKE_CONTENT_FILES),
    }
)
_MANIFEST: Final = TypeAdapter(Manifest)
_WEIGHTED_MANIFEST: Final = TypeAdapter(WeightedManifest)
_LOOKALIKE_MANIFEST: Final = TypeAdapter(LookalikeManifest)
_ANY_MANIFEST: Final[TypeAdapter[AnyManifest]] = TypeAdapter(Annotated[AnyManifest, Field(discriminator="kind")])


def content_hash(files: Mapping[str, str], kind: Kind = KIND) -> str:
    """The hash that says "the same bundle", from the SHA-256 of each file by name; the card is left out."""
    made = _KINDS[kind]
    return _hash_over(files, (*made.content_files, *made.optional), kind)


def model_hash(files: Mapping[str, str], kind: Kind = KIND) -> str:
    """The hash that says "the same model", from the SHA-256 of each file by name."""
    return _hash_over(files, _KINDS[kind].model_files, kind)


def _hash_over(files: Mapping[str, str], names: Sequence[str], kind: Kind) -> str:
    covered = {name: files[name] for name in names if name in files}
    return _sha256(to_bytes({"format": FORMAT, "kind": kind, "files": covered}))


def hashes_of(content: Mapping[str, bytes]) -> dict[str, str]:
    """SHA-256 of each file, by name."""
    return {name: _sha256(data) for name, data in content.items()}


def write_files(folder: Path, provenance: AnyProvenance, content: Mapping[str, bytes]) -> str:
    """Write a bundle folder and return its content hash. The provenance says of which kind the bundle is.

    The files are written into a hidden folder beside it, flushed to the disk, and moved into place at once.
    Raises `ConfigError` where `folder` exists or its parent cannot be made.
    """
    if folder.exists() or folder.is_symlink():
        raise ConfigError(
            f"a new folder was expected for the bundle, and {folder} exists; bundles are never changed, so name "
            "another one"
        )
    manifest = _manifest(provenance, content)
    partial = folder.parent / f".{folder.name}.{uuid4().hex}.partial"
    try:
        partial.mkdir(parents=True)
        for name, data in {**content, MANIFEST: to_bytes(manifest.model_dump(mode="python"))}.items():
            _write(partial / name, data)
        _flush_folder(partial)
        partial.rename(folder)
        _flush_folder(folder.parent)
    except OSError as error:
        raise ConfigError(
            f"the bundle could not be written to {folder} ({error.strerror}); name a folder that can be written"
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return manifest.content_hash


def _manifest(provenance: AnyProvenance, content: Mapping[str, bytes]) -> AnyManifest:
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
    return _ANY_MANIFEST.validate_python({**fields, "manifest_hash": _sha256(to_bytes(fields))})


def _kind_with(provenance: AnyProvenance) -> Kind:
    if isinstance(provenance, WeightedProvenance):
        return WEIGHTED_KIND
    return LOOKALIKE_KIND if isinstance(provenance, LookalikeProvenance) else KIND


def kind_of(folder: Path) -> Kind:
    """Of which kind the bundle in `folder` says that it is, nothing else being verified.

    Raises `ModelNotFound` where there is no bundle; `BundleInvalid` where its manifest cannot be read.
    """
    document = _manifest_document(_read_manifest_bytes(folder))
    found = document.get("kind")
    for kind in _KINDS:
        if found == kind:
            return kind
    raise BundleInvalid(
        f"{MANIFEST} was expected to state a kind such as {KIND!r}, and it states {found!r}; use the version of icp-ml "
        "that wrote the bundle"
    )


def read_files(folder: Path) -> BundleFiles[Manifest]:
    """Read the folder of a model learned from deals and compare every byte of it with its hashes.

    Raises `ModelNotFound` where there is no bundle; `ConfigError` where it is of another kind; `BundleInvalid`, naming
    the file, where one is missing, altered, not a plain file, or does not belong there.
    """
    return _read_files(folder, _MANIFEST, KIND)


def read_weighted_files(folder: Path) -> BundleFiles[WeightedManifest]:
    """The same for the folder of a hand-weighted scorecard."""
    return _read_files(folder, _WEIGHTED_MANIFEST, WEIGHTED_KIND)


def read_lookalike_files(folder: Path) -> BundleFiles[LookalikeManifest]:
    """The same for the folder of a model of resemblance."""
    return _read_files(folder, _LOOKALIKE_MANIFEST, LOOKALIKE_KIND)


def _read_files(folder: Path, adapter: TypeAdapter[M], kind: Kind) -> BundleFiles[M]:
    content = _read_manifest_bytes(folder)
    document = _manifest_document(content)
    stated = document.get("kind")
    if stated != kind and isinstance(stated, str) and (other := _words_of(stated)):
        raise ConfigError(f"{_KINDS[kind].words} was expected in {folder}, and {other} is there; name another bundle")
    manifest = checked(adapter, document, MANIFEST)
    _check_manifest_agrees(document, manifest, content)
    _check_names(folder, manifest)
    return BundleFiles(manifest, {name: _read_content(folder, name, manifest.files[name]) for name in manifest.files})


def _read_manifest_bytes(folder: Path) -> bytes:
    if not folder.is_dir():
        raise ModelNotFound(f"a bundle folder was expected at {folder}, and there is none; name one that exists")
    if not (folder / MANIFEST).exists():
        raise ModelNotFound(f"{folder} is not a bundle, because it holds no {MANIFEST}; name a folder that does")
    return _read_plain_file(folder / MANIFEST)


def _words_of(kind: str) -> str:
    """What people call a kind; empty for one that this version does not know."""
    return next((made.words for known, made in _KINDS.items() if known == kind), "")


def _manifest_document(content: bytes) -> dict[str, Json]:
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
    if _sha256(to_bytes(others)) != manifest.manifest_hash or to_bytes(document) != content:
        raise BundleInvalid(f"{MANIFEST} of the bundle was changed after it was written; {ANEW}")
    hashes = (content_hash(manifest.files, manifest.kind), model_hash(manifest.files, manifest.kind))
    if hashes != (manifest.content_hash, manifest.model_hash):
        raise BundleInvalid(f"the content or model hash in {MANIFEST} does not follow from its list of files; {ANEW}")


def _check_names(folder: Path, manifest: AnyManifest) -> None:
    made = _KINDS[manifest.kind]
    listed, expected = set(manifest.files), {*made.content_files, CARD}
    expected = (expected - (LATER_FILES - listed)) | (listed & set(made.optional))
    if listed != expected:
        wrong = sorted(listed ^ expected)[0]
        verb = "lists the unknown file" if wrong in listed else "does not list"
        raise BundleInvalid(
            f"{MANIFEST} {verb} {wrong!r}; a bundle of format {FORMAT} has a fixed set of files; {ANEW}"
        )
    present = {path.name for path in folder.iterdir()} - {MANIFEST}
    if missing := sorted(listed - present):
        raise BundleInvalid(f"{missing[0]} of the bundle is missing; {ANEW}")
    if extra := sorted(present - listed):
        raise BundleInvalid(f"{extra[0]!r} does not belong to the bundle in {folder}; move it elsewhere")


def _read_content(folder: Path, name: str, expected: str) -> bytes:
    content = _read_plain_file(folder / name)
    if _sha256(content) != expected:
        raise BundleInvalid(f"{name} of the bundle was changed after it was written: its SHA-256 differs; {ANEW}")
    return content


def _read_plain_file(path: Path) -> bytes:
    """A link could lead out of the bundle, and then its hash would vouch for something that is not in it."""
    if path.is_symlink() or not path.is_file():
        raise BundleInvalid(f"{path.name} of the bundle was expected to be a plain file, and it is not; {ANEW}")
    try:
        return path.read_bytes()
    except OSError as error:
        raise BundleInvalid(f"{path.name} of the bundle cannot be read ({error.strerror}); {ANEW}") from error


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
