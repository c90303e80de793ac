"""The quarterly line as the command line sees it: one function for each verb that learns.

This is the only module of icp_training that icp_ml looks at, and only when such a verb is called.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from icp_ml.deals.lookalike_settings import KIND as LOOKALIKE
from icp_ml.deals.table import DealTable
from icp_ml.deals.weighted_settings import KIND as WEIGHTED
from icp_ml.errors import ConfigError, NoSignal
from icp_ml.profile.defining import check_said
from icp_ml.profile.definition import Definition
from icp_ml.profile.potential import PotentialRecord
from icp_ml.profile.records import Profile, Verdict
from icp_ml.profile.segmenting import check_bands
from icp_ml.serve.bundle import write_bundle
from icp_ml.serve.lookalike_bundle import write_lookalike
from icp_training import lookalike
from icp_training.adapting import adapted
from icp_training.backtest.as_known import read_history
from icp_training.backtest.hand_weights import scorecards_of
from icp_training.backtest.recording import KIND as BACKTEST
from icp_training.backtest.recording import backtest_document, record_backtest
from icp_training.backtest.records import Backtest, yardsticks
from icp_training.backtest.running import run_backtest
from icp_training.checking import CheckReport, check_data, rejected_rows, sources_of
from icp_training.config import Config, digest_of, kind_said, load_config, load_lookalike, load_weighted, root_of
from icp_training.cores import one_core_each
from icp_training.defining import said_of, with_definition
from icp_training.demo import Demo, findings, leaks_asked, make_demo, noise_presented
from icp_training.drafting import Draft, draft_config, draft_prospects
from icp_training.flips import TierFlips, tier_flips
from icp_training.leakage.questions import refuse_questions
from icp_training.list_sample import ListSample, read_list_sample
from icp_training.lookalike import Likened
from icp_training.masking import Patterns, patterns_of
from icp_training.pictures import record_evidence
from icp_training.pipeline import (
    OnStep,
    Stamp,
    bundle_of,
    fit,
    judge,
    read,
    silent,
    with_potential,
)
from icp_training.potential import asked_of
from icp_training.promotion import Promotion
from icp_training.registry import register, registry_of
from icp_training.registry_lock import Asker
from icp_training.search import Budget
from icp_training.search_record import record_search
from icp_training.search_start import notes_on, ready_to_search
from icp_training.tracking import (
    closing_run,
    connect,
    open_run,
    record_bundle,
    record_flips,
    record_ideal_tiers,
    record_likeness,
    record_potential,
    record_profile,
    record_rows,
    record_verdict,
)
from icp_training.versions import bundle_at, history, promote, rollback
from icp_training.weighing import Weighed, weigh_into, weighted_bundle_of

__all__ = [
    "Asker",
    "Backtest",
    "Budget",
    "CheckReport",
    "Demo",
    "Draft",
    "Likened",
    "Promotion",
    "Trained",
    "Weighed",
    "backtest",
    "backtest_document",
    "budget_of",
    "bundle_at",
    "check",
    "draft_config",
    "draft_prospects",
    "findings",
    "history",
    "is_lookalike",
    "is_weighted",
    "leaks_asked",
    "liken",
    "make_demo",
    "noise_presented",
    "promote",
    "rollback",
    "train",
    "weigh",
    "yardsticks",
]


@dataclass(frozen=True)
class Trained:
    """What a training came to. folder, version, profile: None where the ranking is not reliable; refusal says why.

    search_notes: what a person should know about the search. flips: prospects that change tier by the error of bought
    figures, None where no list or no error is declared. rejected: line, deal and reason of each rejected row. sources:
    the files that are read. potential: what a win brings, None where it is not asked for. definition: the ICP.
    """

    verdict: Verdict
    run_id: str
    profile: Profile | None = None
    folder: Path | None = None
    version: int | None = None
    refusal: NoSignal | None = None
    search_notes: tuple[str, ...] = ()
    flips: TierFlips | None = None
    rejected: tuple[tuple[int, str, str], ...] = ()
    sources: tuple[str, ...] = ()
    potential: PotentialRecord | None = None
    definition: Definition | None = None


def check(config_path: Path, *, strict: bool = False) -> CheckReport:
    """The verdict on the data that a configuration names. strict: every question about leakage needs an answer."""
    config = load_config(config_path)
    with one_core_each(0):  # all that it fits are samples, however many deals there are
        return check_data(config, config.project_root(config_path), strict=strict)


def budget_of(config_path: Path, trials: int | None = None, minutes: float | None = None) -> Budget:
    """What the configuration lets the search spend, unless something else is asked for."""
    said = load_config(config_path).search
    return Budget(trials or said.trials, said.minutes if minutes is None else minutes)


def train(config_path: Path, budget: Budget, now: str, on_step: OnStep = silent, *, fresh: bool = False) -> Trained:
    """Read, judge, fit, explain and write a new version below models/; a refusal is returned with its verdict.

    now: ISO date and time of the run. fresh: search without the champion's parameters. Raises what reading raises,
    `TooFewDeals`, and `LeakageQuestion`.
    """
    config = load_config(config_path)
    _refuse_what_does_not_fit(config)
    root = config.project_root(config_path)
    deals = read(config, root)
    refuse_questions(config, root)
    listed = _list_to_judge_by(config, deals, root)
    patterns = _patterns(config, listed)
    if patterns is not None and config.train.adapt_to:
        deals = adapted(deals, patterns, config.seed)
    rejected = rejected_rows(deals)
    sources = sources_of(config, root)
    tags = {"config": config.digest(), "started": now}
    connect(root)  # a record of runs that cannot be used is told before anything else is written beside it
    with (
        ready_to_search(config, root, budget, fresh=fresh) as start,
        closing_run(run := open_run(root, config.name, tags)),
    ):
        record_rows(run, deals)
        judged = judge(deals, start.budget, config.seed, on_step, config.tiers, patterns=patterns)
        record_verdict(run, judged.verdict)
        try:
            fitted = fit(judged, start.budget, config.seed, on_step)
        except NoSignal as refusal:
            return Trained(judged.verdict, run.run_id, refusal=refusal, rejected=rejected, sources=sources)
        fitted = with_definition(config, judged, with_potential(config, judged, fitted, on_step), on_step)
        registry = registry_of(root, config.name)
        version = next_version(root, config.name, [each.version for each in registry.versions()])
        bundle = bundle_of(config, root, judged, fitted, Stamp(version, now, run.run_id))
        folder = root / "models" / config.name / f"v{version}"
        record_bundle(run, bundle.provenance, write_bundle(bundle, folder), folder)
        record_profile(run, bundle.profile)
        record_ideal_tiers(run, bundle.tiering.table)
        record_potential(run, bundle.potential)
        record_verdict(run, bundle.verdict)
        record_evidence(run, bundle.verdict, bundle.tiering.table, bundle.profile)
        record_search(run, fitted.found, config.seed)
        register(run, registry, folder)
        flips = tier_flips(bundle, listed.parsed, config.errors(), config.seed) if listed else None
        record_flips(run, flips)
    return Trained(
        bundle.verdict,
        run.run_id,
        bundle.profile,
        folder,
        version,
        search_notes=notes_on(start, fitted.found),
        flips=flips,
        rejected=rejected,
        sources=sources,
        potential=None if bundle.potential is None else bundle.potential.record,
        definition=bundle.definition,
    )


def _refuse_what_does_not_fit(config: Config) -> None:
    """Raise `ConfigError`, before any work is done, for what fits no attribute or asks what the data cannot answer."""
    attributes = config.resolved()
    config.policy()
    check_said(said_of(config, None), attributes)
    check_bands(config.segments, attributes)
    asked_of(config)


def backtest(
    config_path: Path,
    budget: Budget,
    now: str,
    on_step: OnStep = silent,
    *,
    latest: int | None = None,
    against: Sequence[Path] = (),
) -> Backtest:
    """What would have been said in each past quarter, or the `latest` ones, and what then happened, as a run.

    now: ISO date and time. against: configurations of hand-weighted scorecards; equal weights where there is none.
    A refusal is returned with its quarters. Raises what reading raises, `LeakageQuestion`, and `TooFewDeals` without
    dates.
    """
    config = load_config(config_path)
    scorecards = scorecards_of(config, against)
    root = config.project_root(config_path)
    history = read_history(config, root)
    refuse_questions(config, root)
    tags = {"config": config.digest(), "started": now, "kind": BACKTEST}
    run = open_run(root, config.name, tags)
    with closing_run(run):
        found = run_backtest(
            config,
            history,
            scorecards,
            budget,
            latest=latest,
            on_quarter=lambda done, total: on_step("replaying quarters", done, total),
        )
        record_backtest(run, found)
    return found


def _list_to_judge_by(config: Config, deals: DealTable, root: Path) -> ListSample | None:
    """The prospect list, where the configuration asks for what needs it."""
    asked = _asks_for_patterns(config)
    if asked and config.prospects.source is None:
        raise ConfigError(f"{asked} is set, but prospects.source names no list; name one, or leave it out")
    return read_list_sample(config, deals, root) if asked or config.errors() else None


def _asks_for_patterns(config: Config) -> str:
    """The key by which the configuration asks how the list is empty; the empty text where it does not."""
    if config.train.adapt_to:
        return "train.adapt_to"
    return "evaluate.missing_as" if config.evaluate.missing_as else ""


def _patterns(config: Config, listed: ListSample | None) -> Patterns | None:
    """How the list is empty, where that was asked. Raises `ConfigError` where the list has no row to tell it."""
    asked = _asks_for_patterns(config)
    if not asked or listed is None:
        return None
    patterns = patterns_of(listed.parsed)
    if patterns is None:
        raise ConfigError(f"{asked} is set, and the list of prospects.source has no rows; name one that has some")
    return patterns


def is_weighted(config_path: Path) -> bool:
    """Whether a configuration is that of a hand-weighted scorecard, which is weighed and not trained."""
    return kind_said(config_path) == WEIGHTED


def is_lookalike(config_path: Path) -> bool:
    """Whether a configuration is that of a model of resemblance, which learns from won accounts and a universe."""
    return kind_said(config_path) == LOOKALIKE


def liken(config_path: Path, trials: int | None, minutes: float | None, now: str, on_step: OnStep = silent) -> Likened:
    """Read both lists, judge, fit, and write a new version below models/; a refusal is returned with its verdict.

    trials, minutes: what the search may spend, None for the usual. now: ISO date and time of the run. Raises what
    reading raises, and `TooFewDeals`.
    """
    settings = load_lookalike(config_path)
    budget = Budget(minutes=minutes) if trials is None else Budget(trials, minutes)
    lookalike.policy_of(settings)  # a rule that fits no attribute is refused before any work is done
    root = root_of(config_path, settings.root)
    made = lookalike.judge(settings, root, budget, on_step)
    verdict, counts = made.judged.verdict, dict(made.table.counts)
    run = open_run(root, settings.name, {"config": digest_of(settings), "started": now})
    with closing_run(run):
        record_likeness(run, verdict, counts)
        refusal = lookalike.refusal_of(verdict)
        if refusal is not None:
            return Likened(settings.name, verdict, run.run_id, counts, refusal=refusal)
        registry = registry_of(root, settings.name)
        version = next_version(root, settings.name, [each.version for each in registry.versions()])
        stamp = Stamp(version, now, run.run_id)
        bundle, cut_short = lookalike.bundle_of(settings, root, made, stamp, budget, on_step=on_step)
        folder = root / "models" / settings.name / f"v{version}"
        record_bundle(run, bundle.provenance, write_lookalike(bundle, folder), folder)
        register(run, registry, folder)
    return Likened(settings.name, verdict, run.run_id, counts, bundle.profile, folder, version, cut_short=cut_short)


def weigh(config_path: Path, now: str) -> Weighed:
    """Write a hand-weighted scorecard as a new version below models/. Nothing is read but the configuration.

    now: ISO date and time. Raises `ConfigError` where the configuration cannot be used.
    """
    settings = load_weighted(config_path)
    root = root_of(config_path, settings.root)
    weighted_bundle_of(settings, 1, now)  # a rule that fits no attribute is refused before a run is opened
    registry = registry_of(root, settings.name)
    version = next_version(root, settings.name, [each.version for each in registry.versions()])
    run = open_run(root, settings.name, {"config": digest_of(settings), "started": now})
    with closing_run(run):
        weighed = weigh_into(root, settings, version, now)
        register(run, registry, weighed.folder)
    return weighed


def next_version(root: Path, name: str, registered: Sequence[int]) -> int:
    """One more than the highest version below models/ and in the registry; 1 for the first."""
    folder = root / "models" / name
    taken = [int(found.name[1:]) for found in folder.glob("v*") if found.name[1:].isdigit()]
    return max([*taken, *registered], default=0) + 1
