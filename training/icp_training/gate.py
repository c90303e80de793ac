"""The gates of a promotion, whatever the kind of the challenger, and what it takes to pass them."""

from __future__ import annotations

from collections.abc import Sequence

from icp_ml.errors import GateNotPassed
from icp_ml.profile.lookalike_records import LookalikeVerdict
from icp_ml.profile.records import Verdict
from icp_ml.serve.bundle import StoredBundle
from icp_ml.serve.loading import AnyStored
from icp_ml.serve.lookalike_bundle import StoredLookalike
from icp_ml.watch.comparison import Comparison
from icp_ml.watch.gates import TOO_GOOD, Contender, Gate, Reign, gates_of

EVIDENCE = "enough evidence"


def gates_for(
    challenger: AnyStored, champion: AnyStored | None, reign: Reign, comparison: Comparison | None
) -> tuple[Gate, ...]:
    """Every gate of a promotion. champion: what is live, None where nothing is or it cannot be read."""
    judged = champion if isinstance(champion, StoredBundle) else None
    if isinstance(challenger, StoredBundle):
        live = None if judged is None else _contender(judged)
        return gates_of(_contender(challenger), live, reign, comparison)
    proven = judged is not None and judged.bundle.verdict.reliable
    if isinstance(challenger, StoredLookalike):
        return (_likeness(challenger.bundle.verdict, proven=proven),)
    return (_unproven(judged.bundle.verdict if judged is not None and proven else None),)


def check_passed(gates: Sequence[Gate], name: str) -> None:
    """Raise `GateNotPassed` where a gate is red."""
    red = [gate for gate in gates if gate.state == "red"]
    if red:
        why = "; ".join(f"{gate.name}: {gate.sentence}" for gate in red)
        raise GateNotPassed(
            f"{name} was expected to pass every gate, and {len(red)} of {len(gates)} refuse it ({why}); keep what is "
            "live, or say --force with a --reason, which the ledger keeps"
        )


def _contender(stored: StoredBundle) -> Contender:
    bundle = stored.bundle
    return Contender(
        verdict=bundle.verdict,
        created=bundle.provenance.created,
        extracted=bundle.provenance.extracted,
        model_hash=stored.model_hash,
        content_hash=stored.content_hash,
    )


def _unproven(proven: Verdict | None) -> Gate:
    """A hand-weighted scorecard has no evidence: a judged model does not give way to it."""
    if proven is not None:
        said = "a hand-weighted scorecard has none, while the ranking of what is live is reliable"
        return Gate(name=EVIDENCE, state="red", sentence=said)
    said = "nothing was learned from deals, so there is nothing to compare; the score claims nothing about winning"
    return Gate(name=EVIDENCE, state="green", sentence=said)


def _likeness(verdict: LookalikeVerdict, *, proven: bool) -> Gate:
    """A model of resemblance has seen no losses: a judged model that has does not give way to it."""
    ranking = verdict.ranking
    if not verdict.reliable:
        said = f"on {verdict.won:,} held-out won accounts the resemblance may be chance; bring more won accounts"
        return Gate(name=EVIDENCE, state="red", sentence=said)
    if ranking.value > TOO_GOOD:
        said = (
            f"{ranking.value:.1%} of pairs in order are not seen without a column that tells the lists apart; take "
            "the won accounts' attributes from the universe, and train anew"
        )
        return Gate(name="no leak", state="red", sentence=said)
    if proven:
        said = "it knows won accounts only, and what is live has seen losses too"
        return Gate(name=EVIDENCE, state="red", sentence=said)
    return Gate(
        name=EVIDENCE, state="green", sentence="the resemblance is reliable, and nothing judged on deals is live"
    )
