"""What the terminal shows of clusters, and of exclusions and boundaries that wait for a person's approval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from icp_ml.profile.clusters import Clusters
    from icp_ml.profile.definition import Proposal


def clusters_page(found: Clusters) -> Iterator[RenderableType]:
    """The combinations that win together, and whether one of them holds most wins."""
    from rich.text import Text

    if found.clusters:
        yield _clusters_table(found)
    yield Text(found.note)


def proposals_page(proposals: Sequence[Proposal]) -> Iterator[RenderableType]:
    """What is proposed and why; how to approve it where there is something to approve."""
    from rich.text import Text

    from icp_ml.cli.pages import add_row, percent, plain_table

    if not proposals:
        yield Text("Nothing is proposed: no type of company wins too little for it to be chance.")
        return
    table = plain_table("Proposed, not in force", "rule", "kind", "deals", "won", "win rate elsewhere", "why")
    for each in proposals:
        counts = (f"{each.deals:,}", f"{each.won:,}", percent(each.win_rate))
        add_row(table, each.rule.name, each.kind, *counts, each.why)
    yield table
    yield Text("Win rate elsewhere: of deals that did not choose the rule.")
    yield Text("A rule counts once a person has approved it: icp amend --approve NAME --reason WHY.")


def _clusters_table(found: Clusters) -> Table:
    from icp_ml.cli.pages import add_row, percent, plain_table

    title = f"Clusters: {percent(found.win_rate)} of all deals won"
    table = plain_table(title, "cluster", "deals", "won", "win rate elsewhere", "lift", "share of wins")
    for each in found.clusters:
        lift = f"{each.lift.value:.2f} [{each.lift.low:.2f}, {each.lift.high:.2f}]"
        counts = (f"{each.deals:,}", f"{each.won:,}", percent(each.win_rate))
        add_row(table, each.words, *counts, lift, f"{each.share_of_wins:.0%}")
    return table
