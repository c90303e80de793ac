"""`icp train` as the line sees it: read, judge, fit, write the ICP down, and register a new version."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from icp_ml.deals.rules import bind_rules
from icp_ml.errors import ConfigError, NoSignal
from icp_ml.profile.defining import check_said
from icp_ml.profile.definition import Definition
from icp_ml.profile.potential import PotentialRecord
from icp_ml.profile.records import Profile, Verdict
from icp_ml.profile.representativeness_records import Representativeness
from icp_ml.profile.segmenting import check_bands
from icp_ml.profile.several import ProfilesRecord
from icp_ml.serve.bundle import Bundle, StoredBundle, as_stored, write_bundle
from icp_ml.watch.comparison import Comparison
from icp_training.adapting import adapted
from icp_training.checking import rejected_rows, sources_of
from icp_training.comparing import compare, live_model
from icp_training.config import Config, load_config
from icp_training.defining import said_of, with_definition
from icp_training.flips import TierFlips, tier_flips
from icp_training.hashed_ids import key_in
from icp_training.leakage.questions import leakage_record, refuse_questions
from icp_training.list_beside import asks_for_patterns, list_beside
from icp_training.list_sample import ListSample
from icp_training.masking import Patterns, patterns_of
from icp_training.pictures import record_evidence
from icp_training.pipeline import (
    Fitted,
    Judged,
    OnStep,
    Stamp,
    bundle_of,
    fit,
    judge,
    silent,
    with_potential,
)
from icp_training.potential import asked_of
from icp_training.profile_bundles import Making, with_profiles
from icp_training.profiles import check_profiles, fit_profiles
from icp_training.registry import register, registry_of
from icp_training.report.drawing import report, report_of_refusal
from icp_training.search import Budget
from icp_training.search_record import record_search
from icp_training.search_start import notes_on, ready_to_search
from icp_training.tracking import (
    Run,
    closing_run,
    connect,
    open_run,
    record_bundle,
    record_comparison,
    record_flips,
    record_ideal_tiers,
    record_likeness_of_list,
    record_potential,
    record_profile,
    record_report,
    record_rows,
    record_verdict,
)
from icp_training.turning import Period, period_of


@dataclass(frozen=True)
class Trained:
    """What a training came to. folder, version, profile: None where the ranking is not reliable; refusal says why.

    search_notes: what a person should know about the search. flips: prospects that change tier by the error of bought
    figures, None where no list or no error is declared. rejected: line, deal and reason of each rejected row. sources:
    the files that are read. potential: what a win brings, None where it is not asked for. definition: the ICP.
    profiles: several ICPs, where the configuration names them. comparison: with what is live, None where nothing that
    learned from deals is. period: a sentence where the world has turned, None where it has not.
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
    profiles: ProfilesRecord | None = None
    comparison: Comparison | None = None
    period: str | None = None


def train(config_path: Path, budget: Budget, now: str, on_step: OnStep = silent, *, fresh: bool = False) -> Trained:
    """Read, judge, fit, explain and write a new version below models/; a refusal is returned with its verdict.

    now: ISO date and time of the run. fresh: search without the champion's parameters. Raises what reading raises,
    `TooFewDeals`, and `LeakageQuestion`.
    """
    config = load_config(config_path)
    _refuse_what_does_not_fit(config)
    root = config.project_root(config_path)
    period = period_of(config, root, live := live_model(root, config.name))
    deals = period.deals
    check_profiles(config, deals)
    leakage = leakage_record(refuse_questions(config, root))
    listed = list_beside(config, deals, root)
    patterns = _patterns(config, listed.sample)
    if patterns is not None and config.train.adapt_to:
        deals = adapted(deals, patterns, config.seed)
    rejected = rejected_rows(deals)
    sources = sources_of(config, root)
    connect(root)  # a record of runs that cannot be used is told before anything else is written beside it
    with (
        ready_to_search(config, root, budget, fresh=fresh) as start,
        closing_run(run := open_run(root, config.name, {"config": config.digest(), "started": now})),
    ):
        record_rows(run, deals)
        judged = judge(deals, start.budget, config.seed, on_step, config.tiers, patterns=patterns).beside(leakage)
        record_verdict(run, judged.verdict)
        try:
            fitted = fit(judged, start.budget, config.seed, on_step)
        except NoSignal as refusal:
            return replace(_refused(run, config, judged, refusal, period), rejected=rejected, sources=sources)
        fitted = with_definition(config, judged, with_potential(config, judged, fitted, on_step), on_step)
        registry = registry_of(root, config.name)
        version = next_version(root, config.name, [each.version for each in registry.versions()])
        making = Making(config, root, judged.deals, Stamp(version, now, run.run_id))
        bundle = _with_period(_with_all_profiles(making, judged, fitted, on_step), period, listed.found)
        folder = root / "models" / config.name / f"v{version}"
        _write(run, bundle, folder, live)
        record_search(run, fitted.found, config.seed)
        compared = _compared_with(live, replace(making, config=period.config), start.budget, on_step)
        record_comparison(run, compared)
        register(run, registry, folder, compared, config.refresh.expires_after_days)
        record_likeness_of_list(run, listed.found)
        flips = _flips(run, bundle, config, listed.sample)
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
        profiles=None if bundle.profiles is None else bundle.profiles.record,
        comparison=compared,
        period=period.note,
    )


def _refused(run: Run, config: Config, judged: Judged, refusal: NoSignal, period: Period) -> Trained:
    """The verdict as the result, with its page in the run."""
    record_report(run, report_of_refusal(config.name, judged.verdict, judged.deals.counts(), refusal.sentence))
    return Trained(judged.verdict, run.run_id, refusal=refusal, period=period.note)


def _with_period(bundle: Bundle, period: Period, listed: Representativeness | None) -> Bundle:
    """The same, with the turn after which its deals opened, and how far the list is from them."""
    bundle = replace(bundle, representativeness=listed)
    if period.since is None:
        return bundle
    provenance = bundle.provenance.model_copy(update={"since": period.since, "turned": period.turned})
    return replace(bundle, provenance=provenance)


def _flips(run: Run, bundle: Bundle, config: Config, listed: ListSample | None) -> TierFlips | None:
    flips = None if listed is None else tier_flips(bundle, listed.parsed, config.errors(), config.seed)
    record_flips(run, flips)
    return flips


def _compared_with(live: StoredBundle | None, making: Making, budget: Budget, on_step: OnStep) -> Comparison | None:
    if live is None:
        return None
    on_step("comparing with the live version", 0, 1)
    found = compare(making.config, making.root, making.deals, live, budget)
    on_step("comparing with the live version", 1, 1)
    return found


def _write(run: Run, bundle: Bundle, folder: Path, live: StoredBundle | None) -> None:
    """The bundle with its page, in its folder and in the run, and beside it there what a person looks at."""
    page = report(as_stored(bundle), live)
    record_bundle(run, bundle.provenance, write_bundle(bundle, folder, page), folder)
    _record(run, bundle)


def _record(run: Run, bundle: Bundle) -> None:
    """What a person looks at in the run: figures, tables and pictures of all deals."""
    record_profile(run, bundle.profile)
    record_ideal_tiers(run, bundle.tiering.table)
    record_potential(run, bundle.potential)
    record_verdict(run, bundle.verdict)
    record_evidence(run, bundle.verdict, bundle.tiering.table, bundle.profile)


def _with_all_profiles(making: Making, judged: Judged, fitted: Fitted, on_step: OnStep) -> Bundle:
    """The bundle of all deals, with those of its profiles in it where the configuration names some."""
    whole = bundle_of(making.config, making.root, judged, fitted, making.stamp)
    return with_profiles(whole, making, fit_profiles(making.config, judged, fitted, on_step))


def _refuse_what_does_not_fit(config: Config) -> None:
    """Raise `ConfigError`, before any work is done, for what fits no attribute or asks what the data cannot answer."""
    attributes = config.resolved()
    config.policy()
    if config.neighbours == "hashed":
        key_in(os.environ)
    check_said(said_of(config, None), attributes)
    check_bands(config.segments, attributes)
    asked_of(config)
    bind_rules([rule for each in config.profiles if (rule := each.boundary) is not None], attributes)


def _patterns(config: Config, listed: ListSample | None) -> Patterns | None:
    """How the list is empty, where that was asked. Raises `ConfigError` where the list has no row to tell it."""
    asked = asks_for_patterns(config)
    if not asked or listed is None:
        return None
    patterns = patterns_of(listed.parsed)
    if patterns is None:
        raise ConfigError(f"{asked} is set, and the list of prospects.source has no rows; name one that has some")
    return patterns


def next_version(root: Path, name: str, registered: Sequence[int]) -> int:
    """One more than the highest version below models/ and in the registry; 1 for the first."""
    folder = root / "models" / name
    taken = [int(found.name[1:]) for found in folder.glob("v*") if found.name[1:].isdigit()]
    return max([*taken, *registered], default=0) + 1
