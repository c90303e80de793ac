"""Customers, open deals and repeats are recognised by one key, and rows stay rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from icp_ml.deals.companies import account_keys
from icp_ml.deals.known_settings import KnownSettings
from icp_ml.deals.settings import parse_settings
from icp_ml.errors import ConfigError, InputError
from icp_ml.serve import known
from icp_ml.serve.contacted import read_contacted
from icp_ml.serve.known import CUSTOMER, NOT_KNOWN, OPEN_DEAL, Seen, key_hashes, places_among, read_known

SETTINGS = parse_settings(
    KnownSettings,
    {
        "source": "deals.csv",
        "account": "Website",
        "outcome": {"column": "Stage", "won": ["Closed Won"], "open": ["Discovery", "Proposal"]},
    },
)
DEALS = """\
Website,Stage,Amount
https://www.acme.com/,Closed Won,5
beta.io,discovery,
ACME.com,Proposal,9
gamma.de,Closed Lost,1
,Closed Won,2
delta.example, CLOSED WON ,3
"""


@pytest.mark.parametrize(
    ("written", "key"),
    [
        (" ACME-17 ", "acme-17"),
        ("Acme.com", "acme.com"),
        ("acme.com.", "acme.com"),
        ("https://www.Acme.com/about?from=mail#top", "acme.com"),
        ("http://acme.com:8080", "acme.com"),
        ("acme.com?a=1", "acme.com"),
        ("WWW.ACME.CO.UK/", "acme.co.uk"),
        ("shop.acme.com/x", "shop.acme.com"),
        ("www.com", "www.com"),  # a domain of its own: com is none
        ("http://münchen.de/", "münchen.de"),
        ("https://xn--mnchen-3ya.xn--p1ai/", "xn--mnchen-3ya.xn--p1ai"),
        ("jane@acme.com", "jane@acme.com"),
        ("Acme Inc.", "acme inc."),
        ("A/1.5", "a/1.5"),
        ("3.14", "3.14"),
        ("10.0.0.1/x", "10.0.0.1/x"),
        ("Groß", "gross"),
        ("  ", None),
        ("", None),
        (None, None),
    ],
)
def test_the_key_of_an_id(written: str | None, key: str | None) -> None:
    assert account_keys(pa.array([written], pa.string())).to_pylist() == [key]
    # Beside a text that is not ASCII, and dictionary-coded in two chunks, it is the same.
    beside = pa.chunked_array([pa.array([written, "é"], pa.string()).dictionary_encode()] * 2)
    assert account_keys(beside).to_pylist() == [key, "é"] * 2


def test_numbers_are_ids_too_whatever_their_type() -> None:
    for ids in (pa.array([17, None]), pa.array([17.0, float("nan")]), pa.array(["17", ""])):
        assert account_keys(ids).to_pylist() == ["17", None]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_customers_and_open_deals_are_marked(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"deals.{kind}"
    if kind == "csv":
        path.write_text(DEALS)
    else:
        rows = [line.split(",") for line in DEALS.splitlines()]
        pq.write_table(pa.table({name: [row[at] for row in rows[1:]] for at, name in enumerate(rows[0])}), path)
    accounts = read_known(path, SETTINGS)
    assert accounts.customers == {"acme.com", "delta.example"}
    assert accounts.open_deals == {"beta.io", "acme.com"}
    assert accounts.unseen == ()
    ids = pa.array(["acme.com", "https://beta.io", "gamma.de", None, "", "Delta.Example"])
    marks = accounts.marks(ids)
    assert marks.dtype == np.int8
    assert marks.tolist() == [CUSTOMER, OPEN_DEAL, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, CUSTOMER]
    assert accounts.marks(pa.array([], pa.string())).tolist() == []


def test_an_outcome_that_no_deal_has_is_told_and_none_at_all_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "deals.csv"
    path.write_text("Website,Stage\nacme.com,Closed Won\n")
    assert read_known(path, SETTINGS).unseen == ("Discovery", "Proposal")
    path.write_text("Website,Stage\nacme.com,Won\nbeta.io,\n")
    with pytest.raises(InputError, match=r"deals.csv: expected 'Closed Won'.*column 'Stage', found 'Won' in its rows"):
        read_known(path, SETTINGS)
    path.write_text("Web site,Stage\nacme.com,Closed Won\n")
    with pytest.raises(InputError, match="did you mean 'Web site'"):
        read_known(path, SETTINGS)


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ({"column": "Stage"}, "at least one value in 'won' or 'open'"),
        ({"column": "Stage", "won": ["Won"], "open": [" won"]}, "to mean one thing"),
        ({"column": "Stage", "won": ["Won"], "lost": ["Lost"]}, "outcome.lost is not a known key"),
    ],
)
def test_settings_that_mean_nothing_are_refused(outcome: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        parse_settings(KnownSettings, {"source": "deals.csv", "account": "Website", "outcome": outcome})


def test_the_first_row_of_an_id_stays_and_later_ones_repeat_it() -> None:
    first, seen = Seen().meet(pa.array(["acme.com", "beta.io", " ACME.com", None, ""]))
    second, seen = seen.meet(pa.array(["https://beta.io/x", "gamma.de", None, "gamma.de"]))
    assert first.tolist() == [False, False, True, False, False]
    assert second.tolist() == [True, False, False, True]
    assert sum(len(chunk) for chunk in seen.chunks) == 3
    assert seen.meet(pa.array([], pa.string()))[0].tolist() == []


def test_repeats_do_not_depend_on_batches_and_memory_is_eight_bytes_an_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "_FULL_CHUNK", 500)
    rng = np.random.default_rng(1)
    ids = [f"c{number}.example" for number in rng.integers(0, 4000, 8000)]
    met: set[str] = set()
    expected = []
    for text in ids:
        expected.append(text in met)
        met.add(text)
    for rows in (1, 37, 2000, 8000):
        seen, found = Seen(), []
        for start in range(0, len(ids), rows):
            repeated, seen = seen.meet(pa.array(ids[start : start + rows]))
            found += repeated.tolist()
        assert found == expected, rows
        assert sum(chunk.nbytes for chunk in seen.chunks) == 8 * len(met)
        assert all((np.diff(chunk.astype(object)) > 0).all() for chunk in seen.chunks)
        # About 3,500 ids in chunks that are full from 251 on, and a few that are still to be merged.
        assert len(seen.chunks) <= len(met) / 251 + 10


def test_hashes_tell_ids_apart() -> None:
    keys = pa.array([f"c{number}.example" for number in range(100_000)])
    assert len(np.unique(key_hashes(keys))) == 100_000


def test_a_hash_stands_where_it_is_and_nowhere_among_none() -> None:
    wanted = np.array([5, 4, 3], dtype=np.uint64)
    assert places_among(np.array([3, 5], dtype=np.uint64), wanted).tolist() == [1, -1, 0]
    assert places_among(np.empty(0, dtype=np.uint64), wanted).tolist() == [-1, -1, -1]


def test_a_list_of_contacted_accounts_that_names_nobody_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "contacted.csv"
    path.write_text("domain,when\n,2025-01-01\n ,2025-01-02\n")
    with pytest.raises(
        InputError, match=r"contacted\.csv: expected accounts in the column 'domain', found only blanks"
    ):
        read_contacted(path, "domain")
    path.write_text("domain,when\nhttps://Acme.com/,2025-01-01\n,2025-01-02\n")
    assert read_contacted(path, "domain").keys == ("acme.com",)
