"""The pictures and tables of a run, for those who look at it in MLflow. Nothing here is computed but positions.

calibration.png   what was predicted beside what happened, on deals that the model had not seen
tiers.png         the win rate of each tier with its interval
icp.png           what the explanation consists of
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from icp_ml.profile.records import Interval, Profile, ReliabilityBin, Verdict
from icp_ml.profile.tiers import TierTable
from icp_training.tracking import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_FACTORS: Final = 20
"""Factors that the picture of the ICP shows; the table has all."""
BLUE, GREY = "#1f5fa8", "#9aa0a6"


def record_evidence(run: Run, verdict: Verdict, tiers: TierTable, profile: Profile) -> None:
    """Log the pictures, and the figures behind them as tables, in the run's folder `evidence`."""
    pictures = {
        "calibration": calibration_picture(verdict.reliability),
        "tiers": tier_picture(tiers),
        "icp": icp_picture(profile),
    }
    for name, picture in pictures.items():
        run.client.log_figure(run.run_id, picture, f"evidence/{name}.png")
    tables = {
        "figures": figures_table(verdict),
        "reliability": reliability_table(verdict.reliability),
        "tiers": tiers_table(tiers),
        "icp": icp_table(profile),
        "stability": stability_table(profile),
        "stability_by_quarter": quarters_table(profile),
    }
    for name, table in tables.items():
        run.client.log_text(run.run_id, table.to_csv(index=False), f"evidence/{name}.csv")


def calibration_picture(bins: Sequence[ReliabilityBin]) -> Figure:
    """Observed win rates over predicted ones, with 95 % intervals over accounts and counts of deals."""
    figure, axes = empty_picture(
        "Predicted and observed, deals not learnt from", "predicted probability", "share won (95 %)"
    )
    predicted = np.array([each.predicted for each in bins])
    rates = np.array([_interval(each.win_rate) for each in bins]).reshape(-1, 3)
    most = 1.05 * max(rates[:, 2].max(initial=0.0), predicted.max(initial=0.0), 0.05)
    axes.plot([0.0, most], [0.0, most], color=GREY, linestyle="--", label="perfect")
    spread = np.abs(rates[:, 1:] - rates[:, :1]).T
    axes.errorbar(predicted, rates[:, 0], yerr=spread, color=BLUE, marker="o", capsize=3, label="bins of judged deals")
    for place, each in zip(predicted, bins, strict=True):
        axes.annotate(f"{each.deals:,}", (place, 0.0), ha="center", fontsize="x-small", color=GREY)
    axes.legend()
    return figure


def tier_picture(table: TierTable) -> Figure:
    """The win rate of each tier that holds deals, with its 90 % interval and its number of deals."""
    rows = [row for row in table.rows if row.deals]
    figure, axes = empty_picture("Win rate by tier, deals that the cuts did not see", "", "win rate (90 % interval)")
    rates = np.array([(row.win_rate.value, row.win_rate.low, row.win_rate.high) for row in rows])
    spread = np.abs(rates[:, 1:] - rates[:, :1]).T
    axes.bar([f"{row.label}\n{row.deals:,} deals" for row in rows], rates[:, 0], yerr=spread, color=BLUE, capsize=6)
    return figure


def icp_picture(profile: Profile) -> Figure:
    """The share of the explanation of each factor, the largest on top; grey ones are no part of the ICP."""
    shown = profile.attributes[:MOST_FACTORS][::-1]
    figure, axes = empty_picture("What the explanation consists of", "share of the explanation", "")
    colours = [BLUE if each.presented else GREY for each in shown]
    axes.barh([each.factor for each in shown], [each.share for each in shown], color=colours)
    return figure


def figures_table(verdict: Verdict) -> pd.DataFrame:
    """Columns method, metric, value, low, high: every figure of the verdict, and those not to be believed beside it."""
    beside = {"not nested": verdict.not_nested or {}, "by a random split": verdict.random_split}
    rows = [
        (method, metric, found.value, found.low, found.high)
        for method, figures in {**verdict.figures, **beside}.items()
        for metric, found in figures.items()
    ]
    return pd.DataFrame(rows, columns=["method", "metric", "value", "low", "high"])


def tiers_table(table: TierTable) -> pd.DataFrame:
    """One row a tier."""
    names = ["tier", "score from", "deals", "won", "win rate", "low", "high", "share of wins"]
    rows = [
        (row.label, row.score_from, row.deals, row.won, *_interval(row.win_rate), row.share_of_wins)
        for row in table.rows
    ]
    return pd.DataFrame(rows, columns=names)


def icp_table(profile: Profile) -> pd.DataFrame:
    """One row a factor, the largest share first."""
    names = ["factor", "layer", "axis", "share", "p value", "gap", "low", "high", "stability", "presented", "reason"]
    rows = [
        (
            *(each.factor, each.layer, each.axis, each.share, each.p_value, *_interval(each.gap)),
            *(each.stability, each.presented, each.reason),
        )
        for each in profile.attributes
    ]
    return pd.DataFrame(rows, columns=names)


def reliability_table(bins: Sequence[ReliabilityBin]) -> pd.DataFrame:
    """One row a bin, the lowest probability first."""
    rows = [(each.predicted, each.deals, each.won, *_interval(each.win_rate)) for each in bins]
    return pd.DataFrame(rows, columns=["predicted", "deals", "won", "win rate", "low", "high"])


def stability_table(profile: Profile) -> pd.DataFrame:
    """One row a factor: how alike it is in the models that judged."""
    names = ["factor", "models", "judged by", "agreement", "direction held", "share", "least", "most"]
    rows = [
        (each.factor, each.models, each.judged_by, each.agreement, each.held, *_interval(each.share))
        for each in profile.steadiness
    ]
    return pd.DataFrame(rows, columns=names)


def quarters_table(profile: Profile) -> pd.DataFrame:
    """One row a factor and quarter of opening."""
    rows = [
        (each.factor, period.period, period.deals, period.share, *_interval(period.gap))
        for each in profile.steadiness
        for period in each.periods
    ]
    return pd.DataFrame(rows, columns=["factor", "quarter", "deals", "share", "gap", "low", "high"])


def _interval(found: Interval) -> tuple[float, float, float]:
    return found.value, found.low, found.high


def empty_picture(title: str, across: str, up: str) -> tuple[Figure, Axes]:
    """A picture with a title and the names of its axes."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above; no display is needed, nor any global state

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title, loc="left")
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes
