"""Neighbours in words: what is alike, what is not, and what nobody had."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from icp_ml.deals.kinds import parse_attributes
from icp_ml.profile.likeness import MOST_WORDS, Likeness, NeighbourBook
from icp_ml.profile.neighbours import place
from tests import sold_accounts


def compared(**values: str | None) -> Likeness:
    return book().compare(place(sold_accounts.model(), sold_accounts.one(**values)))


def book() -> NeighbourBook:
    return NeighbourBook(sold_accounts.model(), sold_accounts.ATTRIBUTES, sold_accounts.neighbours())


def test_a_company_of_a_known_kind_is_alike_in_what_counts() -> None:
    found = compared(employees="50", industry="Software", demo="yes", region="north")
    assert not found.resembles_nothing
    assert found.because == found.never_seen == ()
    assert [each.outcome for each in (*found.won, *found.lost)] == ["won"] * 3 + ["lost"] * 3
    for each in (*found.won, *found.lost):
        assert "industry: Software" in each.alike
        assert not any("industry" in text for text in each.unlike)
        assert len(each.alike) <= MOST_WORDS
    distances = [each.distance for each in found.won]
    assert distances == sorted(distances)


def test_unlike_says_what_is_here_and_what_is_there() -> None:
    found = compared(employees="5000", industry="Software", demo="no", region="north")
    young = found.won[0]
    assert "industry: Software" in young.alike
    assert young.unlike[0].startswith("employees over 4,940 (there: employees")


def test_a_mixture_of_two_kinds_resembles_nothing_and_its_odd_attribute_is_named() -> None:
    found = compared(employees="5000", industry="Software", demo="no", region="north")
    assert found.limit is not None
    assert found.distance > found.limit
    assert found.resembles_nothing
    assert found.because[0].startswith("employees over 4,940 (")
    assert not any("region" in text for text in found.because)
    assert found.never_seen == ()  # each value alone was seen


def test_a_value_that_nobody_had_is_named_whatever_the_distance() -> None:
    found = compared(employees="9000000", industry="Energy", demo="no", region="north")
    assert not found.resembles_nothing  # for the model it is one of the largest
    assert found.never_seen == ("employees over 4,940 (9M, where accounts had 40 to 5,990)",)
    found = compared(employees="5000", industry="Mining", demo="no", region="north")
    assert found.never_seen == ("industry: other (no account had it)",)
    assert found.resembles_nothing
    assert found.because[0] == found.never_seen[0]


def test_what_is_not_known_is_named_where_everybody_knew_it() -> None:
    found = compared(industry="Software", demo="yes", region="north")
    assert found.never_seen == ("employees not known (no account had it)",)


def test_with_too_few_accounts_nothing_is_flagged() -> None:
    known = replace(sold_accounts.neighbours(), limit=None)
    prospect = place(sold_accounts.model(), sold_accounts.one(employees="5000", industry="Software"))
    found = NeighbourBook(sold_accounts.model(), sold_accounts.ATTRIBUTES, known).compare(prospect)
    assert (found.limit, found.resembles_nothing, found.because) == (None, False, ())


def test_many_at_once_say_what_each_says_alone() -> None:
    table, _ = sold_accounts.companies(50, seed=9)
    rows = parse_attributes(table, sold_accounts.ATTRIBUTES, None)
    odd = {"employees": "5000", "industry": "Software", "demo": "no", "region": "north"}
    whole = place(sold_accounts.model(), rows)
    strange = place(sold_accounts.model(), sold_accounts.one(**odd))
    both = replace(
        whole,
        points=np.vstack([whole.points, strange.points]),
        states=np.vstack([whole.states, strange.states]),
        values=np.vstack([whole.values, strange.values]),
    )
    found = book().compare_all(both)
    assert found.nothing[-1]
    assert found.because[-1] == "; ".join(compared(**odd).because)
    accounts = sold_accounts.neighbours().accounts
    for row in range(0, 50, 7):
        alone = book().compare(place(sold_accounts.model(), rows.take(np.array([row]))))
        assert [each.account for each in alone.won] == [accounts[k] for k in found.won.places[row]]
        assert [each.distance for each in alone.lost] == found.lost.distances[row].tolist()
        assert alone.resembles_nothing == found.nothing[row]


def test_where_two_accounts_were_won_two_are_named() -> None:
    known = sold_accounts.neighbours()
    kept = np.sort(np.concatenate([np.flatnonzero(known.won)[:2], np.flatnonzero(known.won == 0)]))
    few = replace(
        known,
        accounts=tuple(known.accounts[k] for k in kept),
        won=known.won[kept],
        points=known.points[kept],
        states=known.states[kept],
    )
    found = NeighbourBook(sold_accounts.model(), sold_accounts.ATTRIBUTES, few).compare(
        place(sold_accounts.model(), sold_accounts.one(employees="50", industry="Software"))
    )
    assert {each.account for each in found.won} == {known.accounts[k] for k in np.flatnonzero(known.won)[:2]}
    assert len(found.lost) == 3
