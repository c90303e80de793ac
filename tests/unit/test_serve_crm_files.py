"""Import files: every company once, no text that a spreadsheet would run, numbers that are numbers."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from icp_ml.errors import ConfigError, InputError
from icp_ml.serve.exports.crm_columns import Crm, crm_columns, id_name
from icp_ml.serve.exports.crm_files import (
    NO_ID,
    NONE,
    REPEATED,
    CrmLedger,
    crm_rows,
    hubspot,
    salesforce,
    scored_batches,
    write_crm_file,
)
from icp_ml.serve.exports.stamp import read_stamp, stamp_of
from icp_ml.serve.marks import Marker
from icp_ml.serve.outgoing import StatusBook
from icp_ml.serve.writing import write_batches
from tests.exports import exported
from tests.serve_models import AS_OF, raw_list, scorer

CRMS: tuple[Crm, ...] = ("hubspot", "salesforce")
BEGINS = tuple("=+-@\t\r\n\0")
NASTY = (
    "=1+1",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    " =1+1",
    '=HYPERLINK("x","y")',
    "\uff1d1+1",
    "-5",
    "+5.5",
)
PLAIN = ("acme.example", "-5", "+5.5", "'quoted'", "a=b", "1-2", "")


def rows_of(*, ids: tuple[str | None, ...] = NASTY, score: float = 71.238) -> pa.Table:
    """A scored list with one text of each kind in every column of texts."""
    many = len(ids)
    texts = pa.array(list(ids)).dictionary_encode()
    return pa.table(
        {
            "domain": pa.array(ids, pa.string()),
            "tier": texts,
            "score": pa.array([score] * many),
            "action": texts,
            "quadrant": pa.array([None] * many, pa.string()),
            "probability": pa.array([0.123456] * many),
            "score_firmographic": pa.array([-3.149] * many),
            "score_behavioural": pa.array([-0.001] * many),
            "reason_for_1": texts,
            "reason_for_1_effect": pa.array([0.5] * many),
            "reason_for_2": pa.array(["visits over 3"] * many),
            "reason_against_1": pa.array([None] * many, pa.string()),
            "status": pa.array(["scored"] * many),
        }
    )


def written(path: Path, table: pa.Table, crm: Crm) -> list[dict[str, str]]:
    write_crm_file(path, table.to_batches(), crm, exported())
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


@pytest.mark.parametrize("crm", CRMS)
def test_no_cell_begins_as_a_formula(tmp_path: Path, crm: Crm) -> None:
    """Read back by pandas, every cell as the text it is; what begins with a sign is a plain number."""
    write_crm_file(tmp_path / "import.csv", rows_of().to_batches(), crm, exported())
    cells = pd.read_csv(tmp_path / "import.csv", dtype=str, keep_default_na=False).to_numpy().ravel().tolist()
    started = [cell for cell in cells if cell.startswith((*BEGINS, "\uff1d")) and not is_number(cell)]
    assert started == []
    assert len(cells) == len(NASTY) * 12  # the id and eleven columns, of which one is the version
    assert sum(cell.lstrip("'").lstrip().startswith("=") for cell in cells) > 0  # they are all still there


def test_numbers_stay_numbers_and_texts_that_do_nothing_stay_as_they_are(tmp_path: Path) -> None:
    rows = written(tmp_path / "import.csv", rows_of(ids=PLAIN), "hubspot")
    assert [row["Company Domain Name"] for row in rows] == list(PLAIN)
    first = rows[0]
    assert (first["ICP Score"], first["ICP Firmographic Points"]) == ("71.24", "-3.15")
    assert (first["ICP Behavioural Points"], first["ICP Win Probability"]) == ("0", "0.1235")


def test_a_text_is_never_empty_so_that_an_import_overwrites_what_was_there(tmp_path: Path) -> None:
    table = rows_of(ids=("acme.example",)).set_column(1, "tier", pa.array([None], pa.string()))
    (row,) = written(tmp_path / "import.csv", table, "salesforce")
    assert (row["ICP_Tier__c"], row["ICP_Quadrant__c"], row["ICP_Reasons_Against__c"]) == (NONE, NONE, NONE)
    assert row["ICP_Reasons_For__c"] == "acme.example; visits over 3"
    assert row["ICP_Version__c"] == "3 of icp"


def test_rows_that_would_do_harm_are_left_out_and_the_counts_add_up(tmp_path: Path) -> None:
    table = rows_of(ids=("a.example", "a.example", None, "b.example"))
    table = table.set_column(12, "status", pa.array(["scored", REPEATED, NO_ID, "excluded: public sector"]))
    ledger = write_crm_file(tmp_path / "import.csv", table.to_batches(max_chunksize=1), "hubspot", exported())
    assert ledger == CrmLedger(read=4, written=2, without_id=1, repeated=1)
    domains = pd.read_csv(tmp_path / "import.csv")["Company Domain Name"].tolist()
    assert domains == ["a.example", "b.example"]


def test_the_words_of_the_rows_left_out_are_those_of_scoring() -> None:
    assert REPEATED in Marker((), ()).texts
    assert NO_ID in StatusBook(2, ()).texts


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_a_list_that_was_scored_goes_through_from_either_file(tmp_path: Path, suffix: str) -> None:
    table = scorer().score(raw_list(300, 5), as_of=AS_OF).replace_schema_metadata({"icp.content_hash": "77aa"})
    scored = tmp_path / f"scored{suffix}"
    write_batches(scored, table.to_batches(max_chunksize=100))
    batches = scored_batches(scored)
    own = replace(exported(), content_hash="77aa")
    ledger = write_crm_file(tmp_path / "import.csv", batches, "salesforce", own)
    if suffix == ".parquet":
        with pytest.raises(InputError, match="scored by another model"):
            write_crm_file(tmp_path / "other.csv", scored_batches(scored), "salesforce", exported())
    repeated = table["status"].to_pylist().count(REPEATED)
    assert ledger == CrmLedger(300, 300 - repeated, 0, repeated)
    found = pd.read_csv(tmp_path / "import.csv", dtype={"ICP_Tier__c": str})
    kept = table.to_pandas()
    kept = kept[kept["status"].astype(str) != REPEATED].reset_index(drop=True)
    assert found["Website"].tolist() == kept["domain"].tolist()
    pd.testing.assert_series_equal(found["ICP_Score__c"], kept["score"].round(2), check_names=False)
    assert found["ICP_Tier__c"].tolist() == kept["tier"].astype(object).fillna(NONE).tolist()


def test_batches_come_one_at_a_time() -> None:
    """The second batch is not asked for before the first one is taken."""
    asked: list[int] = []

    def batches() -> object:
        for place, batch in enumerate(rows_of().to_batches(max_chunksize=4)):
            asked.append(place)
            yield batch

    rows = crm_rows(batches(), "hubspot", exported())  # type: ignore[arg-type]  # an iterator without its item's type
    next(rows)
    assert asked == [0]


@pytest.mark.parametrize(
    ("column", "crm", "name"),
    [
        ("domain", "hubspot", "Company Domain Name"),
        ("Company_Website", "salesforce", "Website"),
        ("hs_object_id", "hubspot", "Record ID"),
        ("hs_object_id", "salesforce", "hs_object_id"),
        ("AccountId", "salesforce", "Id"),
        ("my key", "hubspot", "my key"),
    ],
)
def test_the_id_is_called_what_the_crm_calls_it(column: str, crm: Crm, name: str) -> None:
    assert id_name(column, crm) == name


def test_a_list_that_cannot_be_imported_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "import.csv"
    table = rows_of()
    refusals: tuple[tuple[list[pa.RecordBatch], str], ...] = (
        (table.drop_columns(["tier"]).to_batches(), "no column tier; score the list first"),
        (table.rename_columns(["row", *table.schema.names[1:]]).to_batches(), "found row numbers"),
        (
            table.replace_schema_metadata({"icp.content_hash": "77aa"}).to_batches(),
            "scored by another model \\(77aa\\)",
        ),
        (table.set_column(2, "score", pa.array(["high"] * len(NASTY))).to_batches(), "numbers in the column 'score'"),
        ([], "found nothing in it"),
    )
    for batches, said in refusals:
        with pytest.raises(InputError, match=said):
            write_crm_file(path, batches, "hubspot", exported())
        assert list(tmp_path.iterdir()) == []
    with pytest.raises(ConfigError, match="could not be written"):
        write_crm_file(tmp_path / "nowhere" / "import.csv", table.to_batches(), "hubspot", exported())


def test_the_page_names_every_column_that_a_list_may_have() -> None:
    pages: dict[Crm, bytes] = {"hubspot": hubspot(exported())["hubspot.md"]}
    pages["salesforce"] = salesforce(exported())["salesforce.md"]
    for crm, page in pages.items():
        text = page.decode("utf-8")
        assert all(f"| {each.name(crm)} |" in text for each in crm_columns())
        assert read_stamp(text) == stamp_of(exported())


def test_ids_that_are_numbers_stay_numbers(tmp_path: Path) -> None:
    table = rows_of(ids=("a", "b")).set_column(0, "domain", pa.array([-17, 2**53 + 1]))
    rows = written(tmp_path / "import.csv", table, "hubspot")
    assert [row["Company Domain Name"] for row in rows] == ["-17", "9007199254740993"]
