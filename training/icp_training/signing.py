"""A signature goes where copies of its bundle are: the one in the registry was made before anybody could sign it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from icp_ml.serve.file_names import MANIFEST, SIGNATURE
from icp_ml.serve.folder import manifest_in
from icp_ml.serve.manifests import any_manifest
from icp_training.registry import MODEL, registry_of
from icp_training.tracking import has_record, place_of, reaching

if TYPE_CHECKING:
    from mlflow import MlflowClient


def sign_copies(root: Path, folder: Path) -> tuple[str, ...]:
    """Put the signature of the bundle in `folder` beside its copies in the registry of the project in `root`.

    Returns MLflow's numbers of the versions that hold this bundle; none where there is no registry or it does not know
    the bundle. Raises as `registry_of` does.
    """
    if not has_record(root):
        return ()
    manifest, place = manifest_in(folder), place_of(root)
    with reaching(place.shown, place.mend):
        registry = registry_of(root, manifest.provenance.name)
        same = [each for each in registry.versions() if each.content_hash == manifest.content_hash and each.run_id]
        return tuple(
            each.number
            for each in same
            if _sign_copy(registry.client, str(each.run_id), folder / SIGNATURE, manifest.manifest_hash)
        )


def _sign_copy(client: MlflowClient, run_id: str, signature: Path, manifest_hash: str) -> bool:
    """Whether the run's copy is this very bundle; one of the same content and other dates has another signature."""
    for each in client.list_artifacts(run_id, f"{MODEL}/data"):
        if each.is_dir and _manifest_hash(client, run_id, each.path) == manifest_hash:
            client.log_artifact(run_id, str(signature), each.path)
            return True
    return False


def _manifest_hash(client: MlflowClient, run_id: str, folder: str) -> str:
    with TemporaryDirectory() as room:
        copy = Path(client.download_artifacts(run_id, f"{folder}/{MANIFEST}", room))
        return any_manifest(copy.read_bytes()).manifest_hash
