"""What the terminal shows of what each layer adds, and of tiers beside the field's working figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from icp_ml.cli.pages import add_row, percent, plain_table

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from icp_ml.profile.layers_added import LayerStep
    from icp_ml.profile.records import Interval
    from icp_ml.profile.yardsticks_of_tiers import TierYardsticks


def layers_page(steps: Sequence[LayerStep], warning: str | None = None) -> Iterator[RenderableType]:
    """The steps in a table, how to read it, and the warning where one layer carries nearly all."""
    from rich.text import Text

    if len(steps) > 1:
        yield _table(steps)
        yield (
            "Each row adds a layer to those above it, on judged deals by models that had not seen them; in brackets "
            "95 % over accounts. It is what a layer adds to this model, and not what a model of it alone would reach."
        )
    if warning is not None:
        yield Text(f"Warning: {warning}", style="yellow")


def _table(steps: Sequence[LayerStep]) -> Table:
    listed = any(step.list_above is not None for step in steps)
    names = ("up to", "AUC", "gained", "log loss", "saved", "deals above tier 1's cut", "of them won")
    table = plain_table("Layers added, fit first", *names, *(("of the list above",) if listed else ()))
    for step in steps:
        of_list = "" if step.list_above is None else f"{step.list_above:.0%}"
        figures = (_figure(step.auc), _change(step.auc_gained), _figure(step.log_loss), _change(step.log_loss_saved))
        above = f"{step.above:,}: {percent(step.share_above)}"
        won = percent(step.win_rate) if step.above else "none"
        add_row(table, step.layer, *figures, above, won, *((of_list,) if listed else ()))
    return table


def yardsticks_page(found: TierYardsticks) -> Iterator[RenderableType]:
    """One sentence a yardstick, then what has to be known to read them."""
    from rich.text import Text

    yield Text("Tiers beside the field's working figures, on judged deals (90 %)", style="bold")
    yield from (Text(f"  {each.sentence}") for each in found.yardsticks)
    yield from (Text(f"  {note}") for note in found.notes)


def _figure(found: Interval) -> str:
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"


def _change(found: Interval) -> str:
    return f"{found.value:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"
