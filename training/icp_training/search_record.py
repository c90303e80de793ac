"""The search as MLflow shows it: every trial as a table, how the best loss fell, and which parameters mattered.

search/trials.csv        one row a trial, in order
search/history.png       loss of each trial, and the best so far
search/importance.png    share of the losses' variance by parameter (fANOVA: Hutter, Hoos and Leyton-Brown 2014)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import optuna
import pandas as pd
from optuna.trial import FrozenTrial, TrialState

from icp_training.pictures import BLUE, GREY, empty_picture
from icp_training.search import SearchResult
from icp_training.tracking import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FEWEST: Final = 8
"""Finished trials under which a share of their variance says nothing."""


def record_search(run: Run, found: SearchResult, seed: int) -> None:
    """Log the trials and their pictures in the run's folder `search`."""
    run.client.log_text(run.run_id, trials_table(found).to_csv(index=False), "search/trials.csv")
    run.client.log_figure(run.run_id, history_picture(found), "search/history.png")
    shares = importances(found.trials, seed)
    if shares:
        run.client.log_figure(run.run_id, importance_picture(shares), "search/importance.png")


def trials_table(found: SearchResult) -> pd.DataFrame:
    """Columns trial, loss, given up, seconds, and the parameters that the members were fitted with."""
    rows = [
        {
            "trial": number,
            "loss": tried.loss,
            "given up": tried.given_up,
            "seconds": round(_seconds(trial), 3),
            **{f"scorecard.{name}": value for name, value in vars(tried.params.scorecard).items()},
            **{f"trees.{name}": value for name, value in vars(tried.params.trees).items()},
        }
        for number, (tried, trial) in enumerate(zip(found.tried, found.trials, strict=True))
    ]
    return pd.DataFrame(rows)


def importances(trials: tuple[FrozenTrial, ...], seed: int) -> dict[str, float]:
    """Share of each parameter in the variance of the finished trials' losses, the largest first.

    Empty where under eight trials were finished, or their losses are all the same.
    """
    finished = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    if len(finished) < FEWEST or np.ptp([trial.values[0] for trial in finished]) == 0:
        return {}
    study = optuna.create_study()
    study.add_trials(finished)
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=seed)
    shares = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return {name: float(share) for name, share in shares.items()}


def history_picture(found: SearchResult) -> Figure:
    """Loss by trial; those that were given up in grey, with the loss of the folds that they saw."""
    figure, axes = empty_picture("Log loss out of fold, trial by trial", "trial", "log loss")
    loss = np.array([tried.loss for tried in found.tried])
    given_up = np.array([tried.given_up for tried in found.tried])
    number = np.arange(len(loss))
    axes.scatter(number[given_up], loss[given_up], color=GREY, label="given up")
    axes.scatter(number[~given_up], loss[~given_up], color=BLUE, label="finished")
    axes.plot(number, np.minimum.accumulate(np.where(given_up, np.inf, loss)), color=BLUE, label="best so far")
    axes.legend()
    return figure


def importance_picture(shares: dict[str, float]) -> Figure:
    """The share of each parameter, the largest on top."""
    figure, axes = empty_picture("Which parameters mattered", "share of the losses' variance", "")
    axes.barh(list(shares)[::-1], list(shares.values())[::-1], color=BLUE)
    return figure


def _seconds(trial: FrozenTrial) -> float:
    return 0.0 if trial.duration is None else trial.duration.total_seconds()
