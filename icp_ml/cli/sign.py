"""`icp sign` and `icp verify`: who vouches for a bundle, by a key that a person holds."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from icp_ml.serve.signatures import Keys


def sign(
    model: Annotated[
        str | None, typer.Argument(help="A bundle folder or the name of a model. Default: the one that is live.")
    ] = None,
    *,
    key: Annotated[Path | None, typer.Option("--key", help="Your Ed25519 private key, a PEM file.")] = None,
    passphrase: Annotated[
        str | None, typer.Option(help="env:NAME, the environment variable with the passphrase of an encrypted key.")
    ] = None,
    new_key: Annotated[
        Path | None,
        typer.Option(help="Make a private key here, for your eyes alone, and its public one in .pub.pem beside it."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the signature of another key.")] = False,
) -> None:
    """Sign a bundle, so that whoever loads it can demand to know who vouches for it."""
    from icp_ml.errors import ConfigError

    if key is not None and new_key is None:
        _sign(model, key, _secret(passphrase), force=force)
    elif new_key is not None and key is None:
        _make(new_key)
    else:
        raise ConfigError(
            "one of --key, to sign, and --new-key, to make a pair of keys, was expected; give one of them"
        )


def verify(
    model: Annotated[
        str | None, typer.Argument(help="A bundle folder or the name of a model. Default: the one that is live.")
    ] = None,
    *,
    key: Annotated[
        Path | None,
        typer.Option("--key", help="A public key, or a folder of them. Default: what ICP_TRUSTED_KEYS names."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON and nothing else.")] = False,
) -> None:
    """Say who signed a bundle, after opening it as it is opened for scoring."""
    from icp_ml.cli.places import find_model
    from icp_ml.serve.file_names import MANIFEST
    from icp_ml.serve.folder import manifest_in
    from icp_ml.serve.loading import open_any
    from icp_ml.serve.signatures import verify as verified
    from icp_ml.serve.trusted_keys import answer_for, signature_in

    keys, whose = _keys(key)
    folder = find_model(model)
    manifest = manifest_in(folder)
    found = verified(manifest, signature_in(folder), keys, whose)
    answer_for(manifest)
    open_any(folder)
    if as_json:
        document = {**found.model_dump(exclude={"signature"}), "bundle": str(folder)}
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    typer.echo(
        f"{found.name} version {found.version}, content hash {found.content_hash}, is signed by the key {found.key}; "
        f"every file is as its {MANIFEST} says, and its golden rows are answered."
    )
    typer.echo(f"Bundle: {folder}")


def _make(path: Path) -> None:
    from icp_ml.serve.signatures import write_new_key

    public, found = write_new_key(path)
    typer.echo(
        f"Private key: {path}; whoever has it signs as you: it can be read by you alone, and belongs on no share."
    )
    typer.echo(f"Public key: {public} ({found}); give this to those who load your bundles.")


def _sign(model: str | None, path: Path, passphrase: str | None, *, force: bool) -> None:
    """The bundle is opened first: nobody vouches for one that does not agree with itself."""
    from icp_ml.cli.places import find_model
    from icp_ml.errors import ConfigError
    from icp_ml.serve.file_names import SIGNATURE
    from icp_ml.serve.folder import manifest_in, write_signature
    from icp_ml.serve.loading import open_any
    from icp_ml.serve.signatures import key_hash, private_key
    from icp_ml.serve.signatures import sign as signed
    from icp_ml.serve.trusted_keys import answer_for

    key = private_key(path, passphrase)
    folder = find_model(model)
    manifest = manifest_in(folder)
    answer_for(manifest)
    open_any(folder)
    place, content = folder / SIGNATURE, signed(manifest, key)
    if place.exists() and place.read_bytes() != content and not force:
        raise ConfigError(
            f"a bundle without a signature was expected in {folder}, and it has another one; add --force to replace it"
        )
    write_signature(folder, content)
    named = f"{manifest.provenance.name} version {manifest.provenance.version}"
    typer.echo(f"Signed {named}, content hash {manifest.content_hash}, by the key {key_hash(key.public_key())}.")
    typer.echo(f"Signature: {place}; it has to go where the bundle goes.")
    _sign_copies(folder)


def _sign_copies(folder: Path) -> None:
    from icp_ml.cli.learning import training_line
    from icp_ml.cli.places import root_of
    from icp_ml.errors import ConfigError

    root = root_of(folder)
    if not (root / "mlruns").is_dir() and not os.environ.get("MLFLOW_TRACKING_URI"):
        return
    try:
        numbers = training_line().sign_copies(root, folder)
    except ConfigError as error:
        sys.stderr.write(f"icp: the signature stands in the folder and in no registry, because {error.sentence}\n")
        return
    if numbers:
        typer.echo(f"Its copy in the registry has it too: MLflow's number {', '.join(numbers)}.")


def _secret(named: str | None) -> str | None:
    from icp_ml.errors import ConfigError

    if named is None:
        return None
    if not named.startswith("env:"):
        raise ConfigError(
            "--passphrase was expected to name an environment variable, such as env:ICP_PASSPHRASE, and it is "
            "something else, not repeated here because it may be the passphrase; export it and name its variable"
        )
    variable = named.removeprefix("env:")
    found = os.environ.get(variable)
    if found is None:
        raise ConfigError(
            f"expected the passphrase of the key in the environment variable {variable}, found it not set; export it "
            "and try again"
        )
    return found


def _keys(given: Path | None) -> tuple[Keys, str]:
    """The keys that may have signed, and whose they are, in words."""
    from icp_ml.errors import ConfigError
    from icp_ml.serve.signatures import fingerprints, public_keys
    from icp_ml.serve.trusted_keys import TRUSTED

    named = os.environ.get(TRUSTED, "")
    if given is None and not named:
        raise ConfigError(
            f"a public key was expected, and neither --key nor the environment variable {TRUSTED} names one; give one "
            "of them"
        )
    keys = public_keys(Path(named).expanduser() if given is None else given)
    return keys, f"a key in {named if given is None else given} ({fingerprints(keys)})"
