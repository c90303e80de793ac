"""What tells the lists apart and not the companies is asked about; what is alike on both sides is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from icp_ml.deals.lookalikes import CompanyTable, read_companies
from icp_ml.errors import ConfigError
from icp_ml.profile.lookalike_records import ColumnQuestion
from icp_training.lookalike_columns import Compared, compared
from tests.lookalike_projects import companies, settings, write_lists

NOBODY: frozenset[str] = frozenset()


def _table(folder: Path, won: pd.DataFrame, universe: pd.DataFrame) -> CompanyTable:
    write_lists(folder, won, universe)
    return read_companies(settings(), folder)


def _lists(won: int = 40) -> tuple[pd.DataFrame, pd.DataFrame]:
    return companies(won, 1, prefix="w", alike=0.7), companies(400, 2, prefix="u", alike=0.1)


def _only(found: Compared) -> ColumnQuestion:
    assert len(found.questions) == 1
    return found.questions[0]


def test_lists_of_one_source_raise_no_question_though_the_companies_differ(tmp_path: Path) -> None:
    won, universe = _lists()
    table = _table(tmp_path, won, universe)
    found = compared(table, NOBODY, 7)
    assert (found.questions, found.notes) == ((), ())
    assert found.table.attributes == table.attributes


def test_a_column_that_is_filled_for_customers_only_is_left_out_and_said(tmp_path: Path) -> None:
    won, universe = _lists()
    universe["score"] = universe["score"].astype(object).where(np.arange(400) % 10 == 0, "")
    found = compared(_table(tmp_path, won, universe), NOBODY, 7)
    question = _only(found)
    assert (question.attribute, question.left_out) == ("score", True)
    assert (
        "is known for 100% of the won accounts and 10% of the universe; known for customers only" in question.evidence
    )
    assert "score" not in [each.name for each in found.table.attributes]


def test_a_column_that_is_filled_for_the_universe_only_is_told_the_other_way_round(tmp_path: Path) -> None:
    won, universe = _lists()
    won["score"] = won["score"].astype(object).where(np.arange(40) % 10 == 0, "")
    question = _only(compared(_table(tmp_path, won, universe), NOBODY, 7))
    assert question.evidence == (
        "is known for 10% of the won accounts and 100% of the universe; it tells which list a company is on and not "
        "who would buy"
    )


def test_a_column_that_two_won_accounts_have_says_nothing_by_itself(tmp_path: Path) -> None:
    """Known for one company in twenty of the universe. Two values far from all others may be chance; three are asked
    about. And a region that no won account has is written like no other.
    """
    won, universe = _lists()
    universe["score"] = universe["score"].astype(object).where(np.arange(400) % 20 == 0, "")
    universe["region"] = universe["region"].where(np.arange(400) % 20 == 0, "")
    won["region"] = ""

    def questions(known: int) -> tuple[ColumnQuestion, ...]:
        won["score"] = np.where(np.arange(40) < known, "900000", "")
        return compared(_table(tmp_path, won, universe), NOBODY, 7).questions

    assert questions(2) == ()
    (asked,) = questions(3)
    assert (asked.attribute, "separates the lists almost by itself" in asked.evidence) == ("score", True)


def test_attributes_that_somebody_vouched_for_are_left_as_they_are(tmp_path: Path) -> None:
    won, universe = _lists()
    universe["score"] = universe["score"].astype(object).where(np.arange(400) % 10 == 0, "")
    table = _table(tmp_path, won, universe)
    only = replace(table, attributes=tuple(each for each in table.attributes if each.name == "score"))
    found = compared(only, frozenset({"score"}), 7)
    assert found.notes == ()
    assert found.table.known("score").tolist() == only.known("score").tolist()


def test_somebody_who_writes_use_yes_gets_the_column_and_the_question_stays_in_the_record(tmp_path: Path) -> None:
    won, universe = _lists()
    universe["score"] = universe["score"].astype(object).where(np.arange(400) % 10 == 0, "")
    found = compared(_table(tmp_path, won, universe), frozenset({"score"}), 7)
    assert not _only(found).left_out
    assert "score" in [each.name for each in found.table.attributes]
    assert found.table.known("score")[:40].all()


def test_a_column_of_one_list_is_left_out_whatever_anybody_writes(tmp_path: Path) -> None:
    won, universe = _lists()
    found = compared(_table(tmp_path, won, universe.drop(columns="score")), frozenset({"score"}), 7)
    assert _only(found).evidence == "is a column of the won accounts only, so there is nothing to compare"
    assert _only(found).left_out


def test_another_spelling_of_the_same_values_is_no_difference_between_companies(tmp_path: Path) -> None:
    won, universe = _lists()
    won["industry"] = won["industry"].replace({"Software": "Information Technology"})
    found = compared(_table(tmp_path, won, universe), NOBODY, 7)
    question = _only(found)
    assert question.attribute == "industry"
    assert "no company of the universe has, such as 'Information Technology'" in question.evidence


def test_rare_values_that_nobody_else_has_are_expected_where_values_are_many(tmp_path: Path) -> None:
    won, universe = _lists()
    rng = np.random.default_rng(5)
    # 4,000 towns for 440 companies: nearly every won account's town is new, and so is nearly every other company's.
    won["region"] = [f"town {n}" for n in rng.integers(0, 4000, 40)]
    universe["region"] = [f"town {n}" for n in rng.integers(0, 4000, 400)]
    assert compared(_table(tmp_path, won, universe), NOBODY, 7).questions == ()


def test_another_unit_is_asked_about(tmp_path: Path) -> None:
    won, universe = _lists()
    won["score"] = won["score"] * 1000 + 5000
    question = _only(compared(_table(tmp_path, won, universe), NOBODY, 7))
    assert question.attribute == "score"
    assert "separates the lists almost by itself" in question.evidence


def test_where_one_side_is_better_known_in_many_columns_the_difference_is_evened_out(tmp_path: Path) -> None:
    won, universe = _lists(200)
    rng = np.random.default_rng(4)
    names = ["industry", "employees", "region", "score"]
    for name in names:
        universe[name] = universe[name].astype(object).where(rng.random(400) > 0.25, "")
    table = _table(tmp_path, won, universe)
    found = compared(table, NOBODY, 7)
    assert found.questions == ()
    assert "The difference was evened out" in found.notes[0]
    for name in names:
        known = found.table.known(name)
        # Both as the emptier side was; 4 standard errors of the luck on 200 won accounts, 0.12.
        assert known[200:].tolist() == table.known(name)[200:].tolist()
        assert known[:200].mean() == pytest.approx(known[200:].mean(), abs=0.13)


def test_where_no_attribute_is_left_nothing_is_learned(tmp_path: Path) -> None:
    won, universe = _lists()
    for name in ("industry", "employees", "region", "score"):
        universe[name] = ""
    with pytest.raises(ConfigError, match="expected an attribute that both lists have and write alike"):
        compared(_table(tmp_path, won, universe), NOBODY, 7)
