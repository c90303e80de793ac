"""The accounts of a bundle as files: what is written is read, and what does not fit is refused."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from icp_ml.errors import BundleInvalid
from icp_ml.profile.neighbours import Neighbours
from icp_ml.serve.file_names import NEIGHBOUR_ACCOUNTS, NEIGHBOURS
from icp_ml.serve.neighbours_file import neighbours_from_files, neighbours_to_files
from tests import sold_accounts

AWKWARD = ('quoted "inc", ltd', " spaced ", "NA", "", "two\nlines", "=1+1", "Größe")


def known() -> Neighbours:
    found = sold_accounts.neighbours()
    return replace(found, accounts=(*AWKWARD, *found.accounts[len(AWKWARD) :]))


def files() -> dict[str, bytes]:
    return neighbours_to_files(known(), sold_accounts.model())


def read(content: Mapping[str, bytes]) -> Neighbours | None:
    return neighbours_from_files(content, sold_accounts.model(), sold_accounts.ATTRIBUTES)


def changed(name: str, before: str, after: str) -> dict[str, bytes]:
    content = files()
    text = content[name].decode()
    assert before in text
    return {**content, name: text.replace(before, after, 1).encode()}


def test_what_is_written_is_read_whatever_accounts_are_called() -> None:
    found, written = read(files()), known()
    assert found is not None
    assert found.accounts == written.accounts
    for mine, theirs in ((found.won, written.won), (found.points, written.points), (found.states, written.states)):
        assert np.array_equal(mine, theirs)
        assert mine.dtype == theirs.dtype
    assert (found.seen, found.limit, found.of_accounts) == (written.seen, written.limit, written.of_accounts)
    assert neighbours_to_files(found, sold_accounts.model()) == files()  # an amended bundle has the same bytes


def test_any_program_can_read_it() -> None:
    content = files()
    rows = list(csv.DictReader(io.StringIO(content[NEIGHBOUR_ACCOUNTS].decode(), newline="")))
    assert [row["account"] for row in rows[: len(AWKWARD)]] == list(AWKWARD)
    assert {row["outcome"] for row in rows} == {"won", "lost"}
    assert [int(row["effect of industry"]) for row in rows] == known().points[:, 1].tolist()
    assert json.loads(content[NEIGHBOURS])["of_accounts"] == sold_accounts.ACCOUNTS


def test_a_bundle_that_names_nobody_has_no_file() -> None:
    assert neighbours_to_files(None, sold_accounts.model()) == {}
    assert read({}) is None


def test_without_a_limit() -> None:
    content = neighbours_to_files(replace(known(), limit=None), sold_accounts.model())
    found = read(content)
    assert found is not None
    assert found.limit is None


@pytest.mark.parametrize("name", [NEIGHBOURS, NEIGHBOUR_ACCOUNTS])
def test_one_file_without_the_other_is_refused(name: str) -> None:
    with pytest.raises(BundleInvalid, match=f"expected together, found {name.replace('.', '[.]')}"):
        read({name: files()[name]})


@pytest.mark.parametrize(
    ("name", "before", "after", "said"),
    [
        (NEIGHBOURS, '"factor": "industry"', '"factor": "region"', "other factors"),
        (NEIGHBOURS, '"of_accounts": 400', '"of_accounts": 12', "another number of accounts"),
        (NEIGHBOURS, '"of_accounts": 400', '"of_accounts": 0', "of_accounts"),
        (NEIGHBOURS, '"limit": ', '"limit": -', "limit"),
        (NEIGHBOUR_ACCOUNTS, "effect of industry", "effect of region", "column"),
        (NEIGHBOUR_ACCOUNTS, ",won,", ",open,", "neither won nor lost"),
        (NEIGHBOUR_ACCOUNTS, ",won,", ",won,x", "cannot be read"),
        (NEIGHBOUR_ACCOUNTS, ",won,", ",won,9999999999,", "cannot be read"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(name: str, before: str, after: str, said: str) -> None:
    with pytest.raises(BundleInvalid) as refused:
        read(changed(name, before, after))
    assert said in refused.value.sentence
    assert name in refused.value.sentence


def test_a_label_that_the_model_does_not_have_is_refused() -> None:
    states = known().states.copy()
    states[3, 1] = 40
    content = neighbours_to_files(replace(known(), states=states), sold_accounts.model())
    with pytest.raises(BundleInvalid, match="'industry' for which the model has no label"):
        read(content)
    seen = tuple(replace(each, states=(*each.states, 40)) for each in known().seen)
    with pytest.raises(BundleInvalid, match="has no label"):
        read(neighbours_to_files(replace(known(), seen=seen), sold_accounts.model()))


@pytest.mark.parametrize("rows", [b"account,outcome\n\xff\xfe,won\n", b"account,\xffoutcome\na,won\n"])
def test_what_is_no_text_is_refused(rows: bytes) -> None:
    with pytest.raises(BundleInvalid, match=f"{NEIGHBOUR_ACCOUNTS} of the bundle cannot be read"):
        read({**files(), NEIGHBOUR_ACCOUNTS: rows})
