"""What a run says about its search: every trial, the course of the best loss, and the parameter that mattered."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from icp_ml.model.win_model import ModelParams, TrainingRows
from icp_training import search as searching
from icp_training.search import Budget, SearchResult, search
from icp_training.search_record import history_picture, importances, record_search, trials_table
from icp_training.tracking import open_run
from tests.model_columns import number, training_data


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> SearchResult:
    """A search in which the share of attributes a tree sees is all that matters."""

    def crossed(data: TrainingRows, params: ModelParams, seed: int, *_: object, **__: object) -> SimpleNamespace:
        return SimpleNamespace(loss=0.3 + (params.trees.feature_fraction - 0.5) ** 2)

    monkeypatch.setattr(searching, "cross_fit", crossed)
    return search(training_data((number("a"),), 60, 0), Budget(20), 3)


def test_the_parameter_that_matters_has_most_of_the_variance(found: SearchResult) -> None:
    shares = importances(found.trials, 3)
    assert next(iter(shares)) == "feature_fraction"
    assert shares["feature_fraction"] > 0.5  # the rest is what twenty trials cannot tell from luck
    assert sum(shares.values()) == pytest.approx(1.0)


def test_few_trials_say_nothing_about_what_matters(found: SearchResult) -> None:
    assert importances(found.trials[:7], 3) == {}


def test_the_history_shows_every_trial_and_the_least_loss_so_far(found: SearchResult) -> None:
    axes = history_picture(found).axes[0]
    drawn = np.concatenate([np.asarray(each.get_offsets()) for each in axes.collections])
    losses = [each.loss for each in found.tried]
    assert sorted(drawn[:, 1].tolist()) == pytest.approx(sorted(losses))
    least = [min(losses[: k + 1]) for k in range(len(losses))]
    assert np.asarray(axes.lines[0].get_ydata()).tolist() == pytest.approx(least)


def test_a_run_holds_the_trials_and_the_pictures(
    found: SearchResult, new_project: Callable[[str], Path], tmp_path: Path
) -> None:
    run = open_run(new_project("searched"), "icp", {})
    record_search(run, found, 3)
    stored = {each.path for each in run.client.list_artifacts(run.run_id, "search")}
    assert stored == {"search/trials.csv", "search/history.png", "search/importance.png"}
    path = run.client.download_artifacts(run.run_id, "search/trials.csv", str(tmp_path))
    read = pd.read_csv(io.StringIO(Path(path).read_text(encoding="utf-8")))
    assert read["loss"].tolist() == pytest.approx(trials_table(found)["loss"].tolist())
    assert read["trees.feature_fraction"].tolist() == pytest.approx(
        [each.params.trees.feature_fraction for each in found.tried]
    )
    run.end("FINISHED")
