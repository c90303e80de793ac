"""Which columns are about people, as a table that could be argued over with whoever is responsible for privacy."""

from __future__ import annotations

import pytest

from icp_ml.deals.personal import personal

TABLE = """
column                 values                                                      answer
contact_email          ann@corp.example; bo.li@mail.example; info@shop.example     e-mail addresses
reached_at             ann@corp.example; bo.li@mail.example; unknown               e-mail addresses
reached_at             ann@corp.example; unknown; none; asked                      -
phone                  +49 30 1234567; (212) 555-0100; 0049 30 99999               telephone numbers
hotline                +49 30 1234567; +1 212 555 0100 ext. 12                     telephone numbers
Phone Number           2125550100; 2125550199                                      telephone numbers
MobilePhone            2125550100; 2125550199                                      telephone numbers
phone                  5550100; 5550199                                            telephone numbers
phone                  555010; 555019                                              -
phone_calls            1; 2; 12                                                    -
first_name             Ann; Bo                                                     names of people
LastName               Li; Meyer                                                   names of people
Contact Name           Ann Li; Bo Meyer                                            names of people
account_name           Corp; Shop                                                  -
campaign_name          Spring; Fall                                                -
Date of Birth          1980-01-02; 1990-03-04                                      facts about a person
gender                 f; m                                                        facts about a person
employees              1001-5000; 10001-50000; 51-200                              -
revenue                (1,200,000); 3400000                                        -
founded                2024-01-31; 2023-12-01                                      -
domain                 corp.example; shop.example                                  -
annual_revenue         12345678; 98765432                                          -
"""


def cases() -> list[tuple[str, tuple[str, ...], str]]:
    head, *rows = TABLE.strip().splitlines()
    at, to = head.index("values"), head.index("answer")
    return [(row[:at].strip(), tuple(row[at:to].strip().split("; ")), row[to:].strip()) for row in rows]


@pytest.mark.parametrize(("column", "values", "answer"), cases())
def test_what_a_column_holds_of_people(column: str, values: tuple[str, ...], answer: str) -> None:
    assert (personal(column, values) or "-") == answer


def test_an_empty_column_is_about_nobody() -> None:
    assert personal("reached_at", ()) is None
