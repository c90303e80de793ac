"""The size of a market as it is told: criterion by criterion, tier by tier, what widening buys, and the verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from icp_ml.profile.definition import Criterion, Definition
from icp_ml.profile.market import MarketQuestions, MarketTally
from icp_ml.profile.records import Interval, Record
from icp_ml.profile.widening import Widened, Widening

Size = Literal["too broad", "between", "workable", "may run out", "no definition"]

TOO_BROAD: Final = 10_000
WORKABLE: Final = (2_000, 5_000)
"""Companies that match: over the first too broad, between the others workable, below may run out. The field's."""

AS_WIDENED: Final = "deals that would come in"
AS_OUTSIDE: Final = "all deals that do not meet the criterion"


class RuleCount(Record):
    """Companies that a rule is the first to leave out. kind: what the rule is."""

    rule: str
    kind: Literal["exclusion", "boundary"]
    companies: int


class CriterionCount(Record):
    """In the market: companies that meet it, that are known not to, and of which it is not known.

    together: that meet it and every criterion before it; together_probability: mean of theirs, None where there is
    none.
    """

    name: str
    words: str
    points: int
    met: int
    unmet: int
    not_known: int
    together: int
    together_probability: float | None


class LeastCount(Record):
    """Companies in the market that meet at least so many criteria. is_match: whether that is what a match is."""

    least: int
    companies: int
    is_match: bool


class WideningCount(Record):
    """One criterion asked more widely. buys: further matches; probability: their mean, None where there is none.

    deals, won, win_rate: of the deals that say what it costs, None where there are none; measured_on: which they are.
    """

    criterion: str
    words: str
    buys: int
    probability: float | None
    deals: int | None = None
    won: int | None = None
    win_rate: Interval | None = None
    measured_on: str = ""


class Overlap(Record):
    """Companies by what is known of them. open_deals: that are no customers. contacted: that are neither.

    None where nobody was named. left: the others, which nobody talks to yet as far as was said.
    """

    customers: int | None
    open_deals: int | None
    contacted: int | None
    left: int


class TierCount(Record):
    """Companies of the market in a tier, and those that match; label None: without a tier. value: as in `Money`."""

    label: str | None
    companies: int
    matches: int
    overlap: Overlap
    value: float | None


class Money(Record):
    """Probability x expected ACV, summed over companies: of those that match, and of all in the market."""

    unit: str
    matches: float
    market: float


class MarketSize(Record):
    """What a list holds. rows = repeated + all rules + in_market. matches: None without criteria.

    probability: mean of those that match. least, criteria, at_least, widenings: empty or None without criteria.
    """

    rows: int
    repeated: int
    rules: tuple[RuleCount, ...]
    in_market: int
    criteria: tuple[CriterionCount, ...]
    at_least: tuple[LeastCount, ...]
    matches: int | None
    probability: float | None
    widenings: tuple[WideningCount, ...]
    tiers: tuple[TierCount, ...]
    overlap: Overlap
    money: Money | None
    verdict: Size
    sentence: str


def market_size(
    tally: MarketTally,
    asked: MarketQuestions,
    definition: Definition | None,
    *,
    on_deals: Sequence[Widened] = (),
    unit: str | None = None,
    names_known: bool = False,
    names_contacted: bool = False,
) -> MarketSize:
    """From the counts of a whole list. definition: the one that `asked` was made from.

    on_deals: what widenings brought on deals; where it lacks one, the deals outside the criterion stand in, and it is
    said. unit: of money, None where no ACV is known. names_known, names_contacted: whether somebody said who is.
    """
    criteria = () if definition is None else definition.criteria
    matches = None if asked.least is None else int(tally.cells[:, 1].sum())
    verdict, sentence = size_verdict(matches)
    names = (names_known, names_contacted)
    return MarketSize(
        rows=int(tally.rows[0]),
        repeated=int(tally.repeated[0]),
        rules=tuple(_rules(tally, asked)),
        in_market=int(tally.in_market[0]),
        criteria=tuple(_criteria(tally, criteria)),
        at_least=tuple(_at_least(tally, asked)),
        matches=matches,
        probability=_mean(tally.match_chance[0]),
        widenings=tuple(_widenings(tally, asked.widened, criteria, on_deals)),
        tiers=tuple(_tiers(tally, asked, names, has_value=unit is not None)),
        overlap=_overlap(tally.cells[:, 0 if matches is None else 1].sum(axis=0), names),
        money=None if unit is None else _money(tally, unit),
        verdict=verdict,
        sentence=sentence,
    )


def size_verdict(matches: int | None) -> tuple[Size, str]:
    """The field's verdict on the number of companies that match, and the same in words."""
    low, high = WORKABLE
    if matches is None:
        return "no definition", "The model has no criteria, so that nothing can be said of how many match."
    said = f"{matches:,} companies match"
    if matches > TOO_BROAD:
        return "too broad", f"{said}: over {TOO_BROAD:,} is too broad; add a criterion or ask for more of them."
    if matches > high:
        return "between", f"{said}: more than the {low:,} to {high:,} that are workable, and not over {TOO_BROAD:,}."
    if matches >= low:
        return "workable", f"{said}: {low:,} to {high:,} are workable."
    return "may run out", f"{said}: under {low:,} may run out; see what widening a criterion buys."


def _rules(tally: MarketTally, asked: MarketQuestions) -> Iterator[RuleCount]:
    for rule, count in zip(asked.exclusions, tally.excluded.tolist(), strict=True):
        yield RuleCount(rule=rule.settings.name, kind="exclusion", companies=count)
    for rule, count in zip(asked.boundary, tally.outside.tolist(), strict=True):
        yield RuleCount(rule=rule.settings.name, kind="boundary", companies=count)


def _criteria(tally: MarketTally, criteria: Sequence[Criterion]) -> Iterator[CriterionCount]:
    for place, each in enumerate(criteria):
        met, not_known = int(tally.met[place]), int(tally.not_known[place])
        yield CriterionCount(
            name=each.name,
            words=each.words,
            points=each.points,
            met=met,
            unmet=int(tally.in_market[0]) - met - not_known,
            not_known=not_known,
            together=int(tally.together[place]),
            together_probability=_mean(tally.together_chance[place]),
        )


def _at_least(tally: MarketTally, asked: MarketQuestions) -> Iterator[LeastCount]:
    from_the_top = np.cumsum(tally.met_many[::-1])[::-1].tolist()
    for least in range(len(asked.criteria), 0, -1):
        yield LeastCount(least=least, companies=from_the_top[least], is_match=least == asked.least)


def _widenings(
    tally: MarketTally, widened: Sequence[Widening], criteria: Sequence[Criterion], on_deals: Sequence[Widened]
) -> Iterator[WideningCount]:
    found = {(each.criterion, each.words): each for each in on_deals}
    for place, widening in enumerate(widened):
        criterion = criteria[widening.criterion]
        bare = WideningCount(
            criterion=criterion.name,
            words=widening.words,
            buys=int(tally.comes_in[place]),
            probability=_mean(tally.comes_in_chance[place]),
        )
        yield _with_deals(bare, found.get((criterion.name, widening.words)), criterion)


def _with_deals(bare: WideningCount, measured: Widened | None, criterion: Criterion) -> WideningCount:
    if measured is not None:
        deals = {"deals": measured.deals, "won": measured.won, "win_rate": measured.win_rate}
        return bare.model_copy(update={**deals, "measured_on": AS_WIDENED})
    if criterion.evidence is None:
        return bare
    side = criterion.evidence.outside
    deals = {"deals": side.deals, "won": side.won, "win_rate": side.win_rate}
    return bare.model_copy(update={**deals, "measured_on": AS_OUTSIDE})


def _tiers(
    tally: MarketTally, asked: MarketQuestions, names: tuple[bool, bool], *, has_value: bool
) -> Iterator[TierCount]:
    for place, label in enumerate((*asked.tiers, None)):
        cells = tally.cells[place]
        if label is None and not cells.any():
            continue
        yield TierCount(
            label=label,
            companies=int(cells.sum()),
            matches=int(cells[1].sum()),
            overlap=_overlap(cells.sum(axis=0), names),
            value=float(tally.value[place].sum()) if has_value else None,
        )


def _overlap(cells: NDArray[np.int64], names: tuple[bool, bool]) -> Overlap:
    """cells: [known, contacted], counts of companies."""
    are_known, are_contacted = names
    return Overlap(
        customers=int(cells[1].sum()) if are_known else None,
        open_deals=int(cells[2].sum()) if are_known else None,
        contacted=int(cells[0, 1]) if are_contacted else None,
        left=int(cells[0, 0]),
    )


def _money(tally: MarketTally, unit: str) -> Money:
    return Money(unit=unit, matches=float(tally.value[:, 1].sum()), market=float(tally.value.sum()))


def _mean(chance: NDArray[np.float64]) -> float | None:
    total, count = chance.tolist()
    return None if not count else total / count
