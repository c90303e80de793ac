"""What the terminal shows of how far a model can be believed: calibration, base rates, sample, steadiness."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from icp_ml.cli.pages import add_row, percent, plain_table

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from icp_ml.profile.records import FactorSteadiness, Interval, Profile, Verdict
    from icp_ml.serve.bundle import Bundle

LEAST_AGREEMENT = 0.5
"""A mean rank correlation under which a factor is another one in every model. We chose it."""


def honesty_page(verdict: Verdict) -> Iterator[RenderableType]:
    """Reliability, calibration, which figures to believe, the base rate over time, and what more accounts would buy."""
    from icp_ml.profile.honesty import calibration_told, which_to_believe

    if verdict.reliability:
        yield _reliability(verdict)
    yield from (told for told in (calibration_told(verdict), which_to_believe(verdict)) if told)
    if verdict.base_rates is not None and not verdict.base_rates.has_left:  # an alarm is among the warnings already
        yield verdict.base_rates.sentence
    if verdict.sample is not None:
        yield from verdict.sample.sentences


def _reliability(verdict: Verdict) -> Table:
    table = plain_table("Predicted and observed, on judged deals", "predicted", "deals", "won", "win rate (95 %)")
    for column in table.columns:
        column.justify = "right"
    for each in verdict.reliability:
        add_row(table, f"{each.predicted:.1%}", f"{each.deals:,}", f"{each.won:,}", percent(each.win_rate))
    return table


def steadiness_told(profile: Profile) -> Iterator[str]:
    """One sentence: how alike the ICP is in models that learned from other deals."""
    presented = {attribute.factor for attribute in profile.presented()}
    known = [each for each in profile.steadiness if each.factor in presented and each.agreement is not None]
    if not known:
        return
    shaky = [each.factor for each in known if each.agreement is not None and each.agreement < LEAST_AGREEMENT]
    others = f"; {', '.join(shaky)} did not" if shaky else ""
    yield (
        f"Of {len(known)} attributes in the ICP {len(known) - len(shaky)} said much the same in each of the "
        f"{known[0].judged_by} models that judged{others} (icp show --stability has all of them, quarter by quarter)."
    )


def stability_page(profile: Profile) -> Iterator[RenderableType]:
    """Every factor in the judging models, then quarter by quarter."""
    if not profile.steadiness:
        yield "This model was made before the stability of its attributes was measured; train anew to see it."
        return
    table = plain_table(
        "Each factor in models that learned from other deals",
        *("factor", "models", "agreement", "direction held", "share (least to most)"),
    )
    for each in profile.steadiness:
        add_row(table, each.factor, *_cells(each))
    yield table
    yield (
        "Agreement: mean rank correlation of what two models say of the same deals; 1 is the same order. Direction "
        "held: judging models in whose unseen deals those spoken for were won more often."
    )
    periods = list(dict.fromkeys(period.period for each in profile.steadiness for period in each.periods))
    if periods:
        yield _quarters(profile, periods)
        yield "Share of the explanation, and win rate of deals spoken for less that of deals spoken against (95 %)."


def _cells(each: FactorSteadiness) -> tuple[str, ...]:
    of = f"of {each.judged_by}"
    agreement = "" if each.agreement is None else f"{each.agreement:.2f}"
    share = f"{each.share.value:.0%} ({each.share.low:.0%} to {each.share.high:.0%})"
    return f"{each.models} {of}", agreement, f"{each.held} {of}", share


def _quarters(profile: Profile, periods: list[str]) -> Table:
    table = plain_table("Each factor by the quarter of opening", "factor", *periods)
    for each in profile.steadiness:
        said = {period.period: f"{period.share:.0%}, {_gap(period.gap)}" for period in each.periods}
        add_row(table, each.factor, *(said.get(period, "") for period in periods))
    return table


def _gap(gap: Interval) -> str:
    return f"{gap.value:+.0%} [{gap.low:+.0%}, {gap.high:+.0%}]"


def level_told(bundle: Bundle) -> Iterator[str]:
    """That the level of the probability was stated, where it was."""
    from icp_ml.serve.calibration_file import level_sentence

    if bundle.calibration is not None and bundle.calibration.base_rate is not None:
        yield level_sentence(bundle.calibration.base_rate)
