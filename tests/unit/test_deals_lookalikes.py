"""Both lists become one table, and every row of either is accounted for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from icp_ml.deals.kinds import CategoryColumn, NumberColumn
from icp_ml.deals.lookalike_settings import USUAL_SHARES, LookalikeSettings
from icp_ml.deals.lookalikes import CompanyTable, read_companies
from icp_ml.deals.settings import parse_settings
from icp_ml.errors import ConfigError, IcpError, InputError, TooFewDeals
from tests.docs.pages import blocks, page
from tests.lookalike_projects import companies, document, settings, write_lists


def _lists() -> tuple[pd.DataFrame, pd.DataFrame]:
    return companies(12, 1, prefix="w", alike=1.0), companies(150, 2, prefix="u", alike=0.1)


def _read(folder: Path, won: pd.DataFrame, universe: pd.DataFrame, /, **changes: object) -> CompanyTable:
    write_lists(folder, won, universe)
    return read_companies(settings(**changes), folder)


def test_every_row_is_in_one_count(tmp_path: Path) -> None:
    won, universe = _lists()
    # 12 won accounts, one twice and one without an id; of 150 companies one twice, one without an id, three are won.
    won = pd.concat([won, won.iloc[[0]], won.iloc[[1]].assign(domain="")])
    universe = pd.concat([universe, universe.iloc[[5]], universe.iloc[[6]].assign(domain=" "), won.iloc[[2, 3, 4]]])
    table = _read(tmp_path, won, universe)
    assert dict(table.counts) == {
        "won.csv: read": 14,
        "universe.csv: read": 155,
        "won.csv: without id": 1,
        "won.csv: repeated": 1,
        "universe.csv: without id": 1,
        "universe.csv: repeated": 1,
        "won.csv: won accounts": 12,
        "universe.csv: won accounts taken out": 3,
        "universe.csv: not drawn": 0,
        "universe.csv: drawn": 150,
    }
    assert table.won.tolist() == [1] * 12 + [0] * 150
    assert len(np.unique(table.groups)) == 162


@pytest.mark.parametrize("spelling", ["W3.EXAMPLE", "https://www.w3.example/about?x=1", "  w3.example. "])
def test_a_won_account_is_taken_out_of_the_universe_however_its_domain_is_spelled(
    tmp_path: Path, spelling: str
) -> None:
    won, universe = _lists()
    universe.loc[7, "domain"] = spelling
    table = _read(tmp_path, won, universe)
    assert table.counts["universe.csv: won accounts taken out"] == 1
    assert (table.won == 0).sum() == 149


def test_by_a_declared_domain_or_name_it_is_taken_out_too_and_a_host_of_many_says_nothing(tmp_path: Path) -> None:
    won, universe = _lists()
    won = won.assign(domain=[f"c{n}" for n in range(12)], site="", firm=[f"Firm {n}" for n in "ABCDEFGHIJKL"])
    universe = universe.assign(domain=[f"m{n}" for n in range(150)], site="", firm=[f"Other {n}" for n in range(150)])
    won.loc[[0, 1], "site"] = ["acme.example", "gmail.com"]
    universe.loc[[0, 1], "site"] = ["www.acme.example", "gmail.com"]
    universe.loc[2, "firm"] = "firm c, Inc."
    by_domain = _read(tmp_path, won, universe, company={"domain": "site"})
    assert by_domain.counts["universe.csv: won accounts taken out"] == 1
    by_both = read_companies(settings(company={"domain": "site", "name": "firm"}), tmp_path)
    assert by_both.counts["universe.csv: won accounts taken out"] == 2


def test_attributes_can_be_those_that_the_universe_has_of_the_won_accounts(tmp_path: Path) -> None:
    _, universe = _lists()
    listed = universe.assign(industry="Retail")
    named = pd.DataFrame({"customer": [*listed["domain"].iloc[:11], "not-there.example"]})
    table = _read(tmp_path, named, listed, won={"source": "won.csv", "id": "customer", "attributes": "universe"})
    assert table.counts["won.csv: not in the universe"] == 1
    assert table.counts["universe.csv: won accounts taken out"] == 11
    assert (table.won == 1).sum() == 11
    industry = table.parsed.columns["industry"]
    assert isinstance(industry, CategoryColumn)
    assert industry.levels == ("Retail",)
    assert (industry.codes == 0).all()


def test_a_list_is_read_by_its_map_and_its_own_file_format(tmp_path: Path) -> None:
    won, universe = _lists()
    write_lists(tmp_path, won, universe)
    plain = read_companies(settings(), tmp_path)
    universe.rename(columns={"employees": "Company Size"}).to_parquet(tmp_path / "universe.parquet")
    other = {"source": "universe.parquet", "id": "domain", "map": {"Company Size": "employees"}}
    mapped = read_companies(settings(universe=other), tmp_path)
    for name in ("employees", "score"):
        one, two = plain.parsed.columns[name], mapped.parsed.columns[name]
        assert isinstance(one, NumberColumn)
        assert isinstance(two, NumberColumn)
        assert one.values.tolist() == two.values.tolist()
    assert mapped.only_in == {"won": (), "universe": ()}


def test_of_a_large_universe_as_many_are_drawn_as_the_won_accounts_need(tmp_path: Path) -> None:
    won, _ = _lists()
    universe = companies(1500, 2, prefix="u", alike=0.1)
    table = _read(tmp_path, won, universe)
    # 20 for each of 12 would be 240: at least 1,000 are drawn.
    assert table.counts["universe.csv: drawn"] == 1000
    assert table.counts["universe.csv: not drawn"] == 500
    again = read_companies(settings(), tmp_path)
    assert table.groups.tolist() == again.groups.tolist()
    drawn = table.parsed.columns["score"]
    assert isinstance(drawn, NumberColumn)
    # A fair draw: the mean of 1,000 of 1,500 lies within 4 standard errors of the mean of all.
    spread = universe["score"].std() * np.sqrt((1 / 1000) * (1 - 1000 / 1500))
    assert abs(drawn.values[12:].mean() - universe["score"].mean()) < 4 * spread


def test_copies_of_one_company_under_two_ids_stay_on_one_side(tmp_path: Path) -> None:
    won, universe = _lists()
    names = [f"a{n}" for n in range(8)]
    for place, name in enumerate(names):
        won[name], universe[name] = np.arange(12) * 10 + place, np.arange(150) * 10 + place + 5000
    same = [*names, "industry", "employees", "region", "score"]
    universe.loc[3, same] = won[same].to_numpy()[4]
    attributes = {"firmographic": {"industry": "category", "employees": "number", **dict.fromkeys(names, "number")}}
    table = _read(tmp_path, won, universe, attributes=attributes)
    assert table.groups[4] == table.groups[12 + 3]
    assert len(np.unique(table.groups)) == 161


def test_a_column_of_one_list_only_is_told(tmp_path: Path) -> None:
    won, universe = _lists()
    table = _read(tmp_path, won.drop(columns="region"), universe.drop(columns="score"))
    assert table.only_in == {"won": ("score",), "universe": ("region",)}
    assert not table.known("score")[12:].any()
    assert table.known("score")[:12].all()


def test_ages_count_to_the_day_of_the_lists(tmp_path: Path) -> None:
    won, universe = _lists()
    attributes = {"firmographic": {"founded": "year"}}
    table = _read(
        tmp_path, won.assign(founded=2015), universe.assign(founded=2005), attributes=attributes, as_of=date(2025, 1, 1)
    )
    founded = table.parsed.columns["founded"]
    assert isinstance(founded, NumberColumn)
    assert np.allclose(founded.values[12:] - founded.values[0], 10, atol=0.01)


def _nine(won: pd.DataFrame, universe: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    return won.iloc[:9], universe


def _small(won: pd.DataFrame, universe: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    return won, universe.iloc[:99]


def _same(won: pd.DataFrame, universe: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    return won, universe


Change = Callable[[pd.DataFrame, pd.DataFrame], tuple[pd.DataFrame, pd.DataFrame]]
OF_THE_LISTS = ("industry", "employees", "region", "score")
REFUSED: tuple[tuple[Change, dict[str, object], type[IcpError], str], ...] = (
    (_nine, {}, TooFewDeals, "expected at least 10 won accounts in won.csv, found 9"),
    (_small, {}, TooFewDeals, "expected at least 100 companies besides the won accounts in universe.csv, found 99"),
    (_same, {"won": {"source": "won.csv", "id": "web"}}, InputError, "expected the id column 'web'"),
    (
        _same,
        {"universe": {"source": "won.csv", "id": "domain", "map": {c: f"{c} there" for c in OF_THE_LISTS}}},
        InputError,
        "won.csv: expected columns such as 'industry', 'employees', 'region', 'score', found none of them among",
    ),
    (_same, {"company": {"name": "firm"}}, ConfigError, "expected the column 'firm' in one of the lists"),
    (
        _same,
        {"attributes": {"firmographic": {"industry": "category", "seats": "number"}}},
        InputError,
        "expected a column for the attribute 'seats'",
    ),
)


@pytest.mark.parametrize(("change", "changes", "error", "said"), REFUSED)
def test_what_cannot_be_learned_from_is_refused_in_one_sentence(
    tmp_path: Path, change: Change, changes: dict[str, object], error: type[IcpError], said: str
) -> None:
    won, universe = change(*_lists())
    with pytest.raises(error) as refused:
        _read(tmp_path, won, universe, **changes)
    assert said in refused.value.sentence


WRONG: tuple[tuple[dict[str, object], str], ...] = (
    ({"tiers": {"objective": "wins"}}, "expected 'tiers' as shares of the universe"),
    ({"deals": {"source": "deals.csv"}}, "deals is not a known key"),
    ({"won": {"source": "won.csv", "id": "domain", "attributes": "theirs"}}, "won.attributes"),
)


@pytest.mark.parametrize(("changes", "said"), WRONG)
def test_a_configuration_that_asks_for_what_needs_losses_is_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        settings(**changes)
    assert said in refused.value.sentence


def test_ages_need_a_day_and_tables_are_not_read() -> None:
    with pytest.raises(ConfigError, match="as_of: expected the day of the lists, because 'founded' is an age"):
        settings(attributes={"firmographic": {"founded": "year"}}).resolved()
    made = {"technographic": {"tools": {"kind": "set", "from": {"table": "technologies", "take": "in_use"}}}}
    assert "won" in document()
    with pytest.raises(ConfigError):
        settings(attributes=made).resolved()


def test_the_page_shows_a_configuration_that_can_be_read() -> None:
    [written] = blocks(page("docs/lookalike.md"), "yaml")
    declared = parse_settings(LookalikeSettings, yaml.safe_load(written))
    assert declared.shares == USUAL_SHARES
    assert [attribute.name for attribute in declared.resolved()] == ["employees", "industry", "tools"]


def test_what_somebody_asked_for_is_what_says_use_yes() -> None:
    layers = {
        "firmographic": {"a": "number", "b": {"kind": "number", "use": True}, "c": {"kind": "flag", "use": False}}
    }
    assert settings(attributes=layers).asked_for() == {"b"}
