"""Parts of a training that have little or nothing to learn from: each says so and gives nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from icp_ml.deals.kinds import ParsedTable, parse_attributes
from icp_ml.deals.policy import TiersSettings
from icp_ml.deals.profile_settings import ProfileSettings
from icp_ml.deals.settings import WindowSettings, parse_settings
from icp_ml.deals.table import DealTable
from icp_ml.errors import InputError
from icp_ml.model.correction import Correction
from icp_ml.model.judgement import Judgement
from icp_ml.model.metrics import Estimate
from icp_ml.model.potential import Comparison, Wins, constant_of
from icp_ml.model.quarters import Quarter
from icp_ml.model.splits import Fold, Maturity
from icp_ml.profile.potential import FLOOR, MoneyRow
from icp_training import defining, intent_bundle, list_sample, potential, profiles, turning
from icp_training.backtest.as_known import History
from icp_training.backtest.hand_weights import OURS
from icp_training.backtest.replay import Told
from icp_training.backtest.telling import sample_of
from icp_training.column_texts import texts_of
from icp_training.columns_drafted import Judge, account_columns
from icp_training.comparing import Since
from icp_training.config import Config
from icp_training.evaluation import FoldResult
from icp_training.intent_bundle import changes_told
from icp_training.list_sample import read_list_sample
from icp_training.pipeline import data_digest
from icp_training.potential import Asked, Ground, potential_of
from tests import definitions, serve_models
from tests.dated_projects import dated_config, write_dated_project
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


def test_a_version_without_an_icp_is_refreshed_without_one() -> None:
    live = SimpleNamespace(live=SimpleNamespace(bundle=replace(serve_models.bundle(), definition=None)))
    assert intent_bundle._definition(live, None, None) is None  # type: ignore[arg-type]


def test_a_turn_after_which_all_was_won_shows_nothing_of_older_deals() -> None:
    """What is learned since knows one outcome, and cannot be held against what is learned from all."""
    opened = np.datetime64("2024-01-01") + np.arange(60)
    table = replace(table_of(60, seed=3), opened=opened, closed=opened + 1, extracted=DAY)
    won = np.where(np.arange(60) < 40, 1, np.arange(60) % 2).astype(np.int8)
    rows = np.arange(60)
    found = Since(opened[0], Fold("since", rows[:40], rows[40:], rows[:0]), rows[:40])
    assert not turning._mislead(replace(table, won=won), found, opened[20], 7)


def planted(rows: int, *, known: int) -> tuple[DealTable, FoldResult]:
    """Deals of the planted attributes, the wins among the first `known` with an amount of 100, and one fold: it learns
    from the first half and judges the second.
    """
    parsed = parse_attributes(serve_models.raw_list(rows, 1), serve_models.ATTRIBUTES, np.full(rows, DAY))
    won = (np.arange(rows) % 2).astype(np.int8)
    amounts = np.where((won == 1) & (np.arange(rows) < known), 100.0, np.nan)
    table = replace(table_of(rows, seed=3), parsed=parsed, attributes=serve_models.ATTRIBUTES, won=won, amounts=amounts)
    every, half = np.arange(rows), rows // 2
    model = serve_models.win_model()
    told = np.linspace(-1, 1, rows - half)
    fold = Fold("second half", every[:half], every[half:], every[:0])
    return table, FoldResult(fold, told, told, 0.0, told[:0], serve_models.tiering().cuts, model)


def told_in_money(rows: int, known: int) -> tuple[tuple[MoneyRow, ...], tuple[str, ...]]:
    table, result = planted(rows, known=known)
    wins = Wins(np.zeros((20, 1)), np.full(20, 100.0), np.arange(20), ())
    record = potential_of(ground(table, GROUPED), Asked("")).record.acv
    assert record is not None
    asked = replace(ground(table, GROUPED), results=(result,))
    return potential._money(asked, potential._Learned(constant_of(wins), record))


def test_wins_without_a_known_amount_are_counted_beside_the_tiers_in_money() -> None:
    """Of 80 deals 40 are judged, 20 of them won; a fold learns from the 20 wins of the first half."""
    tiers, notes = told_in_money(80, known=80)
    assert sum(row.won for row in tiers) == sum(row.known for row in tiers) == 20
    assert len(notes) == 1
    tiers, notes = told_in_money(80, known=74)
    assert (sum(row.won for row in tiers), sum(row.known for row in tiers)) == (20, 17)
    assert notes[1] == "3 of these wins have no known amount; beside expected value they count as expected."


def test_a_fold_with_amounts_of_nine_accounts_tells_nothing_in_money() -> None:
    """Of the 18 deals that it learns from 9 were won."""
    assert told_in_money(36, known=36)[0] == ()
    assert told_in_money(40, known=40)[0] != ()


def test_a_block_that_follows_few_wins_is_no_judgement_forward_in_time() -> None:
    table, result = planted(80, known=80)
    forward = replace(ground(table, Judgement("forward", (result.fold,), None, "Judged.")), results=(result,))
    assert table.amounts is not None
    assert potential._forward(table.amounts, forward) is None


def test_a_history_that_names_no_open_deals_has_none_beside_those_that_were_told() -> None:
    table, result = planted(80, known=80)
    days = np.datetime64("2024-01-01") + np.arange(80)
    window = parse_settings(WindowSettings, {"months": None})
    history = History(
        replace(table, opened=days, closed=days + 9), np.arange(80), days, days + 9, days + 9, DAY, DAY, None, window
    )
    quarter = Quarter(days[40], days[79], whole=False)
    said = Told(
        quarter, result.fold.train, result.fold.test, np.arange(0), result.fitted, serve_models.tiering(), base=0.0
    )
    placed = sample_of(history, said, {}, block=0).placed[OURS].told
    assert placed.won.tolist() == table.won[40:].tolist()
    assert placed.days.tolist() == [9.0] * 40
    assert not placed.is_open.any()


def test_a_definition_without_a_match_is_not_widened() -> None:
    unmatched = definitions.definition().model_copy(update={"match": None})
    assert defining._widened(unmatched, None, None) == ()  # type: ignore[arg-type]


def test_a_column_of_the_accounts_that_names_them_again_is_left_out() -> None:
    names = [f"Firm {k}" for k in range(60)]
    columns = {
        "Customer": texts_of("Customer", pa.chunked_array([pa.array(names)])),
        "Trade": texts_of("Trade", pa.chunked_array([pa.array(["iron", "wood", "clay"] * 20)])),
    }
    judge = Judge(np.random.default_rng(1).random(60) < 0.5, np.ones(60, dtype=bool))
    named, other = account_columns(columns, None, judge, {"Customer"}, rewound=True)
    assert (named.name, named.use, named.why) == ("Customer", False, "names the account")
    assert (other.name, other.use) == ("Trade", True)


def test_the_own_file_of_tools_is_part_of_what_a_model_was_made_from(tmp_path: Path) -> None:
    write_dated_project(tmp_path)
    written = dated_config()
    tables = written["tables"]
    assert isinstance(tables, dict)
    tables["technologies"]["taxonomy"] = "own.csv"
    asked = parse_settings(Config, written)
    found = []
    for text in ("tool,aliases\nAlpha,A\n", "tool,aliases\nAlpha,B\n"):
        (tmp_path / "own.csv").write_text(text, encoding="utf-8")
        found.append(data_digest(asked, tmp_path))
    assert found[0] != found[1]
    assert data_digest(parse_settings(Config, dated_config()), tmp_path) not in found


def whole_of(deals: DealTable, *results: FoldResult) -> profiles._Whole:
    """All deals as they were judged in these folds."""
    judged = SimpleNamespace(
        deals=deals, evaluation=SimpleNamespace(results=results), judgement=GROUPED, tiers=TiersSettings()
    )
    return profiles._Whole(SimpleNamespace(seed=7), judged, None)  # type: ignore[arg-type]


def test_a_profile_of_few_deals_in_a_fold_is_answered_for_by_the_model_of_all() -> None:
    """The fold judges deals 40 to 79, of which the profile has 50 to 59. It learned from ten of the profile's own, and
    twelve of each outcome are needed; a fold that judges none of its deals is none of its folds.
    """
    table, result = planted(80, known=80)
    own = np.isin(np.arange(80), [*range(10), *range(50, 60)])
    found = profiles._judged_fold(whole_of(table), own, result)
    assert found is not None
    assert found.model.tolist() == result.model[10:20].tolist()
    assert (found.fold.train.tolist(), found.fold.test.tolist()) == (list(range(10)), list(range(10, 20)))
    assert found.base == pytest.approx(0.0), "five of its ten own deals were won"
    assert profiles._judged_fold(whole_of(table), np.arange(80) < 40, result) is None


def test_a_profile_of_which_too_little_was_judged_or_one_outcome_alone_is_not_judged() -> None:
    """It has 300 deals. No fold judges any of them; or one judges 150 of them, all of which were won."""
    table, result = planted(300, known=300)
    own = np.ones(300, dtype=bool)
    assert profiles._judged(whole_of(table), own) is None
    won = np.where(np.arange(300) < 150, np.arange(300) % 6 == 0, 1).astype(np.int8)
    fold = replace(result.fold, train=np.arange(20))
    alone = replace(result, fold=fold)
    assert len(fold.test) == 150
    assert profiles._judged(whole_of(replace(table, won=won), alone), own) is None


def test_a_profile_whose_deals_are_alike_in_every_attribute_keeps_the_model_of_all_deals() -> None:
    """The one attribute is the one that makes the profile; nothing tells its own deals apart."""
    table, result = planted(600, known=600)
    industry = table.parsed.columns["industry"]
    kept = tuple(each for each in table.attributes if each.name == "industry")
    alone = replace(table, attributes=kept, parsed=ParsedTable(600, {"industry": industry}, ()))
    fold = replace(result.fold, train=np.arange(20), test=np.arange(300, 600))
    whole = whole_of(alone, replace(result, fold=fold))
    crossed = SimpleNamespace(crossed=SimpleNamespace(log_odds=np.zeros(600)))
    whole = replace(whole, fitted=SimpleNamespace(found=crossed, model=serve_models.win_model()))  # type: ignore[arg-type]
    software = ProfileSettings.model_validate(
        {"name": "software", "where": ({"attribute": "industry", "is": ["Software"]},)}
    )
    own = profiles.members(software, alone)
    found = profiles._fit_profile(whole, software, {"software": own})
    assert (found.judged, found.fitted, found.record.borrows_all, found.record.ranking) == (None, None, True, None)
    won = int(alone.won[own].sum())
    assert found.record.sentence.startswith(
        f"'software' keeps the model, tiers and criteria of all deals: it has {own.sum()} deals, {won} of them won, "
        "alike in every attribute; only its probabilities are moved, by "
    )


def test_a_profile_of_which_the_deals_are_won_by_chance_keeps_the_model_of_all_deals() -> None:
    """Every second deal was won, whatever its number of employees is."""
    table, result = planted(240, known=240)
    kept = tuple(each for each in table.attributes if each.name == "employees")
    parsed = ParsedTable(240, {"employees": table.parsed.columns["employees"]}, ())
    whole = whole_of(replace(table, attributes=kept, parsed=parsed), result)
    crossed = SimpleNamespace(crossed=SimpleNamespace(log_odds=np.zeros(240)))
    whole = replace(whole, fitted=SimpleNamespace(found=crossed, model=serve_models.win_model()))  # type: ignore[arg-type]
    every = ProfileSettings.model_validate({"name": "every", "where": ({"attribute": "employees", "at_least": 0},)})
    found = profiles._fit_profile(whole, every, {"every": np.ones(240, dtype=bool)})
    assert (found.judged, found.fitted, found.record.borrows_all) == (None, None, True)
    ranking = found.record.ranking
    assert ranking is not None
    assert ranking.low < 0.5 < ranking.high
    assert "on which the ranking cannot be told from chance (" in found.record.sentence


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
