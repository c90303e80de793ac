"""A bundle's folder: which files it holds, their hashes, and how it comes to be there whole or not at all.

    manifest.json   format, kind, provenance, SHA-256 of every other file, content and model hash, and the
                    manifest's own hash
    card.md         the same for people to read
    signature.json  who vouches for it, where somebody does; no content, and in no hash
    the others      content: what the model is, and what is done with it

A bundle is of one kind, which says what its files are: a model that learned from deals, a model of resemblance that
learned from won accounts and a company universe, or a hand-weighted scorecard.

Where there are several ICPs, the bundle of each lies below `profiles/`, whole, with a manifest of its own.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from uuid import uuid4

from pydantic import TypeAdapter

from icp_ml.deals.lookalike_settings import KIND as LOOKALIKE_KIND
from icp_ml.deals.weighted_settings import KIND as WEIGHTED_KIND
from icp_ml.errors import BundleInvalid, ConfigError, ModelNotFound
from icp_ml.serve.documents import to_bytes
from icp_ml.serve.file_names import ANEW, MANIFEST, PROFILES_FOLDER, SIGNATURE
from icp_ml.serve.manifests import (
    KIND,
    KINDS,
    LOOKALIKE_MANIFEST_TYPE,
    MANIFEST_TYPE,
    WEIGHTED_MANIFEST_TYPE,
    AnyManifest,
    AnyProvenance,
    BundleFiles,
    Kind,
    LookalikeManifest,
    M,
    Manifest,
    WeightedManifest,
    any_manifest,
    check_content,
    check_names,
    manifest_document,
    manifest_of,
    parse_manifest,
    words_of,
)
from icp_ml.serve.plain_files import read_plain_file
from icp_ml.serve.trusted_keys import answer_for, check_trusted, signature_in

LARGEST_FILE: Final = 64 << 20
"""Bytes of one file of a bundle; we chose it. The largest that was ever made is a page for people of five megabytes; a
bundle comes from anywhere, and is held in memory whole."""
LARGEST_BUNDLE: Final = 256 << 20
"""Bytes of all files of a bundle together; we chose it."""
MOST_FILES: Final = 1_000
"""Files of a bundle, those of its profiles included; we chose it. There are at most three profiles of some twenty."""


def write_files(folder: Path, provenance: AnyProvenance, content: Mapping[str, bytes]) -> str:
    """Write a bundle folder and return its content hash. The provenance says of which kind the bundle is.

    The files are written into a hidden folder beside it, flushed to the disk, and moved into place at once.
    Raises `ConfigError` where `folder` exists, its parent cannot be made, or the folder above models/NAME is not there;
    `BundleInvalid` where it would be too large to be read again.
    """
    if folder.exists() or folder.is_symlink():
        raise ConfigError(
            f"a new folder was expected for the bundle, and {folder} exists; bundles are never changed, so name "
            "another one"
        )
    project = folder.absolute().parents[:3][-1]  # models/NAME is made below it; where it was lost it is not made anew
    if not project.is_dir():
        raise ConfigError(
            f"a folder was expected at {project} for the bundle {folder}, and there is none; make it first"
        )
    _check_sizes({name: len(data) for name, data in content.items()})
    manifest = manifest_of(provenance, content)
    partial = folder.parent / f".{folder.name}.{uuid4().hex}.partial"
    try:
        partial.mkdir(parents=True)
        for name, data in {**content, MANIFEST: to_bytes(manifest.model_dump(mode="python"))}.items():
            (partial / name).parent.mkdir(parents=True, exist_ok=True)
            _write(partial / name, data)
        for inner in (*(path for path in partial.rglob("*") if path.is_dir()), partial):
            _flush_folder(inner)
        partial.rename(folder)
        _flush_folder(folder.parent)
    except OSError as error:
        raise ConfigError(
            f"the bundle could not be written to {folder} ({error.strerror}); name a folder that can be written"
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    answer_for(manifest)
    return manifest.content_hash


def write_signature(folder: Path, content: bytes) -> None:
    """Put signature.json into a bundle folder, at once: it is made beside the folder, in which nothing else may lie.

    Raises `ConfigError` where it cannot be written.
    """
    partial = folder.parent / f".{folder.name}.{uuid4().hex}.partial"
    try:
        _write(partial, content)
        partial.replace(folder / SIGNATURE)
        _flush_folder(folder)
    except OSError as error:
        raise ConfigError(
            f"{SIGNATURE} could not be written to {folder} ({error.strerror}); name a bundle that can be written to"
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def kind_of(folder: Path) -> Kind:
    """Of which kind the bundle in `folder` says that it is, nothing else being verified.

    Raises `ModelNotFound` where there is no bundle; `BundleInvalid` where its manifest cannot be read.
    """
    document = manifest_document(_read_manifest_bytes(folder))
    found = document.get("kind")
    for kind in KINDS:
        if found == kind:
            return kind
    raise BundleInvalid(
        f"{MANIFEST} was expected to state a kind such as {KIND!r}, and it states {found!r}; use the version of icp-ml "
        "that wrote the bundle"
    )


def manifest_in(folder: Path) -> AnyManifest:
    """The manifest of the bundle in `folder`, of any kind; it agrees with itself, and no other file was looked at.

    Raises `ModelNotFound` where there is no bundle; `BundleInvalid` where its manifest cannot be read.
    """
    return any_manifest(_read_manifest_bytes(folder))


def read_files(folder: Path) -> BundleFiles[Manifest]:
    """Read the folder of a model learned from deals and compare every byte of it with its hashes.

    Raises `ModelNotFound` where there is no bundle; `ConfigError` where it is of another kind; `BundleInvalid`, naming
    the file, where one is missing, altered, not a plain file, or does not belong there; and where this machine demands
    a signature that is not there (see trusted_keys).
    """
    return _read_files(folder, MANIFEST_TYPE, KIND)


def read_weighted_files(folder: Path) -> BundleFiles[WeightedManifest]:
    """The same for the folder of a hand-weighted scorecard."""
    return _read_files(folder, WEIGHTED_MANIFEST_TYPE, WEIGHTED_KIND)


def read_lookalike_files(folder: Path) -> BundleFiles[LookalikeManifest]:
    """The same for the folder of a model of resemblance."""
    return _read_files(folder, LOOKALIKE_MANIFEST_TYPE, LOOKALIKE_KIND)


def _read_files(folder: Path, adapter: TypeAdapter[M], kind: Kind) -> BundleFiles[M]:
    content = _read_manifest_bytes(folder)
    document = manifest_document(content)
    stated = document.get("kind")
    if stated != kind and isinstance(stated, str) and (other := words_of(stated)):
        raise ConfigError(f"{KINDS[kind].words} was expected in {folder}, and {other} is there; name another bundle")
    manifest = parse_manifest(content, adapter)
    check_trusted(manifest, signature_in(folder))
    present = set(itertools.islice(_names_in(folder), MOST_FILES + 1)) - {MANIFEST, SIGNATURE}
    check_names(manifest, present, str(folder))
    _check_sizes({name: (folder / name).lstat().st_size for name in manifest.files})
    read = {name: check_content(name, _read_plain_file(folder / name), manifest) for name in manifest.files}
    return BundleFiles(manifest, read)


def _names_in(folder: Path, before: str = "") -> Iterator[str]:
    """Everything in a folder by its name; of the profiles' folders, which are no links, what they hold."""
    for path in folder.iterdir():
        name = f"{before}{path.name}"
        holds_profiles = name == PROFILES_FOLDER or before == f"{PROFILES_FOLDER}/"
        if holds_profiles and path.is_dir() and not path.is_symlink():
            yield from _names_in(path, f"{name}/")
        else:
            yield name


def _read_manifest_bytes(folder: Path) -> bytes:
    if not folder.is_dir():
        raise ModelNotFound(f"a bundle folder was expected at {folder}, and there is none; name one that exists")
    if not (folder / MANIFEST).exists():
        raise ModelNotFound(f"{folder} is not a bundle, because it holds no {MANIFEST}; name a folder that does")
    return _read_plain_file(folder / MANIFEST)


def _read_plain_file(path: Path) -> bytes:
    content = read_plain_file(path, LARGEST_FILE)
    _check_sizes({path.name: len(content)})
    return content


def _check_sizes(sizes: Mapping[str, int]) -> None:
    """Raise `BundleInvalid` where files are larger than those of any bundle. sizes: bytes by name."""
    total = ("the whole", sum(sizes.values()), LARGEST_BUNDLE)
    for name, size, most in (*((name, size, LARGEST_FILE) for name, size in sizes.items()), total):
        if size > most:
            raise BundleInvalid(
                f"{name} of the bundle was expected to be of at most {most:,} bytes, and it is larger; {ANEW}"
            )


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
