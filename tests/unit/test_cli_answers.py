"""`icp check` tells of answers that cannot be read and of phrases that fit no category; examples of pages are valid."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import yaml

from icp_ml.deals.ideal_settings import IdealSettings
from icp_ml.deals.settings import AttributesSettings, parse_settings
from tests.cli_projects import icp
from tests.docs.pages import blocks, page

CONFIG = """\
deals: {source: deals.csv, outcome: {column: stage, won: Won, lost: Lost}, window: {months: null}}
attributes:
  firmographic:
    motion: {kind: category, column: ai, answer: motion, phrases: {sales-led: enterprise sales, product-led: [PLG]}}
  behavioural:
    trigger: {kind: flag, column: ai, answer: trigger}
prospects: {source: list.csv, map: {AI Research: ai}}
"""
PHRASES = ("Enterprise sales", "plg", "by pigeon", None)


def cells(rows: int) -> list[str]:
    """Each phrase in a quarter of the rows; every tenth row is no JSON."""
    found = [{"motion": PHRASES[k % 4], "trigger": k % 3 == 0, "why": f"reason {k}"} for k in range(rows)]
    return ["cannot open the site" if k % 10 == 9 else json.dumps(each) for k, each in enumerate(found)]


def project(folder: Path) -> Path:
    with (folder / "deals.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["stage", "ai"])
        rows.writerows([("Won", "Lost")[k % 7 < 4], cell] for k, cell in enumerate(cells(120)))
    with (folder / "list.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["AI Research"], *([cell] for cell in cells(40))])
    (folder / "icp.yaml").write_text(CONFIG, encoding="utf-8")
    return folder / "icp.yaml"


def test_check_counts_what_could_not_be_read_or_sorted(tmp_path: Path) -> None:
    path = project(tmp_path)
    report = json.loads(icp("check", path, "--json").out)
    motion, trigger = report["attributes"]
    # 12 of 120 rows are no JSON. Of the 30 pigeons (k = 2, 6, 10, ...) none has k = 9, 19, ...: those are odd.
    assert (motion["unreadable"], motion["examples"]) == (12, ["cannot open the site"])
    assert (motion["unmapped"], motion["phrases"]) == (30, ["by pigeon"])
    # Null is in the rows with k % 4 == 3, of which 19, 39, 59, 79, 99 and 119 are no JSON: 30 - 6 = 24 missing, and 12.
    assert motion["known"] == (120 - 24 - 12) / 120
    assert (trigger["unreadable"], trigger["known"], trigger["distinct"]) == (12, 108 / 120, 2)
    assert motion["in_prospects"] == (40 - 8 - 4) / 40
    said = icp("check", path).out
    assert "motion: 30 values fit no phrase and became (other), such as 'by pigeon'." in said
    assert "trigger: 12 values cannot be read as flag, such as 'cannot open the site'." in said


def test_the_examples_of_the_pages_are_valid() -> None:
    (answers,) = blocks(page("docs/reading-by-ai.md"), "yaml")
    parse_settings(AttributesSettings, yaml.safe_load(answers)["attributes"])
    (ideal,) = blocks(page("docs/ideal-wins.md"), "yaml")
    found = parse_settings(IdealSettings, yaml.safe_load(ideal)["ideal"])
    assert found.columns() == ("acv", "churned_at", "expansion", "nps", "support_cost")
