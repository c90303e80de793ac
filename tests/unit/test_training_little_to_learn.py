"""Parts of a training that have little or nothing to learn from: each says so and gives nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from icp_ml.deals.settings import parse_settings
from icp_ml.deals.table import DealTable
from icp_ml.errors import InputError
from icp_ml.model.correction import Correction
from icp_ml.model.judgement import Judgement
from icp_ml.model.metrics import Estimate
from icp_ml.model.potential import Comparison, Wins, constant_of
from icp_ml.model.splits import Fold, Maturity
from icp_ml.profile.potential import FLOOR
from icp_training import list_sample, potential, turning
from icp_training.comparing import Since
from icp_training.config import Config
from icp_training.intent_bundle import changes_told
from icp_training.list_sample import read_list_sample
from icp_training.potential import Asked, Ground, potential_of
from tests import serve_models
from tests.deal_tables import table_of

DAY = np.datetime64("2024-12-31")


def ground(deals: DealTable, judgement: Judgement) -> Ground:
    model = serve_models.win_model()
    rows = np.zeros((len(deals.won), len(model.vocabulary.columns)))
    return Ground(deals, judgement, (), model, serve_models.tiering().cuts, rows, seed=7)


GROUPED = Judgement("grouped", (), None, "Judged.")


def test_without_dates_and_with_few_amounts_nothing_is_said_of_what_a_win_brings() -> None:
    """One account fewer than the floor has an amount, and no deal has a day."""
    table = table_of(200, seed=3)
    amounts = np.full(200, np.nan)
    amounts[np.flatnonzero(table.won == 1)[: FLOOR - 1]] = 100.0
    found = potential_of(ground(replace(table, amounts=amounts), GROUPED), Asked("USD"))
    assert (found.record.cycle, found.record.tiers, found.record.notes) == (None, (), ())
    assert found.record.acv is not None
    assert (found.record.acv.shown, found.record.acv.wins) == ("nothing", FLOOR - 1)
    assert potential_of(ground(table, GROUPED), Asked("")).record.acv is None


def test_the_days_to_a_win_are_those_of_wins_that_had_had_time() -> None:
    """A gap of 60 days: of what opened after November 1st only the quick wins are known. A day is the least."""
    opened = np.array(["2024-01-01", "2024-02-01", "2024-11-02", "2024-03-01"], dtype="datetime64[D]")
    closed = np.array(["2024-01-31", "2024-02-01", "2024-11-12", "2024-04-01"], dtype="datetime64[D]")
    table = replace(
        table_of(4, seed=3), opened=opened, closed=closed, extracted=DAY, won=np.array([1, 1, 1, 0], dtype=np.int8)
    )
    waited = Judgement("grouped", (), Maturity(gap=60, stale_after=None), "Judged.")
    assert np.array_equal(potential._cycles(ground(table, waited)), [30, 1, np.nan, np.nan], equal_nan=True)  # type: ignore[arg-type]
    assert np.array_equal(potential._cycles(ground(table, GROUPED)), [30, 1, 10, np.nan], equal_nan=True)  # type: ignore[arg-type]


def test_what_cannot_be_judged_forward_in_time_is_not() -> None:
    values = np.full(60, 5.0)
    assert potential._forward(values, ground(table_of(60, seed=3), GROUPED)) is None
    nothing = Judgement("forward", (), None, "Judged.")
    assert potential._forward(values, ground(table_of(60, seed=3), nothing)) is None


def test_the_sentence_on_what_a_win_brings_says_what_was_judged() -> None:
    found = Comparison(Estimate(0.1, 0.05, 0.15), 0.2, 1.0, 2.0, wins=80, accounts=70)
    alone = potential._sentence("ACV", "model", found, None)
    assert alone.startswith(
        "Expected ACV by the attributes: on 80 wins of 70 accounts, each judged by a model of other"
    )
    assert "forward in time" not in alone
    ahead = replace(found, wins=31)
    assert ", and 20.0% on 31 wins forward in time" in potential._sentence("ACV", "model", found, ahead)
    assert potential._sentence("ACV", "constant", found, ahead).endswith("which does not hold forward in time.")


def test_tiers_are_not_told_in_money_where_no_fold_had_amounts_enough() -> None:
    table = replace(table_of(60, seed=3), amounts=np.full(60, 5.0))
    wins = Wins(np.zeros((60, 1)), np.full(60, 5.0), np.arange(60), ())
    learned = potential._Learned(constant_of(wins), potential_of(ground(table, GROUPED), Asked("")).record.acv)  # type: ignore[arg-type]
    tiers, (note,) = potential._money(ground(table, GROUPED), learned)
    assert tiers == ()
    assert note == "No fold learned from 10 accounts with an amount: the tiers are not told in money."


def test_of_a_refresh_only_what_people_would_notice_is_told() -> None:
    """0.05 log-odds are about one point in a hundred."""
    bundle = serve_models.bundle()
    place = next(k for k, each in enumerate(bundle.model.vocabulary.columns) if each.factor == "demo")
    count = len(bundle.model.scorecard.columns[place].points)

    def told(most: float) -> list[str]:
        steps = np.zeros(count)
        steps[-1] = most
        return list(changes_told(bundle, Correction({place: steps}, 0.0, 1.0)))

    assert told(0.049) == told(-0.049) == []
    (said,) = told(-0.05)
    assert said.startswith("demo: ")
    assert said.endswith(" counts -0.05 log-odds against before.")


def test_a_turn_after_which_all_was_won_shows_nothing_of_older_deals() -> None:
    """What is learned since knows one outcome, and cannot be held against what is learned from all."""
    opened = np.datetime64("2024-01-01") + np.arange(60)
    table = replace(table_of(60, seed=3), opened=opened, closed=opened + 1, extracted=DAY)
    won = np.where(np.arange(60) < 40, 1, np.arange(60) % 2).astype(np.int8)
    rows = np.arange(60)
    found = Since(opened[0], Fold("since", rows[:40], rows[40:], rows[:0]), rows[:40])
    assert not turning._mislead(replace(table, won=won), found, opened[20], 7)


def config(folder: Path, rows: int) -> Config:
    """A list with as many rows, beside deals that are not read here."""
    lines = ["site,size", *(f"s{k}.example,{k}" for k in range(rows))]
    (folder / "list.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    values = {
        "deals": {"source": "deals.csv", "outcome": {"column": "stage", "won": "Won", "lost": "Lost"}},
        "attributes": {"firmographic": {"size": "number"}},
        "prospects": {"source": "list.csv", "id": "site"},
    }
    return parse_settings(Config, values)


def test_a_list_without_a_row_is_refused_and_of_a_long_one_the_first_rows_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = config(tmp_path, 0)
    deals = replace(table_of(60, seed=3), attributes=asked.resolved())
    with pytest.raises(InputError, match="expected rows below the header, found none; export it again with its rows"):
        read_list_sample(asked, deals, tmp_path)
    long = config(tmp_path, 40)
    whole = read_list_sample(long, deals, tmp_path)
    assert whole is not None
    assert whole.parsed.n_rows == 40
    monkeypatch.setattr(list_sample, "PROSPECTS_LOOKED_AT", 15)
    first = read_list_sample(long, deals, tmp_path)
    assert first is not None
    assert first.parsed.columns["size"].values.tolist() == list(range(15))  # type: ignore[union-attr]
