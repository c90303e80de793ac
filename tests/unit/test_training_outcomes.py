"""What a stage means is read from the flags of the deals that carry it, whatever the stage is called."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pytest

from icp_ml.errors import InputError, TooFewDeals
from icp_training.guessing import Texts, texts_of
from icp_training.outcomes import Outcome, outcome_of
from icp_training.presets.matching import recognise

NAMES = {"stage": "StageName", "category": "ForecastCategoryName", "won": "IsWon", "closed": "IsClosed"}


def outcome(**columns: Sequence[str | None]) -> Outcome:
    texts: dict[str, Texts] = {
        NAMES[part]: texts_of(NAMES[part], pa.chunked_array([pa.array(list(values), pa.string())]))
        for part, values in columns.items()
    }
    return outcome_of(texts, recognise([*texts, "CloseDate", "ForecastCategory"], ["salesforce"]))


def test_stages_without_words_get_their_meaning_from_the_flags() -> None:
    found = outcome(
        stage=["x1", "x1", "x2", "x2", "x3"],
        won=["true", "true", "false", "false", "false"],
        closed=["true", "true", "true", "true", "false"],
    )
    assert (found.won, found.lost, found.open) == (("x1",), ("x2",), ("x3",))


def test_flags_win_over_words() -> None:
    found = outcome(stage=["Lost cause", "Won over"], won=["true", "false"], closed=["true", "true"])
    assert (found.won, found.lost) == (("Lost cause",), ("Won over",))


def test_a_stage_for_duplicates_is_ignored_although_it_is_closed() -> None:
    found = outcome(stage=["Won", "Lost", "Duplicate"], won=["1", "0", "0"], closed=["1", "1", "1"])
    assert (found.won, found.lost, found.ignore) == (("Won",), ("Lost",), ("Duplicate",))


def test_where_stages_mix_outcomes_another_column_that_does_not_is_taken() -> None:
    found = outcome(
        stage=["Done", "Done", "Running"],
        category=["Closed", "Omitted", "Pipeline"],
        won=["true", "false", "false"],
        closed=["true", "true", "false"],
    )
    assert found.column.name == "ForecastCategoryName"
    assert (found.won, found.lost, found.open) == (("Closed",), ("Omitted",), ("Pipeline",))


def test_a_deal_or_two_moved_by_hand_do_not_change_what_a_stage_means() -> None:
    found = outcome(stage=["Won"] * 40 + ["Lost"] * 40, won=["true"] * 39 + ["false"] * 41, closed=["true"] * 80)
    assert (found.won, found.lost) == (("Won",), ("Lost",))


def test_where_every_deal_is_over_the_flag_itself_is_the_outcome() -> None:
    found = outcome(stage=["Done", "Done"], won=["true", "false"], closed=["true", "true"])
    assert (found.column.name, found.won, found.lost) == ("IsWon", ("true",), ("false",))


def test_stages_that_mix_outcomes_are_refused_where_deals_are_open() -> None:
    with pytest.raises(InputError, match=r"won, lost or open throughout by 'IsWon', 'IsClosed', found none"):
        outcome(stage=["Done"] * 3, won=["true", "false", "false"], closed=["true", "true", "false"])


def test_without_flags_the_words_decide_and_stages_without_words_are_refused() -> None:
    spoken = outcome(stage=["Closed Won", "Closed Lost", "Proposal"])
    assert (spoken.won, spoken.lost, spoken.open) == (("Closed Won",), ("Closed Lost",), ("Proposal",))
    with pytest.raises(InputError, match=r"found 'a1', 'b2' in 'StageName'; export the columns that say"):
        outcome(stage=["a1", "b2"])


def test_without_the_flag_of_closed_deals_words_tell_lost_ones_from_open_ones() -> None:
    found = outcome(stage=["x1", "Closed Lost", "Proposal"], won=["true", "false", "false"])
    assert (found.won, found.lost, found.open) == (("x1",), ("Closed Lost",), ("Proposal",))


def test_one_outcome_alone_is_too_few_deals() -> None:
    with pytest.raises(TooFewDeals, match="none that is lost"):
        outcome(stage=["Closed", "Running"], won=["true", "false"], closed=["true", "false"])
