"""The registry: every version of a model, which of them is live, and what happened when, in MLflow.

    version       a bundle as an MLflow model, with tags: its content hash, its own version, the day of its data
    champion      alias of the live version; `previous` of the one before it, `challenger` of the newest
    icp.ledger.*  tags of the model, one an event of the ledger
    icp.intent    tag of the model while a promotion is under way (see promotion)

The registry is the truth; the ledger file in models/ is rebuilt from it.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from pydantic import ValidationError

from icp_ml.deals.words import listed
from icp_ml.errors import BundleInvalid, ConfigError, ModelNotFound
from icp_ml.serve import ledger
from icp_ml.serve.bundle import Bundle
from icp_ml.serve.ledger import Entry
from icp_ml.serve.loading import AnyStored, open_any
from icp_ml.serve.writing import write_text
from icp_ml.watch.comparison import Comparison
from icp_ml.watch.gates import EXPIRES_AFTER
from icp_training.pyfunc import save_model
from icp_training.tracking import Run, connect

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion, RegisteredModel

CHAMPION: Final = "champion"
CHALLENGER: Final = "challenger"
PREVIOUS: Final = "previous"
ENTRY: Final = "icp.ledger."
CONTENT_HASH: Final = "content_hash"
BUNDLE_VERSION: Final = "bundle_version"
DATA_CUT: Final = "data_cut"
COMPARISON: Final = "comparison"
EXPIRY: Final = "expires_after"
MODEL: Final = "model"
"""The folder of the MLflow model among a run's artifacts."""


@dataclass(frozen=True)
class Registered:
    """A version in the registry. number: MLflow's own. version: the bundle's, as in models/NAME/v3.

    comparison: with what was live when it was made, None where they were not compared. expires_after: how many days it
    may be live before its successor need not be better.
    """

    name: str
    number: str
    version: int
    content_hash: str
    run_id: str | None
    comparison: Comparison | None = None
    expires_after: int = EXPIRES_AFTER

    def __str__(self) -> str:
        return f"{self.name} version {self.version}"


@dataclass(frozen=True)
class Registry:
    """The versions of one name, and the folder models/ beside them."""

    client: MlflowClient
    models: Path
    name: str

    def versions(self) -> list[Registered]:
        """All versions that hold a bundle, oldest first."""
        found = self.client.search_model_versions(f"name = '{self.name}'")
        ours = [_registered(each) for each in found if BUNDLE_VERSION in each.tags]
        return sorted(ours, key=lambda each: int(each.number))

    def aliases(self) -> dict[str, str]:
        """MLflow's number of the version behind each alias."""
        model = self._model()
        return {} if model is None else {alias: str(number) for alias, number in model.aliases.items()}

    def tags(self) -> dict[str, str]:
        """The tags of the name itself."""
        model = self._model()
        return {} if model is None else dict(model.tags)

    def set_tag(self, key: str, value: str | None) -> None:
        """Write a tag of the name; None removes it."""
        if value is not None:
            self.client.set_registered_model_tag(self.name, key, value)
        elif key in self.tags():
            self.client.delete_registered_model_tag(self.name, key)

    def point(self, alias: str, number: str | None) -> None:
        """Make an alias lead to a version; None removes it."""
        if number is not None:
            self.client.set_registered_model_alias(self.name, alias, number)
        elif alias in self.aliases():
            self.client.delete_registered_model_alias(self.name, alias)

    def find(self, wanted: str) -> Registered | None:
        """The version that is wanted: "@champion" by alias, "v3" by the bundle's version, "3" by MLflow's number.

        Of two bundles with one version, which a lost folder can lead to, the later one.
        """
        number = self.aliases().get(wanted.removeprefix("@")) if wanted.startswith("@") else wanted
        for each in reversed(self.versions()):
            if each.number == number or f"v{each.version}" == wanted:
                return each
        return None

    def need(self, wanted: str) -> Registered:
        """As `find`. Raises `ModelNotFound` with what there is."""
        found = self.find(wanted)
        if found is not None:
            return found
        what = f"a {wanted[1:]}" if wanted.startswith("@") else f"version {wanted.removeprefix('v')}"
        raise ModelNotFound(
            f"{what} of {self.name} was expected in the registry, and there is none; {self._advice(wanted)}"
        )

    def _advice(self, wanted: str) -> str:
        """What to do about a version that is not there. One that only its folder knows can be promoted by its name."""
        numbers = {each.version for each in self.versions()}
        folders = {
            int(found.parent.name[1:])
            for found in (self.models / self.name).glob("v*/manifest.json")
            if found.parent.name[1:].isdigit()
        }
        known = listed([f"v{number}" for number in sorted(numbers | folders)])
        if not known:
            return "make one with `icp train`"
        if wanted == f"@{PREVIOUS}":
            return f"make another version live by its name, as in `icp promote {self.name}/v1`; there are {known}"
        return f"name a version, as in `icp promote {self.name}/v1`; there are {known}"

    def entries(self) -> tuple[Entry, ...]:
        """The ledger as the registry has it, oldest first."""
        found = {key: value for key, value in self.tags().items() if key.startswith(ENTRY)}
        place = f"the registry's tags of {self.name}"
        return tuple(ledger.entry_of(found[key], f"{place}, {key}") for key in sorted(found))

    def compared(self, version: Registered, comparison: Comparison) -> None:
        """Write down what a version was compared with, in place of what was known of that before."""
        self.client.set_model_version_tag(self.name, version.number, COMPARISON, comparison.model_dump_json())

    def write_ledger(self) -> None:
        """Rebuild models/ledger.jsonl: the registry's events of this name, and what the file alone still knows."""
        known = {(entry.name, entry.id): entry for entry in (*ledger.entries(self.models), *self.entries())}
        text = "".join(f"{ledger.entry_line(entry)}\n" for entry in ledger.in_order(known.values()))
        path = self.models / ledger.LEDGER
        if text and (not path.exists() or path.read_text(encoding="utf-8") != text):
            write_text(path, text)

    def fetch(self, wanted: Registered) -> tuple[Path, AnyStored]:
        """The verified bundle in models/NAME/vN, brought from the registry where it is not there.

        Raises `BundleInvalid` where the folder or the artifact holds something else.
        """
        folder = self.folder_of(wanted)
        if not folder.exists():
            self._bring(wanted, folder)
        return folder, _verified(folder, wanted)

    def folder_of(self, wanted: Registered) -> Path:
        """Where the bundle of a version is, or is brought to."""
        return self.models / wanted.name / f"v{wanted.version}"

    def _bring(self, wanted: Registered, folder: Path) -> None:
        from mlflow.artifacts import download_artifacts  # noqa: PLC0415 - it takes seconds

        source = self.client.get_model_version_download_uri(wanted.name, wanted.number)
        with tempfile.TemporaryDirectory() as room:
            download_artifacts(artifact_uri=source, dst_path=room, tracking_uri=self.client.tracking_uri)
            manifests = sorted(Path(room).rglob("manifest.json"))
            if len(manifests) != 1:
                raise BundleInvalid(
                    f"one bundle was expected in the registry's {wanted}, and {len(manifests)} were found; train anew"
                )
            _verified(manifests[0].parent, wanted)
            _copy_whole(manifests[0].parent, folder)

    def _model(self) -> RegisteredModel | None:
        from mlflow.exceptions import MlflowException  # noqa: PLC0415 - as above

        try:
            return self.client.get_registered_model(self.name)
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return None
            raise


def registry_of(root: Path, name: str) -> Registry:
    """The registry of the project in `root`. Raises `ConfigError` where it cannot be used."""
    return Registry(connect(root), root / "models", name)


def register(
    run: Run,
    registry: Registry,
    bundle: Path,
    comparison: Comparison | None = None,
    expires_after: int = EXPIRES_AFTER,
) -> Registered:
    """Log the bundle in the folder `bundle` as a model of the run, and register it as the newest challenger."""
    stored = open_any(bundle)
    with tempfile.TemporaryDirectory() as room:
        save_model(bundle, Path(room) / MODEL)
        run.client.log_artifacts(run.run_id, str(Path(room) / MODEL), MODEL)
    _make_name(registry)
    provenance = stored.bundle.provenance
    artifacts = run.client.get_run(run.run_id).info.artifact_uri
    made = registry.client.create_model_version(
        registry.name,
        source=f"{artifacts}/{MODEL}",
        run_id=run.run_id,
        description=_in_words(stored),
        tags={
            CONTENT_HASH: stored.content_hash,
            BUNDLE_VERSION: str(provenance.version),
            DATA_CUT: getattr(provenance, "extracted", None) or "no dates",
            EXPIRY: str(expires_after),
            **({} if comparison is None else {COMPARISON: comparison.model_dump_json()}),
        },
    )
    registry.point(CHALLENGER, str(made.version))
    return _registered(made)


def _in_words(stored: AnyStored) -> str:
    """What a version is, for those who see it in MLflow: what it was learned from, and whom it looks for."""
    bundle = stored.bundle
    if not isinstance(bundle, Bundle):
        return ""
    learned = (
        f"Learned from {bundle.profile.deals:,} deals of {bundle.profile.accounts:,} accounts, "
        f"{bundle.profile.win_rate.value:.0%} of them won. {bundle.verdict.sentence}"
    )
    if bundle.provenance.refreshed:
        learned = f"{learned} {bundle.provenance.refreshed[0]}"
    if bundle.definition is None or bundle.definition.match is None:
        return learned
    looked_for = "; ".join(each.words for each in bundle.definition.criteria)
    return f"{learned} It looks for companies that meet at least {bundle.definition.match.least} of: {looked_for}."


def _make_name(registry: Registry) -> None:
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - as above

    try:
        registry.client.create_registered_model(registry.name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def _registered(found: ModelVersion) -> Registered:
    return Registered(
        name=found.name,
        number=str(found.version),
        version=int(found.tags[BUNDLE_VERSION]),
        content_hash=found.tags[CONTENT_HASH],
        run_id=found.run_id or None,
        comparison=_comparison(found.tags.get(COMPARISON)),
        expires_after=int(found.tags.get(EXPIRY, EXPIRES_AFTER)),
    )


def _comparison(text: str | None) -> Comparison | None:
    """What a version's tag says. One that was written over, or by a later version of icp-ml, says nothing."""
    try:
        return None if text is None else Comparison.model_validate_json(text)
    except ValidationError:
        return None


def _verified(folder: Path, wanted: Registered) -> AnyStored:
    stored = open_any(folder)
    if stored.content_hash != wanted.content_hash:
        raise BundleInvalid(
            f"the bundle with the content hash {wanted.content_hash[:12]} was expected in {folder}, because the "
            f"registry says so of {wanted}, and {stored.content_hash[:12]} was found; move the folder away, and it is "
            "brought from the registry"
        )
    return stored


def _copy_whole(source: Path, folder: Path) -> None:
    """The folder is there whole or not at all."""
    partial = folder.parent / f".{folder.name}.{uuid4().hex}.partial"
    try:
        shutil.copytree(source, partial)
        partial.rename(folder)
    except OSError as error:
        raise ConfigError(f"the bundle could not be written to {folder} ({error.strerror}); see who owns it") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
