"""A machine that demands signatures opens what a trusted key signed, as it was signed, and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)

import icp_ml
from benchmarks.fuzz.bundle_texts import sealed, stored_in, write_stored
from icp_ml.errors import BundleInvalid, ConfigError, InputError
from icp_ml.serve import trusted_keys
from icp_ml.serve.bundle import open_bundle
from icp_ml.serve.documents import to_bytes
from icp_ml.serve.folder import manifest_in, write_signature
from icp_ml.serve.loading import open_any
from icp_ml.serve.mlflow_loader import _load_pyfunc
from icp_ml.serve.signatures import private_key, public_keys, sign, statement_of, write_new_key
from icp_ml.serve.spark_tasks import Shipped
from icp_ml.serve.trusted_keys import TRUSTED, check_folder_trusted
from tests import serve_models

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "models" / "demo" / "v1"
"""A bundle that another process made: this one answers for what it writes itself."""
ANA, BEN = (Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32) for seed in (1, 2))
WAYS: dict[str, Callable[[Path], object]] = {
    "open_bundle": open_bundle,
    "open_any": open_any,
    "icp_ml.load": icp_ml.load,
    "MLflow": lambda folder: _load_pyfunc(str(folder)),
    "Spark": Shipped.from_folder,
}
"""Every way in from a folder."""


def public_pem(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def hash_of(key: Ed25519PrivateKey) -> str:
    """By the key's raw bytes behind the twelve that say "Ed25519" in DER (RFC 8410, section 4)."""
    prefix = bytes.fromhex("302a300506032b6570032100")
    return sha256(prefix + key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A bundle without a signature, which a test may spoil."""
    return Path(shutil.copytree(DEMO, tmp_path / "v1"))


@pytest.fixture
def signed(bundle: Path) -> Path:
    """The same, signed by Ana."""
    write_signature(bundle, sign(manifest_in(bundle), ANA))
    return bundle


@pytest.fixture
def trusting_ana(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This machine demands Ana's signature; the folder of its keys."""
    keys = tmp_path / "keys"
    keys.mkdir()
    (keys / "ana.pem").write_bytes(public_pem(ANA))
    monkeypatch.setattr(trusted_keys, "_OWN", set())  # other tests in this process may have made or signed the bundle
    monkeypatch.setenv(TRUSTED, str(keys))
    return keys


def forged(folder: Path) -> None:
    """Another profile, every hash made to agree again as whoever may write to the folder can."""
    stored = stored_in(folder)
    signature = stored.content.get("signature.json")
    content = {name: data for name, data in stored.content.items() if name != "signature.json"}
    content["profile.json"] = content["profile.json"].replace(b'"target": "', b'"target": "not ', 1)
    assert content["profile.json"] != stored.content["profile.json"]
    write_stored(folder, sealed(stored, content), content)
    if signature is not None:
        (folder / "signature.json").write_bytes(signature)


@pytest.mark.parametrize("way", WAYS)
def test_where_nothing_is_demanded_bundles_open_signed_or_not(
    bundle: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(TRUSTED, raising=False)
    WAYS[way](bundle)
    before = manifest_in(bundle)
    write_signature(bundle, sign(before, BEN))
    WAYS[way](bundle)
    assert manifest_in(bundle) == before


@pytest.mark.usefixtures("trusting_ana")
@pytest.mark.parametrize("way", WAYS)
def test_what_a_trusted_key_signed_opens_by_every_way_and_stays_as_it_is(signed: Path, way: str) -> None:
    before = {path.name: path.read_bytes() for path in signed.iterdir() if path.is_file()}
    WAYS[way](signed)  # raises where it does not open
    assert {path.name: path.read_bytes() for path in signed.iterdir() if path.is_file()} == before


@pytest.mark.usefixtures("trusting_ana")
@pytest.mark.parametrize("way", WAYS)
def test_what_nobody_signed_opens_by_none(bundle: Path, way: str) -> None:
    with pytest.raises(BundleInvalid, match=r"expected to be signed by a key that ICP_TRUSTED_KEYS names.*it has no"):
        WAYS[way](bundle)


@pytest.mark.usefixtures("trusting_ana")
@pytest.mark.parametrize("way", WAYS)
def test_what_another_key_signed_opens_by_none(bundle: Path, way: str) -> None:
    write_signature(bundle, sign(manifest_in(bundle), BEN))
    with pytest.raises(BundleInvalid, match=f"the key {hash_of(BEN)[:16]} has signed it"):
        WAYS[way](bundle)


@pytest.mark.usefixtures("trusting_ana")
def test_a_bundle_changed_and_sealed_again_opens_without_a_demand_and_not_under_one(
    signed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forged(signed)
    for way in WAYS.values():
        with pytest.raises(BundleInvalid, match=r"expected to sign this bundle, demo version 1 .* and it signs demo"):
            way(signed)
    monkeypatch.delenv(TRUSTED)
    open_any(signed)


@pytest.mark.usefixtures("trusting_ana")
@pytest.mark.parametrize("name", sorted(path.name for path in DEMO.iterdir()))
def test_one_byte_changed_in_any_file_of_a_signed_bundle_is_refused(signed: Path, name: str) -> None:
    content = bytearray((signed / name).read_bytes())
    content[len(content) // 2] ^= 1
    (signed / name).write_bytes(content)
    with pytest.raises(BundleInvalid):
        open_any(signed)


@pytest.mark.usefixtures("trusting_ana")
def test_a_signature_copied_from_another_bundle_is_refused_though_the_key_is_trusted(signed: Path) -> None:
    forged(signed)
    of_another = sign(manifest_in(DEMO), ANA)
    (signed / "signature.json").write_bytes(of_another)
    with pytest.raises(BundleInvalid, match="expected to sign this bundle"):
        open_any(signed)


@pytest.mark.usefixtures("trusting_ana")
@pytest.mark.parametrize("field", ["name", "version", "content_hash", "manifest_hash", "key", "signature"])
def test_no_field_of_a_signature_can_be_made_to_fit(signed: Path, field: str) -> None:
    """Of the forged bundle each field is right, but that Ana did not sign them."""
    forged(signed)
    document = json.loads(sign(manifest_in(DEMO), ANA))
    right = {**statement_of(manifest_in(signed), hash_of(ANA)).model_dump(), "signature": document["signature"]}
    (signed / "signature.json").write_bytes(to_bytes(right))
    with pytest.raises(BundleInvalid, match=r"by the key .* that it names, and it is not"):
        open_any(signed)
    (signed / "signature.json").write_bytes(to_bytes({**right, field: spoilt(right[field])}))
    with pytest.raises(BundleInvalid):
        open_any(signed)


def spoilt(value: object) -> object:
    return value + 1 if isinstance(value, int) else f"{value!s}"[:-1] + ("0" if str(value)[-1] != "0" else "1")


@pytest.mark.usefixtures("trusting_ana")
def test_a_key_that_signs_in_the_name_of_another_is_refused(bundle: Path) -> None:
    statement = statement_of(manifest_in(bundle), hash_of(ANA))
    false = {**statement.model_dump(), "signature": BEN.sign(statement.signed_bytes()).hex()}
    (bundle / "signature.json").write_bytes(to_bytes(false))
    with pytest.raises(BundleInvalid, match=r"by the key .* that it names, and it is not"):
        open_any(bundle)


HOSTILE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "half": lambda content: content[: len(content) // 2],
    "no object": lambda _: b"[]",
    "a key twice": lambda content: content.replace(b"{", b'{"version": 1,', 1),
    "a key too many": lambda content: content.replace(b"{", b'{"more": 1,', 1),
    "a key too few": lambda content: content.replace(b' "format": 1,\n', b""),
    "deep": lambda _: b"[" * 2000 + b"]" * 2000,
    "large": lambda content: content + b" " * 4096,
    "no text": lambda content: content.replace(b"demo", b"\xff\xfe"),
    "half of a character": lambda content: content.replace(b'"demo"', rb'"\ud800"'),
    "another algorithm": lambda content: content.replace(b"ed25519", b"none"),
    "a short signature": lambda content: content.replace(b'"signature": "', b'"signature": "" ,"x": "', 1),
}


@pytest.mark.usefixtures("trusting_ana")
@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_signature_file_is_refused_in_one_sentence(signed: Path, what: str) -> None:
    path = signed / "signature.json"
    spoiled = HOSTILE[what](path.read_bytes())
    assert spoiled != path.read_bytes()
    path.write_bytes(spoiled)
    with pytest.raises(BundleInvalid, match=r"signature\.json"):
        open_any(signed)


def test_a_signature_that_is_a_link_a_folder_or_endless_is_refused_even_where_none_is_demanded(
    signed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(TRUSTED, raising=False)
    path, elsewhere = signed / "signature.json", tmp_path / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    with pytest.raises(BundleInvalid, match=r"signature\.json of the bundle was expected to be a plain file"):
        open_any(signed)
    path.unlink()
    path.mkdir()
    with pytest.raises(BundleInvalid, match=r"signature\.json of the bundle was expected to be a plain file"):
        open_any(signed)
    path.rmdir()
    path.touch()
    os.truncate(path, 64 << 30)  # it takes no room on the disk
    with pytest.raises(BundleInvalid, match="at most 4,096 bytes"):
        open_any(signed)


def test_what_this_process_made_it_opens_and_does_not_hand_on(tmp_path: Path, trusting_ana: Path) -> None:
    own = serve_models.write(tmp_path / "own")
    open_any(own)
    with pytest.raises(BundleInvalid, match=r"it has no signature\.json"):
        check_folder_trusted(own)
    write_signature(own, sign(manifest_in(own), ANA))
    check_folder_trusted(own)
    (trusting_ana / "ana.pem").write_bytes(public_pem(BEN))
    with pytest.raises(BundleInvalid, match="has signed it"):
        check_folder_trusted(own)


def test_a_worker_opens_what_was_sent_by_its_own_rule(signed: Path, trusting_ana: Path) -> None:
    shipped = Shipped.from_folder(signed)
    shipped.opened()
    (trusting_ana / "ana.pem").write_bytes(public_pem(BEN))
    with pytest.raises(BundleInvalid, match="has signed it"):
        shipped.opened()


def test_any_key_of_a_folder_may_have_signed(signed: Path, trusting_ana: Path) -> None:
    (trusting_ana / "ben.pem").write_bytes(public_pem(BEN))
    (trusting_ana / "notes.txt").write_text("no key, and not read")
    open_any(signed)
    write_signature(signed, sign(manifest_in(signed), BEN))
    open_any(signed)
    assert set(public_keys(trusting_ana)) == {hash_of(ANA), hash_of(BEN)}


def test_a_rule_that_cannot_be_read_opens_nothing(
    signed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trusted_keys, "_OWN", set())
    monkeypatch.setenv(TRUSTED, str(tmp_path / "nowhere"))
    with pytest.raises(InputError, match="cannot be read"):
        open_any(signed)
    (tmp_path / "nowhere").mkdir()
    with pytest.raises(ConfigError, match="and none were found"):
        open_any(signed)
    rsa = generate_private_key(public_exponent=65537, key_size=2048)
    private = ANA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    wrong = {
        "a private one is there": private,
        "and it does not": rsa.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "to hold an Ed25519 public key": b"no key",
    }
    for said, content in wrong.items():
        (tmp_path / "nowhere" / "key.pem").write_bytes(content)
        with pytest.raises(ConfigError, match=said):
            open_any(signed)


def test_a_new_key_is_for_its_owner_alone_and_takes_no_files_place(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        public, found = write_new_key(tmp_path / "ana.pem")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "ana.pem").stat().st_mode) == 0o600
    assert public == tmp_path / "ana.pub.pem"
    assert found == hash_of(private_key(tmp_path / "ana.pem"))
    loaded = load_pem_public_key(public.read_bytes())
    assert isinstance(loaded, Ed25519PublicKey)
    with pytest.raises(ConfigError, match="a new file was expected"):
        write_new_key(tmp_path / "ana.pem")


def test_an_encrypted_key_opens_by_its_passphrase_alone(tmp_path: Path) -> None:
    path, plain = tmp_path / "ana.pem", tmp_path / "plain.pem"
    path.write_bytes(ANA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"mat")))
    plain.write_bytes(ANA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    assert hash_of(private_key(path, "mat")) == hash_of(private_key(plain)) == hash_of(ANA)
    with pytest.raises(ConfigError, match="no passphrase opens it"):
        private_key(path)
    with pytest.raises(ConfigError, match="its passphrase where it has one"):
        private_key(path, "other")
    with pytest.raises(ConfigError, match="it needs no passphrase"):
        private_key(plain, "mat")


def test_without_the_library_only_a_demand_is_refused(signed: Path) -> None:
    """In a process of its own, which finds no `cryptography`, as in a plain installation."""
    code = (
        "import sys; sys.modules['cryptography'] = None\n"
        "import importlib.util as util; found = util.find_spec\n"
        "util.find_spec = lambda name, *rest: None if name == 'cryptography' else found(name, *rest)\n"
        "from icp_ml.cli.main import main; main()"
    )
    words = [sys.executable, "-c", code, "show", str(signed)]
    plain = {name: value for name, value in os.environ.items() if name != TRUSTED}
    without = subprocess.run(words, env=plain, capture_output=True, text=True, check=False)
    assert without.returncode == 0, without.stderr
    (signed.parent / "ana.pem").write_bytes(public_pem(ANA))
    demanding = {**plain, TRUSTED: str(signed.parent / "ana.pem")}
    refused = subprocess.run(words, env=demanding, capture_output=True, text=True, check=False)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "pip install 'icp-ml[sign]'" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rsa.pem"
    rsa = generate_private_key(public_exponent=65537, key_size=1024)
    path.write_bytes(rsa.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(ConfigError, match="an Ed25519 private key in PEM"):
        private_key(path)


def test_where_nothing_can_be_written_it_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"ana\.pem could not be written \(No such file or directory\); name a place"):
        write_new_key(tmp_path / "nowhere" / "ana.pem")
    with pytest.raises(ConfigError, match=r"signature\.json could not be written to .* \(No such file or directory\)"):
        write_signature(tmp_path / "nowhere" / "v1", b"{}")
