"""`icp show`: the ICP of a model, its tiers and rules, how it was judged, and where it comes from, in the terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from icp_ml.profile.tiering import Policy, Tiering
    from icp_ml.serve.bundle import Bundle, StoredBundle


def show(
    model: Annotated[
        str | None, typer.Argument(help="A bundle folder or the name of a model. Default: the newest one there is.")
    ] = None,
    *,
    stability: Annotated[
        bool, typer.Option("--stability", help="Print how alike each factor is in other models and quarters.")
    ] = False,
    segments: Annotated[
        bool, typer.Option("--segments", help="Print closed deals by segment, and wins minus losses.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON and nothing else.")] = False,
) -> None:
    """Show a model's ICP, its tiers, how it was judged, and where it comes from."""
    from icp_ml.cli.honesty_page import stability_page
    from icp_ml.cli.lookalike_page import show_lookalike
    from icp_ml.cli.pages import print_page
    from icp_ml.cli.places import find_model
    from icp_ml.cli.weighted_page import show_weighted
    from icp_ml.deals.lookalike_settings import KIND as LOOKALIKE
    from icp_ml.deals.weighted_settings import KIND as WEIGHTED
    from icp_ml.serve.bundle import open_bundle
    from icp_ml.serve.folder import kind_of

    folder = find_model(model)
    kind = kind_of(folder)
    if kind == WEIGHTED:
        show_weighted(folder, as_json=as_json)
        return
    if kind == LOOKALIKE:
        show_lookalike(folder, as_json=as_json)
        return
    stored = open_bundle(folder)
    if as_json:
        typer.echo(json.dumps(_document(stored), indent=2, ensure_ascii=False))
        return
    if segments:
        print_page(_segments(stored.bundle))
    else:
        print_page(stability_page(stored.bundle.profile) if stability else _page(stored))
    typer.echo(f"Bundle: {folder}")


def _segments(bundle: Bundle) -> Iterator[RenderableType]:
    from icp_ml.cli.closed_won_page import closed_won_page
    from icp_ml.cli.proposals_page import clusters_page
    from icp_ml.errors import ModelNotFound

    if bundle.closed_won is None:
        raise ModelNotFound(
            "an analysis of closed deals was expected in this bundle, and it was made before there was one; train it "
            "anew with `icp train`"
        )
    yield from closed_won_page(bundle.closed_won)
    if bundle.closed_won.clusters is not None:
        yield from clusters_page(bundle.closed_won.clusters)


def _document(stored: StoredBundle) -> dict[str, object]:
    from icp_ml.serve.documents import as_json_value

    bundle = stored.bundle
    return {
        "content_hash": stored.content_hash,
        "model_hash": stored.model_hash,
        "provenance": as_json_value(bundle.provenance.model_dump()),
        "profile": as_json_value(bundle.profile.model_dump()),
        "verdict": as_json_value(bundle.verdict.model_dump()),
        "base_rate": None if bundle.calibration is None else bundle.calibration.base_rate,
        "tiers": as_json_value(bundle.tiering.table.model_dump()),
        "tiers_start_at": dict(_starts(bundle)),
        "definition": None if bundle.definition is None else as_json_value(bundle.definition.model_dump(mode="json")),
        "policy": bundle.policy.model_dump(mode="json", by_alias=True),
        "potential": None if bundle.potential is None else as_json_value(bundle.potential.record.model_dump()),
        "profiles": None if bundle.profiles is None else as_json_value(bundle.profiles.record.model_dump(mode="json")),
    }


def _page(stored: StoredBundle) -> Iterator[RenderableType]:
    from rich.text import Text

    from icp_ml.cli.definition_page import definition_page
    from icp_ml.cli.honesty_page import honesty_page, level_told, steadiness_told
    from icp_ml.cli.pages import profile_page, verdict_page
    from icp_ml.cli.potential_page import potential_page
    from icp_ml.cli.profiles_page import profiles_page
    from icp_ml.cli.proposals_page import proposals_page

    yield Text(_heading(stored.bundle), style="bold")
    yield from (Text(note) for note in stored.bundle.provenance.ideal)
    if stored.bundle.definition is not None:
        yield from definition_page(stored.bundle.definition)
        yield from proposals_page(stored.bundle.definition.proposals)
    yield from profile_page(stored.bundle.profile)
    yield from steadiness_told(stored.bundle.profile)
    yield from _tiers(stored.bundle)
    if stored.bundle.profiles is not None:
        yield from profiles_page(stored.bundle.profiles.record)
    if stored.bundle.potential is not None:
        yield from potential_page(stored.bundle.potential.record)
    yield from _rules(stored.bundle.policy)
    yield from level_told(stored.bundle)
    yield from verdict_page(stored.bundle.verdict)
    yield from honesty_page(stored.bundle.verdict)
    yield _provenance_table(stored)


def _heading(bundle: Bundle) -> str:
    from icp_ml.cli.pages import percent

    profile, provenance = bundle.profile, bundle.provenance
    return (
        f"{provenance.name}, version {provenance.version}, target '{profile.target}': learned from "
        f"{profile.deals:,} deals of {profile.accounts:,} accounts, win rate {percent(profile.win_rate)}"
    )


def _starts(bundle: Bundle) -> Iterator[tuple[str, float]]:
    """The probability from which a prospect is in each tier, for all tiers but the lowest."""
    import numpy as np

    cuts = bundle.tiering.cuts
    yield from zip(cuts.labels, bundle.model.probability(np.array(cuts.log_odds)).tolist(), strict=False)


def _tiers(bundle: Bundle) -> Iterator[RenderableType]:
    """Where tiers start, and what they were worth on deals that their cuts did not see."""
    from icp_ml.cli.grades_page import ideal_table
    from icp_ml.cli.layers_page import layers_page, yardsticks_page
    from icp_ml.cli.pages import add_row, percent, plain_table
    from icp_ml.profile.layers_added import carried_by_firmographics

    tiering: Tiering = bundle.tiering
    starts = dict(_starts(bundle))
    table = plain_table("Tiers", "tier", "score", "from probability", "deals", "won", "win rate (90 %)", "wins held")
    for row in tiering.table.rows:
        start = f"{starts[row.label]:.4g}" if row.label in starts else ""
        score = f"{row.score_from:g} to {row.score_to:g}"
        counts = (f"{row.deals:,}", f"{row.won:,}", percent(row.win_rate), f"{row.share_of_wins:.0%}")
        add_row(table, row.label, score, start, *counts)
    yield table
    yield from ideal_table(tiering.table.ideal)
    yield tiering.table.objective
    ratio = tiering.table.first_to_last_odds_ratio
    if ratio is not None:
        first, last = _first_and_last(tiering)
        figure = f"{ratio.value:.2g} [{ratio.low:.2g}, {ratio.high:.2g}]"
        yield f"Odds of winning in tier {first} over those in tier {last} (90 %): {figure}."
    yield from tiering.table.notes
    yield from (f"Warning: {warning}" for warning in tiering.table.warnings)
    if tiering.table.yardsticks is not None:
        yield from yardsticks_page(tiering.table.yardsticks)
    yield from layers_page(tiering.table.layers, carried_by_firmographics(bundle.profile.layer_shares))


def _first_and_last(tiering: Tiering) -> tuple[str, str]:
    """Labels of the outer tiers; what is out of scope is none."""
    from icp_ml.deals.policy import OUT_OF_SCOPE

    tiers = [row.label for row in tiering.table.rows if row.label != OUT_OF_SCOPE]
    return tiers[0], tiers[-1]


def _rules(policy: Policy) -> Iterator[str]:
    for kind, rules in (("Excluded", policy.exclusions), ("In the market only", policy.boundary)):
        yield from (f"{kind}: {rule.name}" + (f" ({rule.reason})" if rule.reason else "") for rule in rules)


def _provenance_table(stored: StoredBundle) -> Table:
    from icp_ml.cli.pages import add_row, plain_table

    provenance = stored.bundle.provenance
    table = plain_table("Where it comes from", "fact", "value")
    params = (f"{part}: {_listing(values)}" for part, values in provenance.params.items())
    rows = (
        ("created", provenance.created),
        ("target", provenance.target),
        ("data extracted", provenance.extracted or "no dates"),
        *([("deals opened since", f"{provenance.since}: {provenance.turned}")] if provenance.since else []),
        ("rows", _listing(provenance.ledger)),
        ("parameters", "\n".join(params)),
        ("trials, seed", f"{provenance.trials}, {provenance.seed}"),
        ("run", provenance.run_id or "none"),
        ("code version", provenance.code_version),
        ("config hash", provenance.config_hash),
        ("data hash", provenance.data_hash),
        ("content hash", stored.content_hash),
        ("model hash", stored.model_hash),
        *(("changed without training", change) for change in provenance.changes),
        *(("intent side learned anew", each) for each in provenance.refreshed),
    )
    for name, value in rows:
        add_row(table, name, value)
    return table


def _listing(values: Mapping[str, float]) -> str:
    """Largest first, so that rows read stand before rows kept."""
    ordered = sorted(values.items(), key=lambda entry: (-entry[1], entry[0]))
    return ", ".join(f"{name} {_number(value)}" for name, value in ordered)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:.3g}"
