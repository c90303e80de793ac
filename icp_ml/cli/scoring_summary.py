"""What `icp score` says when it is done: for people, and as JSON for a job."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from icp_ml.deals.policy import OUT_OF_SCOPE

if TYPE_CHECKING:
    from icp_ml.cli.scoring_job import Done, Job
    from icp_ml.serve.notes import Oddity, ScoringNotes
    from icp_ml.serve.previous import Movement


def report(job: Job, done: Done, *, as_json: bool) -> None:
    """Say what was done: to people, or to a job."""
    if as_json:
        typer.echo(json.dumps(summary(job, done), indent=2, ensure_ascii=False))
    else:
        print_summary(job, done)


def summary(job: Job, done: Done) -> dict[str, object]:
    """What a job reads: counts that add up, by tier and by status."""
    from icp_ml.serve.scoring import Scorer

    notes = done.notes
    return {
        "list": str(job.prospects.path) if isinstance(job.prospects.path, Path) else job.prospects.path.name,
        "output": str(job.output),
        "model": str(job.model),
        "target": job.scorer.bundle.provenance.target,
        "as_of": job.as_of.isoformat(),
        "rows_in": notes.rows,
        "rows_out": done.rows_out,
        "rows_resumed": done.resumed,
        "seconds": round(done.seconds, 3),
        "rows_per_second": round((notes.rows - done.resumed) / max(done.seconds, 1e-9), 1),
        "peak_memory_mib": peak_memory_mib(),
        "scored": notes.scored,
        "by_tier": dict(notes.by_tier),
        "by_status": dict(notes.by_status),
        "by_profile": dict(notes.by_profile),
        "in_several_profiles": notes.in_several,
        "attributes_absent": list(job.prospects.absent),
        "unreadable": {name: _oddity(each) for name, each in notes.unreadable.items()},
        "unseen": {name: _oddity(each) for name, each in notes.unseen.items()},
        "mean_probability": notes.mean_probability,
        "base_rate": job.scorer.base_rate if isinstance(job.scorer, Scorer) else None,
        "unusable": None if job.unusable is None else str(job.unusable),
        "movement": None if done.movement is None else asdict(done.movement),
    }


def peak_memory_mib() -> float | None:
    """The most memory that this process has held so far; None where the system does not count it, as Windows."""
    try:
        import resource
    except ImportError:  # there is no such module on Windows
        return None
    in_mib = 2**20 if sys.platform == "darwin" else 2**10
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / in_mib, 1)


def _oddity(found: Oddity) -> dict[str, object]:
    return {"values": found.values, "examples": list(found.examples)}


def print_summary(job: Job, done: Done) -> None:
    """The same for people."""
    from icp_ml.profile.lookalike_records import NOT_A_PROBABILITY as RESEMBLANCE
    from icp_ml.profile.weighted_records import NOT_A_PROBABILITY
    from icp_ml.serve.calibration_file import level_sentence
    from icp_ml.serve.lookalike_scoring import LookalikeScorer
    from icp_ml.serve.scoring import Scorer
    from icp_ml.serve.weighted_scoring import WeightedScorer

    notes = done.notes
    provenance = job.scorer.bundle.provenance
    resumed = f" ({done.resumed:,} by an earlier job)" if done.resumed else ""
    typer.echo(f"{notes.rows:,} rows in{resumed}, {done.rows_out:,} rows out, {notes.scored:,} of them scored.")
    for label, rows in notes.by_tier.items():
        typer.echo(f"  {rows:>10,}  {label if label == OUT_OF_SCOPE else f'tier {label}'}")
    _print_profiles(notes)
    typer.echo("By status:")
    for text, rows in _grouped_status(notes).items():
        typer.echo(f"  {rows:>10,}  {text}")
    if done.movement is not None:
        _print_movement(done.movement)
    if job.prospects.absent:
        typer.echo(f"ATTENTION: the list has no column for {', '.join(job.prospects.absent)}; every row lacks it.")
    dated = {each.name for each in job.scorer.attributes if each.kind in ("date", "year")}
    for name, oddity in notes.unreadable.items():
        why = f"could not be read, or lie after {job.as_of}" if name in dated else "could not be read"
        typer.echo(f"{name}: {oddity.values:,} values {why}, such as {_quoted(oddity.examples)}.")
    for name, oddity in notes.unseen.items():
        typer.echo(
            f"{name}: {oddity.values:,} values are new to the model or rare, such as {_quoted(oddity.examples)}."
        )
    if notes.mean_probability is not None:
        typer.echo(
            f"Mean probability ({provenance.target}, as of {job.as_of}): {notes.mean_probability:.3f}; for companies "
            "that are no opportunity yet the order is supported by the deals, the level is an assumption."
        )
    if isinstance(job.scorer, Scorer) and job.scorer.base_rate is not None:
        typer.echo(level_sentence(job.scorer.base_rate))
    if isinstance(job.scorer, WeightedScorer):
        typer.echo(f"The score is that of a {NOT_A_PROBABILITY}.")
    if isinstance(job.scorer, LookalikeScorer):
        typer.echo(
            f"The score is a {RESEMBLANCE}: `resemblance` is the share of the universe, in per cent, that resembles "
            "the won accounts less."
        )
    typer.echo(f"Scored with {job.model} ({provenance.name} version {provenance.version}). Written to {job.output}.")


def _print_profiles(notes: ScoringNotes) -> None:
    if not notes.by_profile:
        return
    typer.echo("By the profile that answers:")
    for name, rows in notes.by_profile.items():
        typer.echo(f"  {rows:>10,}  {name}")
    typer.echo(f"  {notes.rows - sum(notes.by_profile.values()):>10,}  none (the model of all deals, and marked rows)")
    typer.echo(f"{notes.in_several:,} rows may belong to more than one profile.")


def _print_movement(movement: Movement) -> None:
    typer.echo(f"Since the earlier list: {movement.new:,} rows are new, {movement.gone:,} are gone.")
    for label in sorted({*movement.entered, *movement.left}):
        entered, left = movement.entered.get(label, 0), movement.left.get(label, 0)
        name = label if label == OUT_OF_SCOPE else f"tier {label}"
        typer.echo(f"  {name}: {entered:,} entered, {left:,} left")


def _grouped_status(notes: ScoringNotes) -> dict[str, int]:
    """Rows by status, without telling apart how many attributes are missing; the file and --json do."""
    rows_by: dict[str, int] = {}
    for text, rows in notes.by_status.items():
        group = "scored with attributes missing" if text.startswith("scored with") else text
        rows_by[group] = rows_by.get(group, 0) + rows
    return rows_by


def _quoted(examples: Iterable[str]) -> str:
    return ", ".join(f"'{example}'" for example in examples)
