"""A bundle's folder: which files it holds, their hashes, and how it comes to be there whole or not at all.

    manifest.json   format, kind, provenance, SHA-256 of every other file, content hash, and the manifest's
    own hash the others      content: what the model is

The content hash covers the content files, the format and the kind. It leaves out name, version, dates and
the run, so that two bundles with one content hash are the same model.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal
from uuid import uuid4

from pydantic import Field, TypeAdapter

from icp_ml.errors import BundleInvalid, ConfigError, ModelNotFound
from icp_ml.profile.records import Provenance, Record
from icp_ml.serve.documents import Json, checked, from_bytes, to_bytes

FORMAT: Final = 1
KIND: Final = "win-model"
MANIFEST: Final = "manifest.json"
FEATURES: Final = "features.json"
SCORECARD: Final = "scorecard.json"
TREES: Final = "trees.txt"
STACK: Final = "stack.json"
PROFILE: Final = "profile.json"
EVALUATION: Final = "evaluation.json"
GOLDEN: Final = "golden.json"
CONTENT_FILES: Final = (EVALUATION, FEATURES, GOLDEN, PROFILE, SCORECARD, STACK, TREES)

ANEW: Final = "copy or export the bundle anew"
"""What to do about a bundle that does not agree with itself: nobody repairs one by hand."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Manifest(Record):
    """The first page of a bundle. `manifest_hash`: SHA-256 of all its other fields as canonical JSON."""

    format: Literal[1]
    kind: Literal["win-model"]
    provenance: Provenance
    files: dict[str, Sha256]
    content_hash: Sha256
    manifest_hash: Sha256


@dataclass(frozen=True)
class BundleFiles:
    """What was read and agrees with its hashes."""

    manifest: Manifest
    content: Mapping[str, bytes]


_MANIFEST: Final = TypeAdapter(Manifest)


def content_hash(files: Mapping[str, str]) -> str:
    """The hash that says "the same model", from the SHA-256 of each content file by name."""
    return _sha256(to_bytes({"format": FORMAT, "kind": KIND, "files": files}))


def hashes_of(content: Mapping[str, bytes]) -> dict[str, str]:
    """SHA-256 of each file, by name."""
    return {name: _sha256(data) for name, data in content.items()}


def write_files(folder: Path, provenance: Provenance, content: Mapping[str, bytes]) -> str:
    """Write a bundle folder and return its content hash.

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


def _manifest(provenance: Provenance, content: Mapping[str, bytes]) -> Manifest:
    files = hashes_of(content)
    fields = {
        "format": FORMAT,
        "kind": KIND,
        "provenance": provenance.model_dump(),
        "files": files,
        "content_hash": content_hash(files),
    }
    return _MANIFEST.validate_python({**fields, "manifest_hash": _sha256(to_bytes(fields))})


def read_files(folder: Path) -> BundleFiles:
    """Read a bundle folder and compare every byte of it with its hashes.

    Raises `ModelNotFound` where there is no bundle; `BundleInvalid`, naming the file, where one is missing,
    altered, not a plain file, or does not belong there.
    """
    content = _read_manifest_bytes(folder)
    manifest = _read_manifest(content)
    _check_names(folder, manifest)
    return BundleFiles(manifest, {name: _read_content(folder, name, manifest.files[name]) for name in manifest.files})


def _read_manifest_bytes(folder: Path) -> bytes:
    if not folder.is_dir():
        raise ModelNotFound(f"a bundle folder was expected at {folder}, and there is none; name one that exists")
    if not (folder / MANIFEST).exists():
        raise ModelNotFound(f"{folder} is not a bundle, because it holds no {MANIFEST}; name a folder that does")
    return _read_plain_file(folder / MANIFEST)


def _read_manifest(content: bytes) -> Manifest:
    document = from_bytes(content, MANIFEST)
    if not isinstance(document, dict) or "format" not in document:
        raise BundleInvalid(f"{MANIFEST} was expected to state a format number, and it states none; {ANEW}")
    if document["format"] != FORMAT or isinstance(document["format"], bool | float):
        raise BundleInvalid(
            f"{MANIFEST} states format {document['format']!r}, and this version reads format {FORMAT}; "
            "use the version of icp-ml that wrote the bundle, or train anew"
        )
    manifest = checked(_MANIFEST, document, MANIFEST)
    _check_manifest_agrees(document, manifest, content)
    return manifest


def _check_manifest_agrees(document: Mapping[str, Json], manifest: Manifest, content: bytes) -> None:
    others = {name: value for name, value in document.items() if name != "manifest_hash"}
    if _sha256(to_bytes(others)) != manifest.manifest_hash or to_bytes(document) != content:
        raise BundleInvalid(f"{MANIFEST} of the bundle was changed after it was written; {ANEW}")
    if content_hash(manifest.files) != manifest.content_hash:
        raise BundleInvalid(f"the content hash in {MANIFEST} does not follow from its list of files; {ANEW}")


def _check_names(folder: Path, manifest: Manifest) -> None:
    listed = set(manifest.files)
    if listed != set(CONTENT_FILES):
        wrong = sorted(listed ^ set(CONTENT_FILES))[0]
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
