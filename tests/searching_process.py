"""A search in a process of its own that stands still in the middle of a trial, so that it can be killed there.

    python searching_process.py FOLDER MADE

It makes MADE trials and keeps them in FOLDER/mlruns/studies.db; in the next one, when the first fold is over, it
writes FOLDER/standing and waits for its end.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icp_ml.model.win_model import CrossFit, ModelParams, OnFold, TrainingRows, cross_fit
from icp_training import search as searching
from icp_training.search import Budget, SearchResult, search
from icp_training.studies import open_studies
from tests.model_columns import number, training_data

TRIALS = 12
SEED = 5
DEALS = training_data((number("a"), number("gaps")), 80, 0, deals_per_account=2)


def kept_search(folder: Path) -> SearchResult:
    """The whole search, with whatever of it is found in the folder."""
    with open_studies(folder, "icp") as studies:
        return search(DEALS, Budget(TRIALS, studies=studies), SEED)


def main(folder: Path, made: int) -> None:
    """Make so many trials, and stand still in the next one."""
    crossed = [0]

    def standing(
        data: TrainingRows, params: ModelParams, seed: int, on_fold: OnFold, **known: dict[object, object]
    ) -> CrossFit:
        crossed[0] += 1

        def stand(held_out: NDArray[np.intp], losses: NDArray[np.float64]) -> None:
            on_fold(held_out, losses)
            (folder / "standing").touch()
            signal.pause()

        return cross_fit(data, params, seed, stand if crossed[0] > made else on_fold, **known)  # type: ignore[arg-type]

    searching.cross_fit = standing  # type: ignore[attr-defined,assignment]
    kept_search(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
