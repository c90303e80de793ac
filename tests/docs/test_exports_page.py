"""The page about exports lists the formats, columns and files that there are."""

from __future__ import annotations

import yaml

from icp_ml.profile.definition import Criterion
from icp_ml.serve.exports.formats import FORMATS
from icp_ml.serve.exports.sql import CRITERIA_MET, EXCLUDED_BY, MATCH, OUTSIDE, sql_files
from icp_ml.serve.exports.stamp import read_stamp
from tests.definitions import definition
from tests.docs.pages import blocks, first_cells, in_backticks, page, section
from tests.exports import exported

PAGE = page("docs/exports.md")


def test_every_format_is_listed_and_no_other() -> None:
    head = PAGE.partition("## ")[0]
    assert {word for cell in first_cells(head) for word in in_backticks(cell)} == set(FORMATS)


def test_every_column_of_the_sql_is_listed() -> None:
    listed = {word for cell in first_cells(section(PAGE, "The ICP in SQL")) for word in in_backticks(cell)}
    assert {CRITERIA_MET, EXCLUDED_BY, OUTSIDE, MATCH} < listed
    assert all(name in PAGE for name in sql_files(exported(), "postgres"))


def test_the_stamp_and_the_criterion_are_as_they_are_written() -> None:
    stamp = read_stamp(section(PAGE, "The stamp"))
    assert stamp is not None
    assert (stamp.name, stamp.version) == ("icp", 3)
    (shown,) = yaml.safe_load(blocks(section(PAGE, "The definition, icp.yaml"), "yaml")[0])["criteria"]
    first: Criterion = definition().criteria[0]
    assert {**first.model_dump(), **shown, "condition": first.condition.model_dump()} == first.model_dump()
    assert type(first.condition).model_validate(shown["condition"]) == first.condition
