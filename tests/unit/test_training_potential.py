"""Deal potential through the whole line: from a column of the deals to the columns of a scored list."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from mlflow import MlflowClient
from typer.testing import CliRunner

import icp_ml
from icp_ml.cli.main import app
from icp_ml.errors import ConfigError
from icp_ml.profile.potential import FLOOR
from icp_training.config import Config, load_config
from icp_training.line import Budget, Trained, train
from icp_training.pipeline import data_digest, read
from icp_training.potential import amounts_sentence

NOW = "2025-01-01T08:00:00+00:00"
DEALS = 320
CONFIG: dict[str, Any] = {
    "name": "worth",
    "deals": {
        "source": "deals.csv", "id": "deal", "account": "account", "opened": "opened", "closed": "closed",
        "outcome": {"column": "stage", "won": ["Won"], "lost": ["Lost"]},
    },
    "attributes": {"firmographic": {"size": "number", "trade": "category"}, "engagement": {"coin": "number"}},
    "potential": {"amount": {"column": "ACV", "currency": "USD"}},
    "seed": 5,
}  # fmt: skip


def world(folder: Path) -> pd.DataFrame:
    """Wood and a size over 150 win. A size of 400 brings 16 times what one of 10 does; the days are chance."""
    rng = np.random.default_rng(11)
    size, trade = rng.choice([10, 50, 100, 200, 300, 400], DEALS), rng.choice(["iron", "wood", "clay"], DEALS)
    z = 1.3 * np.where(size > 150, 1.0, -1.0) + 1.3 * np.where(trade == "wood", 1.0, -0.5)
    won = rng.random(DEALS) < 1 / (1 + np.exp(-z))
    opened = np.datetime64("2023-01-01") + np.sort(rng.integers(0, 600, DEALS))
    amounts = np.round(100 * size**0.75 * np.exp(0.4 * rng.normal(size=DEALS)), 2)
    frame = pd.DataFrame(
        {
            "deal": [f"d{i}" for i in range(DEALS)],
            "account": [f"Firm {i * 9 // 10}" for i in range(DEALS)],
            "opened": opened,
            "closed": opened + rng.integers(5, 60, DEALS),
            "stage": np.where(won, "Won", "Lost"),
            "size": size,
            "trade": trade,
            "coin": rng.integers(0, 90, DEALS),
            # A loss has an amount too, which was never paid; some wins brought nothing, or nobody knows what.
            "ACV": [("$0" if i % 40 == 1 else "" if i % 40 == 2 else f"${a:,.2f}") for i, a in enumerate(amounts)],
        }
    )
    frame.to_csv(folder / "deals.csv", index=False)
    (folder / "icp.yaml").write_text(yaml.safe_dump(CONFIG), encoding="utf-8")
    return frame


@dataclass
class Lived:
    root: Path
    deals: pd.DataFrame
    trained: Trained


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    root = tmp_path_factory.mktemp("worth")
    deals = world(root)
    return Lived(root, deals, train(root / "icp.yaml", Budget(1), NOW))


def counted(deals: pd.DataFrame) -> pd.DataFrame:
    """The wins with an amount above zero, read off the file."""
    amount = pd.to_numeric(deals["ACV"].str.replace("[$,]", "", regex=True))
    return deals.assign(amount=amount)[(deals["stage"] == "Won") & (amount > 0)]


def test_only_amounts_of_wins_above_zero_are_read(lived: Lived) -> None:
    read_in = read(load_config(lived.root / "icp.yaml"), lived.root)
    assert read_in.amounts is not None
    known = ~np.isnan(read_in.amounts)
    expected = counted(lived.deals)
    assert list(read_in.ids[known]) == list(expected["deal"])
    assert read_in.amounts[known] == pytest.approx(expected["amount"].to_numpy(), rel=1e-12)
    taken = read_in.take(np.flatnonzero(known)[:3]).amounts
    assert taken == pytest.approx(expected["amount"].to_numpy()[:3], rel=1e-12)


def test_what_size_brings_is_learned_and_what_days_do_not_is_said(lived: Lived) -> None:
    found = lived.trained.potential
    assert found is not None
    assert found.acv is not None
    assert found.cycle is not None
    expected = counted(lived.deals)
    assert (found.acv.shown, found.cycle.shown) == ("model", "constant")
    assert found.acv.wins == len(expected)
    assert found.acv.accounts == expected["account"].nunique()
    assert found.acv.mean == pytest.approx(expected["amount"].mean(), rel=1e-12)
    assert found.acv.unit == "USD"
    assert found.acv.share is not None
    assert found.acv.share.low > 0
    assert "mean of all wins" in found.cycle.sentence


def test_tiers_in_money_add_up_to_the_judged_deals(lived: Lived) -> None:
    found = lived.trained.potential
    assert found is not None
    assert sum(row.deals for row in found.tiers) == lived.trained.verdict.deals
    for row in found.tiers:
        assert row.won >= row.known
        assert 0 <= row.expected_value <= row.pipeline_value
    total = sum(row.won_value for row in found.tiers) / sum(row.expected_value for row in found.tiers)
    assert 0.6 < total < 1.6


def test_the_run_holds_its_figures(lived: Lived) -> None:
    client = MlflowClient(f"sqlite:///{lived.root / 'mlruns' / 'mlflow.db'}")
    metrics = client.get_run(lived.trained.run_id).data.metrics
    found = lived.trained.potential
    assert found is not None
    assert found.acv is not None
    assert found.acv.share is not None
    assert metrics["potential.ACV.share"] == pytest.approx(found.acv.share.value)
    assert metrics["potential.ACV.mean"] == pytest.approx(found.acv.mean)
    assert {"potential.cycle.mean", "potential.cycle.share_low"} <= metrics.keys()


def test_a_larger_company_is_expected_to_bring_more_and_the_pages_say_so(lived: Lived) -> None:
    assert lived.trained.folder is not None
    asked = pd.DataFrame({"size": [10, 400], "trade": ["iron", "iron"], "coin": [5, 5]})
    scored = icp_ml.load(lived.trained.folder).score(asked)
    assert scored["expected_acv"][1] > 4 * scored["expected_acv"][0]
    assert (scored["expected_value"] == scored["probability"] * scored["expected_acv"]).all()
    told = CliRunner().invoke(app, ["show", str(lived.trained.folder), "--json"])
    assert json.loads(told.stdout)["potential"]["acv"]["shown"] == "model"
    page = CliRunner().invoke(app, ["show", str(lived.trained.folder)]).stdout
    assert "Tiers in money" in page
    assert "ACV (USD)" in page


def test_the_check_counts_the_wins_that_can_be_learned_from(lived: Lived) -> None:
    expected = counted(lived.deals)
    wins = int((lived.deals["stage"] == "Won").sum())
    told = amounts_sentence(read(load_config(lived.root / "icp.yaml"), lived.root))
    assert told is not None
    assert f"of {wins} wins, {len(expected)} on {expected['account'].nunique()} accounts" in told


def test_the_amount_is_no_attribute(lived: Lived) -> None:
    config = Config.model_validate({**CONFIG, "attributes": {"firmographic": {"ACV": "number"}}})
    with pytest.raises(ConfigError, match="part of the outcome"):
        config.resolved()
    assert lived.root.exists()


def test_under_the_floor_nothing_is_given_and_without_a_question_nothing_is_said(tmp_path: Path) -> None:
    deals = world(tmp_path)
    known = np.flatnonzero((deals["stage"] == "Won").to_numpy())[: FLOOR - 10]
    beside = pd.DataFrame({"deal": deals["deal"][known], "worth": 100.0})
    beside.to_csv(tmp_path / "customers.csv", index=False)
    potential = {"source": "customers.csv", "id": "deal", "amount": "worth"}
    before = data_digest(load_config(tmp_path / "icp.yaml"), tmp_path)
    (tmp_path / "icp.yaml").write_text(yaml.safe_dump({**CONFIG, "potential": potential}), encoding="utf-8")
    assert data_digest(load_config(tmp_path / "icp.yaml"), tmp_path) != before
    found = train(tmp_path / "icp.yaml", Budget(1), NOW)
    assert found.potential is not None
    assert found.potential.acv is not None
    assert found.potential.acv.shown == "nothing"
    assert str(FLOOR) in found.potential.acv.sentence
    assert found.potential.tiers == ()
    assert found.folder is not None
    scored = icp_ml.load(found.folder).score(deals.head(3))
    assert "expected_acv" not in scored
    assert "expected_cycle_days" in scored


def test_a_question_that_nothing_can_answer_is_refused(tmp_path: Path) -> None:
    world(tmp_path)
    deals = {key: value for key, value in CONFIG["deals"].items() if key not in ("opened", "closed")}
    written = {**CONFIG, "deals": deals, "potential": {}}
    (tmp_path / "icp.yaml").write_text(yaml.safe_dump(written), encoding="utf-8")
    with pytest.raises(ConfigError, match="name the column of what a win brings"):
        train(tmp_path / "icp.yaml", Budget(1), NOW)
