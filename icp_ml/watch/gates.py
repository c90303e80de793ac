"""What a challenger has to pass before it is made live: one gate for each way in which a new model does harm.

A red gate refuses. An open one could not be told, or wants a person to look: somebody may promote in spite of it, and
nothing is promoted by itself. A champion that has expired must be replaced some day, so that then it is enough not to
be worse, and enough that nothing speaks against it where there are too few deals to tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from icp_ml.profile.records import Interval, Record, Verdict
from icp_ml.watch.comparison import LEAST_COMPARED, Comparison, RivalGap

TOO_GOOD: Final = 0.95
"""An area under the curve above this is not seen with what is known before a deal; published cases were leaks."""
NOT_WORSE: Final = 0.01
"""Share of the champion's log loss that a challenger may lose at most, by the upper bound."""
SLOPES: Final = (0.9, 1.1)
"""Calibration slopes that are right whatever the interval says."""
NO_FURTHER: Final = 0.05
"""By how much a calibration slope may be further from 1 than that of what is live and count as no further. We chose it:
two slopes of a thousand deals differ by more than that by chance."""
MANY_MOVED: Final = 1 / 3
"""Share of deals in another tier from which on somebody should look. We chose it: a list in which every third company
changes its tier is another list."""
EXPIRES_AFTER: Final = 91
"""Days after which a champion has expired, unless the configuration says otherwise: a quarter."""

State = Literal["green", "open", "red"]


class Gate(Record):
    """name: what it asks about. state: green, open or red. sentence: why, with figures."""

    name: str
    state: State
    sentence: str


@dataclass(frozen=True)
class Contender:
    """A version that is live, or that would be. created: ISO date and time. extracted: ISO day of its extract."""

    verdict: Verdict
    created: str
    extracted: str | None
    model_hash: str
    content_hash: str


@dataclass(frozen=True)
class Reign:
    """Since when the champion is live, and after how many days it expires. asked_on: the day of the question."""

    since: date
    asked_on: date
    expires_after: int = EXPIRES_AFTER

    @property
    def ends(self) -> date:
        """The day on which the champion expires."""
        return self.since + timedelta(days=self.expires_after)

    @property
    def is_over(self) -> bool:
        """Whether it has expired."""
        return self.asked_on >= self.ends


def gates_of(
    challenger: Contender, champion: Contender | None, reign: Reign, comparison: Comparison | None
) -> tuple[Gate, ...]:
    """Every gate, in the order in which people should read them.

    champion: None where nothing that was judged on deals is live. comparison: of the two, None where nobody compared
    them or it was with another champion.
    """
    alone = (_reliable(challenger), _leaks(challenger))
    if champion is None:
        return alone
    if (challenger.model_hash, challenger.verdict) == (champion.model_hash, champion.verdict):
        return (*alone, Gate(name="same model", state="green", sentence="only tiers, rules or actions differ"))
    beside = _beside(challenger, champion, reign, comparison)
    return (*alone, _fresh(challenger, champion, reign), *beside)


def worst(gates: Sequence[Gate]) -> State:
    """Red where one is, else open where one is, else green."""
    states = {gate.state for gate in gates}
    return "red" if "red" in states else "open" if "open" in states else "green"


def _reliable(challenger: Contender) -> Gate:
    verdict = challenger.verdict
    of = f"the ranking of {verdict.deals:,} judged deals of {verdict.accounts:,} accounts"
    found = verdict.ranking
    state: State = "green" if verdict.reliable else "red"
    said = "is reliable" if verdict.reliable else "may be chance"
    return Gate(name="enough evidence", state=state, sentence=f"{of} {said} ({_share(found)} of pairs in order)")


def _leaks(challenger: Contender) -> Gate:
    auc = challenger.verdict.figures.get("icp-ml", {}).get("auc")
    if auc is not None and auc.value > TOO_GOOD:
        return Gate(
            name="no leak",
            state="red",
            sentence=(
                f"an AUC of {auc.value:.3f} is not seen without a leak; look for a column that is filled in after the "
                "outcome, mark it 'known: after', and train anew"
            ),
        )
    return Gate(name="no leak", state="green", sentence="no question about a column is open")


def _fresh(challenger: Contender, champion: Contender, reign: Reign) -> Gate:
    ours, theirs = challenger.extracted or challenger.created[:10], champion.extracted or champion.created[:10]
    if ours < theirs:
        said = f"its deals end on {ours}, before the live version's ({theirs}); train on the newer extract"
        return Gate(name="fresh data", state="red", sentence=said)
    age = (reign.asked_on - date.fromisoformat(challenger.created[:10])).days
    if age >= reign.expires_after:
        said = f"it was made {age} days ago, and versions expire after {reign.expires_after}; train anew"
        return Gate(name="fresh data", state="red", sentence=said)
    return Gate(name="fresh data", state="green", sentence=f"its deals end on {ours}, the live version's on {theirs}")


def _beside(
    challenger: Contender, champion: Contender, reign: Reign, comparison: Comparison | None
) -> tuple[Gate, ...]:
    if comparison is None or comparison.champion_hash != champion.content_hash:
        return (_not_compared(challenger, champion, reign),)
    if comparison.gap is None or comparison.challenger is None or comparison.champion is None:
        return (_too_few(comparison, reign),)
    return (
        _loss(comparison, comparison.gap.log_loss, comparison.champion.log_loss, reign),
        _calibration(comparison.challenger.calibration_slope, comparison.champion.calibration_slope, reign),
        _separation(comparison.challenger.separation, comparison.gap.separation),
        _stability(comparison, comparison.gap),
    )


def _not_compared(challenger: Contender, champion: Contender, reign: Reign) -> Gate:
    """Two judgements, each on deals of its own, say less than one comparison: only a clear difference counts."""
    ours, theirs = skill_interval(challenger.verdict), skill_interval(champion.verdict)
    if _claims(challenger) == _claims(champion) and ours.high < theirs.low:
        said = (
            f"its skill of {_figure(ours)} lies wholly below the live version's {_figure(theirs)}; keep the live "
            "version, and see what changed in the data"
        )
        return Gate(name="skill", state="red", sentence=said)
    expired = f", and the live version expired on {reign.ends}" if reign.is_over else ""
    said = f"it was not compared with what is live on the same deals (icp compare does){expired}"
    return Gate(name="skill", state="open", sentence=said)


def _claims(contender: Contender) -> tuple[str, str]:
    """What a verdict's figures are figures of: how it was judged, and what it predicts."""
    return contender.verdict.kind, contender.verdict.predicted


def _too_few(comparison: Comparison, reign: Reign) -> Gate:
    have = f"{comparison.deals:,} matured deals opened after {comparison.since}"
    if comparison.since is None:
        have = "without dates no deal is known to be newer than the live version"
    found = f"{have}, and {LEAST_COMPARED} with both outcomes are needed to tell the two apart"
    if reign.is_over:
        said = f"{found}; the live version expired on {reign.ends}, and nothing speaks against its successor"
        return Gate(name="skill", state="green", sentence=said)
    return Gate(name="skill", state="open", sentence=f"{found}; the live version holds until {reign.ends}")


def _loss(comparison: Comparison, gap: Interval, live: float, reign: Reign) -> Gate:
    change = Interval(value=gap.value / live, low=gap.low / live, high=gap.high / live)
    of = f"log loss {_percent(change)} against the live version on {comparison.deals:,} deals since {comparison.since}"
    if change.low > 0 and change.high >= NOT_WORSE:
        return Gate(name="skill", state="red", sentence=f"{of}: worse; see what changed in the data")
    if change.high < 0:
        return Gate(name="skill", state="green", sentence=f"{of}: better")
    if change.high >= NOT_WORSE:
        return Gate(name="skill", state="open", sentence=f"{of}: it may be worse by 1 % or more")
    if reign.is_over:
        said = f"{of}: not worse, and the live version expired on {reign.ends}"
        return Gate(name="skill", state="green", sentence=said)
    said = f"{of}: not worse and not better; the live version holds until {reign.ends}"
    return Gate(name="skill", state="open", sentence=said)


def _calibration(ours: Interval, theirs: Interval, reign: Reign) -> Gate:
    said = f"calibration slope {_figure(ours)}, the live version's {_figure(theirs)}"
    right = ours.low <= 1.0 <= ours.high or SLOPES[0] <= ours.value <= SLOPES[1]
    if right:
        return Gate(name="calibration", state="green", sentence=said)
    if abs(ours.value - 1.0) <= abs(theirs.value - 1.0) + NO_FURTHER:
        said = f"{said}: off, and no further from 1 than what is live"
        if reign.is_over:
            return Gate(name="calibration", state="green", sentence=f"{said}, which expired on {reign.ends}")
        return Gate(name="calibration", state="open", sentence=said)
    direction = "too sure of itself" if ours.value < 1 else "too timid"
    return Gate(name="calibration", state="red", sentence=f"{said}: {direction}")


def _separation(ours: Interval | None, apart: Interval | None) -> Gate:
    name = "tiers apart"
    if ours is None or apart is None:
        return Gate(name=name, state="open", sentence="one of the two puts all or none of these deals into tier 1")
    said = f"odds of winning in tier 1 over those below it {_figure(ours)}"
    if ours.high < 1.0:
        return Gate(name=name, state="red", sentence=f"{said}: tier 1 wins less")
    if apart.high < 0.0:
        return Gate(name=name, state="red", sentence=f"{said}: clearly less than the live version's")
    if ours.low <= 1.0:
        return Gate(name=name, state="open", sentence=f"{said}: these deals do not show that tier 1 wins more")
    return Gate(name=name, state="green", sentence=said)


def _stability(comparison: Comparison, gap: RivalGap) -> Gate:
    """After a turn tiers have to move: where the new ones are shown to be better, nobody has to be asked."""
    said = f"{gap.moved:.0%} of these deals change tier, {gap.moved_far:.0%} by two or more"
    if comparison.crossed and gap.log_loss.high < 0:
        return Gate(name="tiers steady", state="green", sentence=f"{said}, as they must where the world has turned")
    if gap.moved > MANY_MOVED:
        return Gate(name="tiers steady", state="open", sentence=f"{said}; icp diff names the accounts and the causes")
    return Gate(name="tiers steady", state="green", sentence=said)


def skill_interval(verdict: Verdict) -> Interval:
    """The share of the base rate's log loss removed, with the interval of the gain in the same unit."""
    scale = verdict.skill / verdict.gain.value if verdict.gain.value else 0.0
    return Interval(value=verdict.skill, low=verdict.gain.low * scale, high=verdict.gain.high * scale)


def _figure(found: Interval) -> str:
    return f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}]"


def _share(found: Interval) -> str:
    return f"{found.value:.0%} [{found.low:.0%}, {found.high:.0%}]"


def _percent(found: Interval) -> str:
    return f"{found.value:+.1%} [{found.low:+.1%}, {found.high:+.1%}]"
