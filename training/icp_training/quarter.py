"""The quarterly loop: is it due, what emerges, what became of the last lists, train, compare, what changed, and advice.

Nothing is done twice: where the newest version was made by the same configuration from the same data, it is the one
that is recommended, or not, today.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from icp_ml.deals.sufficiency import account_floor
from icp_ml.deals.table import DealTable
from icp_ml.errors import BundleInvalid, ModelNotFound, NoSignal
from icp_ml.serve import ledger
from icp_ml.serve.bundle import Bundle, StoredBundle
from icp_ml.serve.loading import AnyStored
from icp_ml.watch.definition_diff import DefinitionDiff, definition_diff
from icp_ml.watch.due import Live, Now, reasons_due
from icp_ml.watch.emerging import DecidedDeals, find_emerging
from icp_ml.watch.emerging_records import Emerging
from icp_ml.watch.gates import Gate, worst
from icp_ml.watch.review_records import Review
from icp_training import versions
from icp_training.comparing import live_model
from icp_training.config import Config, load_config
from icp_training.intent import refresh_intent
from icp_training.pipeline import OnStep, data_digest, read, silent
from icp_training.promotion import Promotion
from icp_training.registry import Registered, Registry, registry_of
from icp_training.registry_lock import Asker
from icp_training.reviewing import ListFile, names_of, review
from icp_training.search import Budget
from icp_training.training import train


@dataclass(frozen=True)
class Quarter:
    """What came of it. due: why it was time, none where it was not. was_there: whether the version had been made.

    version: None where none was made, `refusal` then says why. changed: the ICP beside what was live, None where there
    is nothing to set beside. emerging: profiles among the wins since the extract of what was live, None where nothing
    with dates was. reviewed: the lists that were given, None where none are named. gates: what they say of the version.
    promotion: None where it was not asked for or a gate was not green. recommendation: a sentence. period: another,
    where the world has turned (`icp_training.turning`), None where it has not.
    """

    due: tuple[str, ...]
    recommendation: str
    was_there: bool = False
    version: Registered | None = None
    refusal: NoSignal | None = None
    changed: DefinitionDiff | None = None
    emerging: Emerging | None = None
    reviewed: Review | None = None
    gates: tuple[Gate, ...] = ()
    promotion: Promotion | None = None
    period: str | None = None


@dataclass(frozen=True)
class Asked:
    """How. budget: of the search. fresh: without the live version's parameters. promote: where every gate is green.
    only_if_due: do nothing where it is not time. intent: learn the intent side of what is live anew, and nothing else.
    """

    budget: Budget
    fresh: bool = False
    promote: bool = False
    only_if_due: bool = False
    intent: bool = False


@dataclass(frozen=True)
class Making:
    """What a version is to be made of. live: what it may take the place of, None where nothing that learned is."""

    path: Path
    config: Config
    deals: DealTable
    live: StoredBundle | None


@dataclass(frozen=True)
class Made:
    """What came of making a version. missing: why there is none, in a sentence, None where there is one. refusal: None
    where there is one, or where what is live is as good as the deals allow. period: see `Quarter`.
    """

    missing: str | None = None
    refusal: NoSignal | None = None
    period: str | None = None


def due(config_path: Path, asker: Asker) -> tuple[str, ...]:
    """Why it is time for a new version, none where it is not. Raises what reading the deals raises."""
    config = load_config(config_path)
    root = config.project_root(config_path)
    return _due(config, root, read(config, root), asker)


def run_quarter(config_path: Path, asked: Asked, asker: Asker, on_step: OnStep = silent) -> Quarter:
    """Raises what `train` raises but a refusal, which is part of the answer, and what reviewing raises."""
    config = load_config(config_path)
    root = config.project_root(config_path)
    deals = read(config, root)
    why = _due(config, root, deals, asker)
    if asked.only_if_due and not why:
        return Quarter((), "It is not time for a new version; nothing was done.")
    before, registry = live_model(root, config.name), registry_of(root, config.name)
    emerging, reviewed = emerging_since(config, deals, before), _reviewed(config, root)
    was_made, made = _made_of_this(config, root, registry, intent=asked.intent), Made()
    if was_made is None:
        making = Making(config_path, config, deals, before)
        made = _refresh(making, asker, on_step) if asked.intent else _train(making, asked, asker, on_step)
        if made.missing is not None:
            return Quarter(
                why, made.missing, refusal=made.refusal, emerging=emerging, reviewed=reviewed, period=made.period
            )
    version = was_made or registry.need("@challenger")
    uri, was_live = f"models:/{version.name}/{version.number}", _is_live(root, version)
    gates = () if was_live else versions.gates(root, uri, asker)[1]
    promotion = None
    if asked.promote and not was_live and worst(gates) == "green":
        promotion = versions.promote(root, uri, asker)
    return Quarter(
        due=why,
        recommendation=_recommendation(version, gates, was_live=was_live, promoted=promotion is not None),
        was_there=was_made is not None,
        version=version,
        changed=_changed(before, registry.fetch(version)[1]),
        emerging=emerging,
        reviewed=reviewed,
        gates=gates,
        promotion=promotion,
        period=made.period,
    )


def _train(making: Making, asked: Asked, asker: Asker, on_step: OnStep) -> Made:
    trained = train(making.path, asked.budget, asker.now, on_step, fresh=asked.fresh)
    if trained.version is not None:
        return Made(period=trained.period)
    words = "No version was made: keep what is live, and bring what the refusal asks for."
    if trained.period is not None:
        words = (
            "No version was made, and what is live may mislead: do not choose companies by its order, and bring what "
            "the refusal asks for."
        )
    return Made(words, trained.refusal, trained.period)


def _refresh(making: Making, asker: Asker, on_step: OnStep) -> Made:
    root = making.config.project_root(making.path)
    refreshed = refresh_intent(making.config, root, making.deals, making.live, now=asker.now, on_step=on_step)
    if refreshed.version is not None:
        return Made()
    return Made(f"The intent side stands, and no version was made: {refreshed.sentence}.")


def emerging_since(config: Config, deals: DealTable, live: StoredBundle | None) -> Emerging | None:
    """What emerged among the deals decided since the live version's extract; None where nothing with dates is live."""
    horizon = deals.horizon()
    if live is None or live.bundle.provenance.extracted is None or horizon is None or deals.closed is None:
        return None
    definition = live.bundle.definition
    criteria = () if definition is None else definition.criteria
    return find_emerging(
        DecidedDeals(deals.attributes, deals.parsed, deals.won, deals.groups(), deals.closed, horizon.known_on),
        np.datetime64(live.bundle.provenance.extracted),
        config.seed,
        in_icp={each.condition.attribute for each in criteria},
        settings=config.segments,
    )


def _due(config: Config, root: Path, deals: DealTable, asker: Asker) -> tuple[str, ...]:
    events = [(each.on, each.what) for each in config.refresh.events]
    day = date.fromisoformat(asker.now[:10])
    live = _live(root, config.name, deals)
    won = account_floor(deals.won, deals.accounts).won_accounts
    new = None if live is None or live.extracted is None else won - live.won_accounts
    now = Now(day, won, new)
    return reasons_due(live, now, config.refresh.every_days, events)


def _live(root: Path, name: str, deals: DealTable) -> Live | None:
    """What is live, with the won accounts that the deals of today had by its extract."""
    entry, stored = ledger.live(root / "models", name), live_model(root, name)
    if entry is None or stored is None:
        return None
    provenance = stored.bundle.provenance
    extracted = None if provenance.extracted is None else date.fromisoformat(provenance.extracted)
    then = np.ones(len(deals.won), dtype=bool)
    if extracted is not None and deals.closed is not None:
        then = deals.closed <= np.datetime64(extracted)
    return Live(
        words=f"{name} version {provenance.version}",
        since=date.fromisoformat(entry.time[:10]),
        extracted=extracted,
        won_accounts=account_floor(deals.won[then], deals.accounts[then]).won_accounts,
    )


def _made_of_this(config: Config, root: Path, registry: Registry, *, intent: bool) -> Registered | None:
    """The newest version, where the same configuration made it from the same data: all of it, or its intent side."""
    newest = registry.versions()[-1:]
    if not newest:
        return None
    try:
        bundle = registry.fetch(newest[0])[1].bundle
    except (BundleInvalid, ModelNotFound):
        return None
    if not isinstance(bundle, Bundle):
        return None
    provenance = bundle.provenance
    same = (provenance.config_hash, provenance.data_hash) == (config.digest(), data_digest(config, root))
    return newest[0] if same and intent == (provenance.refreshed_from is not None) else None


def _is_live(root: Path, version: Registered) -> bool:
    live = ledger.live(root / "models", version.name)
    return live is not None and (live.version, live.content_hash) == (version.version, version.content_hash)


def _changed(before: StoredBundle | None, after: AnyStored) -> DefinitionDiff | None:
    """The two ICPs, where both versions have one and are not the same."""
    if before is None or not isinstance(after, StoredBundle) or before.content_hash == after.content_hash:
        return None
    then, now = before.bundle, after.bundle
    if then.definition is None or now.definition is None:
        return None
    return definition_diff(then.definition, now.definition, then.policy, now.policy)


def _reviewed(config: Config, root: Path) -> Review | None:
    """The lists that the configuration names, where there are any."""
    if config.refresh.scored is None:
        return None
    files = [ListFile(path) for path in sorted(root.glob(config.refresh.scored))]
    return review(config, root, files, names_of(config, None, None)) if files else None


def _recommendation(version: Registered, gates: Sequence[Gate], *, was_live: bool, promoted: bool) -> str:
    if was_live:
        return f"{version} is live already, and nothing is newer."
    if promoted:
        return f"{version} passed every gate and is live."
    state = worst(gates)
    named = ", ".join(gate.name for gate in gates if gate.state == state)
    if state == "green":
        return f"Promote {version}: every gate is green. icp promote does it."
    if state == "open":
        return f"Look at {version} before you promote it: {named} could not be told or wants a person's eye."
    return f"Keep what is live: {version} is refused ({named})."
