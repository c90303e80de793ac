"""The points scorecard: added up by hand, and written so that a person can."""

from __future__ import annotations

import csv
import io

import numpy as np
import pyarrow as pa
import pytest

from icp_ml.deals.kinds import parse_attributes
from icp_ml.errors import ConfigError
from icp_ml.profile.definition import Criterion
from icp_ml.serve.exports.points import CSV_NAME, PAGE_NAME, points, points_of, points_tier, scorecard_of
from icp_ml.serve.exports.stamp import read_stamp, stamp_of
from tests.definitions import AS_OF, ATTRIBUTES, definition
from tests.exports import exported

# Three companies: one that meets every criterion, one that meets three, one of which nothing is known.
ROWS = pa.table(
    {
        "Employees": ["120", "501", None],
        "Annual Revenue": ["$10M", "9,999,999", None],
        "Industry": ["retail", "Software", "Unknown"],
        "Funding Stage": ["Series A", "Seed", None],
        "Founded": ["2020", None, None],
        "Last Raised": ["2024-06-30", "2020-01-01", None],
        "Tools": ["Cartellux", "Cartellux;Other", None],
        "Demo Requested": [None, None, None],
    }
)
# 22 + 18 + 16 + 14 + 12 + 10 + 8; then industry 16, Cartellux 10 and no Rivalo 8; then nothing
BY_HAND = [100, 34, 0]


def test_points_are_those_of_the_criteria_that_are_known_to_hold() -> None:
    parsed = parse_attributes(ROWS, ATTRIBUTES, np.array(AS_OF, dtype="datetime64[D]"))
    assert points_of(definition(), ATTRIBUTES, parsed).tolist() == BY_HAND


def test_a_tier_starts_at_its_points() -> None:
    scorecard = scorecard_of(definition())  # 60, 40, 0
    asked = np.array([100, 60, 59, 40, 39, 0], dtype=np.int64)
    assert points_tier(scorecard, asked).tolist() == [0, 0, 1, 1, 2, 2]
    assert points_tier(scorecard, asked[:0]).tolist() == []


def test_the_table_holds_every_criterion_and_the_version_in_every_row() -> None:
    table = list(csv.DictReader(io.StringIO(points(exported())[CSV_NAME].decode("utf-8"))))
    assert [(row["criterion"], int(row["points"])) for row in table] == [
        (each.name, each.points) for each in definition().criteria
    ]
    assert {read_stamp(row["version"]) for row in table} == {stamp_of(exported())}


def test_the_page_says_where_each_tier_starts_and_ends_and_how_often_it_is_the_model_s() -> None:
    page = points(exported())[PAGE_NAME].decode("utf-8")
    for line in ("| 1 | 60 to 100 |", "| 2 | 40 to 59 |", "| 3 | 0 to 39 |"):
        assert line in page
    assert "In 70% of deals (95 % interval 65% to 75%)" in page
    assert read_stamp(page) == stamp_of(exported())


def test_agreement_that_was_not_measured_is_not_claimed() -> None:
    scorecard = scorecard_of(definition()).model_copy(update={"agreement": None})
    page = points(exported(definition().model_copy(update={"points": scorecard})))[PAGE_NAME].decode("utf-8")
    assert "was not measured since criteria were changed" in page
    assert "% of deals" not in page


def test_a_name_that_a_spreadsheet_would_run_is_a_text() -> None:
    first, *others = definition().criteria
    named = Criterion.model_validate({**first.model_dump(), "name": "=1+1", "words": "+1|2"})
    changed = definition().model_copy(update={"criteria": (named, *others)})
    files = points(exported(changed))
    row = next(csv.DictReader(io.StringIO(files[CSV_NAME].decode("utf-8"))))
    assert (row["criterion"], row["condition"]) == ("'=1+1", "'+1|2")
    assert "| +1\\|2 |" in files[PAGE_NAME].decode("utf-8")


def test_without_a_criterion_there_are_no_points() -> None:
    empty = definition().model_copy(update={"criteria": (), "points": None, "match": None})
    with pytest.raises(ConfigError, match="at least one criterion to make a points scorecard of, found none"):
        points(exported(empty))
