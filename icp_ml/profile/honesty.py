"""Sentences about a verdict that people would have to work out: which figure to believe, what a slope means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from icp_ml.profile.records import Interval, Verdict

OWN = "icp-ml"
METRIC_WORDS: Final[Mapping[str, str]] = {
    "log_loss": "log loss (lower is better)",
    "auc": "AUC",
    "brier": "Brier score (lower is better)",
    "calibration_slope": "calibration slope (1 is right)",
    "calibration_intercept": "calibration intercept (0 is right)",
    "observed_over_expected": "observed over expected (1 is right)",
    "top_decile_lift": "lift of the top tenth",
}
"""What a metric is called where people read it, in the order in which it is shown."""


def calibration_told(verdict: Verdict) -> str | None:
    """Slope and intercept of the calibration with what they mean; None where they were not measured."""
    own = verdict.figures.get(OWN, {})
    if "calibration_slope" not in own or "calibration_intercept" not in own:
        return None
    slope, intercept = own["calibration_slope"], own["calibration_intercept"]
    how = "forward in time" if verdict.kind == "forward" else "not forward in time"
    return (
        f"Calibration, {how}: slope {_words(slope)}, intercept {_words(intercept)}. {_slope_told(slope)} "
        f"{_intercept_told(intercept)}"
    )


def _slope_told(slope: Interval) -> str:
    if slope.high < 1.0:
        return "The slope is surely under 1: probabilities are too bold."
    if slope.low > 1.0:
        return "The slope is surely over 1: probabilities are too timid."
    return "A slope of 1 is within what the deals allow."


def _intercept_told(intercept: Interval) -> str:
    if intercept.low <= 0.0 <= intercept.high:
        return "An intercept of 0 is within what the deals allow."
    return "An intercept of 0 is not: see the level, block by block."


def which_to_believe(verdict: Verdict) -> str | None:
    """The figures of one model by three ways of judging it, and which is the one; None where there is one way only."""
    ways = [
        ("as judged", verdict.figures.get(OWN, {})),
        ("not nested", verdict.not_nested or {}),
        ("by a random split", verdict.random_split),
    ]
    told = [f"{_pair(figures)} {name}" for name, figures in ways if "log_loss" in figures and "auc" in figures]
    if len(told) < 2:
        return None
    return (
        f"Log loss and AUC: {', '.join(told)}. Believe the first: its search and its model had not seen the accounts "
        f"that they were judged on; the others are here to show by how much they flatter, or do not."
    )


def _pair(figures: Mapping[str, Interval]) -> str:
    return f"{figures['log_loss'].value:.4f} and {figures['auc'].value:.3f}"


def _words(found: Interval) -> str:
    return f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}]"
