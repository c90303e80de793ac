"""A bundle as the page that people review."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from icp_ml.profile.records import Verdict
from icp_ml.serve.bundle import StoredBundle
from icp_ml.watch.definition_diff import DefinitionDiff, definition_diff
from icp_training.report.acting import acting
from icp_training.report.answer import answer, usable
from icp_training.report.anti_icp import anti_icp
from icp_training.report.closed_deals import closed_deals
from icp_training.report.criteria import criteria
from icp_training.report.model_card import model_card
from icp_training.report.page import Heading, page
from icp_training.report.parts import Section, Words
from icp_training.report.prospects import Beside, prospects
from icp_training.report.small_cells import without_small_cells
from icp_training.report.tiers import tiers
from icp_training.report.trust import judged, rows_made_of, trust


def report(
    stored: StoredBundle, live: StoredBundle | None = None, scored: Path | None = None, least: int | None = None
) -> str:
    """The page of a model. live: the version in use, None where there is none or it is this one.

    scored: an output of `icp score`, whose best rows are shown too; not with `least`. Raises `InputError` where it is
    none. least: the fewest deals or accounts that may be told of (see `small_cells`); None for all.
    """
    bundle = stored.bundle
    sections = (
        answer(bundle, _changed(stored, live)),
        *([] if scored is None else [prospects(_beside(stored), scored)]),
        criteria(bundle),
        anti_icp(bundle),
        acting(bundle),
        tiers(bundle),
        closed_deals(bundle),
        trust(bundle),
        model_card(stored),
    )
    return page(_heading(stored), sections if least is None else without_small_cells(sections, least))


def report_of_refusal(name: str, verdict: Verdict, ledger: Mapping[str, int], sentence: str) -> str:
    """The page of a training that ended without a model. sentence: why, and what would be needed."""
    said = (usable(verdict), Words(sentence), *(Words(warning, "warning") for warning in verdict.warnings))
    sections = (
        Section("answer", "The answer", said, terms=("interval",)),
        Section("trust", "How it was judged", (rows_made_of(ledger), *judged(verdict)), terms=("log loss", "AUC")),
    )
    return page(
        Heading(f"No model: {name}", "Nothing was learned that may be relied on, and nothing was written."), sections
    )


def _beside(stored: StoredBundle) -> Beside:
    tiers = ((row.label, row.share_of_deals) for row in stored.bundle.tiering.table.rows)
    return Beside(stored.content_hash, tuple(tiers), "of the judged deals")


def _heading(stored: StoredBundle) -> Heading:
    made, profile = stored.bundle.provenance, stored.bundle.profile
    reach = f"data to {made.extracted}" if made.extracted else "data without dates"
    if made.since is not None:
        reach = f"opened since {made.since}, because other things decide since; {reach}"
    return Heading(
        f"Who to sell to: {made.name}, version {made.version}",
        f"Learned from {profile.deals:,} closed deals of {profile.accounts:,} companies, {reach}; made "
        f"{made.created[:10]}.",
    )


def _changed(stored: StoredBundle, live: StoredBundle | None) -> DefinitionDiff | None:
    if live is None or live.content_hash == stored.content_hash:
        return None
    old, new = live.bundle.definition, stored.bundle.definition
    if old is None or new is None:
        return None
    return definition_diff(old, new, live.bundle.policy, stored.bundle.policy)
