"""What a person meets: the verdicts of `icp check`, the refusal of `icp train`, and the answers that lift it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from icp_ml.errors import LeakageQuestion
from icp_training.config import load_config
from icp_training.leakage.questions import judge_config, question_of, refuse_questions
from tests.cli_projects import icp, refusal

DEALS = 160
CONFIG = """\
deals:
  source: deals.csv
  id: deal
  outcome: {{column: stage, won: [Won], lost: [Lost]}}
  window: {{months: null}}
tables: {{accounts: {{source: accounts.csv, id: account}}}}
attributes:
  firmographic:
    seats: {{kind: number, known: before}}
    trade: category
    mark: {mark}
outcome_fields: [paid]
"""


def project(folder: Path, mark: str) -> Path:
    """Deals with a harmless number, a column that only won deals have, and one that nobody has declared."""
    rng = np.random.default_rng(3)
    with (folder / "deals.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["deal", "account", "stage", "seats", "mark", "Close Reason", "paid"])
        for row in range(DEALS):
            won = row % 2 == 0
            values = [rng.integers(1, 90), f"m{row % 3}" if won else "", f"r{row % 3}", 9 if won else 0]
            writer.writerow([f"D{row}", f"A{row}", "Won" if won else "Lost", *values])
    with (folder / "accounts.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["account", "trade"], *([f"A{row}", "ab"[row % 3 // 2]] for row in range(DEALS))])
    (folder / "icp.yaml").write_text(
        CONFIG.format(mark=mark).replace("  id: deal\n", "  id: deal\n  account: account\n")
    )
    return folder / "icp.yaml"


def question(path: Path, *, strict: bool = False) -> str | None:
    config = load_config(path)
    found = question_of(judge_config(config, path.parent, strict=strict), strict=strict)
    return None if found is None else found.sentence


def test_training_stops_before_it_learns_from_a_column_nobody_has_answered_for(tmp_path: Path) -> None:
    code, said = refusal("train", project(tmp_path, "category"))
    assert code == LeakageQuestion.exit_code == 6
    assert "found 1 that may not have been ('mark': " in said
    assert "known: at_open" in said
    assert not (tmp_path / "mlruns").exists()
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize("mark", ["{kind: category, known: at_open}", "{kind: category, use: yes}"])
def test_an_answer_lifts_the_refusal_and_the_evidence_stays(tmp_path: Path, mark: str) -> None:
    path = project(tmp_path, mark)
    refuse_questions(load_config(path), tmp_path)
    found = next(r for r in judge_config(load_config(path), tmp_path) if r.verdict.column == "mark")
    assert (found.answered, found.place, found.verdict.answer) == (True, "in use", "drop")


@pytest.mark.parametrize(
    ("mark", "plain", "strict"),
    [
        ("category", True, True),
        ("{kind: category, known: at_open}", False, False),
        ("{kind: category, use: yes}", False, False),
        ("{kind: category, use: no}", False, True),
        ("{kind: category, known: after}", False, False),
    ],
)
def test_strict_asks_until_somebody_has_answered(tmp_path: Path, mark: str, *, plain: bool, strict: bool) -> None:
    path = project(tmp_path, mark)
    assert (question(path) is not None) == plain
    assert (question(path, strict=True) is not None) == strict


def test_a_column_of_the_accounts_needs_no_answer_even_when_strict(tmp_path: Path) -> None:
    said = question(project(tmp_path, "category"), strict=True)
    assert said is not None
    assert "'mark'" in said
    assert "'trade'" not in said


def test_the_check_has_a_row_for_every_column_and_ends_with_six(tmp_path: Path) -> None:
    done = icp("check", project(tmp_path, "category"), "--json")
    document = json.loads(done.out)
    assert done.code == 6
    assert document["question"] in done.err
    places = {row["column"]: (row["place"], row["answer"]) for row in document["leakage"]}
    assert places == {
        "deal": ("the deal's own", "drop"),
        "account": ("the deal's own", "drop"),
        "stage": ("the deal's own", "drop"),
        "seats": ("in use", "use"),
        "trade": ("in use", "use"),
        "mark": ("in use", "drop"),
        "Close Reason": ("not in the configuration", "ask"),
        "paid": ("outcome field", "drop"),
    }
    mark = next(row for row in document["leakage"] if row["column"] == "mark")
    filled = next(one for one in mark["evidence"] if one["code"] == "L02")
    assert (filled["state"], filled["figures"]) == ("found", {"won": 1.0, "lost": 0.0})


def test_the_page_of_the_check_shows_what_is_asked_and_where(tmp_path: Path) -> None:
    done = icp("check", project(tmp_path, "{kind: category, known: at_open}"))
    assert done.code == 0
    said = " ".join(done.out.split())
    assert "drop (answered)" in said
    assert "Close Reason" in said
    assert "Nothing speaks against 2 of 8 columns" in said


def test_a_strict_check_of_undeclared_columns_ends_with_six(tmp_path: Path) -> None:
    path = project(tmp_path, "{kind: category, use: no}")
    assert icp("check", path).code == 0
    assert icp("check", path, "--strict").code == 6


DATED = """\
deals:
  source: deals.csv
  id: deal
  opened: opened
  outcome: {column: stage, won: [Won], lost: [Lost]}
attributes: {firmographic: {mark: category}}
"""


def test_a_history_lifts_the_doubt_about_a_column_that_says_another_thing_today(tmp_path: Path) -> None:
    """Every won deal says "ended" since it closed, and said m0, m1 or m2 at random when it opened."""
    rng = np.random.default_rng(5)
    said = [f"m{code}" for code in rng.integers(0, 3, DEALS)]
    deals, changes = [["deal", "opened", "stage", "mark"]], [["deal", "field", "day", "old"]]
    for row, mark in enumerate(said):
        opened, won = f"2024-{1 + row % 6:02}-{1 + row % 28:02}", row % 2 == 0
        deals.append([f"D{row}", opened, "Won" if won else "Lost", "ended" if won else mark])
        if won:
            changes.append([f"D{row}", "mark", "2024-09-01", mark])
    for name, lines in (("deals", deals), ("changes", changes)):
        with (tmp_path / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(lines)
    path = tmp_path / "icp.yaml"
    path.write_text(DATED, encoding="utf-8")
    without = question(path)
    assert without is not None
    assert "'mark'" in without
    history = "{source: changes.csv, id: deal, field: field, changed: day, old: old}"
    path.write_text(f"{DATED}tables: {{deal_history: {history}}}\n", encoding="utf-8")
    assert question(path) is None
    assert question(path, strict=True) is None
    verdict = next(r.verdict for r in judge_config(load_config(path), tmp_path) if r.verdict.column == "mark")
    states = {one.code: one for one in verdict.evidence}
    assert (states["L04"].state, dict(states["L04"].figures)) == ("passed", {"rewound": 80.0})
    assert states["L16"].state == "passed"


READ_BY_AN_AGENT = """\
deals:
  source: deals.csv
  outcome: {column: stage, won: [Won], lost: [Lost]}
  window: {months: null}
attributes:
  technographic:
    tools: {kind: set, separator: "|"}
    motion: {kind: category, column: research, answer: motion}
"""


def test_lists_and_answers_in_json_are_judged_by_what_is_learned_from_them(tmp_path: Path) -> None:
    """Every row is another text in both columns, and neither is an identifier."""
    rng = np.random.default_rng(6)
    with (tmp_path / "deals.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["stage", "tools", "research"])
        for row in range(DEALS):
            tools = "|".join(f"tool {code}" for code in rng.permutation(12)[: 4 + row % 3])
            answer = {"motion": ["led by sales", "led by product"][rng.integers(2)], "why": f"note {row}"}
            writer.writerow(["Won" if row % 2 == 0 else "Lost", tools, json.dumps(answer)])
    path = tmp_path / "icp.yaml"
    path.write_text(READ_BY_AN_AGENT, encoding="utf-8")
    assert question(path) is None
    judged = {row.verdict.column: row for row in judge_config(load_config(path), tmp_path)}
    assert set(judged) == {"stage", "tools", "research: motion"}
    assert {judged[name].place for name in ("tools", "research: motion")} == {"in use"}
