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
from datetime import date
from typing import Final
from uuid import uuid4

from icp_ml.errors import BundleInvalid, IcpError, Locked, ModelNotFound
from icp_ml.profile.records import Record
from icp_ml.serve import ledger
from icp_ml.serve.ledger import Action, Entry
from icp_ml.serve.loading import AnyStored
from icp_ml.serve.trusted_keys import check_folder_trusted
from icp_ml.watch.gates import EXPIRES_AFTER, Gate, Reign, worst
from icp_training.gate import check_passed, gates_for
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
    """What came of it. entry: None where the version was live already and nothing was done. gates: what they said.

    forced: whether it was made live in spite of a red one.
    """

    live: Registered
    entry: Entry | None
    gates: tuple[Gate, ...] = ()
    forced: bool = False


def nothing(_step: str) -> None:
    """Called before each step where nobody listens: it has nothing to do, and tests put their own in its place."""


def promote(
    registry: Registry, wanted: str, asker: Asker, before: BeforeStep = nothing, *, force: bool = False
) -> Promotion:
    """Make the version `wanted` (see `Registry.find`) live, if no gate is red, or, with `force`, in spite of that.

    Raises `Locked`, `ModelNotFound`, `GateNotPassed`, `BundleInvalid`; each leaves the old state.
    """
    with locked(registry.models, asker) as lock:
        _settle(registry, asker)
        chosen, champion = registry.need(wanted), registry.find(f"@{CHAMPION}")
        registry.fetch(chosen)
        check_folder_trusted(registry.folder_of(chosen))  # made by this process, perhaps, and opened by others
        if champion is not None and (chosen.version, chosen.content_hash) == (champion.version, champion.content_hash):
            # Under another of MLflow's numbers, too: two who promote a bundle that no registry knew register it twice.
            registry.write_ledger()
            return Promotion(chosen, None)
        gates = gates_before(registry, chosen, asker)
        if not force:
            check_passed(gates, str(chosen))
        forced = worst(gates) == "red"
        said = {"gates": {gate.name: gate.state for gate in gates}, "forced": forced}
        entry = _entry(registry, chosen, "promote", asker).model_copy(update=said)
        _move(registry, chosen, entry, asker, lock, before=before)
        return Promotion(chosen, entry, gates, forced=forced)


def gates_before(registry: Registry, chosen: Registered, asker: Asker) -> tuple[Gate, ...]:
    """What the gates say of a version on this day; nothing is changed."""
    champion = registry.find(f"@{CHAMPION}")
    expires_after = EXPIRES_AFTER if champion is None else champion.expires_after
    today = date.fromisoformat(asker.now[:10])
    reign = Reign(_live_since(registry, champion) or today, today, expires_after)
    return gates_for(registry.fetch(chosen)[1], _readable(registry, champion), reign, chosen.comparison)


def rollback(registry: Registry, asker: Asker, before: BeforeStep = nothing) -> Promotion:
    """Make the version before live again, and the live one the version before. No gate: it was live once.

    Raises `Locked`, `ModelNotFound` where there is none before, `BundleInvalid`; each leaves the old state.
    """
    with locked(registry.models, asker) as lock:
        _settle(registry, asker)
        chosen = registry.need(f"@{PREVIOUS}")
        entry = _entry(registry, chosen, "rollback", asker)
        _move(registry, chosen, entry, asker, lock, before=before)
        return Promotion(chosen, entry)


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
    registry: Registry, chosen: Registered, entry: Entry, asker: Asker, lock: HeldLock, *, before: BeforeStep
) -> None:
    aliases = registry.aliases()
    intent = Intent(
        entry=entry,
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


def _live_since(registry: Registry, champion: Registered | None) -> date | None:
    """The day on which the live version was made live; None where the ledger does not say."""
    told = [each for each in registry.entries() if champion is not None and each.version == champion.version]
    return date.fromisoformat(told[-1].time[:10]) if told else None


def _readable(registry: Registry, champion: Registered | None) -> AnyStored | None:
    """What is live; None where it cannot be read, which is a reason to replace it."""
    if champion is None:
        return None
    try:
        return registry.fetch(champion)[1]
    except (BundleInvalid, ModelNotFound):
        return None


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
