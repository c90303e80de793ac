"""What `icp show` says of a hand-weighted scorecard: what gives points, where tiers start, where it comes from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from icp_ml.deals.weighted_settings import KIND

if TYPE_CHECKING:
    from rich.console import RenderableType

    from icp_ml.serve.weighted_bundle import StoredWeighted


def show_weighted(folder: Path, *, as_json: bool) -> None:
    """Show the scorecard in `folder`. Raises as `open_weighted` does."""
    from icp_ml.cli.pages import print_page
    from icp_ml.serve.weighted_bundle import open_weighted

    stored = open_weighted(folder)
    if as_json:
        typer.echo(json.dumps(_document(stored), indent=2, ensure_ascii=False))
        return
    print_page(_page(stored))
    typer.echo(f"Bundle: {folder}")


def _document(stored: StoredWeighted) -> dict[str, object]:
    from icp_ml.serve.documents import as_json_value

    bundle = stored.bundle
    return {
        "kind": KIND,
        "content_hash": stored.content_hash,
        "model_hash": stored.model_hash,
        "provenance": as_json_value(bundle.provenance.model_dump()),
        "scorecard": bundle.scorecard.to_json(),
        "tiers_start_at": dict(zip(bundle.cuts.labels, bundle.cuts.scores, strict=False)),
        "policy": bundle.policy.model_dump(mode="json", by_alias=True),
    }


def _page(stored: StoredWeighted) -> Iterator[RenderableType]:
    from rich.text import Text

    from icp_ml.cli.pages import add_row, plain_table
    from icp_ml.profile.weighted_records import NOT_A_PROBABILITY
    from icp_ml.serve.weighted_card import points_in_words, tier_bands

    bundle = stored.bundle
    provenance, scorecard = bundle.provenance, bundle.scorecard
    yield Text(f"{provenance.name}, version {provenance.version}: a {NOT_A_PROBABILITY}", style="bold")
    yield Text("Nothing was learned from deals: the score says how well a prospect meets what was written down.")
    yield from (Text(note) for note in (*provenance.notes, *provenance.changes))
    weight_of = {group.name: group.weight for group in scorecard.groups}
    rules = plain_table("What gives points", "group", "weight", "rule", "layer", "adds to the score")
    for factor in scorecard.factors:
        weight = f"{weight_of[factor.group]:.3g}"
        add_row(rules, factor.group, weight, factor.name, factor.layer, points_in_words(factor))
    yield rules
    tiers = plain_table("Tiers", "tier", "score")
    for label, start in tier_bands(bundle.cuts):
        add_row(tiers, label, start)
    yield tiers
    yield _origin(stored)


def _origin(stored: StoredWeighted) -> RenderableType:
    from icp_ml.cli.pages import add_row, plain_table

    provenance = stored.bundle.provenance
    table = plain_table("Where it comes from", "fact", "value")
    for name, value in (
        ("created", provenance.created),
        ("code version", provenance.code_version),
        ("config hash", provenance.config_hash),
        ("content hash", stored.content_hash),
    ):
        add_row(table, name, value)
    return table
