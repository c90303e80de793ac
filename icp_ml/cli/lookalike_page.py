"""What the terminal shows of a model of resemblance: how it was judged, what won accounts share, tiers, origin."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from icp_ml.deals.lookalike_settings import KIND

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from icp_ml.profile.lookalike_records import LookalikeProfile, LookalikeTierTable, LookalikeVerdict
    from icp_ml.serve.lookalike_bundle import StoredLookalike


def show_lookalike(folder: Path, *, as_json: bool) -> None:
    """Show the model in `folder`. Raises as `open_lookalike` does."""
    from icp_ml.cli.pages import print_page
    from icp_ml.serve.lookalike_bundle import open_lookalike

    stored = open_lookalike(folder)
    if as_json:
        typer.echo(json.dumps(_document(stored), indent=2, ensure_ascii=False))
        return
    print_page(_page(stored))
    typer.echo(f"Bundle: {folder}")


def likened_document(
    verdict: LookalikeVerdict, profile: LookalikeProfile | None, counts: Mapping[str, int]
) -> dict[str, object]:
    """What `icp train --json` says of it."""
    from icp_ml.profile.lookalike_records import NOT_A_PROBABILITY
    from icp_ml.serve.documents import as_json_value

    return {
        "kind": NOT_A_PROBABILITY,
        "rows": dict(counts),
        "verdict": as_json_value(verdict.model_dump()),
        "profile": None if profile is None else as_json_value(profile.model_dump()),
    }


def likened_page(
    verdict: LookalikeVerdict, profile: LookalikeProfile | None, counts: Mapping[str, int]
) -> Iterator[RenderableType]:
    """What `icp train` says: what became of the rows, how it was judged, and what won accounts have in common."""
    yield "Rows: " + ", ".join(f"{name} {rows:,}" for name, rows in counts.items() if rows)
    yield from _verdict(verdict)
    if profile is not None:
        yield from _common(profile)


def _document(stored: StoredLookalike) -> dict[str, object]:
    from icp_ml.serve.documents import as_json_value

    bundle = stored.bundle
    return {
        "kind": KIND,
        "content_hash": stored.content_hash,
        "model_hash": stored.model_hash,
        "provenance": as_json_value(bundle.provenance.model_dump()),
        "profile": as_json_value(bundle.profile.model_dump()),
        "verdict": as_json_value(bundle.verdict.model_dump()),
        "tiers": as_json_value(bundle.tiering.table.model_dump()),
        "policy": bundle.policy.model_dump(mode="json", by_alias=True),
    }


def _page(stored: StoredLookalike) -> Iterator[RenderableType]:
    from rich.text import Text

    from icp_ml.profile.lookalike_records import NOT_A_PROBABILITY

    bundle = stored.bundle
    provenance, profile = bundle.provenance, bundle.profile
    yield Text(f"{provenance.name}, version {provenance.version}: a {NOT_A_PROBABILITY}", style="bold")
    yield f"Learned from {profile.won:,} won accounts and {profile.universe:,} companies of a universe."
    yield from provenance.changes
    yield from _common(profile)
    yield _tiers(bundle.tiering.table)
    yield bundle.tiering.table.objective
    yield from bundle.tiering.table.notes
    yield from _verdict(bundle.verdict)
    yield _origin(stored)


def _verdict(verdict: LookalikeVerdict) -> Iterator[RenderableType]:
    from rich.text import Text

    from icp_ml.serve.lookalike_card import figures, question_lines

    yield Text(verdict.sentence, style="bold")
    yield from figures(verdict)
    yield verdict.assumption
    yield from question_lines(verdict)
    yield from (Text(f"Warning: {warning}", style="yellow") for warning in verdict.warnings)


def _common(profile: LookalikeProfile) -> Iterator[RenderableType]:
    from icp_ml.cli.pages import add_row, plain_table
    from icp_ml.serve.lookalike_card import states

    columns = ("attribute", "more common among won accounts", "less common", "share")
    table = plain_table("What won accounts have in common", *columns)
    for each in profile.presented():
        name = f"{each.factor}\n({each.layer}, {each.axis})"
        add_row(table, name, states(each.more_common), states(each.less_common), f"{each.share:.0%}")
    if not profile.presented():
        add_row(table, "no attribute passed the tests", "", "", "")
    yield table
    others = [each for each in profile.attributes if not each.presented]
    if others:
        yield "Not in it:"
    yield from (f"  {each.factor} (share {each.share:.0%}): {each.reason}" for each in others)


def _tiers(tiers: LookalikeTierTable) -> Table:
    from icp_ml.cli.pages import add_row, plain_table
    from icp_ml.serve.lookalike_card import percent

    columns = ("tier", "score", "of the universe", "won", "of won accounts (90 %)", "times as common")
    table = plain_table("Tiers, on companies that their cuts did not see", *columns)
    for row in tiers.rows:
        score = f"{row.score_from:g} to {row.score_to:g}"
        times = f"{row.times.value:.2g} [{row.times.low:.2g}, {row.times.high:.2g}]"
        universe = f"{row.universe:,} ({row.share_of_universe:.1%})"
        add_row(table, row.label, score, universe, f"{row.won:,}", percent(row.share_of_won), times)
    return table


def _origin(stored: StoredLookalike) -> Table:
    from icp_ml.cli.pages import add_row, plain_table

    provenance = stored.bundle.provenance
    table = plain_table("Where it comes from", "fact", "value")
    for name, value in (
        ("created", provenance.created),
        ("day of the lists", provenance.extracted or "not known"),
        ("rows", ", ".join(f"{step} {rows:,}" for step, rows in provenance.ledger.items())),
        ("trials, seed", f"{provenance.trials}, {provenance.seed}"),
        ("run", provenance.run_id or "none"),
        ("code version", provenance.code_version),
        ("config hash", provenance.config_hash),
        ("data hash", provenance.data_hash),
        ("content hash", stored.content_hash),
        ("model hash", stored.model_hash),
    ):
        add_row(table, name, value)
    return table
