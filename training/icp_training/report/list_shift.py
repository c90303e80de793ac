"""Whether the companies that will be scored are like those that were sold to, and how much less is known of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from icp_ml.deals.words import listed
from icp_ml.profile.representativeness_records import ColumnShift, Likeness, Representativeness
from icp_training.report import charts
from icp_training.report.numbers import count, share
from icp_training.report.parts import Cell, Chart, Part, Row, Table, Tone, Words, rows_of

SHOWN: Final = 20
"""Attributes in the figure; the table has all of them."""
TONES: Final[dict[Likeness, Tone]] = {"alike": "plain", "differs": "warning", "apart": "bad"}


def list_shift(found: Representativeness | None, deals: int) -> Iterator[Part]:
    """found: the prospect list beside the deals; None where none was named, or none could be read. deals: how many."""
    if found is None:
        yield Words(
            "No prospect list was held beside the deals when this model was made: prospects.source of the "
            "configuration names one, and the next training then says how unlike the deals it is."
        )
        return
    yield Words(found.sentences[0], TONES[found.likeness])
    yield from (Words(each, "warning") for each in found.sentences[1:])
    if found.absent:
        yield Words(f"The list has no column for {listed(found.absent)}, and none of them is compared.", "warning")
    yield _chart(found, deals)


def _chart(found: Representativeness, deals: int) -> Chart:
    widest = sorted(found.columns, key=lambda each: (-abs(each.known_list - each.known_deals), each.attribute))[:SHOWN]
    figure = charts.pairs(
        [each.attribute for each in widest],
        {"deals": [each.known_deals for each in widest], "prospects": [each.known_list for each in widest]},
        "share of rows in which the attribute is known",
    )
    numbers = _table(found, deals)
    counts = tuple(
        each for row in numbers.rows for cell in row for each in cell.counts
    )  # its rows are in another order
    return Chart("list-shift", _finding(widest), figure, numbers, charts.height_of(len(widest)), counts)


def _finding(widest: Sequence[ColumnShift]) -> str:
    most = widest[0]
    if most.known_deals == most.known_list:
        return "Each attribute is known as often of the prospects as of the deals."
    return (
        f"What is known differs most in {most.attribute}: it is known of {most.known_deals:.0%} of the deals and of "
        f"{most.known_list:.0%} of the prospects."
    )


def _table(found: Representativeness, deals: int) -> Table:
    rows: list[Row] = [
        (
            each.attribute,
            share(each.share),
            share(each.known_deals, deals),
            share(each.known_list, found.rows),
            count(each.unseen_rows) if each.unseen_rows else Cell(""),
        )
        for each in found.columns
    ]
    headers = ("attribute", "of what tells them apart", "known of deals", "known of prospects", "value of no deal")
    caption = f"The first {found.rows:,} prospects beside the deals, attribute by attribute"
    return Table(caption, headers, rows_of(rows), frozenset({1, 2, 3, 4}))
