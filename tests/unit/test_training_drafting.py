"""A drafted configuration can be read, reads every row of its export, and asks where it cannot be sure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from icp_ml.deals.contract import read_deals
from icp_ml.deals.sources import file_of
from icp_ml.errors import InputError
from icp_training.config import Config, load_config
from icp_training.drafting import Draft, draft_config
from icp_training.guessing import date_order, texts_of

DEALS = 240
Cells = Sequence[object] | NDArray[np.str_]
RNG = np.random.default_rng(8)
STAGES = ["Won" if i % 3 == 0 else "Lost" for i in range(DEALS)]
SEATS = RNG.integers(1, 900, DEALS).astype(str)
DAYS = [date(2024, 1, 1) + timedelta(days=int(n)) for n in RNG.integers(0, 366, DEALS)]
EARLY = [day.replace(day=1 + day.day % 12) for day in DAYS]


def drafted(folder: Path, columns: Mapping[str, Cells], file: str = "deals.csv") -> Draft:
    table = pa.table({name: pa.array(values) for name, values in columns.items()})
    if file.endswith(".parquet"):
        pq.write_table(table, folder / file)
    else:
        pa_csv.write_csv(table, folder / file)
    return draft_config(folder / file, folder)


def loaded(folder: Path, draft: Draft) -> Config:
    path = folder / "icp.yaml"
    path.write_text(draft.text, encoding="utf-8")
    return load_config(path)


def line_of(draft: Draft, start: str) -> str:
    return next(line for line in draft.text.splitlines() if line.strip().startswith(start))


# --- roles --------------------------------------------------------------------------------------------------------


def test_each_part_is_found_by_name_and_content(tmp_path: Path) -> None:
    columns: dict[str, Cells] = {
        "Opportunity Number": [f"N{i}" for i in range(DEALS)],
        "Customer ID": [f"C{i // 3}" for i in range(DEALS)],
        "Created": [day.isoformat() for day in DAYS],
        "Close Date": [(day + timedelta(days=40)).isoformat() for day in DAYS],
        "Result": STAGES,
        "Seats": SEATS,
    }
    deals = loaded(tmp_path, drafted(tmp_path, columns)).deals
    assert (deals.id, deals.account) == ("Opportunity Number", "Customer ID")
    assert (deals.opened, deals.closed, deals.date_order) == ("Created", "Close Date", "iso")
    assert (deals.outcome.column, deals.outcome.won, deals.outcome.lost) == ("Result", ("Won",), ("Lost",))
    assert deals.window.months == 24


def test_every_value_of_the_outcome_gets_a_meaning(tmp_path: Path) -> None:
    values = ["Closed Won", "Closed Lost", "Proposal", "Duplicate", "Test", "Negotiation"]
    draft = drafted(tmp_path, {"Stage": np.resize(values, DEALS), "Seats": SEATS})
    outcome = loaded(tmp_path, draft).deals.outcome
    assert (outcome.won, outcome.lost) == (("Closed Won",), ("Closed Lost",))
    assert set(outcome.open) == {"Proposal", "Negotiation"}
    assert set(outcome.ignore) == {"Duplicate", "Test"}


@pytest.mark.parametrize(
    ("values", "won", "lost"),
    [
        (["Yes", "No"], "Yes", "No"),
        (["true", "false"], "true", "false"),
        (["1", "0"], "1", "0"),
        (["Closed: Won", "Closed: Lost"], "Closed: Won", "Closed: Lost"),
        (["WON", "LOSS"], "WON", "LOSS"),
        (["closed_won", "closed_lost"], "closed_won", "closed_lost"),
        (["Won", "Not won"], "Won", "Not won"),
    ],
)
def test_won_and_lost_are_told_apart_in_their_usual_spellings(
    tmp_path: Path, values: list[str], won: str, lost: str
) -> None:
    draft = drafted(tmp_path, {"Outcome": np.resize(values, DEALS), "Seats": SEATS})
    outcome = loaded(tmp_path, draft).deals.outcome
    assert (outcome.won, outcome.lost) == ((won,), (lost,))


def test_without_an_outcome_there_is_nothing_to_draft(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"outcome of each deal.*found none among 'Colour', 'Seats'"):
        drafted(tmp_path, {"Colour": np.resize(["red", "blue"], DEALS), "Seats": SEATS})


def test_an_id_that_is_nearly_one_a_deal_is_kept_and_asked_about(tmp_path: Path) -> None:
    ids = [f"N{max(i, 2)}" for i in range(DEALS)]  # rows 0, 1 and 2 share one
    draft = drafted(tmp_path, {"Deal ID": ids, "Stage": STAGES, "Seats": SEATS})
    assert loaded(tmp_path, draft).deals.repeated_ids == "keep_all"
    assert "asked: 2 rows repeat an id" in line_of(draft, "repeated_ids")


def test_what_only_names_the_account_again_is_no_attribute(tmp_path: Path) -> None:
    columns: dict[str, Cells] = {
        "account_id": [f"A{i // 3}" for i in range(DEALS)],
        "Account Name": [f"Firm {i // 3}" for i in range(DEALS)],
        "Stage": STAGES,
        "Seats": SEATS,
    }
    draft = drafted(tmp_path, columns)
    assert [a.name for a in loaded(tmp_path, draft).resolved()] == ["Seats"]
    assert draft.used == ("Seats",)


def test_answers_in_json_are_left_out_until_somebody_names_them(tmp_path: Path) -> None:
    answers = [f'{{"motion": "sales-led", "why": "one; two; {i}"}}' for i in range(DEALS)]
    draft = drafted(tmp_path, {"Stage": STAGES, "Seats": SEATS, "AI Research": answers})
    assert draft.used == ("Seats",)
    assert "left out: AI Research: holds JSON; name the answers in it" in draft.text


def test_delimiter_and_encoding_are_written_down_where_they_were_given(tmp_path: Path) -> None:
    rows = "\n".join(f"{stage};Größe {i % 4};{i % 7}" for i, stage in enumerate(STAGES))
    (tmp_path / "deals.csv").write_bytes(f"Stage;Klasse;Zahl\n{rows}\n".encode("cp1252"))
    draft = draft_config(tmp_path / "deals.csv", tmp_path, ";", "cp1252")
    config = loaded(tmp_path, draft)
    assert (config.deals.delimiter, config.deals.encoding) == (";", "cp1252")
    deals = read_deals(config.deals, config.tables, config.resolved(), tmp_path)
    assert len(deals.won) == DEALS


@pytest.mark.parametrize("place", ["project/data", "elsewhere"])
def test_the_source_leads_from_the_root_to_the_export(tmp_path: Path, place: str) -> None:
    folder, root = tmp_path / place, tmp_path / "project"
    folder.mkdir(parents=True)
    root.mkdir(exist_ok=True)
    pa_csv.write_csv(pa.table({"Stage": STAGES, "Seats": SEATS}), folder / "deals.csv")
    found = file_of(loaded(root, draft_config(folder / "deals.csv", root)).deals, root)
    assert found is not None
    assert found.resolve() == (folder / "deals.csv").resolve()


# --- dates --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "order", "unsure"),
    [
        (["2024-01-31", "2024-02-01"], "iso", True),
        (["1/31/2024", "2/1/2024"], "mdy", False),
        (["31/1/2024", "1/2/2024"], "dmy", False),
        (["31.1.2024", "1.2.2024"], "dmy", False),
        # No day is over 12: both readings are possible, and which one it is must be asked.
        (["1/12/2024", "2/1/2024"], "mdy", True),
    ],
)
def test_the_order_of_a_date_is_read_from_its_values(texts: list[str], order: str, unsure: bool) -> None:  # noqa: FBT001 - by name
    assert date_order(texts_of("day", pa.chunked_array([texts]))) == (order, unsure)


@pytest.mark.parametrize("texts", [["20240131", "20240201"], ["1.5", "2.5"], ["red", "blue"], []])
def test_numbers_and_words_are_no_dates(texts: list[str]) -> None:
    assert date_order(texts_of("day", pa.chunked_array([pa.array(texts, pa.string())]))) is None


SPELLINGS = {"iso": "%Y-%m-%d", "mdy": "%m/%d/%Y", "dmy": "%d/%m/%Y", "dots": "%d.%m.%Y"}


def dated(days: Sequence[date], opened: str, closed: str) -> dict[str, Cells]:
    return {
        "Stage": STAGES,
        "Opened": [day.strftime(SPELLINGS[opened]) for day in days],
        "Closed": [(day + timedelta(days=31)).strftime(SPELLINGS[closed]) for day in days],
        "Seats": SEATS,
    }


@pytest.mark.parametrize(
    ("opened", "closed"),
    [("iso", "iso"), ("mdy", "mdy"), ("dmy", "dmy"), ("dots", "dots"), ("iso", "mdy"), ("iso", "dmy")],
)
def test_the_drafted_order_reads_every_date(tmp_path: Path, opened: str, closed: str) -> None:
    config = loaded(tmp_path, drafted(tmp_path, dated(DAYS, opened, closed)))
    deals = read_deals(config.deals, config.tables, config.resolved(), tmp_path)
    assert not deals.rejected
    assert deals.opened is not None
    assert sorted(deals.opened.tolist()) == sorted(DAYS)


def test_an_order_that_nothing_decides_is_asked_about(tmp_path: Path) -> None:
    columns = dated(EARLY, "mdy", "mdy") | {"Closed": [day.strftime("%m/%d/%Y") for day in EARLY]}
    draft = drafted(tmp_path, columns)
    assert line_of(draft, "date_order") == (
        "  date_order: mdy  # asked: every date can be read as mdy and as dmy; correct this if it is wrong"
    )


def test_one_sure_date_decides_for_the_other(tmp_path: Path) -> None:
    columns = dated(DAYS, "dmy", "dmy") | {"Opened": [day.strftime("%d/%m/%Y") for day in EARLY]}
    draft = drafted(tmp_path, columns)
    assert line_of(draft, "date_order").strip() == "date_order: dmy"


def test_beside_iso_openings_closings_that_may_be_read_in_two_ways_are_still_read(tmp_path: Path) -> None:
    columns = dated(EARLY, "iso", "iso") | {"Closed": [day.strftime("%m/%d/%Y") for day in EARLY]}
    draft = drafted(tmp_path, columns)
    assert loaded(tmp_path, draft).deals.date_order == "mdy"
    assert "# asked:" in line_of(draft, "date_order")


def test_an_attribute_that_is_a_date_is_read_in_its_own_order(tmp_path: Path) -> None:
    registered = [day.replace(year=2010 + i % 9).strftime("%m/%d/%Y") for i, day in enumerate(DAYS) if day.month != 2]
    columns = dated(DAYS, "iso", "iso") | {"Registered": np.resize(registered, DEALS)}
    config = loaded(tmp_path, drafted(tmp_path, columns))
    deals = read_deals(config.deals, config.tables, config.resolved(), tmp_path)
    assert not deals.parsed.missing("Registered").any()


def test_without_dates_nothing_is_forward_in_time_and_no_window_applies(tmp_path: Path) -> None:
    draft = drafted(tmp_path, {"Stage": STAGES, "Seats": SEATS})
    assert loaded(tmp_path, draft).deals.window.months is None
    assert "nothing can be judged forward in time" in draft.text


# --- attributes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["12", "7", "1,300"], "number"),
        (["$5M", "$700K", "$1.5M"], "number"),
        (["yes", "no"], "flag"),
        (["1-10", "11-50", "51-200", "201+"], "ordered"),
        (["Retail", "Software", "None"], "category"),
        (["Slack;Zoom", "Zoom", "Slack; Teams"], "set"),
        (["2019-05-06", "2020-01-31"], "date"),
    ],
)
def test_kinds_are_read_from_all_values(tmp_path: Path, values: list[str], kind: str) -> None:
    draft = drafted(
        tmp_path, {"Stage": STAGES, "Thing": np.random.default_rng(1).choice(values, DEALS), "Seats": SEATS}
    )
    found = {attribute.name: attribute.kind for attribute in loaded(tmp_path, draft).resolved()}
    assert found["Thing"] == kind


def test_a_year_is_a_year_by_name_and_value(tmp_path: Path) -> None:
    years = np.random.default_rng(2).integers(1950, 2024, DEALS).astype(str)
    draft = drafted(tmp_path, {"Stage": STAGES, "Year Founded": years, "Headcount": years})
    found = {attribute.name: attribute.kind for attribute in loaded(tmp_path, draft).resolved()}
    assert found == {"Year Founded": "year", "Headcount": "number"}


def test_names_and_free_text_are_left_out_with_the_reason(tmp_path: Path) -> None:
    notes = [f"note number {i}" for i in range(DEALS)]
    draft = drafted(tmp_path, {"Stage": STAGES, "Notes": notes, "Empty": [""] * DEALS, "Seats": SEATS})
    assert draft.used == ("Seats",)
    assert "# left out: Notes: 240 different texts: a name, an identifier or free text" in draft.text
    assert "# left out: Empty: has fewer than two different values" in draft.text


WON = np.array(STAGES) == "Won"


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (np.where(WON & (RNG.random(DEALS) < 0.6), "gold", "grey"), "occur with one outcome only"),
        ((np.where(WON, 50, 0) + RNG.integers(0, 60, DEALS)).astype(str), "tells won from lost deals with an AUC of"),
    ],
    ids=["certain values", "too strong"],
)
def test_what_may_have_been_written_by_the_outcome_is_asked_about(
    tmp_path: Path, cells: NDArray[np.str_], reason: str
) -> None:
    draft = drafted(tmp_path, {"Stage": STAGES, "Qzx": cells, "Seats": SEATS})
    assert draft.asked == ("Qzx",)
    assert reason in line_of(draft, "Qzx")
    assert [a.name for a in loaded(tmp_path, draft).resolved()] == ["Seats"]


def test_what_two_kinds_of_evidence_accuse_is_left_out_with_both(tmp_path: Path) -> None:
    cells = np.where(WON, np.resize(["red", "blue"], DEALS), "")
    draft = drafted(tmp_path, {"Stage": STAGES, "Qzx": cells, "Seats": SEATS})
    assert draft.asked == ()
    said = line_of(draft, "# left out: Qzx: dropped: ")
    assert "it is filled in for 100% of won and 0% of lost deals" in said
    assert "it alone tells won from lost deals" in said
    assert [a.name for a in loaded(tmp_path, draft).resolved()] == ["Seats"]


# --- what is written can be read ----------------------------------------------------------------------------------

AWKWARD = (
    "a: b", "yes", "No", "null", "12", "1.5", "2024-01-31", "#ash", "ash #1", "- ash", "'ash'", '"ash"', "a, b",
    "{ash}", "[ash]", "*ash", "&ash", "!ash", "%ash", "@ash", "`ash`", "a|b", "a\\b", "Größe", "公司", "ash\u00a0beech",
    "😀", "y", "?", "~", "=", "<<", "a\tb", "Ash (%)", "ash:", ".ash", "On",
)  # fmt: skip


@pytest.mark.parametrize("name", AWKWARD)
def test_a_column_of_any_name_comes_back_as_it_is_called(tmp_path: Path, name: str) -> None:
    draft = drafted(tmp_path, {"Stage": STAGES, name: SEATS}, "deals.parquet")
    config = loaded(tmp_path, draft)
    assert [attribute.column for attribute in config.resolved()] == [name] == list(draft.used)
    deals = read_deals(config.deals, config.tables, config.resolved(), tmp_path)
    assert not deals.parsed.missing(name).any()


@pytest.mark.parametrize("name", AWKWARD)
def test_an_outcome_of_any_name_comes_back_as_it_is_called(tmp_path: Path, name: str) -> None:
    stage = f"Phase: {name}"
    values = np.where(np.arange(DEALS) < 9, stage, STAGES)
    outcome = loaded(tmp_path, drafted(tmp_path, {name: values, "Seats": SEATS}, "deals.parquet")).deals.outcome
    assert outcome.column == name
    assert stage in {*outcome.open, *outcome.won, *outcome.lost}


def test_typed_columns_are_drafted_as_their_texts_would_be(tmp_path: Path) -> None:
    columns: dict[str, Cells] = {
        "Won": [stage == "Won" for stage in STAGES],
        "Opened": DAYS,
        "Closed": [datetime(day.year, day.month, day.day, 15, 30) + timedelta(days=9) for day in DAYS],
        "Seats": [int(seats) for seats in SEATS],
        "Ratio": [float(seats) / 7 for seats in SEATS],
        "Public": [i % 2 == 0 for i in range(DEALS)],
    }
    config = loaded(tmp_path, drafted(tmp_path, columns, "deals.parquet"))
    assert (config.deals.opened, config.deals.closed) == ("Opened", "Closed")
    kinds = {attribute.name: attribute.kind for attribute in config.resolved()}
    assert kinds == {"Seats": "number", "Ratio": "number", "Public": "flag"}
    deals = read_deals(config.deals, config.tables, config.resolved(), tmp_path)
    assert deals.won.sum() == WON.sum()


def test_a_list_column_is_a_set(tmp_path: Path) -> None:
    tools = [["Slack", "Zoom"] if i % 2 else ["Teams"] for i in range(DEALS)]
    draft = drafted(tmp_path, {"Stage": STAGES, "Tools": tools, "Seats": SEATS}, "deals.parquet")
    assert {a.name: a.kind for a in loaded(tmp_path, draft).resolved()} == {"Tools": "set", "Seats": "number"}


def test_an_export_without_any_attribute_can_be_read_or_is_refused(tmp_path: Path) -> None:
    columns: dict[str, Cells] = {"Deal ID": [f"D{i}" for i in range(DEALS)], "Stage": STAGES}
    try:
        draft = drafted(tmp_path, columns)
    except InputError:
        return
    assert loaded(tmp_path, draft).deals.id == "Deal ID"
