"""Which spellings are one company, and which are not: rules that people who clean CRMs would argue over."""

from __future__ import annotations

import pyarrow as pa
import pytest

from icp_ml.deals.companies import could_be_names, domain_codes, name_codes
from icp_ml.deals.texts import encode_texts

DOMAINS = """
what is written                          domain
acme.com                                 acme.com
https://www.Acme.com/about?from=mail     acme.com
HTTP://acme.com:8080                     acme.com
acme.com.                                acme.com
www.acme.co.uk/                          acme.co.uk
shop.acme.com                            shop.acme.com
jane@acme.com                            -
acme                                     -
n/a                                      -
10.0.0.1                                 -
gmail.com                                -
https://www.linkedin.com/company/acme    -
partners.example.net                     -
"""

NAMES = """
one                        other                     are
Acme Corporation           ACME Corp.                the same
Acme, Inc.                 acme inc                  the same
The Acme Company           Acme                      the same
Smith & Sons Ltd           Smith and Sons Limited    the same
Müller GmbH & Co. KG       Muller                    the same
Société Générale S.A.      SOCIETE GENERALE          the same
Al's Diner                 Als Diner                 the same
Acme                       Acme Software             others
Acme East                  Acme West                 others
Inco                       In Co.                    others
The Limited                The Company               others
"""


def rows(table: str) -> list[list[str]]:
    """The rows of a small text table, split where two blanks or more stand."""
    lines = table.strip().splitlines()[1:]
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in lines]


@pytest.mark.parametrize(("written", "domain"), rows(DOMAINS))
def test_what_domain_a_text_names(written: str, domain: str) -> None:
    codes, keys = domain_codes(encode_texts(pa.array([written])), hosts=["partners.example.net"])
    assert [keys[code] if code >= 0 else "-" for code in codes] == [domain]


@pytest.mark.parametrize(("one", "other", "are"), rows(NAMES))
def test_which_names_are_one_company(one: str, other: str, are: str) -> None:
    codes, _ = name_codes(encode_texts(pa.array([one, other])))
    assert ("the same" if codes[0] == codes[1] else "others") == are


@pytest.mark.parametrize("nobody", ["", "  ", "N/A", "unknown", "-", "Test"])
def test_what_names_nobody_is_no_company(nobody: str) -> None:
    codes, _ = name_codes(encode_texts(pa.array([nobody, "Acme"])))
    assert codes.tolist() == [-1, 0]


def test_a_reference_with_a_digit_is_a_number_of_a_system_and_no_name() -> None:
    names = could_be_names(encode_texts(pa.array(["A-17", "a 17", "Acme", "0015aB"])))
    assert names.codes.tolist() == [-1, -1, 2, -1]
