"""`icp explain`: one row, whose answer is that of `icp score`, and whose parts add up."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from icp_ml.serve import explaining
from icp_ml.serve.incoming import NamedBatch
from tests import serve_models
from tests.cli_projects import icp, refusal

DAY = ("--as-of", serve_models.AS_OF.isoformat())
ROWS = 40


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bundle, a list of 40 rows, and the terminal there."""
    serve_models.write(tmp_path / "models" / "planted" / "v1")
    serve_models.frame(ROWS, 5).to_csv(tmp_path / "list.csv", index=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ICP_HOME", raising=False)
    return tmp_path


def explained(wanted: str, *words: str, listed: str = "list.csv") -> dict[str, Any]:
    done = icp("explain", listed, "--id", wanted, *DAY, *words, "--json")
    assert done.code == 0, done.err
    document: dict[str, Any] = json.loads(done.out)
    return document


def effects(document: Mapping[str, Any]) -> list[float]:
    return [reason["effect"] for reason in (*document["speaks_for"], *document["against"])]


def test_every_row_is_explained_as_it_is_scored(project: Path) -> None:
    scored = serve_models.scorer().score(serve_models.frame(ROWS, 5), as_of=serve_models.AS_OF)
    parsed_gaps = serve_models.frame(ROWS, 5).isna()
    for place in (0, 7, 39):
        row, document = scored.iloc[place], explained(f"c{place}.example")
        for name in ("tier", "action", "quadrant", "status"):
            assert document[name] == row[name]
        for name in ("score", "probability", "log_odds"):
            assert document[name] == pytest.approx(row[name], abs=1e-12)
        assert (document["row"], document["rows"]) == (place + 1, 1)
        gaps = {name for name in parsed_gaps.columns if parsed_gaps[name][place]}
        assert {name.replace("revenue", "annual_revenue") for name in document["not_known"]} == gaps


def test_the_parts_add_up(project: Path) -> None:
    for place in range(0, ROWS, 9):
        found = explained(f"c{place}.example")
        assert found["base_score"] + sum(found["layers"].values()) == pytest.approx(found["score"], abs=1e-9)
        assert found["base_score"] + sum(found["axes"].values()) == pytest.approx(found["score"], abs=1e-9)
        total = found["base_log_odds"] + sum(effects(found))
        assert total == pytest.approx(found["log_odds"], abs=1e-7)  # reasons under 1e-9 are left out
        strengths = [[abs(reason["effect"]) for reason in found[side]] for side in ("speaks_for", "against")]
        assert all(side == sorted(side, reverse=True) for side in strengths)
        assert all(reason["effect"] > 0 for reason in found["speaks_for"])
        assert all(reason["effect"] < 0 for reason in found["against"])


def test_for_people_there_is_a_sum(project: Path) -> None:
    told, document = icp("explain", "list.csv", "--id", "c3.example", *DAY).out, explained("c3.example")
    assert f"score {document['score']:.1f}, probability {document['probability']:.1%}" in told
    rows = {line.strip().rpartition(" ")[0].strip(): line.split()[-1] for line in told.splitlines() if line.strip()}
    assert rows["score"] == f"{document['score']:.2f}"
    assert rows["sum"] == f"{document['log_odds']:+.3f}"
    assert rows["firmographic"] == f"{document['layers']['firmographic']:+.2f}"
    assert f"for: {document['speaks_for'][0]['text']}" in rows
    assert f"Not known: {', '.join(document['not_known'])}" in told


def test_an_id_is_found_however_it_is_written_and_the_first_of_several_is_explained(project: Path) -> None:
    frame = serve_models.frame(ROWS, 5)
    frame.loc[30, "domain"] = "https://www.C3.example/about"
    frame.to_csv("list.csv", index=False)
    for wanted in ("c3.example", " C3.EXAMPLE", "http://c3.example/"):
        document = explained(wanted)
        assert (document["id"], document["row"], document["rows"]) == ("c3.example", 4, 2)
        assert not document["status"].startswith("repeated")
    assert "2 rows have this id, and this is the first" in icp("explain", "list.csv", "--id", "c3.example", *DAY).out


def test_batches_before_and_after_count(project: Path) -> None:
    scorer = serve_models.scorer()
    records = serve_models.raw_list(ROWS, 5).to_batches(max_chunksize=7)
    batches = [NamedBatch(batch, "domain", frozenset()) for batch in records]
    found = explaining.find_row([*batches, *batches], "c20.example")
    assert (found.row, found.rows, found.id) == (21, 2, "c20.example")
    assert found.batch.records.num_rows == 1
    alone = explaining.explain(scorer, found, serve_models.AS_OF)
    whole = scorer.score(serve_models.raw_list(ROWS, 5), as_of=serve_models.AS_OF)
    assert alone.log_odds == pytest.approx(whole.column("log_odds")[20].as_py(), abs=1e-12)


def test_without_an_id_column_rows_go_by_their_number(project: Path) -> None:
    frame = serve_models.frame(ROWS, 5)
    frame.drop(columns="domain").to_csv("plain.csv", index=False)
    assert refusal("explain", "plain.csv", "--id", "3", *DAY)[0] == 3  # the bundle says that there is one
    frame.rename(columns={"domain": "site", "employees": "Staff"}).to_csv("other.csv", index=False)
    words = ("--id-column", "site", "--map", "Staff=employees")
    assert explained("c3.example", *words, listed="other.csv")["score"] == explained("c3.example")["score"]
    batch = NamedBatch(serve_models.raw_list(ROWS, 5).combine_chunks().to_batches()[0], None, frozenset())
    assert explaining.find_row([batch, batch], "43").row == 43


def test_a_row_with_a_mark_has_a_score_and_no_tier(project: Path) -> None:
    Path("changes.yaml").write_text(
        "exclusions: [{name: energy, attribute: industry, is: [Energy]}]\n"
        "known: {source: deals.csv, account: domain, outcome: {column: stage, won: [won]}}\n",
        encoding="utf-8",
    )
    assert icp("amend", "--changes", "changes.yaml", "--reason", "policy").code == 0
    pd.DataFrame({"domain": ["c0.example"], "stage": ["won"]}).to_csv("deals.csv", index=False)
    energy = serve_models.frame(ROWS, 5).index[serve_models.frame(ROWS, 5)["industry"] == "Energy"].tolist()
    wanted = next(place for place in energy if place > 0)
    document = explained(f"c{wanted}.example")
    assert (document["status"], document["tier"]) == ("excluded: energy", None)
    assert document["score"] is not None
    assert "No tier: score" in icp("explain", "list.csv", "--id", f"c{wanted}.example", *DAY).out
    assert explained("c0.example")["status"] == "already a customer"
    assert not explained("c0.example", "--no-known")["status"].startswith("already")


def test_a_row_of_which_nothing_is_known_says_so(project: Path) -> None:
    frame = serve_models.frame(ROWS, 5)
    frame.iloc[5, 1:] = None
    frame.to_csv("list.csv", index=False)
    document = explained("c5.example")
    assert document["status"] == "not scored: no attribute known"
    assert (document["score"], document["layers"], effects(document)) == (None, {}, [])
    assert len(document["not_known"]) == len(serve_models.scorer().attributes)
    told = icp("explain", "list.csv", "--id", "c5.example", *DAY).out
    assert "Status: not scored: no attribute known" in told
    assert "adds up" not in told


def test_an_id_that_is_not_there_is_3_with_the_nearest(project: Path) -> None:
    code, sentence = refusal("explain", "list.csv", "--id", "c33.exmple", *DAY)
    assert code == 3
    assert sentence == (
        "a row with the id 'c33.exmple' was expected, and none of 40 rows has it; did you mean 'c33.example'?"
    )
    assert refusal("explain", "list.csv", "--id", "!!", *DAY)[1].endswith(
        "check the id, and which column holds the ids"
    )
    assert refusal("explain", "list.csv", "--id", " ", *DAY)[0] == 3
    assert refusal("explain", "list.csv", "--id", "c3.example", "--map", "Staff=employees", *DAY)[0] == 2
