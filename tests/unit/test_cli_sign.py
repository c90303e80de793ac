"""`icp sign`, `icp verify`, and every verb on a machine that demands a signature."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from icp_ml.cli import learning
from icp_ml.serve import trusted_keys
from icp_ml.serve.trusted_keys import TRUSTED
from tests.cli_projects import icp, refusal
from tests.registry_projects import NAME, NewProject, add_version, in_another_process

DEMO = Path(__file__).resolve().parents[2] / "models" / "demo" / "v1"
INVALID = 7


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the demo bundle, two pairs of keys and a list, and the terminal in it."""
    shutil.copytree(DEMO, tmp_path / "models" / "demo" / "v1")
    (tmp_path / "list.csv").write_text("id\na\nb\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(trusted_keys, "_OWN", set())  # each verb is a process of its own, and this one is many
    for name in (TRUSTED, "ICP_HOME", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    for who in ("ana", "ben"):
        assert icp("sign", "--new-key", f"{who}.pem").code == 0
    return tmp_path


def test_a_signed_bundle_is_verified_by_its_key_and_by_no_other(home: Path) -> None:
    assert refusal("verify", "demo", "--key", "ana.pub.pem")[0] == INVALID
    signed = icp("sign", "demo", "--key", "ana.pem")
    assert signed.code == 0, signed.err
    told = icp("verify", "demo", "--key", "ana.pub.pem", "--json")
    document = json.loads(told.out)
    manifest = json.loads((DEMO / "manifest.json").read_bytes())
    assert {name: document[name] for name in ("content_hash", "manifest_hash")} == {
        name: manifest[name] for name in ("content_hash", "manifest_hash")
    }
    assert document["key"] in signed.out
    assert "demo version 1" in icp("verify", "demo", "--key", "ana.pub.pem").out
    code, said = refusal("verify", "demo", "--key", "ben.pub.pem")
    assert (code, document["key"][:16] in said) == (INVALID, True)


def test_nothing_that_does_not_agree_with_itself_is_signed_or_verified(home: Path) -> None:
    assert icp("sign", "demo", "--key", "ana.pem").code == 0
    trees = home / "models" / "demo" / "v1" / "trees.txt"
    trees.write_bytes(trees.read_bytes().replace(b"leaf_value=", b"leaf_value=0", 1))
    for words in (("verify", "demo", "--key", "ana.pub.pem"), ("sign", "demo", "--key", "ana.pem")):
        code, said = refusal(*words)
        assert (code, "trees.txt" in said) == (INVALID, True)


def test_a_signature_is_replaced_only_where_that_was_asked_for(home: Path) -> None:
    first, again = (icp("sign", "demo", "--key", "ana.pem") for _ in range(2))
    assert first.out == again.out
    code, said = refusal("sign", "demo", "--key", "ben.pem")
    assert (code, "--force" in said) == (2, True)
    assert icp("verify", "demo", "--key", "ana.pub.pem").code == 0
    assert icp("sign", "demo", "--key", "ben.pem", "--force").code == 0
    assert icp("verify", "demo", "--key", "ben.pub.pem").code == 0


def test_every_verb_that_opens_a_bundle_refuses_one_that_the_machine_does_not_trust(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TRUSTED, str(home / "ana.pub.pem"))
    score = ("score", "list.csv", "-o", "scored.csv", "--model", "demo")
    verbs = (
        ("show", "demo"),
        score,
        ("explain", "list.csv", "--id", "a", "--model", "demo"),
        ("export", "demo", "--to", "yaml", "-o", "out"),
        ("report", "demo"),
        ("size", "list.csv", "--model", "demo"),
        ("diff", "demo", "demo"),
        ("plan", "--model", "demo"),
        ("verify", "demo"),
        ("promote", "demo/v1"),
    )
    for words in verbs:
        code, said = refusal(*words)
        assert (code, "it has no signature.json" in said) == (INVALID, True), (words, said)
    assert not (home / "scored.csv").exists()
    assert icp("sign", "demo", "--key", "ana.pem").code == 0  # it opens what it is to sign
    assert icp("show", "demo").code == 0
    assert icp("verify", "demo").code == 0


def test_one_of_two_things_is_asked_and_a_passphrase_is_never_repeated(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert refusal("sign", "demo")[0] == 2
    assert refusal("sign", "demo", "--key", "ana.pem", "--new-key", "other.pem")[0] == 2
    assert refusal("verify", "demo")[0] == 2
    code, said = refusal("sign", "demo", "--key", "ana.pem", "--passphrase", "hunter2")
    assert (code, "hunter2" in said) == (2, False)
    key = Ed25519PrivateKey.generate()
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"hunter2"))
    (home / "locked.pem").write_bytes(locked)
    words = ("sign", "demo", "--key", "locked.pem", "--passphrase", "env:ICP_PASSPHRASE")
    assert "found it not set" in refusal(*words)[1]
    monkeypatch.setenv("ICP_PASSPHRASE", "hunter2")
    done = icp(*words)
    assert (done.code, "hunter2" in done.out + done.err) == (0, False)


def test_the_copy_in_the_registry_is_signed_too_and_served_by_mlflow_under_a_demand(
    home: Path, new_project: NewProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = new_project("signed")
    assert in_another_process(registered, root) == 0
    monkeypatch.setenv("ICP_HOME", str(root))
    monkeypatch.setenv(TRUSTED, str(home / "ana.pub.pem"))
    code, said = refusal("promote", f"{NAME}/v1")
    assert (code, "it has no signature.json" in said) == (INVALID, True)
    assert in_another_process(served, root, home / "ana.pub.pem") != 0
    done = icp("sign", f"{NAME}/v1", "--key", home / "ana.pem")
    assert (done.code, "MLflow's number 1" in done.out) == (0, True), done
    assert in_another_process(served, root, home / "ana.pub.pem") == 0
    shutil.rmtree(root / "models" / NAME / "v1")
    assert icp("promote", f"{NAME}/v1").code == 0  # brought from the registry, its signature with it
    assert icp("verify", NAME).code == 0


def registered(root: Path) -> None:
    """What a training does at its end."""
    add_version(root, 1)


def served(root: Path, trusted: Path) -> None:
    """What a server of MLflow does when it starts."""
    import mlflow  # noqa: PLC0415 - in a process of its own

    os.environ[TRUSTED] = str(trusted)
    mlflow.set_tracking_uri(f"sqlite:///{root / 'mlruns' / 'mlflow.db'}")
    mlflow.pyfunc.load_model(f"models:/{NAME}/1")


def test_a_machine_that_demands_signatures_can_train_and_not_promote_what_nobody_signed(
    home: Path, new_project: NewProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made, registered and promoted by one process, as by `icp quarter --promote`."""
    from icp_ml.errors import BundleInvalid  # noqa: PLC0415 - beside its only use
    from icp_training import promotion  # noqa: PLC0415 - as above
    from tests.registry_projects import asker, registry  # noqa: PLC0415 - as above

    monkeypatch.setenv(TRUSTED, str(home / "ana.pub.pem"))
    root = new_project("demanding")
    add_version(root, 1)
    with pytest.raises(BundleInvalid, match=r"it has no signature\.json"):
        promotion.promote(registry(root), "v1", asker())
    assert not (root / "models" / "ledger.jsonl").exists()
    monkeypatch.setenv("ICP_HOME", str(root))
    assert icp("sign", f"{NAME}/v1", "--key", home / "ana.pem").code == 0
    promotion.promote(registry(root), "v1", asker())
    assert os.path.exists(root / "models" / "ledger.jsonl")


def test_without_the_libraries_of_training_the_signature_stands_in_the_folder_alone(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "mlruns").mkdir()
    monkeypatch.setattr(learning, "NEEDED", ("a_library_that_nobody_has",))
    done = icp("sign", "demo", "--key", "ana.pem")
    assert done.code == 0
    assert done.err == (
        "icp: the signature stands in the folder and in no registry, because learning needs a_library_that_nobody_has, "
        "not installed here; run: pip install 'icp-ml[train]' (scoring and showing work without)\n"
    )
    assert icp("verify", "demo", "--key", "ana.pub.pem").code == 0
