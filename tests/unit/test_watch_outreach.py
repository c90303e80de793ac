"""Replies and meetings of contacted accounts, counted by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest

from icp_ml.watch.outreach import Contacts, measure_outreach
from icp_ml.watch.review_records import ContactReview, OutreachReview
from tests.followed_deals import Company, given_list

UNTIL = "2025-03-31"
Contact = tuple[str, str, bool, bool, str]


def contacts(rows: Sequence[Contact]) -> Contacts:
    names, on, replied, met, channel = zip(*rows, strict=True)
    days = np.array(on, dtype="datetime64[D]")
    return Contacts(
        pa.array(names), days, np.array(replied), np.array(met), np.array(channel, dtype=object), np.datetime64(UNTIL)
    )


def parts(found: OutreachReview, by: str) -> dict[str, tuple[int, int | None, int | None]]:
    (cut,) = [each for each in found.cuts if each.by == by]
    return {each.label: (each.contacted, each.replied, each.met) for each in cut.parts}


def test_an_account_counts_once_and_from_30_days_on() -> None:
    """A is written to by two channels and replies to the second; b on the last day that is old enough (1 March, 30
    days before 31 March), c a day later; d had no tier, and x stood on no list; e was written to before the list."""
    listed = [Company("a", None), Company("b", None, "2"), Company("c", None), Company("d", None, None)]
    given = given_list([*listed, Company("e", None)])
    rows: list[Contact] = [
        ("a", "2025-01-10", False, False, "mail"),
        ("a", "2025-01-20", True, True, "phone"),
        ("A", "2025-03-30", False, False, "mail"),
        ("b", "2025-03-01", True, False, "mail"),
        ("c", "2025-03-02", True, False, "mail"),
        ("d", "2025-01-10", False, False, ""),
        ("x", "2025-01-10", True, True, "mail"),
        ("e", "2025-01-05", True, True, "mail"),
    ]
    found = measure_outreach([given], contacts(rows))
    assert parts(found, "tier") == {"1": (1, 1, 1), "2": (1, 1, 0), "no tier": (1, 0, 0)}
    assert parts(found, "channel") == {"mail": (2, 1, 0), "phone": (1, 1, 1), "not known": (1, 0, 0)}
    assert (found.too_young, found.on_no_list) == (1, 2)


def test_lists_without_quadrants_are_not_cut_by_them() -> None:
    rows: list[Contact] = [("a", "2025-01-10", True, False, "mail")]
    plain = measure_outreach([given_list([Company("a", None)])], contacts(rows))
    assert [each.by for each in plain.cuts] == ["tier", "channel"]
    named = "high fit, low intent"
    listed = [Company("a", None, quadrant=named), Company("customer", None, None, quadrant=named)]
    cut = measure_outreach([given_list(listed)], contacts([*rows, ("customer", "2025-01-10", True, True, "mail")]))
    assert parts(cut, "quadrant") == {named: (1, 1, 0)}


def test_what_nobody_says_is_none_and_not_zero() -> None:
    told = contacts([("a", "2025-01-10", True, False, "mail")])
    silent = Contacts(told.accounts, told.on, told.replied, None, None, told.until)
    (cut,) = measure_outreach([given_list([Company("a", None)])], silent).cuts
    (part,) = cut.parts
    assert isinstance(part, ContactReview)
    assert (part.replied, part.met, part.meeting_rate) == (1, None, None)


@pytest.mark.parametrize(
    ("met", "said"), [((60, 10), "they do"), ((30, 30), "they do not"), ((7, 4), "it cannot be told yet")]
)
def test_the_first_tier_is_set_beside_the_last(met: tuple[int, int], said: str) -> None:
    """Of 100 each. Ratios with half a meeting added: 60.5 to 10.5 = 5.76, 1, and 7.5 to 4.5 = 1.67."""
    companies = [Company(f"{tier}-{k}", None, tier) for tier in ("1", "3") for k in range(100)]
    rows = [(each.name, "2025-01-10", False, k % 100 < met[k // 100], "mail") for k, each in enumerate(companies)]
    (sentence,) = measure_outreach([given_list(companies)], contacts(rows)).sentences
    assert f"had a meeting {(met[0] + 0.5) / (met[1] + 0.5):.2f} [" in sentence
    assert sentence.endswith(f"{said}.")
