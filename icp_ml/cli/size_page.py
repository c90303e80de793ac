"""What the terminal shows of the size of a market."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from icp_ml.profile.market_size import MarketSize, Overlap, WideningCount

_LEVEL = (
    "Probabilities are those of winning a deal; for companies that nobody talks to yet the order is supported by the "
    "deals, the level is an assumption, and so is that of the money."
)


def size_page(size: MarketSize, target: str | None, absent: Sequence[str]) -> Iterator[RenderableType]:
    """The verdict first, then who is in the market, criterion by criterion, what widening buys, the tiers."""
    from rich.text import Text

    yield Text(size.sentence, style="bold")
    if target not in (None, "won"):
        yield f"Where this page says won, it means: {target}."
    if absent:
        yield f"ATTENTION: the list has no column for {', '.join(absent)}; no row is known to meet what asks about it."
    yield _market_table(size)
    if size.criteria:
        yield _criteria_table(size)
        yield _least_table(size)
        yield _widening_table(size.widenings)
        yield from _on_what(size.widenings)
    yield _tier_table(size)
    yield _overlap_sentence(size.overlap, "in the market" if size.matches is None else "that match")
    if size.money is not None:
        yield (
            f"Expected value of the companies that match: {_amount(size.money.matches)} {size.money.unit}; of the "
            f"market: {_amount(size.money.market)} {size.money.unit}."
        )
    yield _LEVEL


def _market_table(size: MarketSize) -> Table:
    from icp_ml.cli.pages import add_row

    table = _table("Who is in the market", "rows", numbers=1)
    add_row(table, "rows of the list", f"{size.rows:,}")
    add_row(table, "met before on the list", f"-{size.repeated:,}")
    for rule in size.rules:
        words = f"excluded: {rule.rule}" if rule.kind == "exclusion" else f"outside the market: {rule.rule}"
        add_row(table, words, f"-{rule.companies:,}")
    add_row(table, "companies in the market", f"{size.in_market:,}")
    return table


def _criteria_table(size: MarketSize) -> Table:
    from icp_ml.cli.pages import add_row

    columns = ("points", "meet it", "do not", "not known", "with all above", "mean probability")
    table = _table("Criterion by criterion, most points first", *columns, numbers=len(columns))
    for each in size.criteria:
        counts = (each.points, each.met, each.unmet, each.not_known, each.together)
        add_row(table, each.words, *(f"{count:,}" for count in counts), _share(each.together_probability))
    return table


def _least_table(size: MarketSize) -> Table:
    from icp_ml.cli.pages import add_row

    table = _table(f"At least so many of {len(size.criteria)}", "companies", numbers=1)
    for each in size.at_least:
        probability = "" if size.probability is None else f", mean probability {_share(size.probability)}"
        is_match = f"  (a match{probability})" if each.is_match else ""
        add_row(table, f"{each.least}{is_match}", f"{each.companies:,}")
    return table


def _widening_table(widenings: Sequence[WideningCount]) -> Table:
    from icp_ml.cli.pages import add_row

    columns = ("asked instead", "further matches", "mean probability", "of such deals won", "win rate")
    table = _table("What widening one criterion buys and costs", *columns, numbers=len(columns))
    table.columns[1].justify = "left"
    for each in widenings:
        buys = f"{each.buys:,}"
        add_row(table, each.criterion, each.words, buys, _share(each.probability), *_cost(each))
    return table


def _cost(widening: WideningCount) -> tuple[str, str]:
    from icp_ml.cli.pages import percent

    if widening.deals is None or widening.win_rate is None:
        return "", ""
    return f"{widening.won:,} of {widening.deals:,}", percent(widening.win_rate) if widening.deals else ""


def _on_what(widenings: Sequence[WideningCount]) -> Iterator[str]:
    for measured in dict.fromkeys(each.measured_on for each in widenings if each.measured_on):
        yield f"Such deals are {measured}."


def _tier_table(size: MarketSize) -> Table:
    from icp_ml.cli.pages import add_row

    money = [] if size.money is None else [f"expected value ({size.money.unit})"]
    columns = ("companies", "match", "customers", "open deals", "contacted", "left", *money)
    table = _table("By tier, in the market", *columns, numbers=len(columns))
    for each in size.tiers:
        overlap = each.overlap
        known = (overlap.customers, overlap.open_deals, overlap.contacted)
        value = [] if size.money is None else [_amount(each.value or 0.0)]
        counts = (f"{each.companies:,}", "" if size.matches is None else f"{each.matches:,}", *map(_count, known))
        add_row(table, each.label or "no tier", *counts, f"{overlap.left:,}", *value)
    return table


def _overlap_sentence(overlap: Overlap, among: str) -> str:
    found = (
        (overlap.customers, "are customers already"),
        (overlap.open_deals, "have an open deal"),
        (overlap.contacted, "were contacted"),
    )
    told = [f"{count:,} {words}" for count, words in found if count is not None]
    if not told:
        return "Nobody said who is a customer or was contacted (--known, --contacted)."
    return f"Of the companies {among}, {', '.join(told)}; {overlap.left:,} are left."


def _table(title: str, *columns: str, numbers: int) -> Table:
    """A table of words with `numbers` columns of figures beside them."""
    from icp_ml.cli.pages import plain_table

    table = plain_table(title, "", *columns)
    for column in table.columns[-numbers:]:
        column.justify = "right"
    return table


def _count(count: int | None) -> str:
    return "" if count is None else f"{count:,}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"


def _amount(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
