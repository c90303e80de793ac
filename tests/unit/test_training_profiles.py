"""Several ICPs from one configuration: two products that are sold to other companies, and a segment of few deals."""

from __future__ import annotations

import csv
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import yaml

from icp_ml.errors import ConfigError
from icp_ml.serve.bundle import Bundle, open_bundle
from icp_training.config import load_config
from icp_training.line import Budget, train
from icp_training.pipeline import read
from icp_training.profiles import members
from tests.cli_projects import PLAIN_DEALS, icp, refusal
from tests.page_texts import squeezed

NOW = "2025-01-01T08:00:00+00:00"
DEALS = 900
PROFILES = [
    {"name": "alpha", "deals": {"column": "product", "is": ["Alpha", "alpha plus"]}},
    {"name": "beta", "deals": {"column": "product", "is": "BETA"}},
    {"name": "giants", "where": [{"attribute": "size", "at_least": 390}, {"attribute": "trade", "is": "wood"}]},
]
CONFIG = {
    "name": "shop",
    "deals": PLAIN_DEALS,
    "attributes": {"firmographic": {"size": "number", "trade": "category"}, "engagement": {"coin": "number"}},
    "prospects": {"source": "prospects.csv", "id": "account"},
    "profiles": PROFILES,
    "seed": 5,
}


def write_project(folder: Path) -> Path:
    """Large companies win; of Alpha wood wins and iron loses, of Beta the other way round."""
    rng = np.random.default_rng(17)
    size, trade = rng.choice([10, 50, 100, 200, 300, 400], DEALS), rng.choice(["iron", "wood"], DEALS)
    product = rng.choice(["Alpha", "Alpha Plus", "Beta"], DEALS, p=[0.3, 0.2, 0.5])
    sign = np.where(product == "Beta", -1.0, 1.0)
    z = 1.2 * np.where(size > 150, 1.0, -1.0) + 1.8 * sign * np.where(trade == "wood", 1.0, -1.0)
    won = rng.random(DEALS) < 1 / (1 + np.exp(-z))
    opened = np.datetime64("2023-01-01") + np.sort(rng.integers(0, 600, DEALS))
    closed = opened + rng.integers(5, 60, DEALS)
    with (folder / "deals.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["deal", "account", "opened", "closed", "stage", "product", "size", "trade", "coin"])
        for i in range(DEALS):
            of = [f"d{i}", f"Firm {i}", opened[i], closed[i], "Won" if won[i] else "Lost", product[i]]
            rows.writerow([*of, size[i], trade[i], rng.integers(0, 90)])
    with (folder / "prospects.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["account", "size", "trade", "coin"])
        for i in range(200):
            rows.writerow([f"p{i}", rng.choice([10, 100, 400]), rng.choice(["iron", "wood"]), i])
    (folder / "icp.yaml").write_text(yaml.safe_dump(CONFIG, sort_keys=False), encoding="utf-8")
    return folder


@dataclass
class Lived:
    """A project after one training."""

    root: Path
    folder: Path
    whole: Bundle

    def of(self, name: str) -> Bundle:
        assert self.whole.profiles is not None
        return self.whole.profiles.by_name()[name]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    root = write_project(tmp_path_factory.mktemp("shop"))
    trained = train(root / "icp.yaml", Budget(2), NOW)
    assert trained.folder is not None
    return Lived(root, trained.folder, open_bundle(trained.folder).bundle)


def test_each_product_has_the_criteria_that_were_planted_for_it(lived: Lived) -> None:
    """And a model of its own, in which the deals of the other product count little."""
    trades = {}
    for name in ("alpha", "beta"):
        assert lived.whole.profiles is not None
        record = next(each for each in lived.whole.profiles.record.profiles if each.name == name)
        assert not record.borrows_all
        assert record.discount < 1.0
        definition = lived.of(name).definition
        assert definition is not None
        asked = [each.condition for each in definition.criteria if each.condition.attribute == "trade"]
        trades[name] = {value for each in asked for value in each.values}
    assert "wood" in trades["alpha"]
    assert "iron" not in trades["alpha"]
    assert "iron" in trades["beta"]
    assert "wood" not in trades["beta"]


def test_a_profile_of_few_deals_borrows_all_and_says_so(lived: Lived) -> None:
    assert lived.whole.profiles is not None
    record = lived.whole.profiles.record.profiles[2]
    assert record.borrows_all
    assert record.deals < 100
    assert "keeps the model, tiers and criteria of all deals" in record.sentence
    giants = lived.of("giants")
    assert giants.tiering == lived.whole.tiering
    assert giants.definition is not None
    assert lived.whole.definition is not None
    assert giants.definition.model_dump_json() == lived.whole.definition.model_dump_json()
    assert giants.model.anchor - lived.whole.model.anchor == pytest.approx(record.level)
    assert record.sentence in giants.verdict.warnings


def test_probabilities_are_at_the_level_of_the_profiles_own_deals(lived: Lived) -> None:
    config = load_config(lived.root / "icp.yaml")
    deals = read(config, lived.root)
    for profile in config.profiles[:2]:
        inside = np.flatnonzero(members(profile, deals))
        model = lived.of(profile.name).model
        rows = model.vocabulary.encode(deals.parsed.take(inside))
        expected = model.probability(model.log_odds(rows)).mean()
        assert expected == pytest.approx(deals.won[inside].mean(), abs=0.05)


def test_overlaps_and_what_is_in_none_are_counted(lived: Lived) -> None:
    config = load_config(lived.root / "icp.yaml")
    deals = read(config, lived.root)
    alpha, beta, giants = (members(each, deals) for each in config.profiles)
    assert lived.whole.profiles is not None
    record = lived.whole.profiles.record
    assert (alpha | beta).all()
    assert record.in_none == 0
    assert record.profiles[2].shared == {"alpha": (alpha & giants).sum(), "beta": (beta & giants).sum()}
    assert sum(record.profiles[2].shared.values()) == giants.sum()


def test_the_command_line_shows_scores_sizes_and_explains_by_profile(
    lived: Lived, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(lived.root)
    shown = icp("show", lived.folder)
    assert "Several ICPs" in shown.out
    assert "alpha" in shown.out
    part = icp("show", lived.folder / "profiles" / "beta")
    assert part.code == 0
    assert "shop-beta" in part.out
    done = icp("score", "prospects.csv", "-o", "out.csv", "--model", lived.folder, "--json")
    assert done.code == 0, done.err
    said = json.loads(done.out)
    assert sum(said["by_profile"].values()) == 200
    with (lived.root / "out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 200
    assert {row["profile"] for row in rows} <= {"alpha", "beta", "giants"}
    page = squeezed(icp("score", "prospects.csv", "-o", "again.csv", "--model", lived.folder).out)
    counts = Counter(row["profile"] for row in rows)
    assert page.index("By the profile that answers:") < min(page.index(f"{n} {name}") for name, n in counts.items())
    assert "0 none (the model of all deals, and marked rows)" in page
    assert f"{said['in_several_profiles']} rows may belong to more than one profile." in page
    sized = json.loads(icp("size", "prospects.csv", "--model", lived.folder, "--json").out)
    assert set(sized["profiles"]) == {"alpha", "beta", "giants"}
    giant = sum(row["profile_giants_score"] != "" for row in rows)
    assert sized["profiles"]["giants"]["in_market"] == giant
    page = squeezed(icp("size", "prospects.csv", "--model", lived.folder).out)
    assert any(line.startswith(f"giants {giant} ") for line in page)
    assert (
        f"{sized['in_several_profiles']} companies are in the market of more than one profile, and are counted in each."
        in page
    )
    told = json.loads(icp("explain", "prospects.csv", "--id", "p3", "--model", lived.folder, "--json").out)
    row = next(row for row in rows if row["account"] == "p3")
    assert told["profile"] == row["profile"]
    page = squeezed(icp("explain", "prospects.csv", "--id", "p3", "--model", lived.folder).out)
    whose = f"Profile: {row['profile']}, which gives it the highest probability of those that it may belong to"
    assert whose in page
    assert told["score"] == pytest.approx(float(row["score"]), abs=1e-9)


def test_a_profile_without_deals_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    root = write_project(tmp_path)
    wrong = [*PROFILES, {"name": "gamma", "deals": {"column": "product", "is": ["Gamma"]}}]
    (root / "icp.yaml").write_text(yaml.safe_dump({**CONFIG, "profiles": wrong}), encoding="utf-8")
    code, said = refusal("train", root / "icp.yaml", "--trials", "1")
    assert code == ConfigError.exit_code
    assert "'gamma'" in said
    assert not (root / "models").exists()


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ({"name": "empty"}, "'where' with conditions, or 'deals'"),
        ({"name": "Big Ones", "where": [{"attribute": "size", "over": 5}]}, "name"),
        ({"name": "big", "where": [{"attribute": "sise", "over": 5}]}, "did you mean 'size'"),
        ({"name": "big", "deals": {"column": "produkt", "is": ["A"]}}, "produkt"),
    ],
)
def test_a_profile_that_cannot_be_used_is_refused_in_one_sentence(
    tmp_path: Path, profile: dict[str, object], expected: str
) -> None:
    root = write_project(tmp_path)
    (root / "icp.yaml").write_text(yaml.safe_dump({**CONFIG, "profiles": [profile]}), encoding="utf-8")
    _, said = refusal("train", root / "icp.yaml", "--trials", "1")
    assert expected in said
    assert not (root / "models").exists()
