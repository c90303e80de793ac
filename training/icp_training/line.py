"""The quarterly line as the command line sees it: one function for each verb that learns.

This is the only module of icp_training that icp_ml looks at, and only when such a verb is called.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from icp_ml.deals.lookalike_settings import KIND as LOOKALIKE
from icp_ml.deals.weighted_settings import KIND as WEIGHTED
from icp_ml.errors import ModelNotFound
from icp_ml.serve.bundle import open_unanswered
from icp_ml.serve.folder import kind_of
from icp_ml.serve.lookalike_bundle import as_stored_lookalike, open_lookalike, write_lookalike
from icp_ml.watch.comparison import Comparison
from icp_ml.watch.review_records import Review
from icp_training import lookalike
from icp_training.backtest.as_known import read_history
from icp_training.backtest.hand_weights import scorecards_of
from icp_training.backtest.recording import KIND as BACKTEST
from icp_training.backtest.recording import backtest_document, record_backtest
from icp_training.backtest.records import Backtest, yardsticks
from icp_training.backtest.running import run_backtest
from icp_training.checking import CheckReport, check_data
from icp_training.comparing import compare, live_model
from icp_training.config import digest_of, kind_said, load_config, load_lookalike, load_weighted, root_of
from icp_training.cores import one_core_each
from icp_training.demo import Demo, findings, leaks_asked, make_demo, noise_presented
from icp_training.drafting import Draft, draft_config, draft_prospects
from icp_training.gate import check_passed
from icp_training.leakage.questions import refuse_questions
from icp_training.lookalike import Likened
from icp_training.personal_attributes import refuse_personal
from icp_training.pipeline import OnStep, Stamp, read, silent
from icp_training.promotion import Promotion
from icp_training.quarter import Asked as QuarterAsked
from icp_training.quarter import Quarter, due, run_quarter
from icp_training.registry import register, registry_of
from icp_training.registry_lock import Asker
from icp_training.report.drawing import report
from icp_training.report.lookalike_page import lookalike_report
from icp_training.reviewing import ListFile, names_of, review
from icp_training.search import Budget
from icp_training.signing import sign_copies
from icp_training.tracking import (
    closing_run,
    open_run,
    record_bundle,
    record_likeness,
)
from icp_training.training import Trained, next_version, train
from icp_training.turning import reading_since
from icp_training.versions import bundle_at, gates, history, keep_comparison, learned_since, promote, rollback
from icp_training.weighing import Weighed, weigh_into, weighted_bundle_of

__all__ = [
    "Asker",
    "Backtest",
    "Budget",
    "CheckReport",
    "Demo",
    "Draft",
    "Likened",
    "ListFile",
    "Promotion",
    "Quarter",
    "QuarterAsked",
    "Trained",
    "Weighed",
    "backtest",
    "backtest_document",
    "budget_of",
    "bundle_at",
    "check",
    "check_passed",
    "compare_again",
    "draft_config",
    "draft_prospects",
    "due",
    "findings",
    "gates",
    "history",
    "is_lookalike",
    "is_weighted",
    "leaks_asked",
    "liken",
    "make_demo",
    "next_version",
    "noise_presented",
    "promote",
    "refuse_personal",
    "report_of",
    "review_lists",
    "rollback",
    "run_quarter",
    "sign_copies",
    "train",
    "weigh",
    "yardsticks",
]


def check(config_path: Path, *, strict: bool = False) -> CheckReport:
    """The verdict on the data that a configuration names. strict: every question about leakage needs an answer."""
    config = load_config(config_path)
    with one_core_each(0):  # all that it fits are samples, however many deals there are
        return check_data(config, config.project_root(config_path), strict=strict)


def budget_of(config_path: Path, trials: int | None = None, minutes: float | None = None) -> Budget:
    """What the configuration lets the search spend, unless something else is asked for."""
    said = load_config(config_path).search
    return Budget(trials or said.trials, said.minutes if minutes is None else minutes)


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


def compare_again(
    config_path: Path, model: str | None, budget: Budget, asker: Asker, on_step: OnStep = silent
) -> Comparison:
    """A challenger beside what is live now, which `train` did with what was live then; written down for the gates.

    Raises what reading raises, `ModelNotFound` where nothing that learned from deals is live, and `ConfigError` where
    the challenger was made by another configuration.
    """
    config = load_config(config_path)
    root = config.project_root(config_path)
    live = live_model(root, config.name)
    if live is None:
        raise ModelNotFound(
            f"a live version of {config.name} that learned from deals was expected, and there is none; icp promote "
            "makes one live"
        )
    since = learned_since(root, model or config.name, config.digest(), asker)
    reading = config if since is None else reading_since(config, since)
    on_step("comparing with the live version", 0, 1)
    found = compare(reading, root, read(reading, root), live, budget)
    on_step("comparing with the live version", 1, 1)
    keep_comparison(root, model or config.name, found, config.digest(), asker)
    return found


def review_lists(
    config_path: Path, files: Sequence[ListFile], id_column: str | None = None, account: str | None = None
) -> Review:
    """Lists as they were given beside the deals of a configuration since, and those beside what is live.

    id_column, account: what lists and deals call a company, where the configuration does not say it (`names_of`).
    """
    config = load_config(config_path)
    with one_core_each(0):
        return review(config, config.project_root(config_path), files, names_of(config, id_column, account))


def report_of(root: Path, folder: Path, scored: Path | None = None, least: int | None = None) -> tuple[str, str]:
    """What to call the page of the model in `folder`, and the page. scored: an output of `icp score`, shown too.

    least: the fewest deals or accounts that it may tell of; None for all, and for a model of resemblance and together
    with `scored`. Raises what reading a bundle raises, and `InputError` where `scored` is no such output.
    """
    if kind_of(folder) == LOOKALIKE:
        resembling = open_lookalike(folder)
        likened = resembling.bundle.provenance
        return f"{likened.name}-v{likened.version}", lookalike_report(resembling, scored)
    stored = open_unanswered(folder)
    made = stored.bundle.provenance
    return f"{made.name}-v{made.version}", report(stored, live_model(root, made.name), scored, least)


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
        page = lookalike_report(as_stored_lookalike(bundle))
        record_bundle(run, bundle.provenance, write_lookalike(bundle, folder, page), folder)
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
