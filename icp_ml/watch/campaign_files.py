"""The two files of a campaign, an assignment and its plan, which are old together or new together.

A new plan waits in a hidden file beside the place of its assignment. Once the assignment has its name, the plan that
waits is the one that drew it, whether or not it has taken its own name by then: whoever is stopped in between leaves
the new campaign, and whoever is stopped before leaves the old one.
"""

from __future__ import annotations

import glob
from contextlib import suppress
from pathlib import Path
from typing import Final

import pyarrow as pa

from icp_ml.deals.companies import account_keys
from icp_ml.deals.reading import read_table
from icp_ml.errors import ConfigError, InputError
from icp_ml.serve.writing import telling_of, whole_file, write_batches
from icp_ml.watch.campaign_record import CampaignPlan, fingerprint_of, read_plan, write_plan
from icp_ml.watch.campaigns import Assignment

ARM: Final = "arm"
WHY: Final = "why"
DIGITS: Final = 16
"""Of a fingerprint, in the name of a plan that waits: the same command again writes the same file."""


def record_path(assignment: Path) -> Path:
    """Where the plan of an assignment file stands: beside it, under its name, ending in .json."""
    return assignment.with_suffix(".json")


def write_campaign(path: Path, plan: CampaignPlan, assignment: Assignment) -> None:
    """A row for each account, and the plan beside it, both or neither.

    plan: it has the fingerprint of the assignment. Raises `ConfigError` where a file cannot be written.
    """
    columns = {
        plan.id_name: [each.id for each in assignment.accounts],
        ARM: [each.arm for each in assignment.accounts],
        WHY: [each.why for each in assignment.accounts],
    }
    batch = pa.RecordBatch.from_pydict({name: pa.array(values, pa.string()) for name, values in columns.items()})
    waiting = path.with_name(f".{path.stem}.{fingerprint(assignment)[:DIGITS]}.waiting.json")
    try:
        with whole_file(path) as partial:
            write_batches(partial, [batch])
            write_plan(waiting, plan)
    except ConfigError:
        with suppress(OSError):  # what went wrong before is what to tell
            waiting.unlink()
        raise
    record = record_path(path)
    with telling_of(record), suppress(FileNotFoundError):  # the same command at the same time has renamed it
        waiting.replace(record)


def plan_of(assignment: Path) -> CampaignPlan:
    """The plan that drew an assignment file; the one that stands beside it where none did. Raises as `read_plan`."""
    record = record_path(assignment)
    waiting = _waiting(assignment)
    if not waiting or not assignment.is_file() or (record.exists() and _drew(read_plan(record), assignment)):
        return read_plan(record)
    return next((plan for plan in waiting if _drew(plan, assignment)), None) or read_plan(record)


def arms_in(assignment: Path, id_name: str) -> dict[str, str]:
    """The arm of each account in an assignment file, by its key. Raises `InputError` where a column is not there."""
    table = read_table(assignment, columns=[id_name, ARM])
    keys = account_keys(table.column(id_name)).to_pylist()
    return dict(zip(keys, table.column(ARM).to_pylist(), strict=True))


def fingerprint(assignment: Assignment) -> str:
    """Of who is in which arm: see `CampaignPlan.drawn`."""
    keys = account_keys(pa.array([each.id for each in assignment.accounts], pa.string())).to_pylist()
    return fingerprint_of(dict(zip(keys, (each.arm for each in assignment.accounts), strict=True)))


def _waiting(assignment: Path) -> tuple[CampaignPlan, ...]:
    found = []
    for path in sorted(assignment.parent.glob(f".{glob.escape(assignment.stem)}.*.waiting.json")):
        with suppress(InputError):  # it took its name a moment ago, or is nobody's plan
            found.append(read_plan(path))
    return tuple(found)


def _drew(plan: CampaignPlan, assignment: Path) -> bool:
    try:
        return plan.drawn == fingerprint_of(arms_in(assignment, plan.id_name))
    except InputError:  # a file with other columns is another plan's
        return False
