"""`icp train`: from a configuration to a new version of the model, or to the reason why there is none."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from icp_ml.cli.learning import progress, training_line
from icp_ml.cli.rejected import check_rejected_place, write_rejected

if TYPE_CHECKING:
    from icp_training.line import Likened, Trained, Weighed


def train(
    config: Annotated[Path, typer.Argument(help="The configuration; `icp init` drafts one from an export.")],
    *,
    trials: Annotated[
        int | None, typer.Option(min=1, help="Parameter sets that the search tries; else as configured, or 30.")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0.01, help="End the search early; the result then depends on the machine.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Search without the parameters of what is live.")] = False,
    rejected: Annotated[
        Path | None, typer.Option(help="Write the rejected rows, with line and reason, to this CSV file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON and nothing else.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a file of rejected rows that exists.")] = False,
) -> None:
    """Judge, fit, explain and write a new version below models/; or say why there is no reliable signal."""
    if rejected is not None:
        check_rejected_place(rejected, config, force=force)
    line = training_line()
    now = datetime.now(UTC).isoformat(timespec="seconds")
    if line.is_weighted(config):
        _tell_weighed(line.weigh(config, now), as_json=as_json)
        return
    if line.is_lookalike(config):
        with progress() as on_step:
            likened: Likened = line.liken(config, trials, minutes, now, on_step)
        _tell_likened(likened, as_json=as_json)
        return
    with progress() as on_step:
        trained: Trained = line.train(config, line.budget_of(config, trials, minutes), now, on_step, fresh=fresh)
    if rejected is not None:
        write_rejected(trained.rejected, rejected, trained.sources)
    if as_json:
        typer.echo(json.dumps(_document(trained), indent=2, ensure_ascii=False))
    else:
        _print(trained)
    if trained.refusal is not None:
        raise trained.refusal


def _document(trained: Trained) -> dict[str, object]:
    from icp_ml.serve.documents import as_json_value

    return {
        "bundle": None if trained.folder is None else str(trained.folder),
        "version": trained.version,
        "run_id": trained.run_id,
        "refused": None if trained.refusal is None else trained.refusal.sentence,
        "verdict": as_json_value(trained.verdict.model_dump()),
        "definition": None if trained.definition is None else as_json_value(trained.definition.model_dump(mode="json")),
        "profiles": None if trained.profiles is None else as_json_value(trained.profiles.model_dump(mode="json")),
        "profile": None if trained.profile is None else as_json_value(trained.profile.model_dump()),
        "potential": None if trained.potential is None else as_json_value(trained.potential.model_dump()),
        "comparison": None if trained.comparison is None else as_json_value(trained.comparison.model_dump()),
        "period": trained.period,
        "search_notes": list(trained.search_notes),
        "tier_flips": None if trained.flips is None else asdict(trained.flips),
    }


def _tell_weighed(weighed: Weighed, *, as_json: bool) -> None:
    from icp_ml.profile.weighted_records import NOT_A_PROBABILITY

    if as_json:
        document = {
            "bundle": str(weighed.folder),
            "version": weighed.version,
            "kind": NOT_A_PROBABILITY,
            "notes": list(weighed.notes),
        }
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    typer.echo(f"{weighed.name} version {weighed.version}: a {NOT_A_PROBABILITY}. Nothing was learned from deals.")
    for note in weighed.notes:
        typer.echo(note)
    _say_next(weighed.folder)


def _tell_likened(likened: Likened, *, as_json: bool) -> None:
    from icp_ml.cli.lookalike_page import likened_document, likened_page
    from icp_ml.cli.pages import print_page

    if as_json:
        document = likened_document(likened.verdict, likened.profile, likened.counts)
        said = {
            "bundle": None if likened.folder is None else str(likened.folder),
            "version": likened.version,
            "run_id": likened.run_id,
            "refused": None if likened.refusal is None else likened.refusal.sentence,
        }
        typer.echo(json.dumps({**said, **document}, indent=2, ensure_ascii=False))
    else:
        print_page(likened_page(likened.verdict, likened.profile, likened.counts))
        if likened.cut_short:
            sys.stderr.write("The search was ended by --minutes: another run may choose other parameters.\n")
        if likened.folder is not None:
            _say_next(likened.folder)
    if likened.refusal is not None:
        raise likened.refusal


def _print(trained: Trained) -> None:
    from icp_ml.cli.definition_page import definition_page
    from icp_ml.cli.gates_page import comparison_page
    from icp_ml.cli.honesty_page import honesty_page, steadiness_told
    from icp_ml.cli.pages import print_page, profile_page, verdict_page
    from icp_ml.cli.potential_page import potential_page
    from icp_ml.cli.profiles_page import profiles_page
    from icp_ml.cli.proposals_page import proposals_page

    print_page(verdict_page(trained.verdict))
    print_page(honesty_page(trained.verdict))
    if trained.profile is not None:
        if trained.definition is not None:
            print_page(definition_page(trained.definition))
            print_page(proposals_page(trained.definition.proposals))
        print_page(profile_page(trained.profile))
        print_page(steadiness_told(trained.profile))
    if trained.profiles is not None:
        print_page(profiles_page(trained.profiles))
    if trained.potential is not None:
        print_page(potential_page(trained.potential))
    if trained.flips is not None:
        typer.echo(trained.flips.sentence)
    if trained.comparison is not None:
        print_page(comparison_page(trained.comparison))
    if trained.period is not None:
        typer.echo(trained.period)
    for note in trained.search_notes:
        sys.stderr.write(f"{note}\n")
    if trained.folder is not None:
        _say_next(trained.folder)


def _say_next(folder: Path) -> None:
    from icp_ml.serve.file_names import REPORT

    place = _from_here(folder)
    typer.echo(f"Bundle: {place}")
    if (folder / REPORT).exists():
        typer.echo(f"Report: {place / REPORT}, to be opened in a browser")
    typer.echo(f"Next: icp show {place}, then icp score PROSPECTS -o scored.parquet --model {place}")


def _from_here(folder: Path) -> Path:
    """As one would type it in the current folder."""
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder
