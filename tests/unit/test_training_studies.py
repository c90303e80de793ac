"""Kept trials: found again by the same search and by no other, and shared without being made twice."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from icp_ml.errors import ConfigError, Locked
from icp_ml.model.win_model import ModelParams, TrainingRows
from icp_training import search as searching
from icp_training import studies as keeping
from icp_training.search import Budget, SearchResult, search
from icp_training.search_space import GOOD_GUESSES, values_of
from icp_training.studies import open_studies, search_digest
from tests.model_columns import number, training_data

DEALS = training_data((number("a"), number("gaps")), 60, 0, deals_per_account=2)
STARTS = tuple(values_of(guess) for guess in GOOD_GUESSES)


class Crossings:
    """A loss that can be had without fitting anything, and how often it was asked for."""

    def __init__(self) -> None:
        self.made = 0
        self.then: Callable[[int], None] = lambda _made: None

    def __call__(
        self, data: TrainingRows, params: ModelParams, seed: int, *_: object, once: bool = False, **__: object
    ) -> SimpleNamespace:
        """A trial crosses once; the winner's crossing of all divisions is no trial."""
        if once:
            self.made += 1
            self.then(self.made)
        return SimpleNamespace(loss=abs(np.log(params.trees.lambda_l2 / 3)) + params.trees.feature_fraction + seed)


@pytest.fixture
def crossings(monkeypatch: pytest.MonkeyPatch) -> Crossings:
    found = Crossings()
    monkeypatch.setattr(searching, "cross_fit", found)
    return found


def kept(root: Path, trials: int, seed: int = 5, first: tuple[ModelParams, ...] = ()) -> SearchResult:
    with open_studies(root, "icp") as studies:
        return search(DEALS, Budget(trials, studies=studies, first=first), seed)


def tried(found: SearchResult) -> list[tuple[ModelParams, float, bool]]:
    return [(each.params, each.loss, each.given_up) for each in found.tried]


def test_a_database_changes_no_trial(tmp_path: Path, crossings: Crossings) -> None:
    assert tried(kept(tmp_path, 14)) == tried(search(DEALS, Budget(14), 5))


def test_what_was_tried_is_not_tried_again(tmp_path: Path, crossings: Crossings) -> None:
    whole = kept(tmp_path, 14)
    assert (whole.found, crossings.made) == (0, 14)
    again = kept(tmp_path, 14)
    assert (again.found, crossings.made) == (14, 14)
    assert (tried(again), again.best) == (tried(whole), whole.best)


@pytest.mark.parametrize("shorter", [1, 3, 9])
def test_a_shorter_search_takes_the_first_trials_and_a_longer_one_adds_to_them(
    tmp_path: Path, crossings: Crossings, shorter: int
) -> None:
    whole = kept(tmp_path, 12)
    assert tried(kept(tmp_path, shorter)) == tried(search(DEALS, Budget(shorter), 5)) == tried(whole)[:shorter]
    assert tried(kept(tmp_path, 16)) == tried(search(DEALS, Budget(16), 5))


def test_a_trial_that_breaks_off_leaves_nothing_behind(tmp_path: Path, crossings: Crossings) -> None:
    def stop(made: int) -> None:
        if made == 11:
            raise KeyboardInterrupt

    crossings.then = stop
    with pytest.raises(KeyboardInterrupt):
        kept(tmp_path, 14)
    resumed = kept(tmp_path, 14)
    assert resumed.found == 10
    assert tried(resumed) == tried(search(DEALS, Budget(14), 5))


def test_another_search_finds_nothing(tmp_path: Path, crossings: Crossings) -> None:
    kept(tmp_path, 3)
    assert kept(tmp_path, 3, seed=6).found == 0
    assert kept(tmp_path, 3, first=(ModelParams(),)).found == 0
    assert kept(tmp_path, 3).found == 3


OTHERS = {
    "a value": replace(DEALS, rows=DEALS.rows + (np.arange(60) == 7)[:, None]),
    "an outcome": replace(DEALS, won=np.where(np.arange(60) == 7, 1 - DEALS.won, DEALS.won).astype(np.int8)),
    "an account": replace(DEALS, groups=np.where(np.arange(60) == 7, 99, DEALS.groups)),
    "weights": replace(DEALS, weights=np.ones(60)),
    "a copy with gaps": replace(DEALS, copies=(np.full(DEALS.rows.shape, np.nan),)),
    "an attribute's name": replace(DEALS, vocabulary=replace(DEALS.vocabulary, columns=(number("b"), number("gaps")))),
}


@pytest.mark.parametrize("other", OTHERS)
def test_a_search_is_known_by_all_that_it_depends_on(other: str) -> None:
    assert search_digest(OTHERS[other], 5, STARTS) != search_digest(DEALS, 5, STARTS)


def test_a_search_is_known_by_seed_starts_and_code_too(monkeypatch: pytest.MonkeyPatch) -> None:
    known = search_digest(DEALS, 5, STARTS)
    assert known == search_digest(replace(DEALS, rows=DEALS.rows.copy()), 5, STARTS)
    assert len({known, search_digest(DEALS, 6, STARTS), search_digest(DEALS, 5, STARTS[:2])}) == 3
    monkeypatch.setattr(keeping, "_code", lambda: "another learner")
    assert search_digest(DEALS, 5, STARTS) != known


def test_two_that_search_at_once_share_the_trials_and_both_say_so(tmp_path: Path, crossings: Crossings) -> None:
    """The second one comes and ends while the first is in its fifth trial, which both of them make."""
    others: list[SearchResult] = []

    def meanwhile(made: int) -> None:
        if made == 5:
            others.append(kept(tmp_path, 9))

    crossings.then = meanwhile
    first = kept(tmp_path, 14)
    assert (others[0].found, others[0].several) == (4, False)
    assert first.several
    params = [each.params for each in first.tried]
    assert len(params) == len(set(params)) == 14
    assert tried(first)[:9] == tried(others[0])
    assert kept(tmp_path, 14).several  # whoever comes later is told too


def test_a_file_that_is_no_database_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "mlruns").mkdir()
    (tmp_path / "mlruns" / "studies.db").write_text("these are no trials, and this is no database at all")
    with pytest.raises(ConfigError, match=r"studies\.db, and it cannot be used .*; check it, or move it away"):
        kept(tmp_path, 1)


@pytest.mark.parametrize("url", ["nosuch://me:secret@host/base", "me:secret@host", "postgresql+nosuch://me:secret@h/b"])
def test_no_sentence_repeats_a_url(tmp_path: Path, url: str) -> None:
    with (
        pytest.raises(ConfigError, match="expected at the URL in STUDIES_URL, and its kind is not known") as told,
        open_studies(tmp_path, "icp", url, "STUDIES_URL"),
    ):
        pass
    assert "secret" not in told.value.sentence


def test_another_writer_is_a_matter_of_trying_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "PATIENCE", 0)
    with open_studies(tmp_path, "icp") as studies:
        writer = sqlite3.connect(tmp_path / "mlruns" / "studies.db")
        writer.execute("begin exclusive")
        with pytest.raises(Locked, match="written by somebody else"):
            search(DEALS, Budget(1, studies=studies), 5)
        writer.close()
