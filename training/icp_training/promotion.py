"""Promotion and rollback: which version is live changes in steps that a power cut cannot leave half done.

    intent       say in the registry what is about to happen
    bundle       bring the bundle to models/ and verify it
    previous     the live version becomes `previous`
    champion     the new one becomes `champion`: from here on the new state holds
    challenger   it is no challenger any more
    entry        the event joins the ledger in the registry
    file         models/ledger.jsonl is rebuilt
    done         the intent is removed

Whoever finds an intent whose owner is gone finishes it where the champion has moved, and undoes it where not. So the
old state holds or the new one, with a ledger that agrees. A lock lets one writer in at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from icp_ml.errors import BundleInvalid, IcpError, Locked, ModelNotFound
from icp_ml.profile.records import Record, Verdict
from icp_ml.serve import ledger
from icp_ml.serve.bundle import Bundle
from icp_ml.serve.ledger import Action, Entry
from icp_ml.serve.loading import AnyBundle
from icp_ml.serve.lookalike_bundle import LookalikeBundle
from icp_training.gate import pass_gate, pass_likeness, pass_unproven
from icp_training.registry import CHALLENGER, CHAMPION, ENTRY, PREVIOUS, Registered, Registry
from icp_training.registry_lock import Asker, HeldLock, is_live, locked

INTENT: Final = "icp.intent"

BeforeStep = Callable[[str], None]


class Intent(Record):
    """What is about to happen. to: MLflow's number of the version that is to be live.

    champion, previous: the numbers behind these aliases before, None where there were none. until: when it expires.
    """

    entry: Entry
    to: str
    champion: str | None
    previous: str | None
    until: str


@dataclass(frozen=True)
class Promotion:
    """What came of it. entry: None where the version was live already and nothing was done. gate: what it said."""

    live: Registered
    entry: Entry | None
    gate: str


def nothing(_step: str) -> None:
    """Called before each step where nobody listens: it has nothing to do, and tests put their own in its place."""


def promote(registry: Registry, wanted: str, asker: Asker, before: BeforeStep = nothing) -> Promotion:
    """Make the version `wanted` (see `Registry.find`) live, if it passes the gate.

    Raises `Locked`, `ModelNotFound`, `GateNotPassed`, `BundleInvalid`; each leaves the old state.
    """
    with locked(registry.models, asker) as lock:
        _settle(registry, asker)
        chosen, champion = registry.need(wanted), registry.find(f"@{CHAMPION}")
        _, stored = registry.fetch(chosen)
        if champion is not None and chosen.number == champion.number:
            registry.write_ledger()
            return Promotion(chosen, None, "")
        gate = _passed_gate(stored.bundle, _verdict(registry, champion), str(chosen))
        return Promotion(chosen, _move(registry, chosen, "promote", asker, lock, before=before), gate)


def rollback(registry: Registry, asker: Asker, before: BeforeStep = nothing) -> Promotion:
    """Make the version before live again, and the live one the version before. No gate: it was live once.

    Raises `Locked`, `ModelNotFound` where there is none before, `BundleInvalid`; each leaves the old state.
    """
    with locked(registry.models, asker) as lock:
        _settle(registry, asker)
        chosen = registry.need(f"@{PREVIOUS}")
        return Promotion(chosen, _move(registry, chosen, "rollback", asker, lock, before=before), "")


def settle(registry: Registry, asker: Asker) -> None:
    """Finish or undo what somebody left half done, and bring the ledger file up to date; for those who only read.

    Where somebody is at work, nothing is touched.
    """
    try:
        with locked(registry.models, asker):
            _settle(registry, asker)
            registry.write_ledger()
    except Locked:
        return


def _settle(registry: Registry, asker: Asker) -> None:
    text = registry.tags().get(INTENT)
    if text is None:
        return
    intent = Intent.model_validate_json(text)
    if is_live(intent.entry.by, intent.until, asker):
        raise Locked(f"{intent.entry.by} is changing what is live, until {intent.until} at the latest; try again later")
    _settle_intent(registry, intent)


def _settle_intent(registry: Registry, intent: Intent) -> None:
    if registry.aliases().get(CHAMPION) == intent.to:
        for _, step in STEPS[COMMITTED:]:
            step(registry, intent)
    else:
        registry.point(PREVIOUS, intent.previous)
        registry.set_tag(INTENT, None)


def _move(
    registry: Registry, chosen: Registered, action: Action, asker: Asker, lock: HeldLock, *, before: BeforeStep
) -> Entry:
    aliases = registry.aliases()
    intent = Intent(
        entry=_entry(registry, chosen, action, asker),
        to=chosen.number,
        champion=aliases.get(CHAMPION),
        previous=aliases.get(PREVIOUS),
        until=asker.until,
    )
    try:
        for name, step in STEPS:
            before(name)
            lock.check()
            step(registry, intent)
    except Locked:
        raise  # whoever has the lock now settles it
    except IcpError:
        _settle_intent(registry, intent)
        raise
    return intent.entry


def _entry(registry: Registry, chosen: Registered, action: Action, asker: Asker) -> Entry:
    """The next event of the name. A clock that was set back does not turn the ledger round."""
    known = [*registry.entries(), *(each for each in ledger.entries(registry.models) if each.name == registry.name)]
    number = max((int(each.id.partition("-")[0]) for each in known), default=0) + 1
    return Entry(
        id=f"{number:06d}-{uuid4().hex[:8]}",
        time=max([asker.now, *(each.time for each in known)]),
        action=action,
        name=chosen.name,
        version=chosen.version,
        content_hash=chosen.content_hash,
        run_id=chosen.run_id,
        reason=asker.reason,
        by=asker.owner,
    )


def _verdict(registry: Registry, champion: Registered | None) -> Verdict | None:
    """How the live model was judged; None where it cannot be read, which is a reason to replace it, or never was."""
    if champion is None:
        return None
    try:
        live = registry.fetch(champion)[1].bundle
    except (BundleInvalid, ModelNotFound):
        return None
    return live.verdict if isinstance(live, Bundle) else None


def _passed_gate(challenger: AnyBundle, champion: Verdict | None, name: str) -> str:
    if isinstance(challenger, Bundle):
        return pass_gate(challenger.verdict, champion, name)
    if isinstance(challenger, LookalikeBundle):
        return pass_likeness(challenger.verdict, champion, name)
    return pass_unproven(champion, name)


def _say_intent(registry: Registry, intent: Intent) -> None:
    registry.set_tag(INTENT, intent.model_dump_json())


def _bring_bundle(registry: Registry, intent: Intent) -> None:
    registry.fetch(registry.need(intent.to))


def _move_previous(registry: Registry, intent: Intent) -> None:
    if intent.champion is not None:
        registry.point(PREVIOUS, intent.champion)


def _move_champion(registry: Registry, intent: Intent) -> None:
    registry.point(CHAMPION, intent.to)


def _end_challenge(registry: Registry, intent: Intent) -> None:
    if registry.aliases().get(CHALLENGER) == intent.to:
        registry.point(CHALLENGER, None)


def _write_entry(registry: Registry, intent: Intent) -> None:
    registry.set_tag(f"{ENTRY}{intent.entry.id}", ledger.entry_line(intent.entry))


def _write_file(registry: Registry, _intent: Intent) -> None:
    registry.write_ledger()


def _forget_intent(registry: Registry, _intent: Intent) -> None:
    registry.set_tag(INTENT, None)


STEPS: Final[tuple[tuple[str, Callable[[Registry, Intent], None]], ...]] = (
    ("intent", _say_intent),
    ("bundle", _bring_bundle),
    ("previous", _move_previous),
    ("champion", _move_champion),
    ("challenger", _end_challenge),
    ("entry", _write_entry),
    ("file", _write_file),
    ("done", _forget_intent),
)
COMMITTED: Final = 4
"""The number of steps after which the new state holds; those that remain can be done twice without harm."""
