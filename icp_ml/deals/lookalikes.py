"""Won accounts and a company universe as one table to learn from, with an account of every row of both lists.

    customers.csv  120 = without id 2 + repeated 3 + won 115
    market.csv  90,000 = without id 0 + repeated 40 + won accounts 80 + not drawn 87,580 + drawn 2,300

The won accounts stand in the universe too as a rule. They are taken out of it: by the id, by the web domain, and by the
name where a column of names is declared. A large universe is drawn from: with 20 companies beside each won account,
more of them would narrow what is learned by no more than a twentieth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from icp_ml.deals.attributes import Attribute
from icp_ml.deals.companies import account_keys, domain_codes, name_codes
from icp_ml.deals.contract import identical_rows
from icp_ml.deals.kinds import ParsedTable, parse_attributes
from icp_ml.deals.lookalike_settings import CompaniesSettings, LookalikeSettings
from icp_ml.deals.sources import columns_of, rows_of, title_of
from icp_ml.deals.table import Codes, Names, joined_groups
from icp_ml.deals.texts import Flags, Texts, encode_texts
from icp_ml.deals.words import listed, suggestion
from icp_ml.errors import ConfigError, InputError, TooFewDeals

LEAST_WON = 10
"""Won accounts under which nothing is learned. With nine, one fold in five holds a single account."""
THIN_WON = 50
"""Won accounts under which the result is said to be thin: the interval of the ranking is then wider than 0.1."""
LEAST_UNIVERSE = 100
"""Companies of the universe under which a place among them means nothing."""
BESIDE_EACH = 20
"""Companies drawn for each won account. The variance is 1 + 1/20 of that with all of them (Breslow 1996)."""
FEWEST_DRAWN, MOST_DRAWN = 1_000, 20_000


@dataclass(frozen=True)
class CompanyTable:
    """Won accounts and companies of the universe, one a row.

    won: int8[n], 1 for won accounts and 0 for companies of which it is not known whether they could be won. groups:
    int64[n], one code for rows that must stay on one side of a split. only_in: names of attributes whose column only
    one list has, by the list ("won" or "universe"). counts: rows of each list by what became of them.
    """

    won: npt.NDArray[np.int8]
    groups: Codes
    attributes: tuple[Attribute, ...]
    parsed: ParsedTable
    only_in: Mapping[str, tuple[str, ...]]
    counts: Mapping[str, int]

    def known(self, name: str) -> Flags:
        """bool[n]: rows in which an attribute is known."""
        return ~self.parsed.missing(name)


@dataclass(frozen=True)
class _List:
    """A list as it was read: its rows with the columns called what the attributes call them, and each row's keys."""

    title: str
    rows: pa.Table
    keys: Names

    def take(self, places: npt.NDArray[np.integer]) -> _List:
        return _List(self.title, self.rows.take(pa.array(places)), self.keys[places])


def read_companies(settings: LookalikeSettings, root: Path) -> CompanyTable:
    """Read both lists, take the won accounts out of the universe, draw from it, and parse the attributes of the rest.

    Raises `ConfigError` and `InputError` where a list cannot be read or lacks what is declared, `TooFewDeals` where
    there are fewer than 10 won accounts, or fewer than 100 companies beside them.
    """
    attributes = settings.resolved()
    wanted = _wanted(settings, attributes)
    reads_own = settings.won.attributes == "own"
    won = _read(settings.won, wanted if reads_own else [], root)
    universe = _read(settings.universe, wanted, root)
    counts = {f"{won.title}: read": won.rows.num_rows, f"{universe.title}: read": universe.rows.num_rows}
    won, universe = _once_each(won, counts), _once_each(universe, counts)
    shared = _shared(won, universe, settings)
    if not reads_own:
        found = np.flatnonzero(pd.Series(universe.keys).isin(won.keys))
        counts[f"{won.title}: not in the universe"] = len(won.keys) - len(found)
        won = universe.take(found)
    counts[f"{title_of(settings.won)}: won accounts"] = len(won.keys)
    counts[f"{universe.title}: won accounts taken out"] = int(shared.sum())
    universe = universe.take(np.flatnonzero(~shared))
    _check_enough(len(won.keys), len(universe.keys), settings)
    universe, drawn = _drawn(universe, len(won.keys), settings.seed)
    counts[f"{universe.title}: not drawn"] = drawn
    counts[f"{universe.title}: drawn"] = len(universe.keys)
    return _joined(won, universe, attributes, settings, counts)


def _wanted(settings: LookalikeSettings, attributes: Sequence[Attribute]) -> list[str]:
    of_attributes = (column for attribute in attributes for column in attribute.columns)
    return list(dict.fromkeys([*of_attributes, *settings.company.columns()]))


def _read(declared: CompaniesSettings, wanted: Sequence[str], root: Path) -> _List:
    """The id, and the wanted columns that the list has under their own name or by its map."""
    columns, title = columns_of(declared, root), title_of(declared)
    if declared.id not in columns:
        near = suggestion(declared.id, columns)
        raise InputError(f"{title}: expected the id column '{declared.id}', found none of that name; {near}")
    raw_of = {declared.map.get(column, column): column for column in columns}
    here = [name for name in wanted if name in raw_of]
    if wanted and not here:
        raise InputError(
            f"{title}: expected columns such as {listed(list(wanted))}, found none of them among "
            f"{listed(list(columns))}; add a map from its columns to these"
        )
    names = list(dict.fromkeys([declared.id, *(raw_of[name] for name in here)]))
    table = rows_of(declared, root, names)
    keys = account_keys(table.column(declared.id))
    rows = pa.table({name: _as_text(table.column(raw_of[name])) for name in here})
    rows = rows if here else pa.table({"": pa.nulls(table.num_rows, pa.string())})
    return _List(title, rows, np.asarray(keys.fill_null(""), dtype=object))


def _as_text(column: pa.ChunkedArray) -> pa.Array:
    """The two lists may come as CSV and as Parquet: one value has one text in both."""
    texts = encode_texts(column)
    codes = pa.array(texts.codes, mask=texts.codes < 0)
    return pa.DictionaryArray.from_arrays(codes, pa.array(texts.distinct, pa.string())).cast(pa.string())


def _once_each(companies: _List, counts: dict[str, int]) -> _List:
    """The first row of each id; rows without an id are left out."""
    named = np.flatnonzero(companies.keys != "")
    first = np.flatnonzero(~pd.Series(companies.keys[named]).duplicated())
    counts[f"{companies.title}: without id"] = len(companies.keys) - len(named)
    counts[f"{companies.title}: repeated"] = len(named) - len(first)
    return companies.take(named[first])


def _shared(won: _List, universe: _List, settings: LookalikeSettings) -> Flags:
    """bool[universe]: companies that are won accounts, by id, web domain or, where declared, name."""
    split = len(won.keys)
    found = np.zeros(len(universe.keys), dtype=bool)
    for codes in (_key_codes(won, universe), *_company_codes(won, universe, settings)):
        found |= np.isin(codes[split:], codes[:split][codes[:split] >= 0])
    return found


def _key_codes(won: _List, universe: _List) -> npt.NDArray[np.int64]:
    return pd.factorize(np.concatenate([won.keys, universe.keys]))[0].astype(np.int64)


def _company_codes(won: _List, universe: _List, settings: LookalikeSettings) -> tuple[npt.NDArray[np.int64], ...]:
    """For all rows, won accounts first: the web domain's code, and the name's where a column of names is declared."""
    company = settings.company
    addresses = _texts(won, universe, company.domain)
    domains, _ = domain_codes(addresses, company.hosts)
    if company.name is None:
        return (domains.astype(np.int64),)
    names, _ = name_codes(_texts(won, universe, company.name))
    return (domains.astype(np.int64), names.astype(np.int64))


def _texts(won: _List, universe: _List, column: str | None) -> Texts:
    """A column of both lists, one after the other; the ids where none is named. A list that lacks it has no text."""
    if column is None:
        return encode_texts(pa.array(np.concatenate([won.keys, universe.keys]), pa.string()))
    if column not in won.rows.column_names and column not in universe.rows.column_names:
        raise ConfigError(
            f"company: expected the column '{column}' in one of the lists, found it in none; correct it, or use map"
        )
    return encode_texts(pa.chunked_array([_column_or_nulls(each.rows, column) for each in (won, universe)]))


def _column_or_nulls(rows: pa.Table, column: str) -> pa.Array:
    if column not in rows.column_names:
        return pa.nulls(rows.num_rows, pa.string())
    return pc.cast(rows.column(column), pa.string()).combine_chunks()


def _check_enough(won: int, universe: int, settings: LookalikeSettings) -> None:
    if won < LEAST_WON:
        raise TooFewDeals(
            f"expected at least {LEAST_WON} won accounts in {title_of(settings.won)}, found {won}; add more of the "
            f"accounts that you would like to win again, or write down a hand-weighted scorecard"
        )
    if universe < max(LEAST_UNIVERSE, won):
        raise TooFewDeals(
            f"expected at least {max(LEAST_UNIVERSE, won)} companies besides the won accounts in "
            f"{title_of(settings.universe)}, found {universe}; name a larger list of companies that you could sell to"
        )


def _drawn(universe: _List, won: int, seed: int) -> tuple[_List, int]:
    """Companies drawn at random, in the order of the list, and how many were not."""
    size = len(universe.keys)
    wanted = max(min(max(BESIDE_EACH * won, FEWEST_DRAWN), MOST_DRAWN), 2 * won)
    if size <= wanted:
        return universe, 0
    places = np.sort(np.random.default_rng(seed).choice(size, wanted, replace=False))
    return universe.take(places), size - wanted


def _joined(
    won: _List,
    universe: _List,
    attributes: Sequence[Attribute],
    settings: LookalikeSettings,
    counts: Mapping[str, int],
) -> CompanyTable:
    sides = {"won": set(won.rows.column_names), "universe": set(universe.rows.column_names)}
    only_in = {
        side: tuple(each.name for each in attributes if each.column in sides[side] - sides[other])
        for side, other in (("won", "universe"), ("universe", "won"))
    }
    nowhere = [each.name for each in attributes if each.column not in sides["won"] | sides["universe"]]
    if nowhere:
        raise InputError(
            f"expected a column for the attribute '{nowhere[0]}' in {won.title} and in {universe.title}, found it in "
            f"neither; correct its name, add a map, or remove the attribute"
        )
    names = list(dict.fromkeys(column for each in attributes for column in each.columns))
    rows = pa.table({n: pa.chunked_array([_column_or_nulls(s.rows, n) for s in (won, universe)]) for n in names})
    day = None if settings.as_of is None else np.array(settings.as_of, dtype="datetime64[D]")
    keys = np.concatenate([won.keys, universe.keys])
    codes = _key_codes(won, universe)
    domains = _company_codes(won, universe, settings)[0]
    own = np.where(domains >= 0, domains, len(keys) + np.arange(len(keys)))
    return CompanyTable(
        won=np.concatenate([np.ones(len(won.keys)), np.zeros(len(universe.keys))]).astype(np.int8),
        groups=joined_groups(codes, identical_rows(rows, attributes, codes.astype(np.int32)), own),
        attributes=tuple(attributes),
        parsed=parse_attributes(rows, attributes, day),
        only_in=only_in,
        counts=counts,
    )
