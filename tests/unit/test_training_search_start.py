"""A search begins with the parameters of what is live, where there is anything live that was searched for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from icp_ml.errors import ConfigError
from icp_ml.model.scorecard import ScorecardParams
from icp_ml.model.trees import TreeParams
from icp_ml.model.win_model import ModelParams
from icp_ml.serve import ledger
from icp_ml.serve.bundle import as_stored, write_bundle
from icp_ml.serve.ledger import Entry
from icp_training.config import Config, load_config
from icp_training.search import Budget, SearchResult, Tried, search
from icp_training.search_settings import SearchSettings
from icp_training.search_space import GOOD_GUESSES, SPACE, params_from, params_of, values_of
from icp_training.search_start import Start, champion_of, notes_on, ready_to_search
from tests import serve_models
from tests.model_columns import number, training_data

LIVE = ModelParams(ScorecardParams(80.0, 20), TreeParams(num_leaves=5, lambda_l2=2.5))
RECORDED = {
    "scorecard": {"ridge": 80.0, "bins": 20.0, "of_another_version": 1.0},
    "trees": {"num_leaves": 5.0, "lambda_l2": 2.5},
    "a_member_of_another_version": {"width": 3.0},
}
CONFIG = """\
name: planted
deals:
  source: deals.csv
  closed: Closed
  outcome: {column: Stage, won: [Won], lost: [Lost]}
attributes:
  firmographic:
    employees: number
"""


def make_live(root: Path) -> Path:
    """A bundle with these parameters, live by the ledger."""
    stored = serve_models.bundle()
    bundle = replace(stored, provenance=stored.provenance.model_copy(update={"params": RECORDED}))
    folder = root / "models" / "planted" / "v1"
    write_bundle(bundle, folder)
    entry = Entry(
        id="000001-0",
        time="2025-01-01T00:00:00+00:00",
        action="promote",
        name="planted",
        version=1,
        content_hash=as_stored(bundle).content_hash,
        run_id=None,
        reason="",
        by="ana@crm:1",
    )
    (root / "models" / ledger.LEDGER).write_text(ledger.entry_line(entry) + "\n")
    return folder


def config(root: Path, addition: str = "") -> Config:
    path = root / "icp.yaml"
    path.write_text(CONFIG + addition, encoding="utf-8")
    return load_config(path)


def test_recorded_parameters_come_back_and_what_is_lacking_is_as_usual() -> None:
    assert params_from(RECORDED) == LIVE
    assert params_from({}) == ModelParams()
    assert isinstance(params_from(RECORDED).scorecard.bins, int)


@pytest.mark.parametrize("guess", [*GOOD_GUESSES, LIVE])
def test_a_starting_point_is_tried_as_it_is(guess: ModelParams) -> None:
    assert params_of(values_of(guess), rows=4_000) == guess


def test_a_starting_point_outside_of_the_space_is_brought_to_its_edge() -> None:
    values = values_of(ModelParams(ScorecardParams(0.01, 200), TreeParams(num_leaves=500, learning_rate=0.001)))
    assert all(each.low <= values[name] <= each.high for name, each in SPACE.items())
    assert (values["num_leaves"], values["learning_rate"]) == (31, 0.05)


def test_the_live_versions_parameters_are_tried_first_unless_the_search_is_fresh(tmp_path: Path) -> None:
    make_live(tmp_path)
    deals = training_data((number("a"),), 60, 0, deals_per_account=2)
    for fresh, first in ((False, LIVE), (True, GOOD_GUESSES[0])):
        with ready_to_search(config(tmp_path), tmp_path, Budget(1), fresh=fresh) as start:
            tried = search(deals, start.budget, 3).tried[0].params
        assert (tried.scorecard, tried.trees.num_leaves) == (first.scorecard, first.trees.num_leaves)
        assert start.note == ""


def test_an_outer_fold_does_not_begin_with_what_was_chosen_on_its_deals(tmp_path: Path) -> None:
    make_live(tmp_path)
    with ready_to_search(config(tmp_path), tmp_path, Budget(30), fresh=False) as start:
        assert start.budget.first == (LIVE,)
        assert start.budget.fifth().first == ()
        assert start.budget.fifth().studies is start.budget.studies


def test_a_champion_that_was_a_good_guess_is_tried_once() -> None:
    deals = training_data((number("a"),), 160, 0, deals_per_account=2)
    tried = [each.params for each in search(deals, Budget(4, first=(GOOD_GUESSES[1],)), 3).tried]
    assert tried[0] == GOOD_GUESSES[1]
    assert len(set(tried)) == 4


def test_without_anything_live_there_is_nothing_to_begin_with(tmp_path: Path) -> None:
    assert champion_of(tmp_path, "planted").params == ()
    make_live(tmp_path)
    assert champion_of(tmp_path, "other").params == ()


@pytest.mark.parametrize("harm", ["altered", "gone"])
def test_a_live_version_that_cannot_be_read_is_told_and_no_obstacle(tmp_path: Path, harm: str) -> None:
    folder = make_live(tmp_path)
    if harm == "altered":
        (folder / "scorecard.json").write_text("{}")
    else:
        (folder / "manifest.json").unlink()
    found = champion_of(tmp_path, "planted")
    assert found.params == ()
    assert found.note.startswith("The search began without the live version's parameters: ")


def test_trials_are_kept_where_the_variable_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUR_STUDIES", f"sqlite:///{tmp_path / 'shared.db'}")
    shared = config(tmp_path, "search: {storage: env:OUR_STUDIES}\n")
    with ready_to_search(shared, tmp_path, Budget(1), fresh=False) as start:
        search(training_data((number("a"),), 60, 0), start.budget, 3)
    assert (tmp_path / "shared.db").is_file()
    assert not (tmp_path / "mlruns").exists()


def test_a_variable_that_is_not_set_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OUR_STUDIES", raising=False)
    shared = config(tmp_path, "search: {storage: env:OUR_STUDIES}\n")
    with (
        pytest.raises(ConfigError, match="environment variable OUR_STUDIES, found it not set"),
        ready_to_search(shared, tmp_path, Budget(1), fresh=False),
    ):
        pass


def test_a_url_in_the_configuration_is_refused_and_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="found something else") as told:
        config(tmp_path, "search: {storage: 'postgresql://me:secret@host/studies'}\n")
    assert "secret" not in told.value.sentence


@pytest.mark.parametrize("wrong", ["{trials: 0}", "{minutes: 0}", "{trial: 5}"])
def test_a_search_of_no_length_is_refused(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(ConfigError, match="search"):
        config(tmp_path, f"search: {wrong}\n")
    assert SearchSettings().trials == 30


def test_a_search_that_another_run_could_not_repeat_says_why() -> None:
    tried = Tried(ModelParams(), 0.6, given_up=False)
    found = SearchResult(ModelParams(), serve_models.crossed(), (tried,), cut_short=False)
    start = Start(Budget(1), "It began with what is live.")
    assert notes_on(start, found) == ("It began with what is live.",)
    assert notes_on(Start(Budget(1)), replace(found, several=True, cut_short=True, found=1)) == (
        "The search went on from 1 of 1 trials that an earlier run had made.",
        "Several workers shared the search: another run may choose other parameters.",
        "The search was ended by its minutes: another run may choose other parameters.",
    )


def test_a_budget_of_no_trial_is_a_bug_and_no_search() -> None:
    with pytest.raises(ValueError, match="at least one trial in the budget"):
        search(training_data((number("a"),), 60, 0), Budget(0), 3)
