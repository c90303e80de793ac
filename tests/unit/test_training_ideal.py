"""A model of ideal wins says what it predicts wherever it speaks; weights change the fit and not what is measured."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml

from icp_ml.serve.bundle import open_bundle
from icp_training.config import load_config
from icp_training.evaluation import rows_to_learn_from
from icp_training.pipeline import read
from tests.cli_projects import icp, refusal

DEALS = 300
KEPT = "won and kept 6 months"
CONFIG: dict[str, object] = {
    "name": "ideal",
    "deals": {
        "source": "deals.csv", "id": "deal", "account": "account", "opened": "opened", "closed": "closed",
        "outcome": {"column": "stage", "won": "Won", "lost": "Lost"}, "window": {"months": 60},
    },
    "attributes": {"firmographic": {"size": "number", "trade": "category"}},
    "prospects": {"id": "site"},
}  # fmt: skip
MEASURES = {
    "value": {"column": "acv", "better": "higher"},
    "left": {"kind": "left", "kept_months": 6},
    "cycle": {"kind": "cycle", "better": "lower", "weight": 0.01},
}


def write_project(folder: Path, **ideal: object) -> Path:
    """Large firms and the wood trade win; one win in five leaves after three months. Each deal has its own account."""
    rng = np.random.default_rng(5)
    size, trade = rng.choice([10, 50, 100, 200, 300, 400], DEALS), rng.choice(["iron", "wood", "clay"], DEALS)
    won = rng.random(DEALS) < 1 / (1 + np.exp(-2.0 * np.where(size > 150, 1, -1) - np.where(trade == "wood", 2, -1)))
    opened = np.datetime64("2023-01-01") + np.sort(rng.integers(0, 700, DEALS))
    closed = opened + rng.integers(5, 60, DEALS)
    leaves = won & (rng.random(DEALS) < 0.2)
    frame = pd.DataFrame(
        {
            "deal": [f"D{k}" for k in range(DEALS)],
            "account": [f"A{k}" for k in range(DEALS)],
            "opened": opened.astype(str),
            "closed": closed.astype(str),
            "stage": np.where(won, "Won", "Lost"),
            "size": size,
            "trade": trade,
            "left": np.where(leaves, (closed + 90).astype(str), ""),
            "acv": np.where(won, rng.integers(100, 100_000, DEALS), 0),
            "site": [f"c{k}.example" for k in range(DEALS)],
        }
    )
    frame.to_csv(folder / "deals.csv", index=False)
    frame[["site", "size", "trade"]].head(20).to_csv(folder / "list.csv", index=False)
    text = yaml.safe_dump({**CONFIG, "ideal": {"measures": MEASURES, **ideal}}, sort_keys=False)
    (folder / "icp.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def trained(new_project: Callable[[str], Path]) -> Path:
    """A project with one model of customers that were kept."""
    root = write_project(new_project("ideal"), use="target", target="kept")
    done = icp("train", root / "icp.yaml", "--trials", 1, "--json")
    assert done.code == 0, done.err
    return root


def test_the_target_is_named_wherever_the_model_speaks(trained: Path) -> None:
    folder = trained / "models" / "ideal" / "v1"
    bundle = open_bundle(folder).bundle
    assert bundle.provenance.target == bundle.profile.target == bundle.verdict.predicted == KEPT
    assert KEPT in bundle.verdict.sentence
    assert any(KEPT in note for note in bundle.tiering.table.notes)
    card = (folder / "card.md").read_text(encoding="utf-8")
    assert f"Target: `{KEPT}`" in card
    assert "That is known 6 months after closing" in card
    shown = icp("show", folder).out
    assert f"target '{KEPT}'" in shown
    assert f"Where this page says won, it means: {KEPT}." in shown
    assert '"acv"' not in (folder / "features.json").read_text(encoding="utf-8")
    assert bundle.provenance.ledger["too recent to judge"] > 0
    assert sum(bundle.provenance.ledger.values()) == 2 * bundle.provenance.ledger["read"]


def test_wins_of_the_best_grade_are_told_of_beside_the_target(trained: Path) -> None:
    """Of the judged deals, whatever is predicted: in the verdict, by tier, on the card and on the page."""
    folder = trained / "models" / "ideal" / "v1"
    bundle = open_bundle(folder).bundle
    found, rows = bundle.verdict.ideal, bundle.tiering.table.ideal
    assert found is not None
    assert found.above_all_others.low <= found.above_all_others.value <= found.above_all_others.high
    assert [row.label for row in rows] == [row.label for row in bundle.tiering.table.rows]
    assert [row.deals for row in rows] == [row.deals for row in bundle.tiering.table.rows]
    assert sum(row.ideal for row in rows) == found.ideal
    assert all(ideal.ideal <= row.deals for ideal, row in zip(rows, bundle.tiering.table.rows, strict=True))
    assert sum(row.share for row in rows) == pytest.approx(1.0)
    shown = icp("show", folder).out
    assert "Wins of grade A by tier" in shown
    assert f"Wins of grade A, {found.ideal:,} of {found.wins:,} judged wins" in shown
    assert "of the wins of grade A" in (folder / "card.md").read_text(encoding="utf-8")


def test_training_deals_are_graded_without_those_that_are_judged(tmp_path: Path) -> None:
    """The best 30 % of the wins of each part, by the value alone; the other part may be worth anything."""
    root = write_project(tmp_path, use="weight", measures={"value": {"column": "acv", "better": "higher"}})
    config = load_config(root / "icp.yaml")
    deals = read(config, root)
    acv = pd.read_csv(root / "deals.csv").set_index("deal").loc[list(deals.ids), "acv"].to_numpy()
    half = np.argsort(acv, kind="stable")[: len(acv) // 2 + 60]
    part = deals.take(np.sort(half)).graded_anew()
    assert part.graded is not None
    wins = np.flatnonzero(part.won == 1)
    ranked = wins[np.argsort(-acv[np.sort(half)][wins], kind="stable")]
    best = [place for place, _ in enumerate(ranked) if (place + 0.5) / len(ranked) < 0.3]
    assert set(np.flatnonzero(part.ideal())) == set(ranked[best])
    data = rows_to_learn_from(deals, np.sort(half))
    assert data.weights is not None
    assert data.weights == pytest.approx(part.weights)
    assert data.weights[wins].mean() == pytest.approx(1.0)


def test_every_scored_file_names_the_target(trained: Path) -> None:
    out = trained / "scored.parquet"
    model = trained / "models" / "ideal" / "v1"
    done = icp("score", trained / "list.csv", "-o", out, "--model", model)
    assert done.code == 0, done.err
    assert pq.read_schema(out).metadata[b"icp.target"].decode() == KEPT
    assert f"Mean probability ({KEPT}" in done.out


def test_what_is_counted_as_won_is_what_is_predicted(trained: Path) -> None:
    profile = open_bundle(trained / "models" / "ideal" / "v1").bundle.profile
    rows = pd.read_csv(trained / "deals.csv", keep_default_na=False)
    last = rows["closed"].max()
    old = rows[pd.to_datetime(rows["closed"]) + pd.DateOffset(months=6) <= last]
    kept = (old["stage"] == "Won") & (old["left"] == "")
    assert profile.deals == len(old)
    assert profile.win_rate.value == pytest.approx(kept.mean())


def test_check_shows_the_grades_and_what_they_measure(tmp_path: Path) -> None:
    root = write_project(tmp_path, use="weight")
    page = icp("check", root / "icp.yaml").out
    assert "Wins by grade" in page
    assert "left (share kept)" in page
    assert "left: not known yet for" in page
    report = json.loads(icp("check", root / "icp.yaml", "--json").out)["grades"]
    assert (report["use"], report["predicted"]) == ("weight", "won")
    rows = {row["grade"]: row for row in report["grades"]}
    deals = pd.read_csv(root / "deals.csv", keep_default_na=False)
    wins = int((deals["stage"] == "Won").sum())
    assert sum(row["wins"] for row in report["grades"]) == wins
    assert abs(rows["A"]["wins"] - 0.3 * wins) <= 1
    assert rows["A"]["means"]["value"] > rows["B"]["means"]["value"] > rows["C"]["means"]["value"]
    assert rows["A"]["means"]["left"] == rows["B"]["means"]["left"] == 1.0
    measures = {found["name"]: found for found in report["measures"]}
    assert measures["value"]["known"] == measures["cycle"]["known"] == wins
    assert measures["left"]["known"] + measures["left"]["too_young"] == wins


def test_an_outcome_under_another_name_is_refused(tmp_path: Path) -> None:
    root = write_project(tmp_path)
    written = yaml.safe_load((root / "icp.yaml").read_text(encoding="utf-8"))
    written["attributes"].setdefault("firmographic", {})["worth"] = {"kind": "number", "column": "acv"}
    (root / "icp.yaml").write_text(yaml.safe_dump(written), encoding="utf-8")
    code, said = refusal("check", root / "icp.yaml")
    assert code == 2
    assert "'worth' reads the column 'acv', which is part of the outcome" in said
