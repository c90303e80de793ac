"""The backtest as a run in MLflow: figures, backtest.json, a table as CSV, and a picture of win rates by quarter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from icp_ml.model.metrics import Estimate
from icp_ml.serve.documents import as_json_value
from icp_training.backtest.hand_weights import OURS
from icp_training.backtest.records import Backtest, Outcomes, QuarterReport, yardsticks
from icp_training.pictures import BLUE, GREY, empty_picture
from icp_training.tracking import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KIND: Final = "backtest"
ALL_QUARTERS: Final = "all"
ORANGE: Final = "#c8641e"


def record_backtest(run: Run, found: Backtest) -> None:
    """Log what was found: figures of all quarters as metrics, everything as backtest.json, and the evidence.

    No row of data is sent.
    """
    run.client.log_dict(run.run_id, backtest_document(found), "backtest.json")
    if found.pooled is None:
        return
    figures = {**asdict(found.pooled.held_up), **asdict(found.pooled.outcomes.lead)}
    run.record({f"backtest.{name}": figure["value"] for name, figure in figures.items() if figure is not None})
    run.client.log_text(run.run_id, backtest_table(found).to_csv(index=False), "evidence/backtest.csv")
    run.client.log_figure(run.run_id, backtest_picture(found), "evidence/backtest.png")


def backtest_document(found: Backtest) -> dict[str, object]:
    """Everything, with JSON types only. Estimates are value, low and high; null is what could not be said."""
    document = {
        "predicted": found.predicted,
        "sentence": found.sentence,
        "days_to_close": found.gap,
        "quarters": [asdict(quarter) for quarter in found.quarters],
        "pooled": None if found.pooled is None else asdict(found.pooled),
        "yardsticks": () if found.pooled is None else yardsticks(found.pooled),
        "refused": None if found.refusal is None else found.refusal.sentence,
    }
    return {name: as_json_value(value) for name, value in document.items()}


def backtest_table(found: Backtest) -> pd.DataFrame:
    """One row for each quarter, method and tier, and for all quarters together; a quarter without a model has one row.

    Columns: quarter, method, tier, deals, accounts, won, still open, share of wins, and win rate, days to win and days
    to close, each with low and high.
    """
    rows = [row for quarter in found.quarters for row in _rows_of_quarter(quarter)]
    if found.pooled is not None:
        rows += _rows_of(ALL_QUARTERS, found.pooled.outcomes, found.pooled.scorecards)
    named = ["quarter", "method", "tier", "deals", "accounts", "won", "still open", "share of wins"]
    measured = ("win rate", "days to win", "days to close")
    return pd.DataFrame(rows, columns=[*named, *(f"{name}{end}" for name in measured for end in ("", " low", " high"))])


def _rows_of_quarter(quarter: QuarterReport) -> list[tuple[object, ...]]:
    if quarter.outcomes is None:
        return [(quarter.name, quarter.reason, "", quarter.opened, *[None] * 13)]
    return list(_rows_of(quarter.name, quarter.outcomes, quarter.scorecards))


def _rows_of(
    quarter: str, ours: Outcomes, scorecards: tuple[tuple[str, Outcomes], ...]
) -> Iterator[tuple[object, ...]]:
    for method, outcomes in ((OURS, ours), *scorecards):
        for tier in outcomes.tiers:
            counts = (tier.deals, tier.accounts, tier.won, tier.still_open, tier.share_of_wins)
            figures = (tier.win_rate, tier.days_to_win, tier.days_to_close)
            yield (quarter, method, tier.label, *counts, *(end for each in figures for end in _ends(each)))


def _ends(found: Estimate | None) -> tuple[float | None, float | None, float | None]:
    return (None, None, None) if found is None else (found.value, found.low, found.high)


def backtest_picture(found: Backtest) -> Figure:
    """Win rates of the first and the last tier by quarter, with 90 % intervals; a quarter without a model is empty."""
    figure, axes = empty_picture("Win rate by tier, as told when the quarter began", "", "win rate (90 % interval)")
    names = [quarter.name for quarter in found.quarters]
    places = np.arange(len(names))
    for side, colour, shift in (("first", BLUE, -0.08), ("last", ORANGE, 0.08)):
        rates = [_rate_of(quarter, side) for quarter in found.quarters]
        shown = [(place, rate) for place, rate in zip(places.tolist(), rates, strict=True) if rate is not None]
        value = np.array([rate.value for _, rate in shown])
        spread = np.array([(rate.value - rate.low, rate.high - rate.value) for _, rate in shown]).reshape(-1, 2).T
        across = np.array([place + shift for place, _ in shown])
        axes.errorbar(across, value, yerr=spread, fmt="o", color=colour, capsize=4, label=f"{side} tier")
    base = [quarter.won / quarter.told if quarter.told else np.nan for quarter in found.quarters]
    axes.plot(places, base, color=GREY, linestyle="--", label="all told deals")
    axes.set_xticks(places, names, rotation=45)
    axes.set_ylim(0.0, 1.0)
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    return figure


def _rate_of(quarter: QuarterReport, side: str) -> Estimate | None:
    """The win rate of the quarter's first or last tier; None where it had one tier only."""
    if quarter.outcomes is None or quarter.outcomes.lead.ratio is None:
        return None
    tiers = [tier for tier in quarter.outcomes.tiers if tier.label[0].isdigit()]
    return tiers[0 if side == "first" else -1].win_rate
