"""Who vouches for a bundle: a signature beside its manifest, by a key that a person holds.

    {"algorithm": "ed25519", "content_hash": "...", "format": 1, "key": "...", "manifest_hash": "...", "name": "icp",
     "signature": "...", "version": 3}

What is signed is all but the signature, as canonical JSON after a line that no other use of a key begins with. The
manifest's hash stands for every file of the bundle, so that a changed byte, name or version is another statement.
Keys are Ed25519 (RFC 8032), in PEM files as OpenSSL writes them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field, TypeAdapter

from icp_ml.errors import BundleInvalid, ConfigError, InputError
from icp_ml.profile.records import Record
from icp_ml.serve.documents import checked, from_bytes, to_bytes
from icp_ml.serve.file_names import SIGNATURE
from icp_ml.serve.manifests import AnyManifest, Sha256, sha256

# What signs is loaded where something is signed: a bundle that nobody vouches for is opened without it.
# ruff: noqa: PLC0415

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

    Keys = Mapping[str, Ed25519PublicKey]

LARGEST: Final = 4096
"""Bytes of a signature or of a key; we chose it. They are of some hundreds."""
MOST_KEYS: Final = 1_000
"""Keys of a folder; we chose it."""
FINGERPRINT: Final = 16
"""Digits of a key's hash that are shown to a person: 64 bits, which nobody meets by chance."""
_PURPOSE: Final = b"icp-ml bundle signature, format 1\n"


class Statement(Record):
    """What a key vouches for: a bundle by its name, version and hashes. key: the hash of the public key."""

    format: Literal[1]
    algorithm: Literal["ed25519"]
    name: str
    version: int
    content_hash: Sha256
    manifest_hash: Sha256
    key: Sha256

    def signed_bytes(self) -> bytes:
        """The bytes that are signed."""
        return _PURPOSE + to_bytes(self.model_dump())


class Signature(Statement):
    """A statement with its signature, in hexadecimal digits."""

    signature: Annotated[str, Field(pattern=r"^[0-9a-f]{128}$")]

    def statement(self) -> Statement:
        """What was signed."""
        return Statement.model_validate(self.model_dump(exclude={"signature"}))


_SIGNATURE: Final = TypeAdapter(Signature)


def statement_of(manifest: AnyManifest, key: str) -> Statement:
    """What the key with this hash would vouch for."""
    return Statement(
        format=1,
        algorithm="ed25519",
        name=manifest.provenance.name,
        version=manifest.provenance.version,
        content_hash=manifest.content_hash,
        manifest_hash=manifest.manifest_hash,
        key=key,
    )


def sign(manifest: AnyManifest, key: Ed25519PrivateKey) -> bytes:
    """The content of signature.json. The same bundle and key give the same bytes."""
    statement = statement_of(manifest, key_hash(key.public_key()))
    signature = key.sign(statement.signed_bytes()).hex()
    return to_bytes({**statement.model_dump(), "signature": signature})


def verify(manifest: AnyManifest, content: bytes | None, keys: Keys, demanded: str) -> Signature:
    """The signature, which is of this bundle and by one of these keys.

    content: of signature.json, None where there is none. demanded: who asks for it and by which keys, for the
    sentence. Raises `BundleInvalid` where it is missing, cannot be read, is of another bundle, by another key, or
    false.
    """
    from cryptography.exceptions import InvalidSignature

    bundle = f"{manifest.provenance.name} version {manifest.provenance.version}"
    if content is None:
        raise BundleInvalid(
            f"{bundle} was expected to be signed by {demanded}, and it has no {SIGNATURE}; ask whoever made it to "
            "sign it with `icp sign`"
        )
    found = checked(_SIGNATURE, from_bytes(content, SIGNATURE), SIGNATURE)
    if found.statement() != statement_of(manifest, found.key):
        raise BundleInvalid(
            f"{SIGNATURE} was expected to sign this bundle, {bundle} ({manifest.manifest_hash[:12]}), and it signs "
            f"{found.name} version {found.version} ({found.manifest_hash[:12]}); copy the bundle with its own signature"
        )
    key = keys.get(found.key)
    if key is None:
        raise BundleInvalid(
            f"{bundle} was expected to be signed by {demanded}, and the key {found.key[:FINGERPRINT]} has signed it; "
            "trust that key if you know whose it is, or ask for another signature"
        )
    try:
        key.verify(bytes.fromhex(found.signature), found.statement().signed_bytes())
    except InvalidSignature:
        raise BundleInvalid(
            f"{SIGNATURE} of {bundle} was expected to be by the key {found.key[:FINGERPRINT]} that it names, and it is "
            "not; have the bundle signed anew"
        ) from None
    return found


def key_hash(key: Ed25519PublicKey) -> str:
    """SHA-256 of a public key in DER: what `openssl pkey -pubin -outform DER | sha256sum` says of its file."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def public_keys(place: Path) -> Keys:
    """The public keys in a PEM file, or in all files of a folder that end in .pem, by their hashes.

    Raises `ConfigError` where there is none, one is of another kind, or a file holds a private key; `InputError` where
    a file cannot be read.
    """
    files = sorted(place.glob("*.pem"))[: MOST_KEYS + 1] if place.is_dir() else [place]
    if not files or len(files) > MOST_KEYS:
        raise ConfigError(
            f"a folder with one to {MOST_KEYS:,} public keys in files ending in .pem was expected at {place}, and "
            f"{'more' if files else 'none'} were found; name a file or folder of public keys"
        )
    return {key_hash(key): key for key in map(_public_key, files)}


def fingerprints(keys: Iterable[str]) -> str:
    """Hashes of keys as a person is told them."""
    return ", ".join(sorted(each[:FINGERPRINT] for each in keys))


def private_key(path: Path, passphrase: str | None = None) -> Ed25519PrivateKey:
    """The private key in a PEM file. passphrase: of an encrypted one.

    Raises `ConfigError` where it is no Ed25519 key, or does not open; `InputError` where the file cannot be read.
    """
    check_can_sign()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    content = _key_file(path)
    try:
        key = load_pem_private_key(content, None if passphrase is None else passphrase.encode())
    except TypeError:  # how it says that a passphrase is lacking, or that one was given for nothing
        lacking = "no passphrase opens it" if passphrase is None else "it needs no passphrase"
        raise ConfigError(
            f"{path} was expected to open as a private key, and {lacking}; see --passphrase of `icp sign`"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise _no_key(path, "a private key in PEM, and its passphrase where it has one") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise _no_key(path, "an Ed25519 private key in PEM")
    return key


def write_new_key(path: Path) -> tuple[Path, str]:
    """Make a private key at `path`, for its owner's eyes alone, and its public key beside it, ending in .pub.pem.

    Returns the place of the public key and its hash. Raises `ConfigError` where one of the files exists or cannot be
    written.
    """
    check_can_sign()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    key = Ed25519PrivateKey.generate()
    public = path.with_name(f"{path.name.removesuffix('.pem')}.pub.pem")
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    shown = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for place, content, mode in ((path, private, 0o600), (public, shown, 0o644)):
        _write_new(place, content, mode)
    return public, key_hash(key.public_key())


def check_can_sign() -> None:
    """Raise `ConfigError` where the library that signs and verifies is not installed."""
    from importlib.util import find_spec

    if find_spec("cryptography") is None:
        raise ConfigError(
            "signatures need cryptography, not installed here; run: pip install 'icp-ml[sign]' (bundles that nobody "
            "has to have signed open without)"
        )


def _public_key(path: Path) -> Ed25519PublicKey:
    check_can_sign()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    content = _key_file(path)
    if b"PRIVATE KEY" in content:
        raise ConfigError(
            f"a public key was expected in {path}, and a private one is there; keep that with whoever signs, and put "
            "its public half here"
        )
    try:
        key = load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm):
        raise _no_key(path, "an Ed25519 public key in PEM") from None
    if not isinstance(key, Ed25519PublicKey):
        raise _no_key(path, "an Ed25519 public key in PEM")
    return key


def _key_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST)
    except OSError as error:
        raise InputError(
            f"a key was expected in {path}, and it cannot be read ({error.strerror}); name another file"
        ) from None


def _no_key(path: Path, expected: str) -> ConfigError:
    return ConfigError(
        f"{path} was expected to hold {expected}, and it does not; make a pair with `icp sign --new-key`"
    )


def _write_new(path: Path, content: bytes, mode: int) -> None:
    """A file that was not there, made with its permissions: never open to others, not for a moment."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise ConfigError(f"a new file was expected for the key, and {path} exists; name another one") from None
    except OSError as error:
        raise ConfigError(
            f"{path} could not be written ({error.strerror}); name a place that can be written"
        ) from error
