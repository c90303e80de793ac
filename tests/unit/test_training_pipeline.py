"""The whole line on small made-up worlds: a bundle where there is something to learn, the reason where there is not."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow.csv as pa_csv
import pytest
from mlflow import MlflowClient

import icp_ml
from icp_ml.errors import NoSignal, TooFewDeals
from icp_ml.serve.bundle import StoredBundle, open_bundle
from icp_training.config import load_config
from icp_training.line import Budget, Trained, next_version, train
from icp_training.pipeline import data_digest, refuse_without_signal

NOW = "2025-01-01T08:00:00+00:00"
DEALS = 240
CONFIG = """\
name: spring
deals:
  source: deals.csv
  id: deal
  account: account
  opened: opened
  closed: closed
  outcome: {column: stage, won: [Won], lost: [Lost]}
attributes:
  firmographic: {size: number, trade: category}
  engagement: {coin: number}
prospects: {source: deals.csv, id: deal}
seed: 5
"""


def write_world(folder: Path, effect: float, deals: int = DEALS) -> None:
    """Size over 150 and the wood trade win; with an effect of 0 nothing does. Ids are words found nowhere else."""
    rng = np.random.default_rng(11)
    size, trade = rng.choice([10, 50, 100, 200, 300, 400], deals), rng.choice(["iron", "wood", "clay"], deals)
    z = effect * np.where(size > 150, 1.0, -1.0) + effect * np.where(trade == "wood", 1.0, -0.5)
    won = rng.random(deals) < 1 / (1 + np.exp(-z))
    opened = np.datetime64("2023-01-01") + np.sort(rng.integers(0, 600, deals))
    closed = opened + rng.integers(5, 60, deals)
    with (folder / "deals.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["deal", "account", "opened", "closed", "stage", "size", "trade", "coin"])
        for i in range(deals):
            stage, coin = "Won" if won[i] else "Lost", rng.integers(0, 90)
            ids = [f"oppo-{i}-x", f"Secret Firm {i * 9 // 10} Ltd"]
            rows.writerow([*ids, opened[i], closed[i], stage, size[i], trade[i], coin])
    (folder / "icp.yaml").write_text(CONFIG, encoding="utf-8")


@dataclass
class Lived:
    """A project, what each training in it came to, and the steps that were announced."""

    root: Path
    trained: list[Trained] = field(default_factory=list)
    steps: list[tuple[str, int, int]] = field(default_factory=list)

    def train(self) -> None:
        def on_step(label: str, done: int, total: int) -> None:
            self.steps.append((label, done, total))

        self.trained.append(train(self.root / "icp.yaml", Budget(trials=1), NOW, on_step))

    def stored(self, place: int) -> StoredBundle:
        folder = self.trained[place].folder
        assert folder is not None
        return open_bundle(folder)

    def client(self) -> MlflowClient:
        return MlflowClient(f"sqlite:///{self.root / 'mlruns' / 'mlflow.db'}")


@pytest.fixture(scope="module")
def planted(new_project: Callable[[str], Path]) -> Lived:
    lived = Lived(new_project("planted"))
    write_world(lived.root, effect=1.6)
    lived.train()
    return lived


@pytest.fixture(scope="module")
def silent(new_project: Callable[[str], Path]) -> Lived:
    lived = Lived(new_project("silent"))
    write_world(lived.root, effect=0.0)
    lived.train()
    return lived


def test_a_world_with_a_truth_gives_a_bundle_that_says_it(planted: Lived) -> None:
    first = planted.trained[0]
    assert first.verdict.reliable
    assert first.verdict.kind == "forward"
    assert first.profile is not None
    # The cut between sizes 100 and 200 is half way.
    presented = {found.factor: found.helps[0].text for found in first.profile.presented()}
    assert presented == {"size": "over 150", "trade": "wood"}
    assert first.refusal is None


def test_the_bundle_opens_and_its_golden_rows_agree(planted: Lived) -> None:
    # Opening compares every hash and then scores the ten golden rows.
    folder = planted.root / "models" / "spring" / "v1"
    assert planted.trained[0].folder == folder
    scorer = icp_ml.load(folder)
    scored = scorer.score(pa_csv.read_csv(planted.root / "deals.csv"))
    assert scored.num_rows == DEALS


def test_the_bundle_says_where_it_comes_from(planted: Lived) -> None:
    config = load_config(planted.root / "icp.yaml")
    provenance = planted.stored(0).bundle.provenance
    assert (provenance.name, provenance.target, provenance.created) == ("spring", "won", NOW)
    assert provenance.config_hash == config.digest()
    assert provenance.data_hash == data_digest(config, planted.root)
    assert (provenance.trials, provenance.seed) == (1, 5)
    assert provenance.ledger["read"] == sum(rows for name, rows in provenance.ledger.items() if name != "read")


def test_verdict_and_figures_cover_every_method(planted: Lived) -> None:
    verdict = planted.trained[0].verdict
    assert verdict.figures.keys() == {"icp-ml", "logistic regression", "base rate"}
    assert verdict.figures["icp-ml"]["log_loss"].value < verdict.figures["base rate"]["log_loss"].value
    assert "auc" not in verdict.figures["base rate"]
    assert verdict.random_split.keys() == verdict.figures["icp-ml"].keys()
    assert sum(level.deals for level in verdict.levels) == verdict.deals


def test_the_verdict_says_how_far_it_can_be_believed(planted: Lived) -> None:
    verdict, bundle = planted.trained[0].verdict, planted.stored(0).bundle
    assert bundle.verdict == verdict
    assert verdict.not_nested is not None
    assert verdict.not_nested.keys() == verdict.figures["icp-ml"].keys()
    assert sum(each.deals for each in verdict.reliability) == verdict.deals
    assert verdict.base_rates is not None
    assert verdict.sample is not None
    assert [more for more, _ in verdict.sample.more] == [50, verdict.sample.accounts]
    assert [each.factor for each in bundle.profile.steadiness] == [each.factor for each in bundle.profile.attributes]
    size = next(each for each in bundle.profile.steadiness if each.factor == "size")
    assert (size.models, size.held, size.judged_by) == (3, 3, len(verdict.levels))
    assert size.agreement is not None
    assert size.agreement > 0.5
    metrics = planted.client().get_run(planted.trained[0].run_id).data.metrics
    assert metrics["not_nested.auc"] == verdict.not_nested["auc"].value
    assert metrics["random_split.auc"] == verdict.random_split["auc"].value


def test_a_refusal_is_judged_as_far_and_nothing_is_claimed_by_a_search(silent: Lived) -> None:
    verdict = silent.trained[0].verdict
    assert verdict.not_nested is None
    assert verdict.reliability
    assert verdict.sample is not None


def test_every_step_that_is_begun_is_ended(planted: Lived) -> None:
    last = {label.partition(":")[0]: (done, total) for label, done, total in planted.steps}
    steps = [
        "judging on deals it did not see",
        "searching parameters",
        "fitting and explaining",
        "writing the ICP down",
    ]
    assert list(last) == steps
    assert all(done == total for done, total in last.values())


def test_the_run_holds_figures_parameters_and_the_bundle(planted: Lived) -> None:
    client, trained = planted.client(), planted.trained[0]
    run = client.get_run(trained.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.metrics["skill"] == trained.verdict.skill
    assert run.data.tags["content_hash"] == planted.stored(0).content_hash
    assert trained.folder is not None
    kept = {Path(found.path).name for found in client.list_artifacts(trained.run_id, "bundle")}
    assert kept == {path.name for path in trained.folder.iterdir()}


def test_no_deal_and_no_account_leaves_the_project(planted: Lived) -> None:
    run = planted.client().get_run(planted.trained[0].run_id)
    sent = [*run.data.params.items(), *run.data.tags.items(), *run.data.metrics.items()]
    assert run.inputs is None or not run.inputs.dataset_inputs
    paths = [path for path in (planted.root / "mlruns" / "artifacts").rglob("*") if path.is_file()]
    assert {"manifest.json", "MLmodel", "profile.json", "verdict.json"} <= {path.name for path in paths}
    files = [path.read_bytes() for path in paths]
    for secret in ("oppo-", "Secret Firm"):
        assert not any(secret in str(part) for pair in sent for part in pair)
        assert not any(secret.encode() in content for content in files)


def test_a_world_without_a_truth_gives_the_reason_and_no_bundle(silent: Lived) -> None:
    refused = silent.trained[0]
    assert not refused.verdict.reliable
    assert isinstance(refused.refusal, NoSignal)
    assert refused.refusal.exit_code == 5
    assert (refused.folder, refused.version, refused.profile) == (None, None, None)
    assert not (silent.root / "models").exists()


def test_a_refusal_is_a_result_and_its_run_is_finished(silent: Lived) -> None:
    client, refused = silent.client(), silent.trained[0]
    run = client.get_run(refused.run_id)
    assert (run.info.status, run.data.tags["verdict"]) == ("FINISHED", "no reliable signal")
    assert run.data.metrics["skill"] == refused.verdict.skill
    assert [found.path for found in client.list_artifacts(refused.run_id)] == [
        "report.html",
        "rows.json",
        "verdict.json",
    ]


def test_the_refusal_says_what_was_found_and_what_would_help(silent: Lived, planted: Lived) -> None:
    verdict = silent.trained[0].verdict
    with pytest.raises(NoSignal) as refused:
        refuse_without_signal(verdict)
    for part in (f"{verdict.deals:,} deals", f"{verdict.ranking.low:.1%}", "bring attributes that say more"):
        assert part in refused.value.sentence
    refuse_without_signal(planted.trained[0].verdict)


def test_too_few_accounts_leave_neither_run_nor_bundle(new_project: Callable[[str], Path]) -> None:
    lived = Lived(new_project("few"))
    write_world(lived.root, effect=1.6, deals=50)
    with pytest.raises(TooFewDeals):
        lived.train()
    assert lived.client().get_experiment_by_name("spring") is None
    assert not (lived.root / "models").exists()


def test_the_next_version_follows_the_highest_there_is(tmp_path: Path) -> None:
    assert next_version(tmp_path, "spring", []) == 1
    for name in ("v2", "v10", "v9", "vx", "draft"):
        (tmp_path / "models" / "spring" / name).mkdir(parents=True)
    assert next_version(tmp_path, "spring", []) == 11
    assert next_version(tmp_path, "autumn", []) == 1
    assert next_version(tmp_path, "spring", [12, 3]) == 13


def test_one_byte_of_the_data_is_another_digest(tmp_path: Path) -> None:
    write_world(tmp_path, effect=1.0, deals=60)
    config = load_config(tmp_path / "icp.yaml")
    before = data_digest(config, tmp_path)
    assert data_digest(config, tmp_path) == before
    content = (tmp_path / "deals.csv").read_bytes()
    (tmp_path / "deals.csv").write_bytes(content[:-2] + b"1" + content[-1:])
    assert data_digest(config, tmp_path) != before
