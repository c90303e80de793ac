"""A small model of every attribute kind, its bundle, and lists to score with it; fitted once for all tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import parse_attributes
from icp_ml.deals.policy import TiersSettings
from icp_ml.deals.settings import ProspectsSettings
from icp_ml.model.levels import Calibration, calibrate
from icp_ml.model.scorecard import ScorecardParams
from icp_ml.model.tier_cuts import fit_cuts
from icp_ml.model.trees import TreeParams
from icp_ml.model.win_model import CrossFit, ModelParams, TrainingRows, WinModel, cross_fit, fit_members, training_rows
from icp_ml.profile.records import (
    Condition,
    IcpAttribute,
    Interval,
    LevelRecord,
    Profile,
    Provenance,
    Verdict,
)
from icp_ml.profile.reference import draw_reference
from icp_ml.profile.tiering import Policy, Tiering
from icp_ml.profile.tiers import TieredDeals, measure_tiers, objective_sentence
from icp_ml.serve.bundle import Bundle, write_bundle
from icp_ml.serve.golden import make_golden
from icp_ml.serve.scoring import Scorer

AS_OF = date(2024, 6, 30)
DEALS = 400

ATTRIBUTES = (
    Attribute("employees", "employees", "number", "firmographic", "fit"),
    Attribute("revenue", "annual_revenue", "number", "firmographic", "fit", ranges="midpoint"),
    Attribute("industry", "industry", "category", "firmographic", "fit"),
    Attribute("founded", "founded", "year", "firmographic", "fit"),
    Attribute("funded", "funded", "date", "firmographic", "fit"),
    Attribute("size", "size", "ordered", "firmographic", "fit", order=("small", "medium", "large")),
    Attribute("band", "band", "ordered", "firmographic", "fit"),
    Attribute("tools", "tools", "set", "technographic", "fit"),
    Attribute("demo", "demo", "flag", "behavioural", "intent"),
    Attribute("visits", "visits", "number", "engagement", "intent"),
)
PARAMS = ModelParams(ScorecardParams(bins=5), TreeParams(learning_rate=0.2))
TOOLS = ("HubSpot", "Marketo", "Slack", "Jira")


def raw_list(rows: int, seed: int) -> pa.Table:
    """A list as a CRM would write it: texts, gaps in most columns, an id."""
    rng = np.random.default_rng(seed)
    employees = np.round(np.exp(rng.normal(4.5, 1.4, rows))).astype(int)
    low = rng.choice([0, 10, 50, 200], rows)
    columns: dict[str, Sequence[str]] = {
        "employees": [f"{n:,}" for n in employees],
        "annual_revenue": [f"${n}K" for n in rng.integers(10, 5000, rows)],
        "industry": rng.choice(["Software", "Retail", "Energy", "Health"], rows, p=[0.4, 0.3, 0.2, 0.1]).tolist(),
        "founded": [str(n) for n in rng.integers(1950, 2024, rows)],
        "funded": [str(np.datetime64(AS_OF) - int(n)) for n in rng.integers(1, 4000, rows)],
        "size": rng.choice(["small", "medium", "large"], rows).tolist(),
        "band": [f"{a}-{a + 40}" for a in low],
        "tools": [";".join(tool for tool in TOOLS if rng.random() < 0.4) for _ in range(rows)],
        "demo": rng.choice(["yes", "no"], rows).tolist(),
        "visits": [str(n) for n in rng.integers(0, 30, rows)],
    }
    arrays = {name: _with_gaps(values, 0.0 if name == "visits" else 0.1, rng) for name, values in columns.items()}
    return pa.table({"domain": pa.array([f"c{i}.example" for i in range(rows)]), **arrays})


def _with_gaps(values: Sequence[str], share: float, rng: np.random.Generator) -> pa.Array:
    return pa.array([None if rng.random() < share else value for value in values], pa.string())


@cache
def training() -> TrainingRows:
    """400 deals: employees, industry, tools and demo decide, the rest is noise."""
    table = raw_list(DEALS, seed=1)
    rng = np.random.default_rng(2)
    parsed = parse_attributes(table, ATTRIBUTES, np.array(AS_OF, dtype="datetime64[D]"))
    frame = table.to_pandas()
    score = (
        0.9 * (frame["industry"] == "Software")
        + 1.2 * (frame["demo"] == "yes")
        + 0.8 * frame["tools"].fillna("").str.contains("HubSpot")
        + 0.5 * np.log(frame["employees"].fillna("90").str.replace(",", "").astype(float) / 90)
        - 1.5
    )
    won = (rng.random(DEALS) < 1 / (1 + np.exp(-score.to_numpy()))).astype(np.int8)
    return training_rows(parsed, ATTRIBUTES, won, np.arange(DEALS, dtype=np.int64))


@cache
def crossed() -> CrossFit:
    """Its out-of-fold predictions."""
    return cross_fit(training(), PARAMS, seed=3)


@cache
def win_model() -> WinModel:
    """A model of these deals."""
    return fit_members(training(), PARAMS, crossed(), seed=3)


@cache
def tiering() -> Tiering:
    """Tiers cut on the out-of-fold log-odds; the table is that of the same deals."""
    data, settings = training(), TiersSettings()
    cuts = fit_cuts(crossed().log_odds, data.won, data.groups, settings).cuts
    deals = TieredDeals(cuts.tiers(crossed().log_odds), data.won, data.groups)
    return Tiering(settings, cuts, measure_tiers(deals, cuts, objective_sentence(settings)))


@cache
def calibration() -> Calibration:
    """The intervals of its probabilities."""
    return calibrate(crossed().log_odds, training().won, training().groups, seed=3)


@cache
def bundle() -> Bundle:
    """The model with made-up evidence."""
    return Bundle(
        provenance=provenance(),
        attributes=ATTRIBUTES,
        prospects=ProspectsSettings(id="domain", map={"Headcount": "employees"}),
        model=win_model(),
        tiering=tiering(),
        policy=Policy(),
        profile=_profile(),
        reference=draw_reference(training().rows, win_model().vocabulary.columns, crossed().log_odds),
        verdict=_verdict(),
        golden=make_golden(win_model(), ATTRIBUTES, AS_OF, seed=7, band=calibration().band),
        calibration=calibration(),
    )


@cache
def scorer() -> Scorer:
    """The bundle, without the way through a folder."""
    return Scorer(bundle())


def write(folder: Path) -> Path:
    """The bundle in a folder."""
    write_bundle(bundle(), folder)
    return folder


def frame(rows: int, seed: int) -> pd.DataFrame:
    """The same list as `raw_list`, as a DataFrame."""
    made: pd.DataFrame = raw_list(rows, seed).to_pandas()
    return made


def provenance() -> Provenance:
    return Provenance(
        name="planted",
        version=1,
        created="2024-07-01T08:00:00",
        code_version="0.1.0",
        target="won",
        config_hash="0" * 64,
        data_hash="1" * 64,
        run_id=None,
        extracted="2024-06-30",
        ledger={"read": 410, "accepted": 400},
        params={"scorecard": {"ridge": 2.0, "bins": 5.0}},
        trials=1,
        seed=3,
    )


def _interval(value: float) -> Interval:
    return Interval(value=value, low=value - 0.1, high=value + 0.1)


def _profile() -> Profile:
    condition = Condition(text="yes", effect=0.6, deals=180, won=110, win_rate=_interval(0.61))
    demo = IcpAttribute(
        factor="demo",
        attribute="demo",
        layer="behavioural",
        axis="intent",
        share=0.4,
        p_value=0.001,
        gap=_interval(0.2),
        stability=1.0,
        helps=(condition,),
        hurts=(),
        presented=True,
        reason="it passed every test",
    )
    noise = demo.model_copy(update={"factor": "visits", "presented": False, "reason": "chance explains it"})
    return Profile(
        target="won",
        deals=DEALS,
        accounts=DEALS,
        win_rate=_interval(0.45),
        attributes=(demo, noise),
        layer_shares={"behavioural": 0.4, "firmographic": 0.6},
        axis_shares={"intent": 0.4, "fit": 0.6},
    )


def _verdict() -> Verdict:
    figures = {"log_loss": _interval(0.6), "auc": Interval(value=0.7, low=float("nan"), high=float("inf"))}
    return Verdict(
        kind="grouped",
        sentence="Judged by 5 folds of accounts; it is not forward in time.",
        reliable=True,
        deals=DEALS,
        accounts=DEALS,
        skill=0.1,
        ranking=_interval(0.7),
        gain=_interval(0.07),
        levels=(LevelRecord(block="fold 1", deals=80, observed_over_expected=_interval(1.0), is_off=False),),
        figures={"icp-ml": figures, "logistic regression": figures, "base rate": figures},
        returning=None,
        random_split=figures,
        warnings=("the level has drifted",),
    )
