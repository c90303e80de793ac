"""What the terminal shows of a campaign: sizes before, the assignment when it is drawn, the result afterwards."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from icp_ml.cli.plan_sizes import Sizes
    from icp_ml.watch.campaign_record import CampaignPlan
    from icp_ml.watch.campaign_result import ArmResult, CampaignResult
    from icp_ml.watch.sample_size import Detectable


def sizes_page(sizes: Sizes, customary: Sequence[tuple[int, Detectable]]) -> Iterator[RenderableType]:
    """The answer first, then what was assumed, and what the customary sizes can show."""
    from rich.text import Text

    yield Text(sizes_sentence(sizes), style="bold")
    yield _assumed(sizes)
    yield from _duration(sizes)
    yield _detectable_table(customary, sizes.promise.power)


def plan_page(plan: CampaignPlan, sizes: Sizes, wanted: Sequence[int]) -> Iterator[RenderableType]:
    """Who was drawn from how many, what these can show, and what is not as it was asked for."""
    from rich.text import Text

    yield _arms_table(plan)
    yield Text(sizes_sentence(sizes), style="bold")
    yield _assumed(sizes)
    yield from _duration(sizes)
    for arm, asked in zip(plan.arms, wanted, strict=True):
        if arm.accounts < asked:
            yield (
                f"ATTENTION: {asked:,} accounts of {plan.by} {arm.name} were wanted, and only {arm.accounts:,} may be "
                f"contacted; with so few, {detectable_words(sizes.shows)}."
            )
        if arm.filled:
            yield (
                f"ATTENTION: {arm.filled:,} of the {arm.accounts:,} accounts of {plan.by} {arm.name} fill up, because "
                f"it has too few of some {' and '.join(plan.balance)}; the arms differ by that much."
            )


def result_page(plan: CampaignPlan, result: CampaignResult) -> Iterator[RenderableType]:
    """What each pair shows, then the arms, then what the looks spent."""
    from rich.text import Text

    from icp_ml.watch.campaign_result import pair_sentence

    for pair in result.pairs:
        yield Text(pair_sentence(pair), style="bold")
    yield _result_table(plan, result)
    for pair in result.pairs:
        if pair.p_value is None or pair.bound is None:
            continue
        yield (
            f"{pair.arms[0]} and {pair.arms[1]}: look {pair.looks} of {plan.looks} planned, at {pair.share:.0%} of the "
            f"planned knowledge; p = {pair.p_value:.4f}, to be under {pair.bound:.4f}; {pair.spent:.2%} of "
            f"{pair.level:.2%} spent."
        )
        if pair.changed:
            yield (
                f"ATTENTION: outcomes of {pair.arms[0]} and {pair.arms[1]} changed without an account more; where "
                "accounts stand in the file before their outcome is settled, the level is not kept."
            )


def sizes_sentence(sizes: Sizes) -> str:
    """What an arm needs, or what it can show."""
    arms = f"{' and '.join(f'{each:,}' for each in dict.fromkeys(sizes.accounts))} accounts an arm"
    if sizes.difference is None or sizes.power is None:
        return f"{arms}: {detectable_words(sizes.shows)}."
    other = rate_words(sizes.rate + sizes.difference)
    return f"{arms} tell {rate_words(sizes.rate)} from {other} in {sizes.power:.0%} of campaigns."


def detectable_words(shown: Detectable) -> str:
    """What can be told from a rate, in words."""
    if shown.above is None and shown.below is None:
        return f"nothing can be told from {rate_words(shown.rate)}"
    ways = []
    if shown.above is not None:
        ways.append(f"a rise from {rate_words(shown.rate)} to {rate_words(shown.above, up=True)}")
    if shown.below is not None:
        ways.append(f"a fall to {rate_words(shown.below, up=False)}")
    return f"{' and '.join(ways)} can be shown, and no smaller difference"


def rate_words(rate: float, *, up: bool | None = None) -> str:
    """Per cent to a tenth; up: rounded away from a smaller claim, None for the nearest."""
    tenths = 1000 * rate
    whole = round(tenths) if up is None else math.ceil(tenths - 1e-9) if up else math.floor(tenths + 1e-9)
    return f"{whole / 10:g}%"


def _duration(sizes: Sizes) -> Iterator[str]:
    if sizes.weeks is not None:
        yield (
            f"{sizes.total:,} accounts at {sizes.per_week:,} a week take {sizes.weeks:,} weeks; wait at least "
            f"{sizes.wait_days} days more, so that the last of them had time to answer."
        )


def _assumed(sizes: Sizes) -> str:
    promise = sizes.promise
    looks = "one look, at the end" if promise.looks == 1 else f"{promise.looks} looks, evenly spaced"
    pairs = "" if promise.pairs == 1 else f" for all {promise.pairs} pairs together ({promise.pair_level:.2%} a pair)"
    return (
        f"Assumed: a rate of {rate_words(sizes.rate)}, {sizes.rate_from}; level {rate_words(promise.level)} two-sided"
        f"{pairs}, power {rate_words(promise.power)}, {looks}."
    )


def _detectable_table(found: Sequence[tuple[int, Detectable]], power: float) -> Table:
    from icp_ml.cli.pages import add_row, plain_table

    title = f"What so many accounts an arm can show, at a power of {power:.0%}"
    table = plain_table(title, "accounts", "from", "up to", "down to")
    for accounts, each in found:
        above = "nothing" if each.above is None else rate_words(each.above, up=True)
        below = "nothing" if each.below is None else rate_words(each.below, up=False)
        add_row(table, f"{accounts:,}", rate_words(each.rate), above, below)
    return table


def _arms_table(plan: CampaignPlan) -> Table:
    from icp_ml.cli.pages import add_row, plain_table

    over = f", balanced over {' and '.join(plan.balance)}" if plan.balance else ""
    table = plain_table(f"Who is to be contacted{over}", plan.by, "accounts", "drawn from")
    for arm in (*plan.arms, *([plan.hold_in] if plan.hold_in else [])):
        add_row(table, arm.name, f"{arm.accounts:,}", f"{arm.candidates:,}")
    return table


def _result_table(plan: CampaignPlan, result: CampaignResult) -> Table:
    from icp_ml.cli.pages import add_row, plain_table

    table = plain_table("Outcomes so far", plan.by, "planned", "known", "successes", "rate")
    for arm in (*result.arms, *([result.hold_in] if result.hold_in else [])):
        add_row(table, arm.name, f"{arm.planned:,}", f"{arm.contacted:,}", f"{arm.successes:,}", _rate(arm))
    return table


def _rate(arm: ArmResult) -> str:
    if arm.rate is None:
        return ""
    return f"{arm.rate.value:.1%} [{arm.rate.low:.1%}, {arm.rate.high:.1%}]"
