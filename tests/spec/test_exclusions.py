"""When a type of company is proposed to be left out: a table to argue over.

One flag parts the deals; each deal has an account of its own unless said otherwise. The twenty accounts that a type
needs have to be there in each search without a fifth of the accounts, so that it takes about 25 to 30 in all.
"""

from __future__ import annotations

import numpy as np
import pytest

from icp_ml.profile.exclusions import EXCLUSIONS, exclusions_of
from icp_ml.profile.subgroup_finds import search_subgroups
from tests.searched_deals import deals_of, flags

TABLE = """
inside | won | outside | won | deals an account | proposed | why
60     | 0   | 200     | 100 | 1                | yes      | nobody bought, and it cannot be chance
60     | 2   | 200     | 100 | 1                | yes      | 3 %, at most 10 %, under half of 39 %
60     | 9   | 200     | 100 | 1                | no       | 15 %, but it may be 24 %, over half of 42 %
60     | 24  | 200     | 100 | 1                | no       | 40 % is not under half of 48 %
19     | 0   | 200     | 100 | 1                | no       | under twenty accounts
57     | 0   | 201     | 99  | 3                | no       | nineteen accounts with three deals each
60     | 0   | 201     | 99  | 3                | no       | twenty accounts, of which a search by fifths sees sixteen
90     | 0   | 201     | 99  | 3                | yes      | thirty accounts with three deals each
60     | 0   | 200     | 6   | 1                | no       | hardly anybody buys at all
"""


def lines() -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in TABLE.strip().splitlines()[1:]]


@pytest.mark.parametrize("line", lines(), ids=lambda line: line[-1])
def test_who_is_proposed_to_be_left_out(line: list[str]) -> None:
    inside, won_inside, outside, won_outside, times = (int(cell) for cell in line[:5])
    assert inside % times == won_inside % times == outside % times == won_outside % times == 0
    is_inside = np.repeat([True, False], [inside, outside])
    won = np.repeat([1, 0, 1, 0], [won_inside, inside - won_inside, won_outside, outside - won_outside])
    deals = deals_of(flags(is_inside[:, None]), won.astype(np.int8), np.arange(len(won)) // times)
    search = search_subgroups(deals, (EXCLUSIONS,), seed=1, permutations=199)
    proposed = exclusions_of(deals, search.finds[0])
    assert ("yes" if proposed else "no") == line[5]
    if proposed:
        assert (proposed[0].deals, proposed[0].won) == (inside, won_inside)


def test_what_is_not_known_excludes_nobody() -> None:
    # Of 100 companies nothing is known, and none of them bought; of 200 the flag is known and says nothing.
    values = np.concatenate([np.full(100, np.nan), np.tile([0.0, 1.0], 100)])
    won = np.concatenate([np.zeros(100), np.repeat([1, 0], 100)]).astype(np.int8)
    search = search_subgroups(deals_of(flags(values[:, None]), won), (EXCLUSIONS,), seed=1, permutations=99)
    assert exclusions_of(deals_of(flags(values[:, None]), won), search.finds[0]) == ()
