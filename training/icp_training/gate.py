"""The first gate of a promotion: refused, leaking or clearly worse challengers are not promoted."""

from __future__ import annotations

from icp_ml.errors import GateNotPassed
from icp_ml.profile.lookalike_records import LookalikeVerdict
from icp_ml.profile.records import Interval, Verdict
from icp_training.verdict import TOO_GOOD

OURS = "icp-ml"


def pass_gate(challenger: Verdict, champion: Verdict | None, name: str) -> str:
    """What the gate has to say of a challenger that passes it, in one sentence.

    champion: how the live model was judged; None where there is none. Two verdicts are compared by their skill, each
    over the deals it was judged on: the challenger is refused where its whole interval lies below the champion's. They
    are not compared where only one was judged forward in time, or where they predict different things: the two figures
    claim different things.

    Raises `GateNotPassed`.
    """
    if not challenger.reliable:
        raise GateNotPassed(
            f"a reliable ranking was expected of {name}, and on {challenger.deals:,} judged deals it may be chance; "
            "keep the live model, or bring more accounts or attributes that say more"
        )
    auc = challenger.figures.get(OURS, {}).get("auc")
    if auc is not None and auc.value > TOO_GOOD:
        raise GateNotPassed(
            f"an AUC of at most {TOO_GOOD} was expected of {name}, and {auc.value:.3f} was found, which is not seen "
            "without a leak; look for a column that is filled in after the outcome, mark it 'known: after', and train "
            "anew"
        )
    return f"Gate: the ranking is reliable; {_beside(challenger, champion, name)}."


def pass_unproven(champion: Verdict | None, name: str) -> str:
    """The same of a hand-weighted scorecard, for which there is no evidence: a judged model does not give way to it.

    Raises `GateNotPassed`.
    """
    if champion is not None and champion.reliable:
        raise GateNotPassed(
            f"evidence was expected of {name}, and a hand-weighted scorecard has none, while the live model's ranking "
            f"is reliable with a skill of {_figure(skill_interval(champion))}; keep the live model"
        )
    return (
        "Gate: nothing was learned from deals, so there is nothing to compare; the score claims nothing about winning."
    )


def pass_likeness(challenger: LookalikeVerdict, champion: Verdict | None, name: str) -> str:
    """The same of a model of resemblance, which has seen no losses: a judged model that has does not give way to it.

    Raises `GateNotPassed`.
    """
    if not challenger.reliable:
        raise GateNotPassed(
            f"a reliable resemblance was expected of {name}, and on {challenger.won:,} held-out won accounts it may be "
            "chance; keep the live model, or bring more won accounts"
        )
    if challenger.ranking.value > TOO_GOOD:
        raise GateNotPassed(
            f"at most {TOO_GOOD:.0%} of pairs in the right order were expected of {name}, and "
            f"{challenger.ranking.value:.1%} were found, which is not seen without a column that tells the lists "
            "apart; take the won accounts' attributes from the universe, and train anew"
        )
    if champion is not None and champion.reliable:
        raise GateNotPassed(
            f"a model that has seen losses was expected in place of the live one, and {name} knows won accounts only; "
            "keep the live model"
        )
    return (
        "Gate: the resemblance is reliable; there is no live model that was judged on deals, so none to compare with."
    )


def skill_interval(verdict: Verdict) -> Interval:
    """The share of the base rate's log loss removed, with the interval of the gain in the same unit."""
    scale = verdict.skill / verdict.gain.value if verdict.gain.value else 0.0
    return Interval(value=verdict.skill, low=verdict.gain.low * scale, high=verdict.gain.high * scale)


def _beside(challenger: Verdict, champion: Verdict | None, name: str) -> str:
    if champion is None:
        return "there is no live model that was judged on deals, so none to compare with"
    if challenger.predicted != champion.predicted:
        theirs_is = f"which predicts '{champion.predicted}' and not '{challenger.predicted}'"
        return f"not compared with the live model, {theirs_is}: look at both before you let it decide"
    if challenger.kind != champion.kind:
        return f"not compared with the live model, which was judged {champion.kind} and not {challenger.kind}"
    ours, theirs = skill_interval(challenger), skill_interval(champion)
    if ours.high < theirs.low:
        raise GateNotPassed(
            f"a skill that is not clearly below the live model's {_figure(theirs)} was expected of {name}, and "
            f"{_figure(ours)} was found on {challenger.deals:,} judged deals; keep the live model, and see what "
            "changed in the data"
        )
    return f"skill {_figure(ours)} is not clearly below the live model's {_figure(theirs)}"


def _figure(found: Interval) -> str:
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"
