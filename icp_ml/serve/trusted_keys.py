"""Whose bundles this machine opens: where ICP_TRUSTED_KEYS names public keys, only those that one of them signed.

    ICP_TRUSTED_KEYS=/etc/icp/keys        a folder of .pem files
    ICP_TRUSTED_KEYS=/etc/icp/ana.pem     one file

It is a rule of the machine and not of a call. Every way in reads a bundle's folder by `folder.read_files` and its
siblings, which ask here: the command line, `icp_ml.load`, MLflow, Spark. An argument could be forgotten by one of them,
so that this is the one place below the command line that looks at the environment (decision 0021).

What this process has written itself, or was asked to sign, needs nobody's signature to be read back by it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from icp_ml.errors import BundleInvalid
from icp_ml.serve.file_names import ANEW, MANIFEST, SIGNATURE
from icp_ml.serve.manifests import AnyManifest, any_manifest
from icp_ml.serve.plain_files import read_plain_file
from icp_ml.serve.signatures import LARGEST, fingerprints, public_keys, verify

TRUSTED: Final = "ICP_TRUSTED_KEYS"
_OWN: Final[set[str]] = set()
"""Manifest hashes of bundles that this process answers for."""


def answer_for(manifest: AnyManifest) -> None:
    """From now on this process opens the bundle with this manifest whoever signed it: it made it, or is to sign it."""
    _OWN.add(manifest.manifest_hash)


def check_trusted(manifest: AnyManifest, signature: bytes | None, *, even_own: bool = False) -> None:
    """Raise `BundleInvalid` where this machine demands a signature of bundles and has none of this one.

    signature: the content of signature.json, None where there is none. even_own: also where this process made it.
    Raises `ConfigError` or `InputError` where the keys that the machine trusts cannot be read.
    """
    named = os.environ.get(TRUSTED, "")
    if not named or (manifest.manifest_hash in _OWN and not even_own):
        return
    keys = public_keys(Path(named).expanduser())
    verify(manifest, signature, keys, f"a key that {TRUSTED} names ({fingerprints(keys)})")


def check_folder_trusted(folder: Path) -> None:
    """The same for a bundle folder that was opened before, whoever made it: what is to be used by others."""
    manifest = any_manifest((folder / MANIFEST).read_bytes())
    check_trusted(manifest, signature_in(folder), even_own=True)


def check_files_trusted(files: Mapping[str, bytes]) -> None:
    """The same for a bundle's files by name, which are to be opened elsewhere."""
    check_trusted(any_manifest(files[MANIFEST]), files.get(SIGNATURE))


def signature_in(folder: Path) -> bytes | None:
    """What signature.json of a bundle folder holds; None where there is none.

    Raises `BundleInvalid` where it is no plain file, cannot be read, or is larger than any signature.
    """
    path = folder / SIGNATURE
    if not path.exists() and not path.is_symlink():
        return None
    content = read_plain_file(path, LARGEST)
    if len(content) > LARGEST:
        raise BundleInvalid(
            f"{SIGNATURE} of the bundle was expected to be of at most {LARGEST:,} bytes, and it is larger; {ANEW}"
        )
    return content
