"""What came of searching synthetic worlds for types of deals, as rows and as the page that is committed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean, median

from pydantic import BaseModel

HALF = 0.5
METHOD = """\
# Clusters and exclusions: types of deals that a search found

A type is two or three conditions on different attributes (a cluster), or one to three (an exclusion). Types are chosen
by looking at outcomes, so that what they did in the deals that chose them says little: among 500 deals and 40 flags
that mean nothing, the best pair of flags shows 46 % where 25 % is won. What is printed is guarded four times.

1. **What is looked at follows from the attributes alone**: conditions in round numbers that at least 20 deals meet and
   20 do not, those alike left out; all pairs, and triples that widen the best pairs (`subgroups.py`).
2. **Accounts are the unit.** Each account counts once, by its mean outcome relative to the deals of its time, and by
   the share of its deals that lies in the type. A deal written down twice adds nothing. A type has 20 accounts or more,
   in each search without a fifth of the accounts too: about 25 to 30 in all.
3. **The whole search is repeated where there is nothing to find**: 299 times with the outcomes dealt out anew among
   accounts. A type is found only if its score is reached by the best of at most 2.5 % of these searches, for clusters
   and for exclusions each, so 5 % in all (maximum statistic, Westfall and Young 1993; ended early where nothing can be
   found any more, Besag and Clifford 1991).
4. **Rates are of deals that did not choose the type.** Accounts are dealt into five folds and the search is run on
   every four of them. The deals of the fifth that lie in the first find are pooled into the rate of the first, those in
   the second into that of the second, and so on. The rate beside the k-th find is what a k-th find of this search is
   worth (cross-validated subgroups, Freidlin, Jiang and Simon 2010; Bates, Hastie and Tibshirani 2023 on what is
   estimated by it). Matching folds by the same attributes, or by likeness, would let the deals that judge a type choose
   it: with flags only, that is no correction at all. The price: where two types are about equally good, folds take them
   in different orders, and their rates are nearer to one another than the truth.

A **cluster** is reported where the lift's lower 95 % bound is above 1 in those deals, and each of its conditions keeps
out deals that win less often by 3.7 standard errors. An **exclusion** is proposed where the win rate's upper bound
(one-sided 95 %) is under half of the overall rate in those deals. A condition is dropped where the simpler rule stays
under half in the deals searched and what it adds does not win more than half as often as all. Of two types that share
over half of the deals in either, the better one stays. What is not known of a company meets no condition.

The score of a cluster is measured against the base rate, that of an exclusion against half of it: a large type that
wins a little less often than others is no reason to leave anybody out.
"""
LEGEND = """
*type covered*: worlds in which proposed exclusions together hit at least half of the planted type's deals. *true*:
exclusions of which at least half of the deals are of the planted type, or whose mean true probability is at most half
of the base. *planted*: only the former. *above the base*: clusters whose mean true probability is above that of all
deals. *cross-fitted* is what is printed beside a cluster, *raw* what it did in the deals that chose it.
"""


class Found(BaseModel):
    """A cluster or an exclusion beside the truth.

    deals: in it. rate: its cross-fitted win rate. raw: the win rate of all deals in it. truth: their mean true
    probability. planted: share of them that are of the planted type. conditions, noise: how many, and how many of them
    are on attributes that decide nothing.
    """

    deals: int
    rate: float
    raw: float
    truth: float
    planted: float
    conditions: int
    noise: int


class Row(BaseModel):
    """What came of one world. base: its mean true probability. planted: deals of the planted type; covered: the part of
    them that some exclusion hits.
    """

    kind: str
    seed: int
    code: str
    deals: int
    base: float
    planted: int
    covered: float
    clusters: tuple[Found, ...]
    exclusions: tuple[Found, ...]
    seconds: float


def page_of(rows: Sequence[Row], seeds: Mapping[str, int]) -> str:
    """The page. seeds: how many of each kind a full run has; the page says how many are there. A dash: no figure."""
    return "\n".join(_lines(rows, seeds)) + "\n"


def _lines(rows: Sequence[Row], seeds: Mapping[str, int]) -> Iterator[str]:
    codes = ", ".join(sorted({row.code for row in rows})) or "none"
    yield METHOD
    yield f"## Measured\n\nBy the code with the hash {codes}; seconds are of one processor core.\n"
    yield "| world | seeds run | any proposed | type covered | exclusions | true | planted | median CPU seconds |"
    yield "|---|---|---|---|---|---|---|---|"
    yield from (_exclusions_line(kind, _of(rows, kind), full) for kind, full in seeds.items())
    yield "\n| world | clusters | above the base | true rate | cross-fitted | raw | base | conditions on noise |"
    yield "|---|---|---|---|---|---|---|---|"
    yield from (_clusters_line(kind, _of(rows, kind)) for kind in seeds)
    yield LEGEND
    yield "| world | seed | base | planted deals | covered | exclusions (true rate) | clusters (true rate) |"
    yield "|---|---|---|---|---|---|---|"
    for row in rows:
        rates = (" ".join(f"{each.truth:.0%}" for each in found) or "-" for found in (row.exclusions, row.clusters))
        planted = f"{row.planted} | {row.covered:.0%}" if row.planted else "- | -"
        yield f"| {row.kind} | {row.seed} | {row.base:.0%} | {planted} | {' | '.join(rates)} |"


def _of(rows: Sequence[Row], kind: str) -> list[Row]:
    return [row for row in rows if row.kind == kind]


def is_true(found: Found, base: float) -> bool:
    """Whether an exclusion hits mostly the planted type, or deals that win at most half as often as all."""
    return found.planted >= HALF or found.truth <= HALF * base


def _exclusions_line(kind: str, rows: Sequence[Row], full: int) -> str:
    proposed = sum(bool(row.clusters or row.exclusions) for row in rows)
    found = [(row, each) for row in rows for each in row.exclusions]
    with_type = [row for row in rows if row.planted]
    covered = sum(row.covered >= HALF for row in with_type)
    cells = (
        f"{len(rows)} of {full}",
        f"{proposed} of {len(rows)}",
        f"{covered} of {len(with_type)}" if with_type else "-",
        str(len(found)),
        f"{sum(is_true(each, row.base) for row, each in found)} of {len(found)}" if found else "-",
        f"{sum(each.planted >= HALF for _, each in found)} of {len(found)}" if found else "-",
        f"{median(row.seconds for row in rows):.1f}" if rows else "-",
    )
    return f"| {kind} | {' | '.join(cells)} |"


def _clusters_line(kind: str, rows: Sequence[Row]) -> str:
    found = [(row.base, each) for row in rows for each in row.clusters]
    if not found:
        return f"| {kind} | 0 | - | - | - | - | - | - |"
    rates = [fmean(figure) for figure in zip(*((e.truth, e.rate, e.raw, base) for base, e in found), strict=True)]
    noise, conditions = sum(e.noise for _, e in found), sum(e.conditions for _, e in found)
    above = sum(each.truth > base for base, each in found)
    shares = " | ".join(f"{rate:.1%}" for rate in rates)
    return f"| {kind} | {len(found)} | {above} of {len(found)} | {shares} | {noise} of {conditions} |"
