"""The same company under several spellings: by the key of its id, its web domain, or its name.

    id                                     key              two spellings of one id meet
    " ACME-17 "                            acme-17
    https://www.Acme.com/about?from=mail   acme.com
    acme.com.                              acme.com
    jane@acme.com                          jane@acme.com    a person's address is no web address

    name                                   key              case, punctuation and legal form do not tell firms apart
    "The Acme Co., Ltd."                   acme
    "Smith & Sons GmbH"                    smith and sons

Accounts that look the same are grouped and told of. They are never merged: only a person knows whether two entries are
one company, two subsidiaries, or namesakes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from icp_ml.deals.company_settings import CompanySettings
from icp_ml.deals.texts import UNKNOWN_WORDS, Column, Texts, as_array, as_strings, encode_texts, gather

Names = npt.NDArray[np.object_]
Codes = npt.NDArray[np.int64]

_WEB_ADDRESS: Final = (
    r"^(?:[a-z][a-z0-9+.-]*://)?(?:www\.)?"  # scheme
    r"((?:[^\s/:?#@.]+\.)+(?:[^\s/:?#@.0-9]{2,}|xn--[a-z0-9-]+))"  # the domain, which is the key
    r"\.?(?::\d+)?(?:[/?#].*)?$"  # port and path
)
_MORE_THAN_A_DOMAIN: Final = r"[/:?#]|^www\.|\.$"
"""What every web address has that is not its own key already. Quick to look for, and most ids have none of it."""

_HOSTS: Final = (
    "163.com aol.com bitly.com blogspot.com crunchbase.com example.com facebook.com github.com gmail.com gmx.com "
    "gmx.de gmx.net google.com googlemail.com hotmail.com icloud.com instagram.com linkedin.com live.com mail.com "
    "mail.ru medium.com me.com msn.com outlook.com proton.me protonmail.com qq.com sites.google.com t-online.de "
    "twitter.com web.de wikipedia.org wixsite.com wordpress.com x.com yahoo.com yandex.ru youtube.com zoho.com"
)
HOSTS: Final = frozenset(_HOSTS.split())
"""Domains on which many companies have their mail or their page, so that sharing one says nothing. The list is ours and
short; `company.hosts` of a configuration adds to it."""

_LEGAL_FORMS: Final = (
    "ab ag as asa aps bv bvba co company corp corporation cv gmbh inc incorporated kg kgaa kk lda limited llc llp lp "
    "ltd ltda mbh nv ohg oy oyj plc pte pty pvt sa sarl sas sasu se sl sociedad spa srl sro ug"
)
_TRAILING_FORMS: Final = rf"(?: (?:and )?(?:{'|'.join(_LEGAL_FORMS.split())}))+$"
_NAMELESS: Final = frozenset((*UNKNOWN_WORDS, "n a", "test", "tbd", "not available", "private", "self employed"))


@dataclass(frozen=True)
class SameCompany:
    """Accounts that look like one company.

    by: what they share. key: the shared domain or name. accounts: as they are written, by alphabet. deals, won: how
    many of the deals that are learned from belong to them.
    """

    by: Literal["domain", "name"]
    key: str
    accounts: tuple[str, ...]
    deals: int
    won: int


def account_keys(ids: Column) -> Column:
    """The key of each id as a string array, null where the id is blank; see the head of the file.

    A text that is written as a web address becomes its domain, other texts are folded in case and trimmed.
    """
    array = as_array(ids)
    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    texts = _folded(pc.utf8_trim_whitespace(as_strings(array)))
    longer = pc.fill_null(pc.match_substring_regex(texts, _MORE_THAN_A_DOMAIN), fill_value=False)
    domains = pc.replace_substring_regex(texts.filter(longer), _WEB_ADDRESS, r"\1")
    keys = pc.replace_with_mask(texts, longer, domains)
    return pc.if_else(pc.equal(keys, ""), pa.scalar(None, pa.string()), keys)


def _folded(texts: Column) -> Column:
    """Lower case is the folded case of ASCII, and is much quicker."""
    if pc.all(pc.string_is_ascii(texts), min_count=0).as_py():
        return pc.utf8_lower(texts)
    return pa.array([None if text is None else text.casefold() for text in texts.to_pylist()], pa.string())


def domain_codes(addresses: Texts, hosts: Sequence[str] = ()) -> tuple[npt.NDArray[np.int32], list[str]]:
    """int32[n]: the web domain of each row as a place in the returned list, -1 where there is none.

    addresses: web addresses or domains as people write them; anything else, a person's address too, has no domain, nor
    has one of `HOSTS` or `hosts`, under which many companies are found.
    """
    keys = account_keys(pa.array(addresses.distinct, pa.string()))
    matches = pc.fill_null(pc.match_substring_regex(keys, _WEB_ADDRESS), fill_value=False)
    public = HOSTS | set(account_keys(pa.array(list(hosts), pa.string())).to_pylist())
    found = pc.if_else(matches, keys, pa.scalar(None, pa.string())).to_pylist()
    return _coded([None if key in public else key for key in found], addresses)


def name_codes(names: Texts) -> tuple[npt.NDArray[np.int32], list[str]]:
    """int32[n]: the key of each company's name as a place in the returned list, -1 where there is no name."""
    return _coded([key if key and key not in _NAMELESS else None for key in name_keys(names.distinct)], names)


def _coded(keys: Sequence[str | None], texts: Texts) -> tuple[npt.NDArray[np.int32], list[str]]:
    encoded = encode_texts(pa.array(keys, pa.string()))
    return gather(encoded.codes, texts.codes, -1), encoded.distinct


def name_keys(names: Sequence[str]) -> list[str]:
    """What is left of each company name without case, accents, punctuation, legal form and a leading "the".

    A name that consists of nothing else keeps it: "The Company" is "the company".
    """
    texts = pc.utf8_normalize(_folded(pa.array(names, pa.string())), form="NFKD")
    texts = pc.replace_substring_regex(texts, r"[\p{M}.'\x{2019}`]", "")
    texts = pc.replace_substring_regex(texts, r"\s*[&+]\s*", " and ")
    plain = pc.utf8_trim_whitespace(pc.replace_substring_regex(texts, r"[^\pL\pN]+", " "))
    short = pc.replace_substring_regex(pc.replace_substring_regex(plain, r"^the ", ""), _TRAILING_FORMS, "")
    empty = pc.is_in(short, value_set=pa.array(["", *_LEGAL_FORMS.split()]))
    kept: list[str] = pc.if_else(empty, plain, short).to_pylist()
    return kept


def could_be_names(accounts: Texts) -> Texts:
    """The account references that can be read as names: those without a digit.

    Others are taken for numbers of a system, in which punctuation and case may carry meaning.
    """
    return accounts.without(np.array([any(sign.isdigit() for sign in text) for text in accounts.distinct], dtype=bool))


@dataclass(frozen=True)
class CompanyMarks:
    """What each deal's account is recognised by.

    domains, names: int64[n], places in the lists of keys, -1 where there is none.
    """

    domains: Codes
    names: Codes
    domain_keys: tuple[str, ...] = ()
    name_keys: tuple[str, ...] = ()

    def take(self, rows: npt.NDArray[np.integer]) -> CompanyMarks:
        """The same for the given rows, in their order."""
        return replace(self, domains=self.domains[rows], names=self.names[rows])

    def domain_labels(self) -> Codes:
        """int64[n]: rows with one domain share a label; a row without a domain has one of its own."""
        own = len(self.domain_keys) + np.arange(len(self.domains))
        return np.where(self.domains >= 0, self.domains, own)


def company_marks(deals: pa.Table, accounts: Texts | None, settings: CompanySettings) -> CompanyMarks:
    """Recognise the companies of n deals: by the declared columns, else by what the account's id is written as.

    accounts: what each deal names as its account, None where no column does.
    """
    nobody = Texts(np.full(deals.num_rows, -1, dtype=np.int32), [])
    references = nobody if accounts is None else accounts
    addresses = references if settings.domain is None else encode_texts(deals.column(settings.domain))
    names = could_be_names(references) if settings.name is None else encode_texts(deals.column(settings.name))
    domains, domain_keys = domain_codes(addresses, settings.hosts)
    found, keys = name_codes(names)
    return CompanyMarks(domains.astype(np.int64), found.astype(np.int64), tuple(domain_keys), tuple(keys))


def same_companies(accounts: Names, won: npt.NDArray[np.int8], marks: CompanyMarks) -> tuple[SameCompany, ...]:
    """The groups of two or more accounts that share a domain, then of those that share only a name; most deals first.

    accounts: object[n] of texts. won: int8[n].
    """
    by_domain = sorted(_groups(accounts, won, marks.domains, marks.domain_keys, "domain"), key=_size)
    group_of = {account: found.key for found in by_domain for account in found.accounts}
    by_name = sorted(_groups(accounts, won, marks.names, marks.name_keys, "name"), key=_size)
    return (*by_domain, *(found for found in by_name if not _is_inside_one(found, group_of)))


def _is_inside_one(found: SameCompany, group_of: Mapping[str, str]) -> bool:
    groups = {group_of.get(account) for account in found.accounts}
    return len(groups) == 1 and None not in groups


def _size(found: SameCompany) -> tuple[int, str]:
    return (-found.deals, found.key)


def _groups(
    accounts: Names, won: npt.NDArray[np.int8], codes: Codes, keys: Sequence[str], by: Literal["domain", "name"]
) -> Iterator[SameCompany]:
    rows = np.flatnonzero(codes >= 0)
    account, names = pd.factorize(accounts[rows], sort=True)
    pairs = np.unique(codes[rows] * max(len(names), 1) + account)
    key_of, name_of = np.divmod(pairs, max(len(names), 1))
    ends = np.cumsum(np.bincount(key_of, minlength=len(keys)))
    starts = np.concatenate([[0], ends[:-1]])
    deals = np.bincount(codes[rows], minlength=len(keys))
    wins = np.bincount(codes[rows], weights=won[rows], minlength=len(keys))
    for key in np.flatnonzero(ends - starts > 1).tolist():
        members = tuple(str(names[place]) for place in name_of[starts[key] : ends[key]])
        yield SameCompany(by, keys[key], members, int(deals[key]), int(wins[key]))
