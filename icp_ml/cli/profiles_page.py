"""What the terminal shows of several ICPs in one bundle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from icp_ml.cli.pages import add_row, plain_table
from icp_ml.deals.policy import OUT_OF_SCOPE

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from icp_ml.profile.market_size import MarketSize
    from icp_ml.profile.several import ProfileRecord, ProfilesRecord


def profiles_page(profiles: ProfilesRecord) -> Iterator[RenderableType]:
    """The profiles in a table, then a sentence for each, then what to beware of."""
    from rich.text import Text

    yield _table(profiles)
    yield from (each.sentence for each in profiles.profiles)
    yield from (Text(f"Beware: {note}", style="yellow") for note in profiles.notes)
    yield "Each is a bundle of its own: icp show, icp size, icp export and icp diff take its folder, profiles/NAME."


def _table(profiles: ProfilesRecord) -> Table:
    table = plain_table(
        "Several ICPs", "profile", "whose deals", "deals", "won", "win rate", "its model", "ranking (99 %)"
    )
    for each in profiles.profiles:
        add_row(
            table,
            each.name,
            filter_words(each),
            f"{each.deals:,}",
            f"{each.won:,}",
            f"{each.won / each.deals:.1%}",
            _model_words(each),
            ""
            if each.ranking is None
            else f"{each.ranking.value:.1%} [{each.ranking.low:.1%}, {each.ranking.high:.1%}]",
        )
    return table


def sizes_page(sizes: Mapping[str, MarketSize], in_several: int) -> Iterator[RenderableType]:
    """The market of each profile, and how many companies are in more than one."""
    labels = list(dict.fromkeys(each.label for size in sizes.values() for each in size.tiers if each.label is not None))
    table = plain_table("By profile", "profile", "in its market", "match", *(_tier_name(label) for label in labels))
    for name, size in sizes.items():
        by_tier = {each.label: each.companies for each in size.tiers}
        matches = "" if size.matches is None else f"{size.matches:,}"
        add_row(table, name, f"{size.in_market:,}", matches, *(f"{by_tier.get(label, 0):,}" for label in labels))
    yield table
    yield f"{in_several:,} companies are in the market of more than one profile, and are counted in each."
    yield from (f"{name}: {size.sentence}" for name, size in sizes.items())


def _tier_name(label: str) -> str:
    return label if label == OUT_OF_SCOPE else f"tier {label}"


def filter_words(profile: ProfileRecord) -> str:
    """Which deals are its own, in words."""
    from icp_ml.profile.condition_words import condition_words

    words = [condition_words(each) for each in profile.asked.where]
    if profile.asked.deals is not None:
        words.append(f"{profile.asked.deals.column}: {' or '.join(profile.asked.deals.values)}")
    return " and ".join(words)


def _model_words(profile: ProfileRecord) -> str:
    if profile.borrows_all:
        return "that of all deals"
    return "its own" if profile.discount == 0.0 else f"its own, others count {profile.discount:g}"
