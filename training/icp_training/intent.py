"""The intent side of the live version learned anew, as `icp quarter --intent` sees it: measure, write, register."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from icp_ml.deals.table import DealTable
from icp_ml.serve.bundle import StoredBundle, as_stored, write_bundle
from icp_training.config import Config
from icp_training.intent_bundle import refreshed_bundle
from icp_training.intent_points import INTENT, intent_ground, learn_intent
from icp_training.leakage.questions import refuse_questions
from icp_training.pipeline import OnStep, Stamp, silent
from icp_training.registry import register, registry_of
from icp_training.report.drawing import report
from icp_training.tracking import closing_run, open_run, record_bundle, record_comparison, record_profile
from icp_training.training import next_version


@dataclass(frozen=True)
class Refreshed:
    """What came of it. version: of the new bundle, None where the intent side stands. sentence: what was measured."""

    version: int | None
    sentence: str


def refresh_intent(
    config: Config,
    root: Path,
    deals: DealTable,
    live: StoredBundle | None,
    *,
    now: str,
    on_step: OnStep = silent,
) -> Refreshed:
    """Write the live version with its intent side learned anew as a new version, and register it as the challenger.

    deals: as the configuration reads them. now: ISO date and time. Raises what `intent_ground` raises, and
    `LeakageQuestion`.
    """
    refuse_questions(config, root)
    ground = intent_ground(config, root, deals, live)
    on_step("learning the intent side anew", 0, 1)
    found = learn_intent(ground)
    on_step("learning the intent side anew", 1, 1)
    if not found.is_better:
        return Refreshed(None, found.sentence)
    registry = registry_of(root, config.name)
    run = open_run(root, config.name, {"config": config.digest(), "started": now, "kind": INTENT})
    with closing_run(run):
        version = next_version(root, config.name, [each.version for each in registry.versions()])
        bundle = refreshed_bundle(ground, found, Stamp(version, now, run.run_id))
        folder = root / "models" / config.name / f"v{version}"
        page = report(as_stored(bundle), ground.live)
        record_bundle(run, bundle.provenance, write_bundle(bundle, folder, page), folder)
        record_profile(run, bundle.profile)
        record_comparison(run, found.comparison)
        register(run, registry, folder, found.comparison, config.refresh.expires_after_days)
    return Refreshed(version, found.sentence)
