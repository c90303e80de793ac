"""`icp quarter --intent` on planted quarters: the fit side stays to the last bit, and signals count as they do now.

600 deals of a year are learned from; then a quarter of 300 comes in, in which a demo either counts as it did or has
come to count for nothing. Models are trained once; the quarters are drawn anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.special import expit

from icp_ml.serve.bundle import StoredBundle, open_bundle
from icp_training.comparing import live_model
from icp_training.config import load_config
from icp_training.intent_points import intent_ground, learn_intent
from icp_training.pipeline import read
from tests.cli_projects import PLAIN_DEALS, icp, refusal

YEAR, QUARTER = 600, 300
CUT, END, LATER = pd.Timestamp("2024-12-31"), pd.Timestamp("2025-04-30"), pd.Timestamp("2025-08-31")
DEMO = 2.0
INDUSTRIES = ("Software", "Retail", "Logistics", "Health")
CONFIG = {
    "name": "aged",
    "deals": {**PLAIN_DEALS, "window": {"months": 24}},
    "attributes": {
        "firmographic": {"employees": "number", "industry": "category"},
        "behavioural": {"visits": "number", "demo": "flag"},
    },
    "prospects": {"id": "account"},
    "seed": 4,
}
QUIET_WORLDS, CHANGED_WORLDS = range(100, 110), range(200, 210)


def deals(start: pd.Timestamp, end: pd.Timestamp, rows: int, demo: float, seed: int) -> pd.DataFrame:
    """Deals of as many accounts that open between two days. demo: what it counts for, in log-odds."""
    rng = np.random.default_rng(seed)
    employees = np.round(np.exp(rng.normal(5.0, 1.2, rows)))
    industry = rng.choice(INDUSTRIES, rows)
    visits, asked = rng.poisson(4, rows), rng.random(rows) < 0.4
    log_odds = 0.8 * (np.log(employees) - 5) + 1.2 * (industry == "Software") + 0.2 * (visits - 4) + demo * asked - 1.2
    opened = start + pd.to_timedelta(rng.integers(1, (end - start).days, rows), unit="D")
    names = [f"{seed}-{row}" for row in range(rows)]
    return pd.DataFrame(
        {
            "deal": [f"D{name}" for name in names],
            "account": [f"A{name}" for name in names],
            "opened": opened.date,
            "closed": (opened + pd.to_timedelta(rng.integers(3, 20, rows), unit="D")).date,
            "stage": np.where(rng.random(rows) < expit(log_odds), "Won", "Lost"),
            "employees": employees,
            "industry": industry,
            "visits": visits,
            "demo": np.where(asked, "yes", "no"),
        }
    )


@dataclass(frozen=True)
class Project:
    folder: Path
    year: pd.DataFrame

    def stand(self, *quarters: pd.DataFrame) -> Path:
        """The export of the year's last day, or of a later one with the deals of one quarter or of two in it."""
        day = (CUT, END, LATER)[len(quarters)]
        pd.concat([self.year, *quarters]).to_csv(self.folder / "deals.csv", index=False)
        said = {**CONFIG, "deals": {**CONFIG["deals"], "extracted": day.date()}}  # type: ignore[dict-item]
        (self.folder / "icp.yaml").write_text(yaml.safe_dump(said, sort_keys=False), encoding="utf-8")
        return self.folder / "icp.yaml"

    def bundle(self, version: int) -> StoredBundle:
        return open_bundle(self.folder / "models" / "aged" / f"v{version}")


def quarter(demo: float, seed: int) -> pd.DataFrame:
    return deals(CUT, pd.Timestamp("2025-03-31"), QUARTER, demo, seed)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    folder = tmp_path_factory.mktemp("aged")
    made = Project(folder, deals(CUT - pd.Timedelta(days=366), CUT - pd.Timedelta(days=20), YEAR, DEMO, 1))
    made.stand()
    with chdir(folder):
        first = icp("quarter", "icp.yaml", "--trials", "2", "--promote", "--json")
        assert first.code == 0, first.err
        yield made


def told(*words: str) -> dict[str, Any]:
    done = icp("quarter", "icp.yaml", "--intent", "--json", *words)
    assert done.code == 0, done.err
    said: dict[str, Any] = json.loads(done.out)
    return said


def test_before_a_quarter_has_matured_there_is_nothing_to_learn(project: Project) -> None:
    project.stand(quarter(DEMO, 2).head(30))
    code, sentence = refusal("quarter", "icp.yaml", "--intent")
    assert code == 4
    assert "100 matured deals with both outcomes, opened after 2024-12-31" in sentence
    assert refusal("quarter", "icp.yaml", "--intent", "--fresh")[0] == 2


def test_where_nothing_changed_the_intent_side_stands(project: Project) -> None:
    project.stand(quarter(DEMO, 2))
    said = told("--promote")
    assert said["version"] is None
    assert said["recommendation"].startswith("The intent side stands, and no version was made: on 300 deals opened")
    assert not (project.folder / "models" / "aged" / "v2").exists()


def test_what_changed_is_learned_and_the_fit_side_stays(project: Project) -> None:
    project.stand(quarter(0.0, 3))
    said = told("--promote", "--reason", "demos are given away now")
    assert said["version"] == {"name": "aged", "version": 2}
    assert (said["promoted"], said["was_there"]) == (True, False)
    before, after = project.bundle(1).bundle, project.bundle(2).bundle
    _fit_side_is_the_same(before, after)
    provenance = after.provenance
    assert (provenance.refreshed_from, provenance.extracted) == (1, "2025-04-30")
    assert provenance.refreshed[0].startswith("The fit side is that of version 1; the intent side was learned anew: on")
    demo = next(line for line in provenance.refreshed if line.startswith("demo: yes counts -"))
    assert -2.2 < float(demo.split()[3]) < -0.5
    assert after.tiering.cuts == before.tiering.cuts
    _criteria_stay_and_are_weighed_anew(before, after)
    card = (project.folder / "models" / "aged" / "v2" / "card.md").read_text()
    assert provenance.refreshed[0] in card
    assert "demo: yes counts -" in card
    code, sentence = refusal("compare", "icp.yaml", "--model", "aged/v2")
    assert (code, "keeps the fit side of another" in sentence) == (2, True)
    again = told()
    assert (again["was_there"], again["version"]["version"]) == (True, 2)
    assert again["recommendation"].startswith("aged version 2 is live already")


def test_a_refresh_of_a_refresh_keeps_the_version_that_was_trained(project: Project) -> None:
    """Demos are asked for again in the quarter after: the third version stands on the second and on the first's fit."""
    after_it = deals(END, pd.Timestamp("2025-07-31"), QUARTER, DEMO, 5)
    project.stand(quarter(0.0, 3), after_it)
    assert told()["version"]["version"] == 3
    first, second, third = (project.bundle(version).bundle for version in (1, 2, 3))
    _fit_side_is_the_same(first, third)
    assert (third.provenance.refreshed_from, second.provenance.refreshed_from) == (1, 1)
    demo = next(line for line in third.provenance.refreshed if line.startswith("demo: yes counts +"))
    assert float(demo.split()[3]) > 0.5
    notes, warnings = third.tiering.table.notes, third.verdict.warnings
    assert (
        sum("those of version 1" in note for note in notes) == sum("those of version 1" in one for one in warnings) == 1
    )


def _fit_side_is_the_same(before: Any, after: Any) -> None:
    columns = before.model.vocabulary.columns
    rows = np.column_stack(
        [
            np.arange(50) % len(column.levels)
            if column.is_category
            else np.linspace(0, 9, 50) ** (1 + column.is_category)
            for column in columns
        ]
    ).astype(np.float64)
    old, new = before.model.contributions(rows), after.model.contributions(rows)
    fit = [place for place, column in enumerate(columns) if column.axis == "fit"]
    intent = [place for place, column in enumerate(columns) if column.axis == "intent"]
    assert old.base == new.base
    assert np.array_equal(old.values[:, fit], new.values[:, fit])
    assert not np.array_equal(old.values[:, intent], new.values[:, intent])
    told_before = {each.factor: each for each in before.profile.attributes}
    for each in after.profile.attributes:
        kept = told_before[each.factor].model_copy(update={"share": each.share})
        assert (each == kept) == (each.axis == "fit"), each.factor


def _criteria_stay_and_are_weighed_anew(before: Any, after: Any) -> None:
    then, now = ({each.name: each for each in of.definition.criteria} for of in (before, after))
    assert then.keys() == now.keys()
    for name, each in now.items():
        same = each.model_copy(update={"points": then[name].points})
        assert same.model_dump_json() == then[name].model_dump_json(), "what is not known equals nothing else"
    assert sum(each.points for each in now.values()) == 100
    demo = next(name for name, each in now.items() if each.condition.attribute == "demo")
    assert now[demo].points < 0.7 * then[demo].points


def test_an_attribute_of_which_a_direction_was_asked_stays(project: Project) -> None:
    config, live = load_config(project.stand(quarter(0.0, 3))), project.bundle(1)
    model = live.bundle.model
    names = [column.name for column in model.vocabulary.columns]
    asked = tuple(replace(each, monotone=1 if each.name == "demo" else 0) for each in model.vocabulary.columns)
    bundle = replace(live.bundle, model=replace(model, vocabulary=replace(model.vocabulary, columns=asked)))
    ground = intent_ground(config, project.folder, read(config, project.folder), replace(live, bundle=bundle))
    assert [names[place] for place in ground.places] == ["visits"]


def test_how_often_a_change_is_seen_and_how_often_none_is_taken_for_one(project: Project) -> None:
    """10 quarters in which nothing changed, 10 in which a demo came to count for nothing."""
    found = {}
    for demo, worlds in ((DEMO, QUIET_WORLDS), (0.0, CHANGED_WORLDS)):
        found[demo] = 0
        for seed in worlds:
            path = project.stand(quarter(demo, seed))
            config = load_config(path)
            live = project.bundle(1)
            ground = intent_ground(config, project.folder, read(config, project.folder), live)
            found[demo] += learn_intent(ground).is_better
    assert live_model(project.folder, "aged") is not None
    assert found[DEMO] <= 2, "each bound is wrong one time in ten at most"
    assert found[0.0] >= 9
