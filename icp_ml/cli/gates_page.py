"""What the terminal shows of a comparison with the live version, and of the gates of a promotion."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from icp_ml.cli.pages import add_row, plain_table

if TYPE_CHECKING:
    from rich.console import RenderableType

    from icp_ml.profile.records import Interval
    from icp_ml.watch.comparison import Comparison, RivalFigures
    from icp_ml.watch.gates import Gate

_SAID: Final = {"green": "passed", "open": "look", "red": "refuses"}


def gates_page(gates: Sequence[Gate]) -> Iterator[RenderableType]:
    """One line for each gate, in the order in which they should be read."""
    table = plain_table("Gates", "gate", "", "why")
    for gate in gates:
        add_row(table, gate.name, _SAID[gate.state], gate.sentence)
    yield table


def comparison_page(found: Comparison) -> Iterator[RenderableType]:
    """Both models on the same deals, or why there is nothing to see."""
    from rich.text import Text

    live = f"version {found.champion_version}, which is live"
    if found.champion is None or found.challenger is None or found.gap is None:
        since = "there are no dates" if found.since is None else f"{found.deals:,} matured deals opened since"
        yield Text(f"Not compared with {live}: {since}, too few to tell two models apart.")
        return
    new = "of the new one, as it would have been made on that day"
    if found.crossed:
        new = "of the new one, which learned from deals opened since then, copies that had not met the account"
    yield Text(
        f"Beside {live}, on {found.deals:,} deals of {found.accounts:,} accounts that opened after {found.since} and "
        f"that neither learned from; {new}:"
    )
    table = plain_table("The new version beside the live one", "", "new", "live", "new less live")
    for row in _rows(found.challenger, found.champion):
        add_row(table, *row)
    add_row(table, "log loss, nats a deal", "", "", _interval(found.gap.log_loss, ".4f", "80 %"))
    yield table
    yield Text(f"{found.gap.moved:.0%} of these deals change tier, {found.gap.moved_far:.0%} by two or more.")
    if found.lacking:
        yield Text(f"The live version had to do without {', '.join(found.lacking)}, which the deals have no more.")


def _rows(new: RivalFigures, live: RivalFigures) -> Iterator[tuple[str, str, str, str]]:
    yield "log loss (lower is better)", f"{new.log_loss:.4f}", f"{live.log_loss:.4f}", ""
    yield "AUC", _interval(new.auc), _interval(live.auc), ""
    yield "calibration slope (1 is right)", _interval(new.calibration_slope), _interval(live.calibration_slope), ""
    ours, theirs = new.observed_over_expected, live.observed_over_expected
    yield "observed over expected (1 is right)", _interval(ours), _interval(theirs), ""
    yield "odds of winning in tier 1 over all below", _interval(new.separation), _interval(live.separation), ""


def _interval(found: Interval | None, form: str = ".2f", level: str = "") -> str:
    if found is None:
        return "cannot be told"
    return f"{found.value:{form}} [{found.low:{form}}, {found.high:{form}}]{f' at {level}' if level else ''}"
